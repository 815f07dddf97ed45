"""What one animal does to another, frame by frame, as somebody scored it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mabe_lit import UNSCORED


@dataclass(frozen=True)
class LabelTrack:
    """Labels of one agent and, where it does something to another animal, of one target.

    Behaviours of a track exclude each other or are independent, which the labels' shape tells.

    Attributes:
        labels: ``(N,)`` int16 class index where behaviours exclude each other, ``UNSCORED`` where
            nobody scored the frame. ``(N, C)`` int8 where they are independent: 1 for yes, 0 for
            no, ``UNSCORED`` where nobody looked for the behaviour.
        agent: The animal that does it; None for a track of the whole scene.
        target: The other animal that it is done to; None for what an animal does by itself, or
            where nothing tells to whom.
        looked_for: Classes that somebody looked for where they exclude each other, all of them if
            None. Independent labels tell by themselves.
    """

    labels: np.ndarray
    agent: str | None = None
    target: str | None = None
    looked_for: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """``m1 to m2``, ``m1``, or nothing for the scene."""
        return track_name(self.agent, self.target)

    @property
    def is_independent(self) -> bool:
        """Whether several behaviours may happen in one frame."""
        return self.labels.ndim == 2

    @cached_property
    def is_scored(self) -> np.ndarray:
        """``(N,)`` whether somebody looked for any behaviour in the frame."""
        is_looked_at = np.asarray(self.labels != UNSCORED)
        return np.asarray(is_looked_at.any(axis=1)) if self.is_independent else is_looked_at

    def count(self, classes: int) -> np.ndarray:
        """``(C,)`` frames in which each of so many classes happens."""
        if self.is_independent:
            frames: np.ndarray = (self.labels == 1).sum(axis=0)
            return frames
        return np.bincount(np.maximum(self.labels, -1) + 1, minlength=classes + 1)[1:]

    def between(self, start: int, stop: int) -> LabelTrack:
        """The same from frame ``start`` to before frame ``stop``."""
        return replace(self, labels=self.labels[start:stop])

    def problems(
        self, frames: int, animal_names: Sequence[str], class_names: Sequence[str]
    ) -> Iterator[str]:
        """What does not fit a recording of so many frames, these animals and classes."""
        where = f" of {self.name}" if self.name else ""
        if self.labels.ndim not in (1, 2) or len(self.labels) != frames:
            yield f"{frames} frames but labels{where} of shape {self.labels.shape}"
        elif self.is_independent:
            yield from self._problems_of_independent(where, class_names)
        else:
            yield from self._problems_of_exclusive(where, class_names)
        if self.target is not None and (self.agent is None or self.agent == self.target):
            yield f"labels{where} have a target that is no other animal than the agent"
        for animal in filter(None, (self.agent, self.target)):
            if animal not in animal_names:
                yield f"labels are of {animal!r}, which is none of {', '.join(animal_names)}"
        for name in self.looked_for or ():
            if name not in class_names:
                yield f"somebody looked for {name!r}, which is none of {', '.join(class_names)}"

    def _problems_of_exclusive(self, where: str, class_names: Sequence[str]) -> Iterator[str]:
        scored = self.labels[self.labels != UNSCORED]
        if len(scored) and not 0 <= scored.min() <= scored.max() < len(class_names):
            allowed = f"0 to {len(class_names) - 1}, or {UNSCORED} where unscored"
            yield f"labels{where} run from {scored.min()} to {scored.max()}, allowed are {allowed}"
        elif self.looked_for is not None:
            used = {class_names[label] for label in np.unique(scored)}
            if unlooked := sorted(used - set(self.looked_for)):
                yield f"labels{where} are {', '.join(unlooked)}, which nobody looked for"

    def _problems_of_independent(self, where: str, class_names: Sequence[str]) -> Iterator[str]:
        if self.labels.shape[1] != len(class_names):
            found = self.labels.shape[1]
            yield f"labels{where} are of {found} classes, but {len(class_names)} are named"
        if not np.isin(self.labels, (0, 1, UNSCORED)).all():
            yield f"labels{where} hold other numbers than 0, 1 and {UNSCORED}"


def track_name(agent: str | None, target: str | None) -> str:
    """``m1 to m2``, ``m1``, or nothing for the scene."""
    return " to ".join(filter(None, (agent, target)))
