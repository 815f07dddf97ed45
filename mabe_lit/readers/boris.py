"""Event tables of BORIS, CSV or TSV: tabular events, old and new, and aggregated events.

Source: https://boris.readthedocs.io/en/latest/#export-events
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from mabe_lit.readers.files import delimiter_of, read_lines, split_cells
from mabe_lit.readers.intervals import Annotation, Interval, frame_at
from mabe_lit.shell import InputError, InputWarning

Cells = list[str]
Row = tuple[int, dict[str, str]]
"""Line number, and cell by column name."""

_OFFSET = "Time offset (s)"
_PRINTED_S = 0.001
"""What BORIS rounds times to."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return any(map(_is_header, head.splitlines()))


def read(path: Path, *, fps: float, channel: str | None = None) -> Annotation:
    """Read state events.

    Point events have no duration and are left out with a warning that counts them. Times in
    seconds become the nearest frame boundaries (``frame_at``), after the observation's time offset
    is taken off: BORIS adds it to the video's time.

    Args:
        path: The file; its table may follow a header of any length.
        fps: Frames per second of the tracking.
        channel: Which subject's events; all subjects' together if None.

    Raises:
        InputError: If a START has no STOP or the other way round, an interval stops before it
            starts, a time is no number, or the file holds several observations.
    """
    header, rows = _read_table(path)
    _check_observation(path, rows, fps)
    offset_s = _time_offset_s(path, header, rows)
    if channel is not None:
        subjects = {row["Subject"]: None for _, row in rows if row.get("Subject")}
        if channel not in subjects:
            raise InputError(
                f"{path}: has no subject {channel!r}, only {', '.join(subjects) or 'none'}"
            )
        rows = [(number, row) for number, row in rows if row["Subject"] == channel]
    states = [(number, row) for number, row in rows if _status(row) != "POINT"]
    if points := len(rows) - len(states):
        warnings.warn(
            f"{path}: {points} POINT events have no duration and are left out",
            InputWarning,
            stacklevel=2,
        )
    read_pairs = _aggregated if rows and "Start (s)" in rows[0][1] else _paired
    intervals = []
    for number, behavior, *times_s in read_pairs(path, states):
        start_s, stop_s = (_without_offset(time_s, offset_s) for time_s in times_s)
        if not 0 <= start_s <= stop_s:
            raise InputError(
                f"{path}: line {number}: {behavior} runs from {start_s:g} to {stop_s:g} s, "
                "expected 0 <= start <= stop"
            )
        start, stop = frame_at(start_s, fps), frame_at(stop_s, fps)
        intervals.append(Interval(start, stop, behavior, number))
    return Annotation.of(path, intervals, [row["Behavior"] for _, row in states])


def _is_header(line: str) -> bool:
    cells = {cell for row in split_cells([line], delimiter_of(line)) for cell in row}
    return cells >= {"Behavior", "Time"} or cells >= {"Behavior", "Start (s)", "Stop (s)"}


def _read_table(path: Path) -> tuple[list[Cells], list[Row]]:
    """The lines before the table, and its rows."""
    lines = read_lines(path)
    first = next(number for number, line in enumerate(lines) if _is_header(line))
    delimiter = delimiter_of(lines[first])
    before = split_cells(lines[:first], delimiter)
    header, *table = split_cells(lines[first:], delimiter)
    return before, list(_rows(path, header, table, first + 2))


def _rows(path: Path, header: Cells, table: list[Cells], first_number: int) -> Iterator[Row]:
    for number, cells in enumerate(table, first_number):
        if not any(cells):
            continue
        if len(cells) != len(header):
            raise InputError(
                f"{path}: line {number}: has {len(cells)} cells, the header has {len(header)}"
            )
        yield number, dict(zip(header, cells, strict=True))


def _check_observation(path: Path, rows: list[Row], fps: float) -> None:
    observations = {row["Observation id"]: None for _, row in rows if "Observation id" in row}
    if len(observations) > 1:
        raise InputError(
            f"{path}: holds {len(observations)} observations ({', '.join(observations)}), "
            "expected a file a recording"
        )
    for number, row in rows[:1]:
        media_fps = row.get("FPS") or row.get("FPS (frame/s)") or ""
        # One for each media file, or for each player of several cameras.
        each = [text for text in re.split(r"[;|]", media_fps) if text not in ("", "NA")]
        if any(abs(_number(path, number, "FPS", text) - fps) > 0.01 for text in each):
            warnings.warn(
                f"{path}: was made at {media_fps} frames/s, but --fps is {fps:g}",
                InputWarning,
                stacklevel=3,
            )


def _time_offset_s(path: Path, before: list[Cells], rows: list[Row]) -> float:
    """The observation's: a column of new files, a line before the table of old ones."""
    found = [(number, row.get(_OFFSET, "")) for number, row in rows[:1]]
    for number, cells in enumerate(before, 1):
        if len(cells) > 1 and cells[0] == _OFFSET:
            found.append((number, cells[1]))
    told = [(number, text) for number, text in found if text not in ("", "NA")]
    return _number(path, told[0][0], _OFFSET, told[0][1]) if told else 0.0


def _without_offset(time_s: float, offset_s: float) -> float:
    """A time of the video; one that only rounding puts before its start is its start."""
    time_s -= offset_s
    return 0.0 if -_PRINTED_S <= time_s < 0 else time_s


def _status(row: dict[str, str]) -> str:
    return (row.get("Status") or row.get("Behavior type") or "").upper()


def _number(path: Path, number: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{path}: line {number}, column {column}: found {text!r}, expected a number"
        )
    return value


_Pair = tuple[int, str, float, float]


def _aggregated(path: Path, rows: list[Row]) -> Iterator[_Pair]:
    """Line number, behaviour, start and stop in seconds, from rows that hold all of it."""
    for number, row in rows:
        start, stop = (_number(path, number, c, row[c]) for c in ("Start (s)", "Stop (s)"))
        yield number, row["Behavior"], start, stop


def _paired(path: Path, rows: list[Row]) -> Iterator[_Pair]:
    """The same, from rows that hold a START or a STOP each.

    One subject may do the same behaviour towards several others at once, told by its modifiers.
    """
    started: dict[tuple[str, ...], tuple[int, float]] = {}
    for number, row in rows:
        status = _status(row)
        modifiers = (cell for column, cell in row.items() if column.startswith("Modifier"))
        key = (row["Behavior"], row.get("Subject", ""), *modifiers)
        time_s = _number(path, number, "Time", row["Time"])
        if status == "START" and key not in started:
            started[key] = (number, time_s)
        elif status == "STOP" and key in started:
            start_line, start_s = started.pop(key)
            yield start_line, row["Behavior"], start_s, time_s
        elif status in ("START", "STOP"):
            problem = (
                "starts twice without STOP" if status == "START" else "has a STOP without START"
            )
            raise InputError(f"{path}: line {number}: {row['Behavior']} {problem}")
        else:
            raise InputError(
                f"{path}: line {number}: status is {status!r}, expected START, STOP or POINT"
            )
    for (behavior, *_), (number, _) in started.items():
        raise InputError(f"{path}: line {number}: {behavior} has a START without STOP")
