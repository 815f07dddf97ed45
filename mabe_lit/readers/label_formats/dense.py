"""Tables of a row a frame, or a row an instant: where each row lies, and events of equal rows."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mabe_lit.readers.events import Event, Events
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError, InputWarning

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
_GAP_STEPS = 1.5


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


@dataclass(frozen=True)
class Rows:
    """Where the rows of a table lie.

    Attributes:
        numbers: ``(rows,)`` line of each.
        starts: ``(rows,)`` its first boundary, in ``unit``.
        stops: ``(rows,)`` the boundary after it.
        unit: Frames, or seconds.
    """

    numbers: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    unit: Literal["frames", "seconds"]


def find_axis(keys: Sequence[str]) -> Axis | None:
    """The column of frame numbers, else of times, else of an index without a name."""
    for name in _FRAME_KEYS:
        if name in keys:
            return Axis(keys.index(name))
    for name, scale in _TIME_KEYS.items():
        if name in keys:
            return Axis(keys.index(name), "seconds", scale)
    return Axis(0) if keys and keys[0] in _INDEX_KEYS else None


def read_rows(table: Table, axis: Axis, take: Callable[[int, list[str]], None]) -> Rows:
    """Read all rows of a table; each lasts until the next instant, the last for a median step.

    Args:
        table: The table.
        axis: Where its rows lie.
        take: Is given line number and cells of each row.

    Raises:
        InputError: If there are no rows, frame numbers or times do not increase, or a column
            ``time`` of whole numbers may be frames as well as seconds.
    """
    numbers, places = array("q"), array("d")
    has_point = False
    for number, cells in table.rows():
        if not cells and axis.column is not None:
            continue
        if not cells and len(table.header) > 1:
            raise InputError(
                f"{table.path}: line {number}: is blank, expected a frame in each line, since no "
                "column numbers them"
            )
        if axis.column is None:
            place = float(len(numbers))
        else:
            text = cells[axis.column]
            place = table.number(number, axis.column, text)
            has_point = has_point or "." in text or "," in text or "e" in text.lower()
            _check_place(table, axis, number, place, places[-1] if places else None)
        take(number, cells or [""])
        numbers.append(number)
        places.append(place)
    if not numbers:
        raise InputError(f"{table.path}: has no frames")
    starts = np.array(places)
    lines = np.array(numbers)
    if axis.unit == "frames":
        return Rows(lines, starts, starts + 1, "frames")
    if axis.scale is None and not has_point:
        name = table.header[axis.column or 0]
        raise InputError(
            f"{table.path}: column {name} holds whole numbers only, which may be frames, seconds "
            "or milliseconds; rename it frame, time_s or time_ms"
        )
    if axis.scale is None and not (starts % 1).any():
        warnings.warn(
            f"{table.path}: column {table.header[axis.column or 0]} holds whole numbers and is "
            "taken for seconds; rename it frame or time_ms if it is that",
            InputWarning,
            stacklevel=3,
        )
    return _sampled(table, lines, starts * (axis.scale or 1.0))


def _check_place(table: Table, axis: Axis, number: int, place: float, before: float | None) -> None:
    where = f"{table.path}: line {number}"
    if axis.unit == "frames" and (place < 0 or place != int(place)):
        raise InputError(f"{where}: frame number is {place:g}, expected 0, 1, 2, ...")
    if place < 0:
        raise InputError(f"{where}: time is {place:g}, expected a number from 0 on")
    if before is not None and place <= before:
        what, each = ("frame", "frame") if axis.unit == "frames" else ("time", "row")
        raise InputError(
            f"{where}: {what} {place:.9g} follows {what} {before:.9g}, expected each {each} once, "
            "in order"
        )


def _sampled(table: Table, numbers: np.ndarray, starts_s: np.ndarray) -> Rows:
    if len(starts_s) < 2:
        raise InputError(
            f"{table.path}: has one row, and so no step that would tell how long it lasts"
        )
    steps = np.diff(starts_s)
    step = float(np.median(steps))
    is_regular = np.mean(np.abs(steps - step) < 0.1 * step) > 0.9
    if is_regular and steps.max() > _GAP_STEPS * step:
        row = int(steps.argmax())
        warnings.warn(
            f"{table.path}: line {numbers[row + 1]}: {steps[row]:g} s lie between this row and the "
            f"one before, {step:g} s between most; the label before is taken to last until here",
            InputWarning,
            stacklevel=2,
        )
    stops_s = np.append(starts_s[1:], starts_s[-1] + step)
    return Rows(numbers, starts_s, stops_s, "seconds")


def events_of(rows: Rows, is_on: np.ndarray, behavior: str) -> list[Event]:
    """An event for each run of touching rows where ``is_on``.

    Args:
        rows: The rows.
        is_on: ``(rows,)`` bool.
        behavior: What the events are called; empty for rows that nobody scored.
    """
    touches = np.append(False, rows.starts[1:] == rows.stops[:-1])
    begins = np.flatnonzero(is_on & ~(np.append(False, is_on[:-1]) & touches))
    ends = np.flatnonzero(is_on & ~np.append(is_on[1:] & touches[1:], False))
    return [
        Event(float(rows.starts[a]), float(rows.stops[b]), behavior, int(rows.numbers[a]))
        for a, b in zip(begins, ends, strict=True)
    ]


def to_events(
    table: Table,
    rows: Rows,
    events: Sequence[Event],
    declared: Sequence[str] = (),
    background: str | None = None,
) -> Events:
    """Events of a table of such rows, in the order of time; what lies between rows is unscored."""
    gaps = [
        Event(float(rows.stops[row]), float(rows.starts[row + 1]), "", int(rows.numbers[row + 1]))
        for row in np.flatnonzero(rows.starts[1:] > rows.stops[:-1])
    ]
    return Events.of(
        table.path,
        sorted((*events, *gaps), key=lambda event: event.start),
        rows.unit,
        declared,
        watched=(float(rows.starts[0]), float(rows.stops[-1])),
        background=background,
        counts_from_one=rows.unit == "frames" and rows.starts[0] == 1,
    )
