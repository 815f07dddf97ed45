"""Pose CSV of DeepLabCut, one or several animals, and of Lightning Pose.

Header rows are ``scorer, bodyparts, coords``, with ``individuals`` after the scorer where there
are several animals; then a row a frame, the frame number first.

Source: https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html and
https://lightning-pose.readthedocs.io (prediction CSV files).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mabe_lit.readers.files import delimiter_of, read_head, read_lines, split_cells
from mabe_lit.readers.numbers import read_rows
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_SINGLE = ["scorer", "bodyparts", "coords"]
_MULTI = ["scorer", "individuals", "bodyparts", "coords"]


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    first_line = head.lstrip().splitlines()[0]
    first_cell = split_cells([first_line], delimiter_of(first_line))[0][0]
    return first_cell.lower() in _MULTI  # even if the first row is missing


def read(path: Path) -> Tracks:
    """Read a pose CSV, also one that a spreadsheet saved: with semicolons and decimal commas.

    Raises:
        InputError: If the header is of another depth, a row is cut short or a cell is no number.
    """
    lines = read_lines(path)
    filled = [number for number, line in enumerate(lines, 1) if line.strip()]
    delimiter = delimiter_of(lines[filled[0] - 1])
    while not lines[filled[-1] - 1].strip(f"{delimiter} "):  # rows of empty cells
        filled.pop()
    header, columns = _read_header(path, [(number, lines[number - 1]) for number in filled[:4]])
    rows = filled[len(header) :]
    width = len(columns) + 1
    cells = [_cut_row(path, number, lines[number - 1], delimiter, width) for number in rows]
    names = ["frame number", *(" ".join(column[1:]) for column in columns)]
    table = read_rows(path, cells, rows, delimiter, names)
    return to_tracks(path, columns, table[:, 0], table[:, 1:], rows)


def read_names(path: Path) -> Tracks:
    """Animals and key points alone, without rows."""
    numbered = [(i, line) for i, line in enumerate(read_head(path).splitlines(), 1) if line.strip()]
    _, columns = _read_header(path, numbered[: len(_MULTI)])
    return to_tracks(path, columns, np.empty(0), np.empty((0, len(columns))))


def _read_header(
    path: Path, lines: Sequence[tuple[int, str]]
) -> tuple[list[list[str]], list[tuple[str, ...]]]:
    """The header rows among the first lines, which have numbers, and the columns they name."""
    delimiter = delimiter_of(lines[0][1])
    header = split_cells((line for _, line in lines), delimiter)
    titles = [row[0].lower() for row in header]
    if titles != _MULTI:
        titles, header = titles[: len(_SINGLE)], header[: len(_SINGLE)]
    if titles not in (_SINGLE, _MULTI):
        expected = f"{', '.join(_SINGLE)} or {', '.join(_MULTI)}"
        raise InputError(f"{path}: header rows are {', '.join(titles)}, expected {expected}")
    for (number, _), row in zip(lines, header, strict=False):
        while row and not row[-1]:
            row.pop()
        if len(row) != len(header[0]):
            raise InputError(
                f"{path}: line {number}: has {len(row)} cells, the first row has {len(header[0])}"
            )
    return header, list(zip(*(row[1:] for row in header), strict=True))


def _cut_row(path: Path, number: int, line: str, delimiter: str, width: int) -> str:
    """A row without the empty cells that a spreadsheet leaves behind the last column."""
    found = line.count(delimiter) + 1
    if found > width:
        kept, *more = line.rsplit(delimiter, found - width)
        if not any(map(str.strip, more)):
            return kept
    if found != width:
        raise InputError(f"{path}: line {number}: has {found} cells, the first row has {width}")
    return line


def to_tracks(
    path: Path,
    columns: Sequence[tuple[str, ...]],
    frames: np.ndarray,
    values: np.ndarray,
    line_numbers: Sequence[int] | None = None,
) -> Tracks:
    """Sort the columns of a table by animal, key point and coordinate.

    Args:
        path: The file, for messages.
        columns: Scorer, individual (if there are several), body part and coordinate of each column.
        frames: ``(rows,)`` frame numbers.
        values: ``(rows, columns)``.
        line_numbers: Line of each row, in a text file.

    Raises:
        InputError: If a column is there twice, or x or y is missing.
    """
    where: dict[str, dict[str, dict[str, int]]] = {}
    for position, column in enumerate(columns):
        animal = column[1] if len(column) == len(_MULTI) else "animal"
        coords = where.setdefault(animal, {}).setdefault(column[-2], {})
        if column[-1] in coords:
            raise InputError(f"{path}: column {' '.join(column[1:])} is there twice")
        coords[column[-1]] = position
    animals = tuple(where)
    parts = tuple(dict.fromkeys(part for found in where.values() for part in found))
    if not parts:
        raise InputError(f"{path}: has no key points, its header names no column")
    for animal, found in where.items():
        for part, coords in found.items():
            if not {"x", "y"} <= set(coords) or "z" in coords:
                raise InputError(
                    f"{path}: {animal} {part} has columns {', '.join(coords)}, "
                    "expected x, y and, if known, likelihood"
                )
    has_point = np.array([[part in found for part in parts] for found in where.values()])
    points = np.full((len(values), *has_point.shape, 2), np.nan)
    likelihood = np.full(points.shape[:-1], np.nan)
    for a, k in np.argwhere(has_point):
        coords = where[animals[a]][parts[k]]
        points[:, a, k] = values[:, [coords["x"], coords["y"]]]
        if "likelihood" in coords:
            likelihood[:, a, k] = values[:, coords["likelihood"]]
    is_told = any("likelihood" in c for found in where.values() for c in found.values())
    return Tracks(
        path,
        frames,
        points,
        likelihood if is_told else None,
        animals,
        parts,
        line_numbers,
        has_point=None if has_point.all() else has_point,
    )
