"""Whether the stop frames of a table are the last ones of their bouts, or the first ones after."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from mabe_lit.readers.label_formats.interval_columns import Place
from mabe_lit.shell import InputError, InputWarning


@dataclass(frozen=True)
class FrameSpan:
    """A bout's frames as its row tells them.

    Attributes:
        line_number: Line of the row.
        whose: What tells rows apart that may overlap: video, subject and target.
        start: First frame.
        stop: Stop frame, of either kind.
        duration: Frames, NaN where the row does not tell.
    """

    line_number: int
    whose: tuple[str, ...]
    start: float
    stop: float
    duration: float = math.nan


def is_last_frame(path: Path, place: Place, spans: Sequence[FrameSpan]) -> bool:
    """Whether stop frames are the last ones of their bouts.

    ``stop_frame`` is the first one after, as this project writes it; ``last_frame`` the last one,
    and ``end_frame`` as well, as in Caltech's, Bento's and SimBA's tables, which is told where no
    row proves it. Whatever it is called
    but ``last_frame``, the rows may prove it: those that touch (one starts at the other's stop)
    that it is the first one after; those that each start one frame after the other's stop, or
    stop where they start, that it is the last.

    Args:
        path: The file, for messages.
        place: The column.
        spans: The rows.

    Raises:
        InputError: If the rows contradict the column's name or each other, or nothing tells.
    """
    if "last" in place.name.lower():
        return True
    touching, following, apart = _evidence(spans)
    frame_after = touching + [s for s in spans if s.duration == s.stop - s.start > 0]
    last_frame = [s for s in spans if s.start == s.stop or s.duration == s.stop - s.start + 1]
    if following and not touching and not apart:
        last_frame += following
    if frame_after and last_frame:
        raise InputError(
            f"{path}: column {place.name}: by line {frame_after[0].line_number} it is the first "
            f"frame after a bout, by line {last_frame[0].line_number} the last one of it; expected "
            "one of both in all rows"
        )
    if place.is_last_frame is False and last_frame:
        raise InputError(
            f"{path}: line {last_frame[0].line_number}: {place.name} is expected to be the first "
            "frame after a bout, but by this row it is the last one of it; add 1 to each, or "
            "rename the column last_frame"
        )
    if place.is_last_frame and frame_after:
        if touching and following:
            raise InputError(
                f"{path}: column {place.name}: line {touching[0].line_number} starts at the stop "
                f"of the bout before, line {following[0].line_number} one frame later; rename it "
                "stop_frame if it is the first frame after a bout, last_frame if it is the last"
            )
        warnings.warn(
            f"{path}: {place.name} is taken for the first frame after a bout, not the last one of "
            f"it, by line {frame_after[0].line_number}",
            InputWarning,
            stacklevel=2,
        )
    if place.is_last_frame and not frame_after and not last_frame:
        warnings.warn(
            f"{path}: {place.name} is taken for the last frame of a bout, though no row proves it; "
            "rename it stop_frame if it is the first frame after",
            InputWarning,
            stacklevel=2,
        )
    if frame_after or last_frame or place.is_last_frame is not None:
        return bool(last_frame) or (not frame_after and bool(place.is_last_frame))
    raise InputError(
        f"{path}: column {place.name} may hold the last frame of a bout or the first one after it; "
        "rename it last_frame or stop_frame"
    )


def is_gapless(spans: Sequence[FrameSpan]) -> bool:
    """Whether the rows of each subject follow each other without a frame between."""
    _, _, apart = _evidence(spans)
    return not apart


def _evidence(
    spans: Sequence[FrameSpan],
) -> tuple[list[FrameSpan], list[FrameSpan], list[FrameSpan]]:
    """Rows that start at the stop of the one before, one later, and at another frame."""
    touching, following, apart = [], [], []
    for before, after in pairwise(sorted(spans, key=lambda s: (s.whose, s.start, s.stop))):
        if before.whose != after.whose:
            continue
        if after.start == before.stop:
            touching.append(after)
        elif after.start == before.stop + 1:
            following.append(after)
        else:
            apart.append(after)
    return touching, following, apart
