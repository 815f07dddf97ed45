"""Pose CSV of DeepLabCut, one or several animals, and of Lightning Pose.

Header rows are ``scorer, bodyparts, coords``, with ``individuals`` after the scorer where there
are several animals; then a row a frame, the frame number first.

Source: https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html and
https://lightning-pose.readthedocs.io (prediction CSV files).
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mabe_lit.readers.files import read_lines, split_cells
from mabe_lit.readers.tracks import Tracks
from mabe_lit.shell import InputError, InputWarning

_SINGLE = ["scorer", "bodyparts", "coords"]
_MULTI = ["scorer", "individuals", "bodyparts", "coords"]


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head.lstrip().split(",", 1)[0].lower() in _MULTI  # even if the first row is missing


def read(path: Path) -> Tracks:
    """Read a pose CSV.

    Raises:
        InputError: If the header is of another depth, a row is cut short or a cell is no number.
    """
    lines = read_lines(path)
    filled = [number for number, line in enumerate(lines, 1) if line.strip()]
    header = split_cells((lines[number - 1] for number in filled[: len(_MULTI)]), ",")
    titles = [row[0].lower() for row in header]
    if titles != _MULTI:
        titles, header = titles[: len(_SINGLE)], header[: len(_SINGLE)]
    if titles not in (_SINGLE, _MULTI):
        expected = f"{', '.join(_SINGLE)} or {', '.join(_MULTI)}"
        raise InputError(f"{path}: header rows are {', '.join(titles)}, expected {expected}")
    rows = filled[len(header) :]
    widths = [(filled[depth], len(row)) for depth, row in enumerate(header)]
    widths += [(number, lines[number - 1].count(",") + 1) for number in rows]
    for number, width in widths:
        if width != len(header[0]):
            raise InputError(
                f"{path}: line {number}: has {width} cells, the first row has {len(header[0])}"
            )
    columns = list(zip(*(row[1:] for row in header), strict=True))
    table = _read_numbers(path, lines, rows, ["frame number", *(" ".join(c[1:]) for c in columns)])
    return to_tracks(path, columns, table[:, 0], table[:, 1:], rows)


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
        InputError: If a column is there twice, x or y is missing, or animals have different key
            points.
    """
    where: dict[str, dict[str, dict[str, int]]] = {}
    for position, column in enumerate(columns):
        animal = column[1] if len(column) == len(_MULTI) else "animal"
        coords = where.setdefault(animal, {}).setdefault(column[-2], {})
        if column[-1] in coords:
            raise InputError(f"{path}: column {' '.join(column[1:])} is there twice")
        coords[column[-1]] = position
    if len(where) > 1 and "single" in where:
        del where["single"]
        # DeepLabCut's own name for points that belong to no animal, such as an arena's corners.
        warnings.warn(
            f"{path}: points of 'single', which is no animal, are left out",
            InputWarning,
            stacklevel=2,
        )
    animals, parts = tuple(where), tuple(next(iter(where.values()), ()))
    if not parts:
        raise InputError(f"{path}: has no key points, its header names no column")
    for animal, found in where.items():
        if set(found) != set(parts):
            raise InputError(
                f"{path}: animal {animal!r} has key points {', '.join(found)}, "
                f"but {animals[0]!r} has {', '.join(parts)}"
            )
        for part, coords in found.items():
            if not {"x", "y"} <= set(coords) or "z" in coords:
                raise InputError(
                    f"{path}: {animal} {part} has columns {', '.join(coords)}, "
                    "expected x, y and, if known, likelihood"
                )
    pairs = [where[animal][part] for animal in animals for part in parts]
    shape = (len(values), len(animals), len(parts))
    points = values[:, [coords[axis] for coords in pairs for axis in "xy"]].reshape(*shape, 2)
    likelihood = None
    if all("likelihood" in coords for coords in pairs):
        likelihood = values[:, [coords["likelihood"] for coords in pairs]].reshape(shape)
    return Tracks(path, frames, points, likelihood, animals, parts, line_numbers)


def _read_numbers(
    path: Path, lines: list[str], rows: list[int], column_names: list[str]
) -> np.ndarray:
    """``(rows, columns)`` of the lines numbered ``rows``; NaN where a cell is empty."""
    import pandas as pd  # here, since it takes longer to import than a command's --help may

    if not rows:
        return np.empty((0, len(column_names)))
    text = io.StringIO("\n".join(lines[number - 1] for number in rows))
    table = pd.read_csv(text, header=None, low_memory=False, quoting=csv.QUOTE_NONE)
    for position, name in enumerate(column_names):
        column = table[position]
        if column.dtype.kind in "iuf":
            continue
        cells = column.astype(str)
        row = int((pd.to_numeric(cells, errors="coerce").isna() & column.notna()).argmax())
        raise InputError(
            f"{path}: line {rows[row]}, column {position + 1} ({name}): "
            f"found {cells[row]!r}, expected a number"
        )
    return table.to_numpy(np.float64)
