"""Logs with a row an event, which look like tables of a row a frame, and are refused as such."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from mabe_lit.readers.files import is_number, parse_number, read_head
from mabe_lit.readers.label_formats.axis import Axis, find_axis
from mabe_lit.readers.label_formats.interval_columns import find_places
from mabe_lit.readers.tables import Table, column_key, head_rows
from mabe_lit.shell import InputError

_BEGINS = ("start", "started", "begin", "onset", "on")
_ENDS = ("stop", "stopped", "end", "offset", "off")
_POINTS = ("point",)
_FEWEST = 10
"""Rows from which on regular ones may be those of frames; so few events may be regular as well."""
_MOST = 0.9
"""Part of the steps that are alike in a table of a row a frame, but for where a video begins."""


def are_marks(cells: Iterable[str]) -> bool:
    """Whether cells say that something starts or stops, and nothing else; empty ones are left."""
    words = {cell.lower().removeprefix("state ").strip() for cell in cells} - {""}
    return words <= {*_BEGINS, *_ENDS, *_POINTS} and bool(words - set(_POINTS))


def has_marks(head: str, names: Sequence[str]) -> bool:
    """Whether a column of ``names`` is there, and rows do not look like those of frames."""
    header, rows, delimiter = head_rows(head)
    keys = [column_key(name) for name in header]
    axis = find_axis(keys)
    columns = [keys.index(name) for name in names if name in keys]
    if not columns or axis is None:
        return bool(columns)
    rows = [row for row in rows if len(row) >= len(header)]
    return not all(_is_of_frames(rows, axis, column, delimiter) for column in columns)


def check_no_spans(table: Table, axis: Axis) -> None:
    """Raise if a column tells how long a row lasts, which rows of a frame or instant do not.

    Raises:
        InputError: Naming the column.
    """
    for place in find_places(table.header, table.keys):
        if axis.column not in (None, place.column):
            here = table.header[axis.column or 0] or "an index"
            raise InputError(
                f"{table.path}: column {place.name} tells the {place.role} of bouts, beside "
                f"{here}, by which a row is a frame or an instant; for a table of bouts expected "
                "columns such as start_s and stop_s, or start_frame and stop_frame, else delete "
                f"{place.name}"
            )


def check_no_marks(table: Table, axis: Axis, columns: Iterable[int]) -> None:
    """Raise if a column says of each row whether something starts or stops there.

    Rows of all frames are none of events: there ``on`` and ``off`` tell of a light or a phase. The
    first lines tell, before times of events, which need not increase, are taken for a frame's.

    Raises:
        InputError: Naming the column.
    """
    _, rows, _ = head_rows(read_head(table.path))
    rows = [row for row in rows if len(row) >= len(table.header)]
    for column in columns:
        is_log = are_marks(row[column] for row in rows)
        if is_log and not _is_of_frames(rows, axis, column, table.delimiter):
            raise InputError(
                f"{table.path}: column {table.header[column]} says that behaviours start and stop, "
                "so a row is an event, not a frame or an instant; expected a table of bouts, with "
                "columns such as behavior, start_s and stop_s"
            )


def _is_of_frames(rows: Sequence[Sequence[str]], axis: Axis, column: int, delimiter: str) -> bool:
    """Whether rows follow each other in equal steps, and most say in ``column`` what the last did.

    Events lie apart, or several in one frame, and a start is followed by a stop.
    """
    if len(rows) < _FEWEST:
        return False
    words = [row[column] for row in rows]
    stays = np.mean([a == b for a, b in pairwise(words)])
    if axis.column is None:
        return bool(stays > 1 / 2)
    cells = [row[axis.column] for row in rows]
    if not all(is_number(cell, delimiter) for cell in cells):
        return False
    steps = np.diff([parse_number(cell, delimiter) for cell in cells])
    step = float(np.median(steps))
    is_step = np.abs(steps - step) < step / 2
    return bool(step > 0 and is_step.mean() >= _MOST and stays > 1 / 2)
