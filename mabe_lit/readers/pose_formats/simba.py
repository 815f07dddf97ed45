"""SimBA's tables as poses: key points in columns ``NAME_x, NAME_y, NAME_p``.

A number at the end of the names, ``Nose_1_x``, tells the animal. Features and behaviours follow in
the same table (``csv/targets_inserted``) or not (``csv/outlier_corrected_movement_location``).

Source: https://github.com/sgoldenlab/simba, its documentation of the project's folders.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import numpy as np

from mabe_lit.readers.files import delimiter_of, read_head, split_cells
from mabe_lit.readers.numbers import read_columns
from mabe_lit.readers.tracks.animals import split_animals
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_INDEX_NAMES = ("", "frame", "frames", "index", "unnamed: 0")
_AXES = "xyp"


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return bool(_find_points(_header(head)))


def read(path: Path) -> Tracks:
    """Read the key points of a table; features and behaviours are left alone.

    Raises:
        InputError: If the first line is empty, a column is there twice or a cell is no number.
    """
    head = read_head(path)
    if not head.splitlines()[0].strip():
        raise InputError(f"{path}: line 1 is empty, expected the columns' names")
    columns = _header(head)
    points = _find_points(columns)
    used = [f"{name}_{axis}" for name in points for axis in _AXES]
    for name in used:
        if columns.count(name) > 1:
            raise InputError(f"{path}: column {name} is there twice")
    has_index = columns[0].lower() in _INDEX_NAMES
    positions = [*([0] if has_index else []), *(columns.index(name) for name in used)]
    table = read_columns(path, positions, columns)
    frames = table[:, 0] if has_index else np.arange(len(table))
    values = table[:, has_index:].reshape(len(table), 1, len(points), 3)
    lines = range(2, 2 + len(table))
    tracks = _to_tracks(path, points, frames, values)
    return _by_number(tracks, lines)


def read_names(path: Path) -> Tracks:
    """Animals and key points alone, without rows."""
    points = _find_points(_header(read_head(path)))
    tracks = _to_tracks(path, points, np.empty(0), np.empty((0, 1, len(points), 3)))
    return _by_number(tracks, range(0))


def _to_tracks(path: Path, points: list[str], frames: np.ndarray, values: np.ndarray) -> Tracks:
    return Tracks(path, frames, values[..., :2], values[..., 2], ("animal",), tuple(points))


def _by_number(tracks: Tracks, lines: range) -> Tracks:
    """Several animals where names end with their number and share at least two parts."""
    parts: dict[str, set[str]] = defaultdict(set)
    for point in tracks.keypoint_names:
        if match := re.fullmatch(r"(.+)_(\d+)", point):
            parts[match[2]].add(match[1])
    numbers = sorted(parts, key=int)
    shared = set.intersection(*parts.values()) if parts else set()
    is_whole = len(numbers) == 1 and len(shared) == len(tracks.keypoint_names)
    if is_whole or (len(numbers) > 1 and len(shared) > 1):
        names = [f"animal{number}" for number in numbers]
        tracks = split_animals(tracks, [f"_{number}" for number in numbers], names)
    return Tracks(**{**vars(tracks), "line_numbers": lines})


def _header(head: str) -> list[str]:
    line = head.lstrip("\r\n").splitlines()[0]
    return split_cells([line], delimiter_of(line))[0]


def _find_points(columns: list[str]) -> list[str]:
    """Names that have all three of ``_x``, ``_y`` and ``_p``, in the order of the columns."""
    there = set(columns)
    stems = [column[:-2] for column in columns if column.endswith("_x") and len(column) > 2]
    return [s for s in stems if f"{s}_y" in there and f"{s}_p" in there]
