"""Analysis CSV of SLEAP: a row an instance, frames without an animal left out.

Columns are ``track, frame_idx, instance.score``, then ``POINT.x, POINT.y, POINT.score``.

Source: ``sleap/info/write_tracking_h5.py`` and ``sleap_io/io/csv.py``.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from mabe_lit.readers.files import delimiter_of, read_head, split_cells
from mabe_lit.readers.numbers import read_columns, read_texts
from mabe_lit.readers.pose_formats.instances import UNTRACKED, gather_instances
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_FRAME = "frame_idx"
_TRACK = "track"


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    columns = _split(head.lstrip().splitlines()[0])
    return _FRAME in columns and bool(_find_points(columns))


def read(path: Path) -> Tracks:
    """Read an analysis CSV; an instance with an empty track is on none.

    Raises:
        InputError: If the first line is empty, a row is cut short, a cell is no number, a frame
            has a track twice, or several animals at once have no tracks.
    """
    columns = _columns(path)
    points = _find_points(columns)
    used = [_FRAME, *(f"{name}.{axis}" for name in points for axis in ("x", "y"))]
    scores = [f"{name}.score" for name in points]
    used += scores if all(name in columns for name in scores) else []
    table = read_columns(path, [columns.index(name) for name in used], columns)
    if np.isnan(table[:, 0]).any():
        row = int(np.isnan(table[:, 0]).argmax())
        raise InputError(f"{path}: line {row + 2}: {_FRAME} is empty, expected a frame number")
    cells = [""] * len(table)
    if _TRACK in columns:
        cells = read_texts(path, columns.index(_TRACK), len(columns))[: len(table)]
    track_names = tuple(dict.fromkeys(filter(None, cells)))
    index = {name: position for position, name in enumerate(track_names)} | {"": UNTRACKED}
    K = len(points)
    xy = table[:, 1 : 1 + 2 * K].reshape(len(table), K, 2)
    return gather_instances(
        path,
        frames=table[:, 0],
        tracks=np.array([index[cell] for cell in cells], int),
        points=xy,
        likelihood=table[:, 1 + 2 * K :] if table.shape[1] > 1 + 2 * K else None,
        track_names=track_names,
        keypoint_names=points,
        where=lambda row: f"{path}: line {row + 2}",
    )


def read_names(path: Path) -> Tracks:
    """Key points alone: whose tracks there are stands in the rows."""
    columns = _columns(path)
    points = tuple(_find_points(columns))
    return Tracks(path, np.empty(0), np.empty((0, 0, len(points), 2)), None, (), points)


def _columns(path: Path) -> list[str]:
    header = read_head(path).splitlines()[0]
    if not header.strip():
        raise InputError(f"{path}: line 1 is empty, expected the columns' names")
    columns = _split(header)
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise InputError(f"{path}: column {twice[0]} is there twice")
    return columns


def _split(line: str) -> list[str]:
    return split_cells([line], delimiter_of(line))[0]


def _find_points(columns: list[str]) -> list[str]:
    """Names that have ``.x`` and ``.y``, in the order of the columns."""
    there = set(columns)
    return [c[:-2] for c in columns if c.endswith(".x") and len(c) > 2 and f"{c[:-2]}.y" in there]
