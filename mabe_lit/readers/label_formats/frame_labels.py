"""A label a row in a plain table: ``frame, label``, ``time_s, label``, or ``label`` alone.

Without a column of frames or times rows are frames from 0 on. What ``mabe_lit.predict`` writes is
one as well, to be corrected and learned from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mabe_lit.readers.events import Events
from mabe_lit.readers.label_formats.dense import Axis, events_of, find_axis, read_rows, to_events
from mabe_lit.readers.label_formats.interval_columns import is_interval_header
from mabe_lit.readers.tables import column_key, head_rows, open_table
from mabe_lit.shell import InputError

_LABEL_KEYS = ("label", "behavior", "behaviour", "annotation", "action", "class", "predicted")
_OTHERS_KEYS = ("status", "behavior_type", "event_type")
"""Columns of logs that have a row an event."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    header = head_rows(head)[0]
    keys = [column_key(name) for name in header]
    if not any(name in keys for name in _LABEL_KEYS) or any(name in keys for name in _OTHERS_KEYS):
        return False
    if is_interval_header(header, keys):
        return False  # its column of frames, times or an index numbers the bouts
    return len(keys) == 1 or find_axis(keys) is not None


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read labels; a row whose cell is empty, or a frame that has no row, was not scored.

    Frame numbers stand as they are, also where the first is 1. A row with a time lasts until the
    next row.

    Args:
        path: The file.
        channel: Must be None, there are no channels.

    Raises:
        InputError: If a frame number is no whole number, or frames or times do not increase.
    """
    if channel is not None:
        raise InputError(f"{path}: a table of frame labels has no channel {channel!r}")
    table = open_table(path)
    label_column = table.find(_LABEL_KEYS)
    if label_column is None:
        raise InputError(f"{path}: has no column of labels, found {', '.join(table.header)}")
    codes: list[int] = []
    names: dict[str, int] = {}

    def take(_: int, cells: list[str]) -> None:
        codes.append(names.setdefault(cells[label_column], len(names)))

    rows = read_rows(table, find_axis(table.keys) or Axis(None), take)
    labels = np.array(codes)
    events = [
        event for name, code in names.items() for event in events_of(rows, labels == code, name)
    ]
    return [to_events(table, rows, events)]
