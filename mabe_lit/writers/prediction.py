"""One predicted recording, as every writer takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.pose.label_track import track_name
from mabe_lit.scores.bouts import Segment, segments, yes_bouts


@dataclass(frozen=True)
class TrackPrediction:
    """What was predicted of one agent toward one target, or of the whole scene.

    Attributes:
        probabilities: ``(N, C)``, as the network gives them.
        predicted: ``(N,)`` class indices where classes exclude each other; decisions may prefer
            another than the most probable. ``(N, C)`` bool, yes or no, where they are independent.
        agent: The animal that does it; None for the scene.
        target: The other animal that it is done to; None for what an animal does by itself.
        looked_for: The classes that it is about, all of them if None.
    """

    probabilities: npt.NDArray[np.float32]
    predicted: npt.NDArray[Any]
    agent: str | None = None
    target: str | None = None
    looked_for: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.predicted)

    @property
    def name(self) -> str:
        """``m1 to m2``, ``m1``, or nothing for the scene."""
        return track_name(self.agent, self.target)

    @property
    def is_independent(self) -> bool:
        """Whether several behaviours may happen in one frame."""
        return self.predicted.ndim == 2

    def is_about(self, class_name: str) -> bool:
        """Whether the class is looked for in it."""
        return self.looked_for is None or class_name in self.looked_for

    @cached_property
    def bouts(self) -> list[Segment]:
        """Its bouts, in order of their first frames.

        Where classes exclude each other these are all runs of equal labels, together all frames;
        otherwise the runs of yes of every class.
        """
        if not self.is_independent:
            return segments(self.predicted)
        each = (yes_bouts(happens, c) for c, happens in enumerate(self.predicted.T))
        return sorted(
            (bout for bouts in each for bout in bouts),
            key=lambda bout: (bout.start_frame, bout.label),
        )


@dataclass(frozen=True)
class Prediction:
    """What was predicted for one recording.

    Attributes:
        name: The recording's; folders in it, where recordings are named by folders, end in ``/``.
        tracks: At least one, of equal length: one of the scene, or those of agents and targets.
        class_names: ``C`` names.
        fps: Frames per second, > 0.
        background: The class of frames where nothing happens, which tools that record what
            happened do not get as bouts; None if it is not known, then they get all classes, or
            where classes are independent.
    """

    name: str
    tracks: Sequence[TrackPrediction]
    class_names: Sequence[str]
    fps: float
    background: str | None = None

    def __len__(self) -> int:
        return len(self.tracks[0])

    @property
    def stem(self) -> str:
        """What its files' names begin with: its name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def behaviors(self) -> list[str]:
        """The classes without the background."""
        return behaviors_of(self.class_names, self.background)

    @property
    def animals(self) -> list[str]:
        """The agents and targets of its tracks, in their order; none for the scene."""
        named = (name for track in self.tracks for name in (track.agent, track.target) if name)
        return list(dict.fromkeys(named))

    def events_of(self, track: TrackPrediction) -> list[tuple[str, int, int]]:
        """Behaviour, first frame and first frame after it of each bout that is no background."""
        return [
            (self.class_names[bout.label], bout.start_frame, bout.stop_frame)
            for bout in track.bouts
            if self.class_names[bout.label] != self.background
        ]


def behaviors_of(class_names: Sequence[str], background: str | None) -> list[str]:
    """The classes without the background, in their order."""
    return [name for name in class_names if name != background]
