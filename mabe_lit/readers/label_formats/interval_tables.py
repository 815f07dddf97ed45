"""Tables of bouts: a behaviour, and where it starts and stops, in frames or seconds or both.

So is what ``mabe_lit.predict`` writes as ``NAME.bouts.csv``, to be corrected and learned from, and
what many labs keep. See ``interval_columns`` for the columns, ``stop_frames`` for what a stop is.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mabe_lit.readers.events import Event, Events, Medium
from mabe_lit.readers.label_formats.channels import check_all_told, choose_subject, told_modifiers
from mabe_lit.readers.label_formats.interval_columns import (
    BEHAVIOR_KEYS,
    MODIFIER_KEYS,
    OBSERVATION_KEYS,
    RATER_KEYS,
    SUBJECT_KEYS,
    TARGET_KEYS,
    VIDEO_KEYS,
    find_places,
    is_interval_header,
)
from mabe_lit.readers.label_formats.interval_spans import place_rows
from mabe_lit.readers.label_formats.interval_units import Row, settle_units
from mabe_lit.readers.label_formats.told_rates import RATE_KEYS, told_rate
from mabe_lit.readers.tables import Table, column_key, head_rows, open_table
from mabe_lit.shell import InputError, InputWarning


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    header = head_rows(head)[0]
    return is_interval_header(header, [column_key(name) for name in header])


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read bouts, in any order.

    Columns of frames and of seconds may both be there, and each may be empty in some rows; they
    must agree where both are filled, and frames are taken. Bouts of no length are left out with
    a warning that counts them.

    Args:
        path: The file.
        channel: Which subject's bouts; all subjects' if None. Or which annotator's or trial's,
            where a column names these.

    Returns:
        One a video or observation, where a column names these.

    Raises:
        InputError: If a row tells no behaviour, start or stop, stops before it starts, or its
            frames and seconds contradict each other; or if the header does not tell whether
            numbers are frames or seconds, or a stop frame the last of its bout, nor do the rows.
    """
    table = open_table(path)
    rows = list(_read_rows(table))
    if not rows:
        return [Events.of(path, (), "frames")]
    rows, is_chosen = _of_one_rater(table, rows, channel)
    if is_chosen:
        channel = None
    if channel is not None:
        if table.find(SUBJECT_KEYS) is None:
            raise InputError(f"{path}: has no column of subjects, so no channel {channel!r}")
        choose_subject(path, (row.subject for row in rows), channel)
    places = settle_units(table, find_places(table.header, table.keys), rows)
    placed = place_rows(table, places, rows)
    chosen = [
        Event(start, stop, row.behavior, row.number, row.subject, row.modifiers, row.target)
        for row, start, stop in zip(rows, placed.starts, placed.stops, strict=True)
        if channel is None or row.subject == channel
    ]
    if points := [event.behavior for event in chosen if event.stop == event.start]:
        warnings.warn(
            f"{path}: {len(points)} bouts of no length are left out: "
            f"{', '.join(sorted(set(points)))}",
            InputWarning,
            stacklevel=2,
        )
    chosen = [
        replace(event, answer=None) if event.stop == event.start else event for event in chosen
    ]
    names = {row.number: (row.video, row.observation) for row in rows}
    declared = sorted({row.behavior for row in rows})
    first, last = min(placed.starts), max(placed.stops)
    # What predict wrote, and nobody took a bout from, tells of all frames that there are.
    is_own = "mean_probability" in table.keys
    is_all = placed.is_gapless and first == 0 and is_own
    rate_column = table.find(RATE_KEYS)

    def rate_of(name: tuple[str, str]) -> float | None:
        told = [] if rate_column is None else [row for row in rows if names[row.number] == name]
        cells = ((row.number, row.cells[rate_column or 0]) for row in told)
        return told_rate(table, cells, placed.rate)

    return [
        Events.of(
            path,
            [event for event in chosen if names[event.line_number] == (video, observation)],
            placed.unit,
            declared,
            media=(Medium(video),) if video else (),
            observation=observation or video,
            watched=(first, last) if is_all else (0.0, math.inf),
            rate=rate_of((video, observation)),
            counts_from_one=placed.is_gapless and first == 1,
            numbering=placed.unit == "frames" and first > 0 and not is_own,
        )
        for video, observation in dict.fromkeys(names.values())
    ]


def _of_one_rater(table: Table, rows: list[Row], channel: str | None) -> tuple[list[Row], bool]:
    """Rows of one annotator or trial in each video, and whether ``channel`` chose them.

    Raises:
        InputError: If a video has those of several, and ``channel`` is none of these.
    """
    is_chosen = False
    subjects = {row.subject for row in rows}
    for column in (n for n, key in enumerate(table.keys) if key in RATER_KEYS):
        if channel in {row.cells[column] for row in rows} - subjects:
            rows, is_chosen = [row for row in rows if row.cells[column] == channel], True
        first: dict[tuple[str, str], str] = {}
        for row in rows:
            if row.cells[column] != first.setdefault(
                (row.video, row.observation), row.cells[column]
            ):
                found = ", ".join(dict.fromkeys(row.cells[column] or "(none)" for row in rows))
                raise InputError(
                    f"{table.path}: line {row.number}, column {table.header[column]}: bouts of "
                    f"several are in one table: {found}; choose one with --channel"
                )
    return rows, is_chosen


@dataclass(frozen=True)
class _Columns:
    """Positions of the columns of words; None where there is none."""

    behavior: int
    subject: int | None
    video: int | None
    observation: int | None
    target: int | None
    modifiers: Sequence[int]


def _read_rows(table: Table) -> list[Row]:
    behavior = table.find(BEHAVIOR_KEYS)
    if behavior is None:
        found = ", ".join(table.header)
        raise InputError(f"{table.path}: has no column of behaviours, found {found}")
    columns = _Columns(
        behavior,
        table.find(SUBJECT_KEYS),
        table.find(VIDEO_KEYS),
        table.find(OBSERVATION_KEYS),
        table.find(TARGET_KEYS),
        [n for n, key in enumerate(table.keys) if key in MODIFIER_KEYS or _is_modifier(key)],
    )
    rows = []
    for number, cells in table.rows():
        if not any(cells):
            continue
        if not cells[behavior]:
            raise InputError(
                f"{table.path}: line {number}: has no {table.header[behavior]}, expected its name"
            )
        rows.append(_to_row(number, cells, columns))
    whose = [(row.number, row.video, row.observation) for row in rows]
    check_all_told(table, (columns.video, columns.observation), whose)
    return rows


def _is_modifier(key: str) -> bool:
    return key.startswith("modifier_")


def _to_row(number: int, cells: list[str], columns: _Columns) -> Row:
    def cell(column: int | None) -> str:
        return "" if column is None else cells[column]

    return Row(
        number,
        cells,
        cells[columns.behavior],
        cell(columns.subject),
        cell(columns.target),
        told_modifiers(map(cell, columns.modifiers)),
        cell(columns.video),
        cell(columns.observation),
    )
