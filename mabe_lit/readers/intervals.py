"""What every annotation tool writes in one shape: intervals of frames, and labels from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.shell import InputError

_ROUNDING = 1e-6
"""What a product of two decimal numbers may be off by: 2.05 s at 30/s is 61.5 frames."""
_PRINTED = 0.05
"""Part of a frame by which times printed to a millisecond may miss its beginning."""


@dataclass(frozen=True)
class Interval:
    """One bout as somebody scored it.

    Attributes:
        start_frame: First frame, counted from 0.
        stop_frame: First frame after it.
        behavior: Its name; empty where the file says that a frame was not scored.
        line_number: Where it stands in its file.
        subject: Who does it, where the file tells; empty otherwise.
        target: Toward whom, likewise.
        channel: The channel it stands in, where several were read.
        answer: Whether it happens; None where nobody looked for it.
    """

    start_frame: int
    stop_frame: int
    behavior: str
    line_number: int
    subject: str = ""
    target: str = ""
    channel: str = ""
    answer: bool | None = True


@dataclass(frozen=True)
class Annotation:
    """What one annotation file says.

    Attributes:
        path: The file.
        intervals: In the order of the file.
        behaviors: Names that the file uses or declares.
        start_frame: First frame that was looked at, counted from 0.
        stop_frame: First frame after those that were looked at; None for all that were tracked.
    """

    path: Path
    intervals: tuple[Interval, ...]
    behaviors: frozenset[str]
    start_frame: int = 0
    stop_frame: int | None = None

    @classmethod
    def of(
        cls,
        path: Path,
        intervals: Sequence[Interval],
        declared: Sequence[str] = (),
        *,
        start_frame: int = 0,
        stop_frame: int | None = None,
    ) -> Annotation:
        """An annotation whose names are those declared and those of its intervals."""
        names = {*declared, *(interval.behavior for interval in intervals)} - {""}
        return cls(path, tuple(intervals), frozenset(names), start_frame, stop_frame)

    def frames_past(self, frames: int) -> int:
        """How many frames the annotation runs past a recording of ``frames`` frames."""
        last = max((interval.stop_frame for interval in self.intervals), default=0)
        return max(last - frames, 0)


def frame_at(time_s: float, fps: float) -> int:
    """The frame boundary nearest to a time; halves go to the later one.

    Nearest rather than next, since tools print times to a millisecond and 0.667 s must stay frame
    20 of 30 a second. An interval shorter than half a frame may so cover none, and two that touch
    still touch.
    """
    return math.floor(time_s * fps + 0.5 + _ROUNDING)


def frame_holding(time_s: float, fps: float) -> int:
    """The frame that holds a time, which may have been rounded down at the frame's beginning."""
    return math.floor(time_s * fps + _PRINTED)


def label_frames(
    annotation: Annotation, frames: int, classes: Sequence[str], background: str | None = None
) -> np.ndarray:
    """Turn intervals into a label a frame.

    Frames that were looked at and that no interval covers become ``background``, or unscored
    without it. Intervals of a behaviour that is not among ``classes`` are unscored, except where
    one of ``classes`` overlaps them. What runs past the last frame is cut.

    Args:
        annotation: The intervals.
        frames: Frames of the recording, N.
        classes: Names, in the order of the labels.
        background: One of ``classes``, or None.

    Returns:
        ``(N,)`` int16 class index, ``UNSCORED`` where nobody scored the frame.

    Raises:
        InputError: If two different ones of ``classes`` overlap.
    """
    index = {name: number for number, name in enumerate(classes)}
    around = np.full(frames, UNSCORED, np.int16)
    if background is not None:
        around[annotation.start_frame : annotation.stop_frame] = index[background]
    labels = np.full(frames, UNSCORED, np.int16)
    for interval in annotation.intervals:
        covered = slice(interval.start_frame, interval.stop_frame)
        if interval.behavior not in index or interval.answer is None:
            around[covered] = UNSCORED
            continue
        label = index[interval.behavior]
        conflict = (labels[covered] != UNSCORED) & (labels[covered] != label)
        if conflict.any():
            frame = interval.start_frame + int(conflict.argmax())
            raise InputError(
                f"{annotation.path}: line {interval.line_number}: {interval.behavior} overlaps "
                f"{classes[labels[frame]]} at frame {frame}, expected one class a frame; --overlap "
                "allowed takes several at once"
            )
        labels[covered] = label
    return np.where(labels == UNSCORED, around, labels)
