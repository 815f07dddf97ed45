"""Which frames make a window, and how windows become frames again.

A recording is cut into ``gap`` interleaved tracks (track 0 has frames 0, gap, 2 gap, ...), and each
track into windows of ``length`` frames. No window crosses a recording's edge: what would lie
outside is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.config import Config
from mabe_lit.data.dataset import Entry

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]
WindowFrames = tuple[_Ints, _Bools]
"""``(B, T)`` indices into all frames, and ``(B, T)`` which of them are no padding."""


@dataclass(frozen=True)
class WindowGrid:
    """All windows of some recordings; memory is that of the recordings' list, not of the frames.

    Attributes:
        length: Frames in a window, ``T``.
        gap: Step between the frames of a window.
        stride: Frames of a track from one window's start to the next one's.
        first_frame: Where each track begins, as an index into all frames.
        frames: Frames of each track.
        shift: Frames by which a track's windows start before its first frame.
        pull_back: A window that would reach past its track's end is moved back into it.
        first_window: Index of each track's first window, and the number of all windows at the end.
    """

    length: int
    gap: int
    stride: int
    first_frame: _Ints
    frames: _Ints
    shift: _Ints
    pull_back: bool
    first_window: _Ints

    def __len__(self) -> int:
        return int(self.first_window[-1])

    def frames_of(self, windows: _Ints) -> WindowFrames:
        """Frames of some windows.

        Args:
            windows: ``(B,)`` indices, 0 to ``len(self) - 1``.

        Returns:
            ``(B, T)`` indices into all frames, where padding repeats the nearest frame of the
            recording, and ``(B, T)`` which of them are no padding.
        """
        track = np.searchsorted(self.first_window, windows, side="right") - 1
        start = (windows - self.first_window[track]) * self.stride - self.shift[track]
        last = self.frames[track] - 1
        if self.pull_back:
            start = np.minimum(start, np.maximum(last + 1 - self.length, 0))
        position = start[:, None] + np.arange(self.length)  # (B, T)
        is_inside = (position >= 0) & (position <= last[:, None])
        position = np.minimum(np.maximum(position, 0), last[:, None])
        return self.first_frame[track][:, None] + position * self.gap, is_inside


def by_window_length(config: Config, entries: Sequence[Entry]) -> dict[int, list[Entry]]:
    """Recordings by how many frames their windows have in evaluation and prediction.

    A recording that is shorter than a window is a window by itself, as long as it is: what a
    network makes of it does not depend on the recordings beside it.
    """
    found: dict[int, list[Entry]] = {}
    for entry in entries:
        length = min(config.window_frames, -(-entry.frames // config.frame_gap))
        found.setdefault(length, []).append(entry)
    return found


def tiling_windows(
    first_frame: _Ints,
    frames: _Ints,
    *,
    length: int,
    gap: int,
    rng: np.random.Generator | None = None,
) -> WindowGrid:
    """Windows end to end: every frame is in exactly one.

    Args:
        first_frame: ``(R,)`` where each recording begins, as an index into all frames.
        frames: ``(R,)`` frames of each recording, at least 1.
        length: Frames in a window.
        gap: Step between the frames of a window.
        rng: Draws a phase for each track, by which its first window begins before its first frame.
            The number of windows does not depend on it. With None, windows begin at the first
            frame.
    """
    first_frame, frames = _tracks(first_frame, frames, gap)
    if rng is None:
        shift, longest_shift = np.zeros_like(frames), 0
    else:
        shift, longest_shift = rng.integers(0, length, len(frames)), length - 1
    counts = -(-(frames + longest_shift) // length)
    return _grid(length, gap, length, first_frame, frames, shift, False, counts)


def covering_windows(
    first_frame: _Ints, frames: _Ints, *, length: int, gap: int, overlap: int
) -> WindowGrid:
    """Windows that see every frame, most of them ``overlap`` times.

    Only recordings shorter than a window are padded. The other arguments are those of
    ``tiling_windows``.
    """
    first_frame, frames = _tracks(first_frame, frames, gap)
    stride = max(length // overlap, 1)
    counts = -(-np.maximum(frames - length, 0) // stride) + 1
    return _grid(length, gap, stride, first_frame, frames, np.zeros_like(frames), True, counts)


def _tracks(first_frame: _Ints, frames: _Ints, gap: int) -> tuple[_Ints, _Ints]:
    offset = np.arange(gap)
    starts = (np.asarray(first_frame)[:, None] + offset).ravel()
    lengths = (-(-(np.asarray(frames)[:, None] - offset) // gap)).ravel()
    return starts[lengths > 0], lengths[lengths > 0]


def _grid(
    length: int,
    gap: int,
    stride: int,
    first_frame: _Ints,
    frames: _Ints,
    shift: _Ints,
    pull_back: bool,
    counts: _Ints,
) -> WindowGrid:
    first_window = np.concatenate([[0], np.cumsum(counts)])
    return WindowGrid(length, gap, stride, first_frame, frames, shift, pull_back, first_window)


class FrameAverage:
    """Means over all windows that saw a frame, weighted by its distance to the window's edge.

    Near its edge a window shows what comes before or after for less long than its network and the
    features' time scales reach.
    """

    def __init__(self, frames: int, columns: int) -> None:
        """Start with nothing seen of ``frames`` frames with ``columns`` values each."""
        self._total = np.zeros((frames, columns), np.float32)
        self._weight = np.zeros(frames, np.float32)

    def add(self, frames: _Ints, is_inside: _Bools, values: npt.NDArray[np.float32]) -> None:
        """Add windows: ``frames``, ``is_inside (B, T)`` of a grid, and ``values (B, T, C)``."""
        from_start = np.arange(1, frames.shape[1] + 1, dtype=np.float32)
        weight = np.broadcast_to(np.minimum(from_start, from_start[::-1]), frames.shape)[is_inside]
        seen = frames[is_inside]
        np.add.at(self._total, seen, values[is_inside] * weight[:, None])
        np.add.at(self._weight, seen, weight)

    def mean(self, first: int, frames: int) -> npt.NDArray[np.float32]:
        """``(frames, C)`` means of a recording; every frame of it must have been seen."""
        weight = self._weight[first : first + frames]
        if not weight.all():
            raise RuntimeError(f"{(weight == 0).sum()} frames are in no window")
        mean: npt.NDArray[np.float32] = self._total[first : first + frames] / weight[:, None]
        return mean
