"""A 0/1 column a behaviour, a row a frame or an instant: behaviours may overlap.

So write DeepEthogram (an index without a name, then ``background``), SimBA's ``targets_inserted``
(key points and features before the behaviours), and whoever makes such a table himself.
Source: the documentation of https://github.com/jbohnslav/deepethogram, https://github.com/sgoldenlab/simba.
"""

from __future__ import annotations

import re
import warnings
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from mabe_lit.readers.events import Events
from mabe_lit.readers.files import is_number, read_head
from mabe_lit.readers.label_formats.axis import Axis, find_axis
from mabe_lit.readers.label_formats.dense import Part, events_of, read_parts, to_events
from mabe_lit.readers.label_formats.interval_columns import SUBJECT_KEYS, TARGET_KEYS, WHOSE_KEYS
from mabe_lit.readers.label_formats.row_places import Rows
from mabe_lit.readers.label_formats.told_rates import RATE_KEYS
from mabe_lit.readers.tables import Table, column_key, head_rows, open_table
from mabe_lit.shell import InputError, InputWarning

_EMPTY, _OTHER = -1, 2
_VALUES = {
    **dict.fromkeys(("0", "0.0", "0,0", "False", "FALSE", "false"), 0),
    **dict.fromkeys(("1", "1.0", "1,0", "True", "TRUE", "true"), 1),
    **dict.fromkeys(("", "nan", "NaN", "NA"), _EMPTY),
}
_NOT_YET = "-1"  # what DeepEthogram writes where nobody has labelled a frame yet
_BACKGROUND = "background"
_MEASURED = re.compile(
    r"(^|[\W_])(x|y|z|p|score|likelihood|confidence|visibility|visible)$"
    r"|^low_prob_detections|percentile",
    re.IGNORECASE,
)
"""Coordinates and SimBA's features, which may be 0 or 1 as well."""
_TRIPLE = ("x", "y", "p")
"""Ends of the names of SimBA's key points, as in ``Nose_1_x, Nose_1_y, Nose_1_p``."""
_PROBABILITY = re.compile(r"^prob(ability)?_", re.IGNORECASE)
_NONE_KEYS = (*WHOSE_KEYS, *RATE_KEYS)
_FEW = 0.01


@dataclass
class _Column:
    """A column that may be a behaviour's: values 0 and 1, ``_EMPTY`` and ``_OTHER``."""

    position: int
    name: str
    values: array[int] = field(default_factory=lambda: array("b"))
    others: int = 0
    first_other: tuple[int, str] = (0, "")


@dataclass
class _Found:
    """What the first lines tell of the columns.

    Attributes:
        columns: Those that may be behaviours'; none if the table is not of this format.
        numbers: Names of those of other numbers, and whether a column of 0 and 1 is before it.
        is_simba: Whether it begins with key points, and so features come before all behaviours.
    """

    columns: list[_Column] = field(default_factory=list)
    numbers: list[tuple[str, bool]] = field(default_factory=list)
    is_simba: bool = False


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return bool(_find_columns(head).columns)


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the intervals of each column; what is 0 was looked for.

    Behaviours are the columns of 0 and 1. In SimBA's tables, which begin with key points, they are
    those after the last one of other numbers, since features may be 0 and 1 as well. An empty cell
    was not scored: its row is no background. A column without any value is none.

    Args:
        path: The file.
        channel: Which subject's labels; all subjects' if None.

    Returns:
        One a video or observation, subject and target, where columns name these.

    Raises:
        InputError: If a behaviour's cell is not as it must be, a frame is background and a
            behaviour at once, or frames or times do not increase.
    """
    table = open_table(path)
    if channel is not None and table.find(SUBJECT_KEYS) is None:
        raise InputError(f"{path}: a table of 0/1 columns has no channel {channel!r}")
    found = _find_columns(read_head(path))
    columns = found.columns
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
                if not found.is_simba or not is_number(text, table.delimiter):
                    raise _wrong_value(table, column, number, text)
            column.values.append(value)

    parts = read_parts(table, axis, take, channel)
    columns = _behaviors(table, columns)
    if left := [name for name, is_after in found.numbers if is_after and not found.is_simba]:
        warnings.warn(
            f"{path}: columns that hold other numbers than 0 and 1 are taken for no behaviours: "
            f"{', '.join(left)}",
            InputWarning,
            stacklevel=2,
        )
    flags = {column.name: np.frombuffer(column.values, np.int8) for column in columns}
    return [_to_events(table, part, flags) for part in parts]


def _to_events(table: Table, part: Part, flags: Mapping[str, np.ndarray]) -> Events:
    rows = part.rows
    flags = {name: values[part.chosen] for name, values in flags.items()}
    flags = {name: values for name, values in flags.items() if (values != _EMPTY).any()}
    background = next((name for name in flags if column_key(name) == _BACKGROUND), None)
    if background is not None:
        _check_background(table, rows, flags, background)
    empty = np.array([np.zeros(len(rows.starts), bool), *(v == _EMPTY for v in flags.values())])
    is_any = empty.any(axis=0)
    is_row = np.asarray(is_any & empty[1:].all(axis=0))
    events = events_of(rows, is_row, "")
    for (name, values), is_empty in zip(flags.items(), empty[1:], strict=True):
        is_hidden = is_any & (name == background)
        events += events_of(rows, np.asarray((values == 1) & ~is_hidden), name)
        untold = events_of(rows, is_empty & ~is_row, name)
        events += [replace(event, answer=None) for event in untold]
    return to_events(table, part, events, tuple(flags), background, declares=True)


def _find_columns(head: str) -> _Found:
    """Columns of 0 and 1: those after the last one of other numbers in SimBA's tables, else all."""
    header, rows, delimiter = head_rows(head)
    keys = [column_key(name) for name in header]
    if keys[:1] == ["scorer"] or len(set(header)) < len(header):
        return _Found()  # poses, with several header rows
    axis = find_axis(keys)
    rows = [row for row in rows if len(row) >= len(header)]
    found = _Found(is_simba=_begins_with_key_point(keys))
    none_keys = (*_NONE_KEYS, *(TARGET_KEYS if any(key in SUBJECT_KEYS for key in keys) else ()))
    has_text = is_filled = is_last_number = False
    for position, name in enumerate(header):
        if (axis and position == axis.column) or _is_probability(name, header):
            continue
        cells = [row[position] for row in rows if row[position]]
        others = [cell for cell in cells if cell not in _VALUES and cell != _NOT_YET]
        texts = sum(not is_number(cell, delimiter) for cell in others)
        # A few others are mistakes in a behaviour's column, or a feature that is 0 at first.
        if texts > len(cells) / 2:
            has_text = True
        elif find_axis([keys[position]]) is not None or keys[position] in none_keys:
            continue  # another column of frames or times, or one that tells of the whole video
        elif len(others) > len(cells) / 2 or _MEASURED.search(name):
            is_last_number = True
            found.numbers.append((name, bool(found.columns)))
            if found.is_simba:
                is_filled, found.columns = False, []
        elif name and not is_number(name, delimiter):
            found.columns.append(_Column(position, name))
            is_last_number = is_last_number and not cells
            is_filled = is_filled or bool(cells)
    is_dense = axis is not None or not has_text
    # A table of measures may have a column that is 1 throughout, such as an animal's number.
    is_of_labels = not is_last_number or (axis and len(found.columns) >= len(found.numbers))
    return found if is_filled and is_dense and is_of_labels else _Found()


def _is_probability(name: str, header: Sequence[str]) -> bool:
    """Whether a column is a behaviour's probability, such as ``p_NAME`` beside ``NAME``."""
    return bool(_PROBABILITY.search(name)) or (name[:2] == "p_" and name[2:] in header)


def _begins_with_key_point(keys: Sequence[str]) -> bool:
    """Whether the first columns, but for an index, are one point's x, y and probability."""
    points = [key.removesuffix("_x") for key in keys[:2] if key.endswith("_x")]
    triples = [[f"{point}_{end}" for end in _TRIPLE] for point in points]
    return any(triple in (list(keys[:3]), list(keys[1:4])) for triple in triples)


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
    table: Table, rows: Rows, flags: Mapping[str, np.ndarray], background: str
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
