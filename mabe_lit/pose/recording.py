"""One video's pose tracks, labels and names."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.shell import InputError

MOST_PIXELS = 1e6
"""What a coordinate may have; no camera has more, a damaged number mostly does."""
MOST_FPS = 1e6
"""Frames per second, of the fastest cameras; computing would fail at the largest numbers."""


_NUMBERED = re.compile(r"(track|instance|animal)?[_ -]?\d+", re.IGNORECASE)


def is_numbered(animal_name: str) -> bool:
    """Whether a tracker numbered an animal, which says nothing of who it is."""
    return bool(_NUMBERED.fullmatch(animal_name))


def is_rate(fps: float) -> bool:
    """Whether ``fps`` can be frames per second."""
    return 1 / MOST_FPS <= fps <= MOST_FPS


@dataclass(frozen=True)
class Recording:
    """Pose tracks of one video and, where somebody scored it, a label for each frame.

    Attributes:
        name: What the recording is called in tables and file names.
        keypoints: ``(N, A, K, 2)`` float32 x, y in pixels; NaN where untracked.
        labels: ``(N,)`` int16 class index, ``UNSCORED`` where nobody scored the frame.
        fps: Frames per second, > 0.
        animal_names: ``A`` names.
        keypoint_names: ``K`` names.
        class_names: ``C`` names; none in a recording that was never scored.
        likelihood: ``(N, A, K)`` float32, the tracker's confidence in each point as it wrote it,
            1 for certain, NaN where it tells none; None if it never does.
        may_go_on: Whether the video may be longer than the tracking, which has rows only where an
            animal was seen. Datasets do not keep it.

    Raises:
        InputError: If shapes, names or values contradict each other; all problems in one message.
    """

    name: str
    keypoints: np.ndarray
    labels: np.ndarray
    fps: float
    animal_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    likelihood: np.ndarray | None = None
    may_go_on: bool = False

    def __post_init__(self) -> None:
        problems = list(self._problems())
        if problems:
            raise InputError(f"recording {self.name!r}: {'; '.join(problems)}")

    def __len__(self) -> int:
        return len(self.keypoints)

    @classmethod
    def unscored(
        cls,
        name: str,
        keypoints: np.ndarray,
        fps: float,
        animal_names: tuple[str, ...],
        keypoint_names: tuple[str, ...],
        likelihood: np.ndarray | None = None,
    ) -> Recording:
        """A recording with pose tracks alone; shapes and units as in the attributes."""
        labels = np.full(len(keypoints), UNSCORED, np.int16)
        names = (animal_names, keypoint_names)
        return cls(name, keypoints, labels, fps, *names, likelihood=likelihood)

    def in_order_of(self, animal_names: tuple[str, ...]) -> Recording:
        """The same with its animals in this order; as it is if these are other names."""
        if sorted(animal_names) != sorted(self.animal_names):
            return self
        order = [self.animal_names.index(name) for name in animal_names]
        likelihood = None if self.likelihood is None else self.likelihood[:, order]
        keypoints = self.keypoints[:, order]
        return replace(self, keypoints=keypoints, animal_names=animal_names, likelihood=likelihood)

    def with_keypoints(self, keypoint_names: tuple[str, ...]) -> Recording:
        """The same with these of its key points, in this order."""
        order = [self.keypoint_names.index(name) for name in keypoint_names]
        likelihood = None if self.likelihood is None else self.likelihood[:, :, order]
        keypoints = self.keypoints[:, :, order]
        return replace(
            self, keypoints=keypoints, keypoint_names=keypoint_names, likelihood=likelihood
        )

    def frames_between(self, start: int, stop: int) -> Recording:
        """The same from frame ``start`` to before frame ``stop``."""
        part = slice(start, stop)
        likelihood = None if self.likelihood is None else self.likelihood[part]
        keypoints, labels = self.keypoints[part], self.labels[part]
        goes_on = self.may_go_on and stop >= len(self)
        return replace(
            self, keypoints=keypoints, labels=labels, likelihood=likelihood, may_go_on=goes_on
        )

    def with_frames(self, frames: int) -> Recording:
        """The same with ``frames`` frames, those after its last one untracked and unscored.

        Raises:
            ValueError: If it has more frames already.
        """
        more = frames - len(self)
        if more < 0:
            raise ValueError(f"expected at least {len(self)} frames, got {frames}")
        likelihood = None if self.likelihood is None else _padded(self.likelihood, more, np.nan)
        keypoints = _padded(self.keypoints, more, np.nan)
        labels = _padded(self.labels, more, UNSCORED)
        return replace(self, keypoints=keypoints, labels=labels, likelihood=likelihood)

    @property
    def missing_share(self) -> float:
        """Share of coordinates that were not tracked, 0 to 1."""
        return float(np.isnan(self.keypoints).mean())

    def _problems(self) -> list[str]:
        found = []
        expected = (len(self.animal_names), len(self.keypoint_names), 2)
        if self.keypoints.ndim != 4 or self.keypoints.shape[1:] != expected:
            names = f"{expected[0]} animals and {expected[1]} key points are named"
            found.append(f"keypoints have shape {self.keypoints.shape}, but {names}")
        if len(self.keypoints) == 0:
            found.append("it has no frames")
        if (wrong := np.abs(self.keypoints) > MOST_PIXELS).any():  # not where it is NaN
            largest = self.keypoints[wrong][0]
            found.append(
                f"a coordinate is {'infinite' if np.isinf(largest) else f'{largest:g}'}, expected "
                f"at most {MOST_PIXELS:g} pixels; untracked points are NaN"
            )
        if self.likelihood is not None and self.likelihood.shape != self.keypoints.shape[:-1]:
            shapes = f"shape {self.likelihood.shape}, keypoints have {self.keypoints.shape}"
            found.append(f"likelihood has {shapes}")
        if self.labels.shape != (len(self.keypoints),):
            found.append(f"{len(self.keypoints)} frames but labels of shape {self.labels.shape}")
        scored = self.labels[self.labels != UNSCORED]
        if len(scored) and not 0 <= scored.min() <= scored.max() < len(self.class_names):
            allowed = f"0 to {len(self.class_names) - 1}, or {UNSCORED} where unscored"
            found.append(f"labels run from {scored.min()} to {scored.max()}, allowed are {allowed}")
        if not is_rate(self.fps):
            found.append(f"fps must be > 0, got {self.fps} (the most is {MOST_FPS:g})")
        for what, group in (
            ("animal", self.animal_names),
            ("key point", self.keypoint_names),
            ("class", self.class_names),
        ):
            if len(set(group)) != len(group):
                found.append(f"{what} names repeat: {', '.join(group)}")
        return found


def _padded(values: np.ndarray, more: int, fill: float) -> np.ndarray:
    """``(N, ...)`` -> ``(N + more, ...)`` of the same kind."""
    rest = np.full((more, *values.shape[1:]), fill, values.dtype)
    return np.concatenate([values, rest])
