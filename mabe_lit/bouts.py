"""Frames <-> bouts."""

from __future__ import annotations

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


def frames(runs: list[Segment]) -> npt.NDArray[np.int64]:
    """The labels of each frame, ``(N,)``; the inverse of ``segments``."""
    return np.repeat(
        [run.label for run in runs], [run.stop_frame - run.start_frame for run in runs]
    )
