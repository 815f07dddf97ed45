"""One predicted recording, as every writer takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.bouts import Segment, segments


@dataclass(frozen=True)
class Prediction:
    """What was predicted for one recording.

    Attributes:
        name: The recording's; folders in it, where recordings are named by folders, end in ``/``.
        probabilities: ``(N, C)``, as the network gives them.
        predicted: ``(N,)`` class indices; decisions may prefer another than the most probable.
        class_names: ``C`` names.
        fps: Frames per second, > 0.
        background: The class of frames where nothing happens, which tools that record what
            happened do not get as bouts; None if it is not known, then they get all classes.
    """

    name: str
    probabilities: npt.NDArray[np.float32]
    predicted: npt.NDArray[np.integer[Any]]
    class_names: Sequence[str]
    fps: float
    background: str | None = None

    def __len__(self) -> int:
        return len(self.predicted)

    @property
    def stem(self) -> str:
        """What its files' names begin with: its name without folders."""
        return self.name.rpartition("/")[2]

    @property
    def behaviors(self) -> list[str]:
        """The classes without the background."""
        return behaviors_of(self.class_names, self.background)

    @cached_property
    def bouts(self) -> list[Segment]:
        """All runs of equal labels, in order; together they are all frames."""
        return segments(self.predicted)

    @cached_property
    def events(self) -> list[tuple[str, int, int]]:
        """Behaviour, first frame and first frame after it of each bout that is no background."""
        return [
            (self.class_names[bout.label], bout.start_frame, bout.stop_frame)
            for bout in self.bouts
            if self.class_names[bout.label] != self.background
        ]


def behaviors_of(class_names: Sequence[str], background: str | None) -> list[str]:
    """The classes without the background, in their order."""
    return [name for name in class_names if name != background]
