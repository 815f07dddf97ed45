"""Event tables of BORIS, CSV or TSV: tabular events, old and new, and aggregated events.

A file holds one observation or many, an observation one video or several, one after the other or
from several cameras. Source: https://boris.readthedocs.io/en/latest/#export-events
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mabe_lit.readers.events import Event, Events, Medium, point
from mabe_lit.readers.files import delimiter_of, read_lines, split_cells
from mabe_lit.readers.label_formats.boris_media import told_media
from mabe_lit.readers.label_formats.channels import choose_subject, told_modifiers
from mabe_lit.shell import InputError, InputWarning

Cells = list[str]
Row = tuple[int, dict[str, str]]
"""Line number, and cell by column name."""

_OFFSET = "Time offset (s)"
NO_SUBJECT = "No focal subject"
"""What BORIS calls the subject of a behaviour that has none."""
_PRINTED_S = 0.001
"""What BORIS rounds times to."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return any(map(_is_header, head.splitlines()))


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the state events of each observation, in seconds from the start of its first video.

    Point events have no duration and are no bouts, of which a warning tells. The
    observation's time offset is taken off: BORIS adds it to the video's time.

    Args:
        path: The file; its table may follow a header of any length.
        channel: Which subject's events; all subjects' if None.

    Returns:
        One an observation; of several cameras one each, with the same events.

    Raises:
        InputError: If a START comes twice or a STOP has none, an interval stops before it starts,
            a time is no number, or events cannot be told to be of one video or another.
    """
    before, rows = _read_table(path)
    named: dict[str, list[Row]] = {}
    for number, row in rows:
        named.setdefault(row.get("Observation id", ""), []).append((number, row))
    if channel is not None:
        choose_subject(path, (row.get("Subject", "") for _, row in rows), channel)
    points = [row["Behavior"] for _, row in rows if _status(row) == "POINT"]
    if points:
        warnings.warn(
            f"{path}: {len(points)} POINT events have no duration and are left out: "
            f"{', '.join(sorted(set(points)))}",
            InputWarning,
            stacklevel=2,
        )
    return [
        observed
        for name, of_one in (named or {"": []}).items()
        for observed in _read_observation(path, name, before, of_one, channel)
    ]


def _read_observation(
    path: Path, name: str, before: list[Cells], rows: list[Row], channel: str | None
) -> list[Events]:
    offset_s = _time_offset_s(path, before, rows)
    states = [(number, row) for number, row in rows if _status(row) != "POINT"]
    read_pairs = _aggregated if rows and "Start (s)" in rows[0][1] else _paired
    events = []
    for number, row, *times_s in read_pairs(path, states):
        start_s, stop_s = (without_offset(time_s, offset_s) for time_s in times_s)
        if not 0 <= start_s <= stop_s:
            raise InputError(
                f"{path}: line {number}: {row['Behavior']} runs from {start_s:g} to {stop_s:g} s, "
                "expected 0 <= start <= stop"
            )
        if channel in (None, row.get("Subject", "")):
            events.append(Event(start_s, stop_s, row["Behavior"], number, **_whose(row)))
    for number, row in rows:
        if _status(row) == "POINT" and channel in (None, row.get("Subject", "")):
            column = "Start (s)" if "Start (s)" in row else "Time"
            at = without_offset(_number(path, number, column, row[column]), offset_s)
            events.append(point(at, row["Behavior"], number, **_whose(row)))
    declared = [row["Behavior"] for _, row in states]
    return [
        Events.of(
            path,
            events,
            "seconds",
            declared,
            observation=name,
            media=media,
            watched=watched_range(media),
        )
        for media in told_media(path, name, before, rows, offset_s) or [()]
    ]


def watched_range(media: tuple[Medium, ...]) -> tuple[float, float]:
    """Seconds that somebody looked at: the videos' length where it is known."""
    lengths = [medium.length_s for medium in media]
    known = [length for length in lengths if length is not None]
    return (0.0, sum(known) if known and len(known) == len(lengths) else math.inf)


def without_offset(time_s: float, offset_s: float) -> float:
    """A time of the video; one that only rounding puts before its start is its start."""
    time_s -= offset_s
    return 0.0 if -_PRINTED_S <= time_s < 0 else time_s


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


def _time_offset_s(path: Path, before: list[Cells], rows: list[Row]) -> float:
    """The observation's: a column of new files, a line before the table of old ones."""
    found = [(number, row.get(_OFFSET, "")) for number, row in rows[:1]]
    for number, cells in enumerate(before, 1):
        if len(cells) > 1 and cells[0] == _OFFSET:
            found.append((number, cells[1]))
    told = [(number, text) for number, text in found if text not in ("", "NA")]
    return _number(path, told[0][0], _OFFSET, told[0][1]) if told else 0.0


def _status(row: dict[str, str]) -> str:
    return (row.get("Status") or row.get("Behavior type") or "").upper()


def _whose(row: dict[str, str]) -> dict[str, Any]:
    subject = row.get("Subject", "")
    return {"subject": "" if subject == NO_SUBJECT else subject, "modifiers": _modifiers(row)}


def _modifiers(row: dict[str, str]) -> tuple[str, ...]:
    return told_modifiers(cell for column, cell in row.items() if column.startswith("Modifier"))


def _number(path: Path, number: int, column: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))  # as a spreadsheet of some languages saves it
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(
            f"{path}: line {number}, column {column}: found {text!r}, expected a number"
        )
    return value


_Pair = tuple[int, dict[str, str], float, float]


def _aggregated(path: Path, rows: list[Row]) -> Iterator[_Pair]:
    """Line number, row, start and stop in seconds, from rows that hold all of it."""
    for number, row in rows:
        start, stop = (_number(path, number, c, row[c]) for c in ("Start (s)", "Stop (s)"))
        yield number, row, start, stop


def _paired(path: Path, rows: list[Row]) -> Iterator[_Pair]:
    """The same, from rows that hold a START or a STOP each; what never stops, stops at infinity.

    One subject may do the same behaviour towards several others at once, told by its modifiers.
    """
    started: dict[tuple[str, ...], tuple[int, float, dict[str, str]]] = {}
    for number, row in rows:
        status = _status(row)
        key = (row["Behavior"], row.get("Subject", ""), *_modifiers(row))
        time_s = _number(path, number, "Time", row["Time"])
        if status == "START" and key not in started:
            started[key] = (number, time_s, row)
        elif status == "STOP" and key in started:
            start_line, start_s, start_row = started.pop(key)
            yield start_line, start_row, start_s, time_s
        elif status in ("START", "STOP"):
            problem = (
                "starts twice without STOP" if status == "START" else "has a STOP without START"
            )
            raise InputError(f"{path}: line {number}: {row['Behavior']} {problem}")
        else:
            raise InputError(
                f"{path}: line {number}: status is {status!r}, expected START, STOP or POINT"
            )
    for number, start_s, row in started.values():
        yield number, row, start_s, math.inf
