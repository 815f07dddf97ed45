"""Text of Solomon Coder: a row a time step, a column a group of behaviours, empty where none.

Source: https://solomon.andraspeter.com (introduction).
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from mabe_lit.readers.events import Events
from mabe_lit.readers.files import is_number
from mabe_lit.readers.label_formats.axis import Axis, find_axis
from mabe_lit.readers.label_formats.dense import events_of, read_rows, to_events
from mabe_lit.readers.label_formats.event_logs import are_marks
from mabe_lit.readers.tables import Table, column_key, head_rows, open_table
from mabe_lit.shell import InputError, InputWarning

_TIME_KEYS = ("time", "time_s", "time_sec")
_OTHERS_KEYS = ("status", "behavior_type", "event_type", "subject", "frame", "label", "predicted")
_LABEL_KEYS = ("behaviour", "behavior")
_COMMENT_KEYS = ("comment", "comments", "notes")


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format.

    Its first column is ``Time``, the others hold names or nothing; one alone is ``Behaviour``.
    """
    header, rows, delimiter = head_rows(head)
    keys = [column_key(name) for name in header]
    if len(keys) < 2 or not header[0].startswith("Time") or keys[0] not in _TIME_KEYS:
        return False
    if any(name in keys for name in _OTHERS_KEYS):
        return False
    if len(keys) == 2 and keys[1] not in _LABEL_KEYS:
        return False
    rows = [row for row in rows if len(row) >= len(header)]
    if any(are_marks(row[column] for row in rows) for column in range(1, len(header))):
        return False  # a log of events
    cells = [cell for row in rows for cell in row[1:] if cell]
    return bool(cells) and not any(is_number(cell, delimiter) for cell in cells)


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the steps of each behaviour, in seconds; a step lasts until the next row.

    A step without any behaviour was looked at. Comments are left out.

    Args:
        path: The file.
        channel: Must be None, there are no channels.

    Raises:
        InputError: If a time is no number or not after the one before it, or a behaviour is one.
    """
    if channel is not None:
        raise InputError(f"{path}: Solomon Coder's text has no channel {channel!r}")
    table = open_table(path)
    columns = [
        place
        for place, key in enumerate(table.keys)
        if place > 0 and table.header[place] and key not in _COMMENT_KEYS
    ]
    codes: list[list[int]] = [[] for _ in columns]
    names = {"": 0}

    def take(number: int, cells: list[str]) -> None:
        for column, of_column in zip(columns, codes, strict=True):
            name = cells[column]
            if name not in names:
                _check_name(table, number, column, name)
            of_column.append(names.setdefault(name, len(names)))

    rows = read_rows(table, find_axis(table.keys) or Axis(0, "seconds", None), take)
    steps = np.array(codes)  # (columns, rows)
    if len(columns) == 1 and (steps == 0).any():
        warnings.warn(
            f"{path}: empty cells of {table.header[columns[0]]!r} are taken for no behaviour, as "
            "Solomon Coder writes them, not for frames that nobody scored",
            InputWarning,
            stacklevel=2,
        )
    events = [
        event
        for name, code in names.items()
        if name
        for event in events_of(rows, (steps == code).any(axis=0), name)
    ]
    return [to_events(table, rows, events)]


def _check_name(table: Table, number: int, column: int, name: str) -> None:
    if is_number(name, table.delimiter):
        raise InputError(
            f"{table.path}: line {number}, column {table.header[column]}: found {name!r}, expected "
            "a behaviour"
        )
