"""Logs with a row an event, which look like tables of a row a frame, and are refused as such."""

from __future__ import annotations

from collections.abc import Iterable

from mabe_lit.readers.files import read_head
from mabe_lit.readers.label_formats.axis import Axis
from mabe_lit.readers.label_formats.interval_columns import find_places
from mabe_lit.readers.tables import Table, head_rows
from mabe_lit.shell import InputError

_BEGINS = ("start", "started", "begin", "onset", "on")
_ENDS = ("stop", "stopped", "end", "offset", "off")
_POINTS = ("point",)


def are_marks(cells: Iterable[str]) -> bool:
    """Whether cells say that something starts or stops, and nothing else; empty ones are left."""
    words = {cell.lower().removeprefix("state ").strip() for cell in cells} - {""}
    return words <= {*_BEGINS, *_ENDS, *_POINTS} and bool(words - set(_POINTS))


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


def check_no_marks(table: Table, columns: Iterable[int]) -> None:
    """Raise if a column says of each row whether something starts or stops there.

    Its first lines tell, before times of events, which need not increase, are taken for a frame's.

    Raises:
        InputError: Naming the column.
    """
    _, rows, _ = head_rows(read_head(table.path))
    rows = [row for row in rows if len(row) >= len(table.header)]
    for column in columns:
        if are_marks(row[column] for row in rows):
            raise InputError(
                f"{table.path}: column {table.header[column]} says that behaviours start and stop, "
                "so a row is an event, not a frame or an instant; expected a table of bouts, with "
                "columns such as behavior, start_s and stop_s"
            )
