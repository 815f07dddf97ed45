"""Which column of a table of a row a frame, or a row an instant, says where the rows lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

_FRAME_KEYS = (
    "frame",
    "frames",
    "frame_number",
    "frame_num",
    "frame_nr",
    "frame_no",
    "frame_id",
    "frame_idx",
    "frame_index",
    "framenumber",
)
_TIME_KEYS = {
    **dict.fromkeys(("time_s", "time_sec", "time_seconds", "time_in_s", "time_in_seconds"), 1.0),
    **dict.fromkeys(("timestamp_s", "seconds", "second", "sec", "s"), 1.0),
    **dict.fromkeys(("time_ms", "timestamp_ms", "time_in_ms", "milliseconds", "msec", "ms"), 1e-3),
    **dict.fromkeys(("time", "timestamp", "t"), None),
}
_INDEX_KEYS = ("", "index", "unnamed_0")


@dataclass(frozen=True)
class Axis:
    """The column that says where a row lies.

    Attributes:
        column: Its position; None where rows are frames 0, 1, 2, ...
        unit: What it counts.
        scale: Seconds of one of what it counts; None where its name does not tell.
    """

    column: int | None
    unit: Literal["frames", "seconds"] = "frames"
    scale: float | None = 1.0


def find_axis(keys: Sequence[str]) -> Axis | None:
    """The column of frame numbers, else of times, else of an index without a name."""
    for name in _FRAME_KEYS:
        if name in keys:
            return Axis(keys.index(name))
    return _find_times(keys) or (Axis(0) if keys and keys[0] in _INDEX_KEYS else None)


def find_clock(keys: Sequence[str], axis: Axis) -> Axis | None:
    """The column of times beside one of frames, where its name tells what it counts."""
    clock = _find_times(keys) if axis.unit == "frames" else None
    return clock if clock and clock.scale is not None else None


def _find_times(keys: Sequence[str]) -> Axis | None:
    for name, scale in _TIME_KEYS.items():
        if name in keys:
            return Axis(keys.index(name), "seconds", scale)
    return None
