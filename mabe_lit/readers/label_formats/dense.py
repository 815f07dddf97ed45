"""Tables of a row a frame, or a row an instant: rows of each video, and events of equal rows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from mabe_lit.readers.events import Event, Events, Medium
from mabe_lit.readers.label_formats.axis import Axis
from mabe_lit.readers.label_formats.channels import check_all_told, choose_channel
from mabe_lit.readers.label_formats.interval_columns import (
    OBSERVATION_KEYS,
    SUBJECT_KEYS,
    TARGET_KEYS,
    VIDEO_KEYS,
)
from mabe_lit.readers.label_formats.row_places import Places, Rows
from mabe_lit.readers.label_formats.told_rates import RATE_KEYS, told_rate
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError

_Whose = tuple[str, str, str, str]
"""Video, observation, subject and target, empty where no column tells."""
_OWN = ("predicted",)
"""A column of what this project writes, which counts frames from 0."""


@dataclass(frozen=True)
class Part:
    """The rows of a table that are of one video, subject and target.

    Attributes:
        rows: Where they lie.
        chosen: ``(rows,)`` their positions among all rows of the table.
        video: What the table calls it; empty if it does not.
        observation: Likewise.
        subject: Likewise.
    """

    rows: Rows
    chosen: np.ndarray
    video: str = ""
    observation: str = ""
    subject: str = ""
    target: str = ""


def read_rows(table: Table, axis: Axis, take: Callable[[int, list[str]], None]) -> Rows:
    """Read all rows of a table; each instant lasts until the next, the last for a median step.

    Args:
        table: The table.
        axis: Where its rows lie.
        take: Is given line number and cells of each row.

    Raises:
        InputError: If there are no rows, frame numbers or times do not increase, or a column
            ``time`` of whole numbers may be frames as well as seconds.
    """
    places = Places(table, axis)
    for number, cells in _filled_rows(table, axis):
        places.add(number, cells)
        take(number, cells)
    return places.rows()


def read_parts(
    table: Table, axis: Axis, take: Callable[[int, list[str]], None], channel: str | None = None
) -> list[Part]:
    """The same of each video, subject and target, in a table that may be of several.

    Args:
        table: The table.
        axis: Where its rows lie.
        take: Is given line number and cells of each row, also of those that are not chosen.
        channel: The subject whose rows are wanted; all subjects' if None.

    Raises:
        InputError: As ``read_rows``; also if a row does not tell its video or subject, though
            others do, ``channel`` is not there, or frames are numbered through all videos.
    """
    columns = [table.find(keys) for keys in (VIDEO_KEYS, OBSERVATION_KEYS, SUBJECT_KEYS)]
    target_column = None if columns[-1] is None else table.find(TARGET_KEYS)
    places: dict[_Whose, Places] = {}
    chosen: dict[_Whose, array[int]] = {}
    rate_column = table.find(RATE_KEYS)
    rates: dict[_Whose, dict[str, int]] = {}
    firsts: dict[_Whose, int] = {}
    for place, (number, cells) in enumerate(_filled_rows(table, axis)):
        told = ["" if n is None else cells[n] for n in (*columns, target_column)]
        whose = told[0], told[1], told[2], told[3]
        if whose not in places:
            places[whose] = Places(table, axis)
            chosen[whose] = array("q")
            firsts[whose] = number
            rates[whose] = {}
        if rate_column is not None:
            rates[whose].setdefault(cells[rate_column], number)
        places[whose].add(number, cells)
        chosen[whose].append(place)
        take(number, cells)
    check_all_told(table, columns, [(line, *whose[:3]) for whose, line in firsts.items()])
    if channel is not None and places:
        choose_channel(table.path, dict.fromkeys(whose[2] for whose in places), channel)
    parts = []
    for whose, of_one in places.items():
        if channel not in (None, whose[2]):
            continue
        rows = of_one.rows()
        cells_of = ((line, text) for text, line in rates[whose].items())
        rows = replace(rows, rate=told_rate(table, cells_of, rows.rate))
        parts.append(Part(rows, np.array(chosen[whose]), *whose))
    _check_own_numbers(table, parts)
    return parts or [Part(Places(table, axis).rows(), np.array([], int))]


def _filled_rows(table: Table, axis: Axis) -> Iterator[tuple[int, list[str]]]:
    for number, cells in table.rows():
        if not cells and axis.column is not None:
            continue
        if not cells and len(table.header) > 1:
            raise InputError(
                f"{table.path}: line {number}: is blank, expected a frame in each line, since no "
                "column numbers them"
            )
        yield number, cells or [""]


def _check_own_numbers(table: Table, parts: Sequence[Part]) -> None:
    """Raise if each video's numbers go on where those of the one before it end."""
    parts = list({(part.video, part.observation): part for part in reversed(parts)}.values())[::-1]
    ends = [(part.rows.starts[0], part.rows.stops[-1]) for part in parts]
    if len(parts) < 2 or parts[0].rows.unit != "frames":
        return
    if all(after[0] == before[1] for before, after in pairwise(ends)):
        raise InputError(
            f"{table.path}: line {parts[1].rows.numbers[0]}: rows are numbered through all videos, "
            f"{parts[1].video or parts[1].observation} from {ends[1][0]:g} on; expected frames of "
            "each video counted from its own start"
        )


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
    part: Part | Rows,
    events: Sequence[Event],
    declared: Sequence[str] = (),
    background: str | None = None,
    *,
    declares: bool = False,
) -> Events:
    """Events of such rows, in the order of time; what lies between rows is unscored.

    Args:
        table: The table.
        part: Its rows, or those of one video and subject.
        events: What they say.
        declared: Behaviours that it has, also those that never happen.
        background: What it calls frames without any.
        declares: Whether those are all that somebody looked for.
    """
    part = part if isinstance(part, Part) else Part(part, np.arange(len(part.starts)))
    rows = part.rows
    gaps = [
        Event(float(rows.stops[row]), float(rows.starts[row + 1]), "", int(rows.numbers[row + 1]))
        for row in np.flatnonzero(rows.starts[1:] > rows.stops[:-1])
    ]
    own = [replace(event, subject=part.subject, target=part.target) for event in (*events, *gaps)]
    is_plain = rows.is_numbered and not any(key in table.keys for key in _OWN)
    return Events.of(
        table.path,
        sorted(own, key=lambda event: event.start),
        rows.unit,
        declared,
        watched=(float(rows.starts[0]), float(rows.stops[-1])),
        media=(Medium(part.video),) if part.video else (),
        observation=part.observation or part.video,
        rate=rows.rate,
        background=background,
        declares=declares,
        whose=frozenset({(part.subject, part.target)} if part.subject else ()),
        counts_from_one=bool(rows.unit == "frames" and rows.starts[0] == 1),
        numbering=bool(is_plain and rows.starts[0] > 0),
    )
