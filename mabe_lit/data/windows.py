"""Which frames make a window, and how windows become frames again.

A label track's frames are cut into ``gap`` interleaved strands (strand 0 has frames 0, gap, 2 gap,
...), and each strand into windows of ``length`` frames. No window crosses a recording's edge: what
would lie outside is padding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit.config import Config

_Ints = npt.NDArray[np.int64]
_Bools = npt.NDArray[np.bool_]


class Stretches(NamedTuple):
    """Parts of recordings that windows are to show, ``(R,)`` each.

    Attributes:
        track: Which label track a stretch is of.
        first_frame: Where the track's recording begins, as an index into all frames.
        frames: Frames of the recording, at least 1.
        start: First frame of the stretch, counted from the recording's first.
        stop: First frame after it.
    """

    track: _Ints
    first_frame: _Ints
    frames: _Ints
    start: _Ints
    stop: _Ints

    @classmethod
    def whole(cls, first_frame: _Ints, frames: _Ints, track: _Ints | None = None) -> Stretches:
        """Whole recordings, as many tracks."""
        first_frame, frames = np.asarray(first_frame), np.asarray(frames)
        track = np.arange(len(frames)) if track is None else track
        return cls(track, first_frame, frames, np.zeros_like(frames), frames)


class WindowFrames(NamedTuple):
    """Some windows of a grid.

    Attributes:
        frames: ``(B, T)`` indices into all frames, where padding repeats the nearest frame of the
            recording.
        is_inside: ``(B, T)`` which of them are no padding.
        track: ``(B,)`` the label track of each window.
    """

    frames: _Ints
    is_inside: _Bools
    track: _Ints

    def rows(self, rows: slice) -> WindowFrames:
        """Some of the windows."""
        return WindowFrames(self.frames[rows], self.is_inside[rows], self.track[rows])


@dataclass(frozen=True, eq=False)
class WindowGrid:
    """All windows of some label tracks; memory is that of the list of tracks, not of the frames.

    Attributes:
        length: Frames in a window, ``T``.
        gap: Step between the frames of a window.
        stride: Frames of a strand from one window's start to the next one's.
        first_frame: Where each strand begins, as an index into all frames.
        frames: Frames of each strand.
        start: Where a strand's first window begins, in frames of the strand; may be below 0.
        pull_back: A window that would reach past its strand's end is moved back into it.
        first_window: Index of each strand's first window, and the number of all windows at the end.
        track: Label track of each strand.
    """

    length: int
    gap: int
    stride: int
    first_frame: _Ints
    frames: _Ints
    start: _Ints
    pull_back: bool
    first_window: _Ints
    track: _Ints

    def __len__(self) -> int:
        return int(self.first_window[-1])

    def frames_of(self, windows: _Ints) -> WindowFrames:
        """Frames of some windows, given by ``(B,)`` indices, 0 to ``len(self) - 1``."""
        strand = np.searchsorted(self.first_window, windows, side="right") - 1
        start = (windows - self.first_window[strand]) * self.stride + self.start[strand]
        last = self.frames[strand] - 1
        if self.pull_back:
            start = np.minimum(start, np.maximum(last + 1 - self.length, 0))
        position = start[:, None] + np.arange(self.length)  # (B, T)
        is_inside = (position >= 0) & (position <= last[:, None])
        position = np.minimum(np.maximum(position, 0), last[:, None])
        frames = self.first_frame[strand][:, None] + position * self.gap
        return WindowFrames(frames, is_inside, self.track[strand])


def by_window_length(config: Config, frames: Sequence[int]) -> dict[int, _Ints]:
    """Label tracks of so many frames, by how many their windows have in prediction.

    A recording that is shorter than a window is a window by itself, as long as it is: what a
    network makes of it does not depend on the recordings beside it.

    Returns:
        Indices into ``frames``, by the length of a window.
    """
    lengths = np.minimum(config.window_frames, -(-np.asarray(frames) // config.frame_gap))
    return {int(length): np.flatnonzero(lengths == length) for length in dict.fromkeys(lengths)}


def tiling_windows(
    stretches: Stretches, *, length: int, gap: int, rng: np.random.Generator | None = None
) -> WindowGrid:
    """Windows end to end: every frame of the stretches is in exactly one.

    Args:
        stretches: What is to be shown. Windows at their edges show what lies beside them as well.
        length: Frames in a window.
        gap: Step between the frames of a window.
        rng: Draws a phase for each strand, by which its first window begins before its first frame.
            The number of windows does not depend on it. With None, windows begin at a multiple of
            ``length`` from the recording's first frame.
    """
    strands = _strands(stretches, gap)
    if rng is None:
        start = strands.start // length * length
        counts = -(-(strands.stop - start) // length)
    else:
        start = strands.start - rng.integers(0, length, len(strands.start))
        counts = -(-(strands.stop - strands.start + length - 1) // length)
    return _grid(strands, counts, start, length=length, gap=gap, stride=length, pull_back=False)


def covering_windows(stretches: Stretches, *, length: int, gap: int, overlap: int) -> WindowGrid:
    """Windows that see every frame of whole recordings, most of them ``overlap`` times.

    Only recordings shorter than a window are padded. The other arguments are those of
    ``tiling_windows``.
    """
    strands = _strands(stretches, gap)
    stride = max(length // overlap, 1)
    counts = -(-np.maximum(strands.frames - length, 0) // stride) + 1
    start = np.zeros_like(strands.frames)
    return _grid(strands, counts, start, length=length, gap=gap, stride=stride, pull_back=True)


def _strands(stretches: Stretches, gap: int) -> Stretches:
    """Each stretch as ``gap`` of every ``gap``-th frame, counted in these; none without a frame."""
    offset = np.arange(gap)

    def counted(frames: _Ints) -> _Ints:
        before = np.asarray(frames)[:, None] - offset
        return np.asarray(np.maximum(-(-before // gap), 0).ravel())

    strands = Stretches(
        np.repeat(stretches.track, gap),
        (np.asarray(stretches.first_frame)[:, None] + offset).ravel(),
        counted(stretches.frames),
        counted(stretches.start),
        counted(stretches.stop),
    )
    return Stretches(*(values[strands.stop > strands.start] for values in strands))


def _grid(
    strands: Stretches,
    counts: _Ints,
    start: _Ints,
    *,
    length: int,
    gap: int,
    stride: int,
    pull_back: bool,
) -> WindowGrid:
    first_window = np.concatenate([[0], np.cumsum(counts)])
    place = (strands.first_frame, strands.frames, start, pull_back, first_window, strands.track)
    return WindowGrid(length, gap, stride, *place)


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
        """Add windows: ``frames``, ``is_inside (B, T)``, and ``values (B, T, C)``."""
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
