"""One video's pose tracks, labels and names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.pose.label_track import LabelTrack
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
    """Pose tracks of one video and, where somebody scored it, label tracks.

    Attributes:
        name: What the recording is called in tables and file names.
        keypoints: ``(N, A, K, 2)`` float32 x, y in pixels; NaN where untracked.
        tracks: Its labels: one track of the scene, or any of agents and of agents toward targets.
        fps: Frames per second, > 0.
        animal_names: ``A`` names.
        keypoint_names: ``K`` names.
        class_names: ``C`` names; none in a recording that was never scored.
        likelihood: ``(N, A, K)`` float32, the tracker's confidence in each point as it wrote it,
            1 for certain, NaN where it tells none; None if it never does.
        has_point: ``(A, K)`` bool, false for points that are never tracked because the animal has
            none such, or its lab does not track them; None if every animal has all.
        group: What the recording has in common with others, such as a lab, a rater or a camera;
            empty if nothing is told.
        may_go_on: Whether the video may be longer than the tracking, which has rows only where an
            animal was seen. Datasets do not keep it.

    Raises:
        InputError: If shapes, names or values contradict each other; all problems in one message.
    """

    name: str
    keypoints: np.ndarray
    tracks: tuple[LabelTrack, ...]
    fps: float
    animal_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    class_names: tuple[str, ...] = ()
    likelihood: np.ndarray | None = None
    has_point: np.ndarray | None = None
    group: str = ""
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
        return cls(name, keypoints, (), fps, animal_names, keypoint_names, likelihood=likelihood)

    @property
    def labels(self) -> np.ndarray:
        """``(N,)`` int16 labels of the scene, ``UNSCORED`` where nobody scored it.

        Raises:
            ValueError: If labels are of single animals or behaviours are independent.
        """
        if not self.tracks:
            return np.full(len(self), UNSCORED, np.int16)
        (track,) = self.tracks
        if track.agent is not None or track.is_independent:
            raise ValueError(f"Expected one label a frame of the scene but got {track}")
        return track.labels

    def in_order_of(self, animal_names: tuple[str, ...]) -> Recording:
        """The same with its animals in this order; as it is if these are other names."""
        if sorted(animal_names) != sorted(self.animal_names):
            return self
        order = [self.animal_names.index(name) for name in animal_names]
        likelihood = None if self.likelihood is None else self.likelihood[:, order]
        return replace(
            self,
            keypoints=self.keypoints[:, order],
            animal_names=animal_names,
            likelihood=likelihood,
            has_point=None if self.has_point is None else self.has_point[order],
        )

    def with_keypoints(self, keypoint_names: tuple[str, ...]) -> Recording:
        """The same with these of its key points, in this order."""
        order = [self.keypoint_names.index(name) for name in keypoint_names]
        likelihood = None if self.likelihood is None else self.likelihood[:, :, order]
        return replace(
            self,
            keypoints=self.keypoints[:, :, order],
            keypoint_names=keypoint_names,
            likelihood=likelihood,
            has_point=None if self.has_point is None else self.has_point[:, order],
        )

    def frames_between(self, start: int, stop: int) -> Recording:
        """The same from frame ``start`` to before frame ``stop``."""
        part = slice(start, stop)
        likelihood = None if self.likelihood is None else self.likelihood[part]
        return replace(
            self,
            keypoints=self.keypoints[part],
            tracks=tuple(track.between(start, stop) for track in self.tracks),
            likelihood=likelihood,
            may_go_on=self.may_go_on and stop >= len(self),
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
        tracks = tuple(
            replace(track, labels=_padded(track.labels, more, UNSCORED)) for track in self.tracks
        )
        return replace(self, keypoints=keypoints, tracks=tracks, likelihood=likelihood)

    @property
    def missing_share(self) -> float:
        """Share of coordinates that were not tracked, 0 to 1; of points that an animal has."""
        points = self.keypoints if self.has_point is None else self.keypoints[:, self.has_point]
        return float(np.isnan(points).mean()) if points.size else 0.0

    @property
    def lost_shares(self) -> np.ndarray:
        """``(A,)`` share of frames in which no point of an animal was tracked, 0 to 1."""
        shares: np.ndarray = np.isnan(self.keypoints).all(axis=(2, 3)).mean(axis=0)
        return shares

    def _problems(self) -> list[str]:
        found = []
        expected = (len(self.animal_names), len(self.keypoint_names), 2)
        names = f"{expected[0]} animals and {expected[1]} key points are named"
        if self.keypoints.ndim != 4 or self.keypoints.shape[1:] != expected:
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
        found += self._problems_of_tracks()
        if self.has_point is not None and self.has_point.shape != expected[:2]:
            found.append(f"has_point has shape {self.has_point.shape}, but {names}")
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

    def _problems_of_tracks(self) -> list[str]:
        found = [
            problem
            for track in self.tracks
            for problem in track.problems(len(self), self.animal_names, self.class_names)
        ]
        whose = Counter((track.agent, track.target) for track in self.tracks)
        if repeated := [whom for whom, count in whose.items() if count > 1]:
            found.append(f"two label tracks are of {repeated[0]}")
        if (None, None) in whose and len(whose) > 1:
            found.append("labels are of the scene and of single animals")
        if len({track.is_independent for track in self.tracks}) > 1:
            found.append("behaviours exclude each other in some label tracks and not in others")
        return found


def _padded(values: np.ndarray, more: int, fill: float) -> np.ndarray:
    """``(N, ...)`` -> ``(N + more, ...)`` of the same kind."""
    rest = np.full((more, *values.shape[1:]), fill, values.dtype)
    return np.concatenate([values, rest])
