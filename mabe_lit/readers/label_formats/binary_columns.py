"""A 0/1 column a behaviour, a row a frame or an instant: behaviours may overlap.

So write DeepEthogram (an index without a name, then ``background``), SimBA's ``targets_inserted``
(key points and features before the behaviours), and whoever makes such a table himself.

Source: the documentation of https://github.com/jbohnslav/deepethogram and
https://github.com/sgoldenlab/simba.
"""

from __future__ import annotations

import re
import warnings
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mabe_lit.readers.events import Events
from mabe_lit.readers.files import is_number, read_head
from mabe_lit.readers.label_formats.dense import (
    Axis,
    Rows,
    events_of,
    find_axis,
    read_rows,
    to_events,
)
from mabe_lit.readers.tables import Table, column_key, head_rows, open_table
from mabe_lit.shell import InputError, InputWarning

_EMPTY, _OTHER = -1, 2
_VALUES = {
    **dict.fromkeys(("0", "0.0", "0,0", "False", "FALSE", "false"), 0),
    **dict.fromkeys(("1", "1.0", "1,0", "True", "TRUE", "true"), 1),
    **dict.fromkeys(("", "nan", "NaN", "NA"), _EMPTY),
}
_NOT_YET = "-1"
"""What DeepEthogram writes where nobody has labelled a frame yet."""
_BACKGROUND = "background"
_MEASURED = re.compile(
    r"(^|[\W_])(x|y|z|p|score|likelihood|confidence|visibility|visible)$"
    r"|^low_prob_detections|percentile",
    re.IGNORECASE,
)
"""Coordinates and SimBA's features, which may be 0 or 1 as well."""
_PROBABILITY = re.compile(r"^prob(ability)?_", re.IGNORECASE)
_FEW = 0.01


@dataclass
class _Column:
    """A column that may be a behaviour's: values 0 and 1, ``_EMPTY`` and ``_OTHER``."""

    position: int
    name: str
    values: array[int] = field(default_factory=lambda: array("b"))
    others: int = 0
    first_other: tuple[int, str] = (0, "")


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return bool(_find_columns(head)[0])


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the intervals of each column; what is 0 was looked for.

    Behaviours are the columns of 0 and 1 after the last one of other numbers; among SimBA's these
    may still be features. An empty cell was not scored: its row is no background. A column
    without any value is none.

    Args:
        path: The file.
        channel: Must be None, there are no channels.

    Raises:
        InputError: If a behaviour's cell is neither 0, 1, True, False nor empty, a frame is
            background and a behaviour at once, or frames or times do not increase.
    """
    if channel is not None:
        raise InputError(f"{path}: a table of 0/1 columns has no channel {channel!r}")
    table = open_table(path)
    columns, has_features = _find_columns(read_head(path))
    axis = find_axis(table.keys) or Axis(None)
    values = dict(_VALUES)
    if any(column_key(column.name) == _BACKGROUND for column in columns):
        values[_NOT_YET] = _EMPTY

    def take(number: int, cells: list[str]) -> None:
        for column in columns:
            text = cells[column.position]
            value = values.get(text, _OTHER)
            if value == _OTHER:
                column.first_other = column.first_other if column.others else (number, text)
                column.others += 1
                if not has_features or not is_number(text, table.delimiter):
                    raise _wrong_value(table, column, number, text)
            column.values.append(value)

    rows = read_rows(table, axis, take)
    columns = _behaviors(table, columns)
    flags = {column.name: np.frombuffer(column.values, np.int8) for column in columns}
    flags = {name: column for name, column in flags.items() if (column != _EMPTY).any()}
    background = next((name for name in flags if column_key(name) == _BACKGROUND), None)
    if background is not None:
        _check_background(table, rows, flags, background)
    empty = np.zeros(len(rows.starts), bool)
    for column_values in flags.values():
        empty |= column_values == _EMPTY
    events = [event for name, on in flags.items() for event in events_of(rows, on == 1, name)]
    events += events_of(rows, empty, "")
    return [to_events(table, rows, events, tuple(flags), background)]


def _find_columns(head: str) -> tuple[list[_Column], bool]:
    """Columns of 0 and 1 after the last one of other numbers, and whether there is such a one."""
    header, rows, delimiter = head_rows(head)
    keys = [column_key(name) for name in header]
    if keys[:1] == ["scorer"] or len(set(header)) < len(header):
        return [], False  # poses, with several header rows
    axis = find_axis(keys)
    rows = [row for row in rows if len(row) >= len(header)]
    columns: list[_Column] = []
    has_features = has_text = is_filled = False
    for position, name in enumerate(header):
        if (axis and position == axis.column) or _PROBABILITY.search(name):
            continue
        cells = [row[position] for row in rows if row[position]]
        others = [cell for cell in cells if cell not in _VALUES and cell != _NOT_YET]
        texts = sum(not is_number(cell, delimiter) for cell in others)
        # A few others are mistakes in a behaviour's column, or a feature that is 0 at first.
        if texts > len(cells) / 2:
            has_text = True
        elif find_axis([keys[position]]) is not None:
            continue  # another column of frames or times
        elif len(others) > len(cells) / 2 or _MEASURED.search(name):
            has_features, is_filled, columns = True, False, []
        elif name and not is_number(name, delimiter):
            columns.append(_Column(position, name))
            is_filled = is_filled or bool(cells)
    is_dense = axis is not None or not has_text
    return (columns if is_filled and is_dense else []), has_features


def _behaviors(table: Table, columns: Sequence[_Column]) -> list[_Column]:
    """The columns after the last one that holds other numbers, which is a feature.

    Raises:
        InputError: If that is the last one of all: SimBA's last one is a behaviour.
    """
    features = [place for place, column in enumerate(columns) if column.others]
    if not features:
        return list(columns)
    last = columns[features[-1]]
    if features[-1] == len(columns) - 1:
        raise _wrong_value(table, last, *last.first_other)
    for column in columns[: features[-1] + 1]:
        if 0 < column.others < _FEW * len(column.values):
            line, text = column.first_other
            warnings.warn(
                f"{table.path}: column {column.name!r} is taken for a feature, not a behaviour, as "
                f"are those before it: line {line} has {text!r}, most others 0 or 1",
                InputWarning,
                stacklevel=3,
            )
    return list(columns[features[-1] + 1 :])


def _check_background(
    table: Table, rows: Rows, flags: dict[str, np.ndarray], background: str
) -> None:
    others = [values for name, values in flags.items() if name != background]
    is_any = np.zeros(len(rows.starts), bool)
    is_known = np.ones(len(rows.starts), bool)
    for values in others:
        is_any |= values == 1
        is_known &= values != _EMPTY
    said = flags[background]
    wrong = ((said == 1) & is_any) | ((said == 0) & ~is_any & is_known)
    if wrong.any():
        row = int(wrong.argmax())
        found = "and a behaviour as well" if said[row] == 1 else "nor any behaviour"
        is_it = "is" if said[row] == 1 else "is neither"
        raise InputError(
            f"{table.path}: line {rows.numbers[row]}: the frame {is_it} {background} {found}, "
            "expected one of both"
        )


def _wrong_value(table: Table, column: _Column, number: int, text: str) -> InputError:
    return InputError(
        f"{table.path}: line {number}, column {column.name}: found {text!r}, expected 0, 1, True, "
        "False or nothing"
    )
