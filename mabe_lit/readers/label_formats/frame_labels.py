"""A label a row in a plain table: ``frame, label``, ``time_s, label``, or ``label`` alone.

Without a column of frames or times rows are frames from 0 on. What ``mabe_lit.predict`` writes is
one as well, to be corrected and learned from.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mabe_lit.readers.events import Events
from mabe_lit.readers.label_formats.axis import Axis, find_axis
from mabe_lit.readers.label_formats.dense import events_of, read_parts, to_events
from mabe_lit.readers.label_formats.event_logs import (
    check_no_marks,
    check_no_spans,
    has_marks,
)
from mabe_lit.readers.label_formats.interval_columns import SUBJECT_KEYS, is_interval_header
from mabe_lit.readers.tables import Table, column_key, head_rows, open_table
from mabe_lit.shell import InputError, InputWarning

_PREDICTED = "predicted"
_LABEL_KEYS = ("label", "behavior", "behaviour", "annotation", "action", "class", _PREDICTED)
_MORE_LABELS = re.compile(rf"({'|'.join(_LABEL_KEYS)})s?_?\d*")
_OTHERS_KEYS = ("status", "behavior_type", "event_type")
"""Columns of logs that have a row an event."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    header = head_rows(head)[0]
    keys = [column_key(name) for name in header]
    if not any(name in keys for name in _LABEL_KEYS) or has_marks(head, _OTHERS_KEYS):
        return False
    if is_interval_header(header, keys):
        return False  # its column of frames, times or an index numbers the bouts
    return len(keys) == 1 or find_axis(keys) is not None


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read labels; a row whose cell is empty, or a frame that has no row, was not scored.

    Frame numbers stand as they are, also where the first is 1. A row with a time lasts until the
    next row. Another column of labels is told and left out.

    Args:
        path: The file.
        channel: Which subject's labels; all subjects' if None.

    Returns:
        One a video or observation, subject and target, where columns name these.

    Raises:
        InputError: If a frame number is no whole number, frames or times do not increase, a row
            is an event that starts, stops or lasts, or two columns of labels contradict each
            other.
    """
    table = open_table(path)
    if channel is not None and table.find(SUBJECT_KEYS) is None:
        raise InputError(f"{path}: a table of frame labels has no channel {channel!r}")
    label_column = table.find(_LABEL_KEYS)
    if label_column is None:
        raise InputError(f"{path}: has no column of labels, found {', '.join(table.header)}")
    axis = find_axis(table.keys) or Axis(None)
    check_no_spans(table, axis)
    others = [n for n in range(len(table.keys)) if n not in (label_column, axis.column)]
    rivals = [n for n in others if _MORE_LABELS.fullmatch(table.keys[n])]
    check_no_marks(table, axis, others)
    filled: set[int] = set()
    codes: list[int] = []
    names: dict[str, int] = {}

    def take(number: int, cells: list[str]) -> None:
        codes.append(names.setdefault(cells[label_column], len(names)))
        for rival in rivals:
            if cells[rival]:
                filled.add(rival)
                _check_rival(table, number, cells, label_column, rival)

    parts = read_parts(table, axis, take, channel)
    _warn_of_rivals(table, label_column, sorted(filled))
    labels = np.array(codes)
    return [
        to_events(
            table,
            part,
            [
                event
                for name, code in names.items()
                for event in events_of(part.rows, labels[part.chosen] == code, name)
            ],
            tuple(names),
        )
        for part in parts
    ]


def _check_rival(table: Table, number: int, cells: list[str], label: int, rival: int) -> None:
    """Raise where two columns label a row differently; a prediction is no rival of a label."""
    told, other = cells[label], cells[rival]
    if told and told != other and table.keys[rival] != _PREDICTED:
        raise InputError(
            f"{table.path}: line {number}: {table.header[label]} is {told!r}, but "
            f"{table.header[rival]} is {other!r}; delete or rename one of the columns"
        )


def _warn_of_rivals(table: Table, label: int, rivals: Sequence[int]) -> None:
    if rivals:
        listed = ", ".join(table.header[rival] for rival in rivals)
        warnings.warn(
            f"{table.path}: labels are taken from column {table.header[label]} alone, not from "
            f"{listed}; a row that is empty there was not scored",
            InputWarning,
            stacklevel=3,
        )
