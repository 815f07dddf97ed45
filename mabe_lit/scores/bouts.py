"""Frames <-> bouts."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Segment(NamedTuple):
    """Frames of one label from ``start_frame`` to ``stop_frame``, the latter exclusive."""

    label: int
    start_frame: int
    stop_frame: int


def segments(labels: npt.NDArray[np.integer[Any]]) -> list[Segment]:
    """The runs of equal labels, in order; together they are all frames.

    Args:
        labels: ``(N,)`` class indices.
    """
    if len(labels) == 0:
        return []
    edges = np.flatnonzero(np.diff(labels)) + 1
    starts = np.concatenate([[0], edges])
    stops = np.concatenate([edges, [len(labels)]])
    return [
        Segment(int(labels[start]), int(start), int(stop))
        for start, stop in zip(starts, stops, strict=True)
    ]


def yes_bouts(happens: npt.NDArray[np.bool_], label: int) -> list[Segment]:
    """The runs of frames in which one behaviour happens, in order, all of ``label``.

    Args:
        happens: ``(N,)``.
        label: The behaviour's class index.
    """
    edges = np.flatnonzero(np.diff(happens, prepend=False, append=False)).tolist()
    return [
        Segment(label, start, stop) for start, stop in zip(edges[::2], edges[1::2], strict=True)
    ]


def half_width_of(width_s: float, fps: float) -> int:
    """Frames to either side of a centred window of ``width_s`` seconds, to the nearest."""
    return int(max(width_s * fps - 1, 0) / 2 + 0.5)


def smooth_frames(
    values: npt.NDArray[np.floating[Any]], half_width: int
) -> npt.NDArray[np.floating[Any]]:
    """Centred moving average over time of ``2 * half_width + 1`` frames.

    Near the edges it is the mean of the frames that are there, so rows that sum to 1 still do.

    Args:
        values: ``(N, C)`` of one recording, finite.
        half_width: Frames to either side, >= 0; with 0 the values are returned as they are.
    """
    if half_width == 0 or len(values) == 0:
        return values
    N = len(values)
    sums = np.zeros((N + 1, *values.shape[1:]))
    np.cumsum(values, axis=0, dtype=np.float64, out=sums[1:])
    frame = np.arange(N)
    first, stop = np.maximum(frame - half_width, 0), np.minimum(frame + half_width + 1, N)
    means: npt.NDArray[np.float64] = (sums[stop] - sums[first]) / (stop - first)[:, None]
    return means


def merge_short_bouts(
    labels: npt.NDArray[np.integer[Any]], minimum_frames: Sequence[int]
) -> npt.NDArray[np.integer[Any]]:
    """Absorb the bouts that are shorter than their class's minimum.

    The shortest bout goes first (the earliest of several) and takes the label of the longer of its
    neighbours (the earlier of two equal ones); bouts of one label that then touch are one bout.
    This repeats until no bout is too short or a single one is left, so that a bout is left below
    its minimum only where the whole recording is shorter than that.

    Args:
        labels: ``(N,)`` class indices of one recording, 0 to C - 1.
        minimum_frames: ``C`` frames that a bout of each class has at least; 0 and 1 ask nothing.
    """
    # A list of runs, linked both ways, between two ends of negative length that nothing joins.
    runs = segments(labels)
    last = len(runs) + 1
    classes = [-1, *(run.label for run in runs), -1]
    lengths = [-1, *(run.stop_frame - run.start_frame for run in runs), -1]
    before, after = list(range(-1, last)), list(range(1, last + 2))

    def absorb(run: int, into: int) -> None:
        lengths[into] += lengths[run]
        lengths[run] = 0
        after[before[run]], before[after[run]] = after[run], before[run]

    short = [(lengths[n], n) for n in range(1, last) if lengths[n] < minimum_frames[classes[n]]]
    heapq.heapify(short)
    while short:
        length, run = heapq.heappop(short)
        if lengths[run] != length:
            continue  # it was absorbed or has grown since it was noted
        left, right = before[run], after[run]
        into, other = (right, left) if lengths[right] > lengths[left] else (left, right)
        if lengths[into] < 0:
            break
        absorb(run, into)
        if classes[other] == classes[into]:
            absorb(other, into)
        if lengths[into] < minimum_frames[classes[into]]:
            heapq.heappush(short, (lengths[into], into))
    return np.repeat(np.array(classes[1:last], labels.dtype), lengths[1:last])
