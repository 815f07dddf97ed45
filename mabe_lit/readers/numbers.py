"""Columns of numbers in a table, as a tracker or a spreadsheet wrote them."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit.readers.files import delimiter_of, read_encoding, split_cells
from mabe_lit.shell import InputError


def read_columns(path: Path, positions: Sequence[int], names: Sequence[str]) -> np.ndarray:
    """Some columns of a table with one header row.

    Args:
        path: The table.
        positions: Columns to read, from 0.
        names: What all columns are called.

    Returns:
        ``(rows, positions)``, NaN where a cell is empty.

    Raises:
        InputError: If a row has other cells than the header, or a cell is no number.
    """
    import pandas as pd  # here, since it takes longer to import than a command's --help may

    encoding = read_encoding(path)
    with path.open(encoding=encoding) as file:
        delimiter = delimiter_of(file.readline())
        decimal = _decimal_mark(delimiter, file.readline())
    _check_widths(path, encoding, delimiter, len(names))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.ParserWarning)  # of empty cells at the end
            table = pd.read_csv(
                path,
                sep=delimiter,
                decimal=decimal,
                header=None,
                skiprows=1,
                usecols=list(positions),
                names=range(len(names)),
                index_col=False,
                skip_blank_lines=False,
                low_memory=False,
                encoding=encoding,
            )
    except pd.errors.EmptyDataError:
        return np.empty((0, len(positions)))
    except (pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not a readable table ({error})") from error
    filled = table.notna().any(axis=1).to_numpy()
    table = table.iloc[: int(np.flatnonzero(filled).max(initial=-1)) + 1]
    for position in positions:
        row = find_no_number(table[position], decimal)
        if row is not None:
            raise InputError(
                f"{path}: line {row + 2}, column {position + 1} ({names[position]}): "
                f"found {str(table[position].iloc[row])!r}, expected a number"
            )
    return table[list(positions)].to_numpy(np.float64)


def read_texts(path: Path, position: int, width: int) -> list[str]:
    """One column of a table with one header row of ``width`` columns, stripped."""
    import pandas as pd

    encoding = read_encoding(path)
    with path.open(encoding=encoding) as file:
        delimiter = delimiter_of(file.readline())
    column = pd.read_csv(
        path,
        sep=delimiter,
        header=None,
        skiprows=1,
        usecols=[position],
        names=range(width),
        index_col=False,
        skip_blank_lines=False,
        dtype=str,
        keep_default_na=False,
        encoding=encoding,
    )[position]
    return [str(cell).strip() if isinstance(cell, str) else "" for cell in column]


def read_rows(
    path: Path, rows: Sequence[str], line_numbers: Sequence[int], delimiter: str, names: list[str]
) -> np.ndarray:
    """All columns of a table's rows.

    Args:
        path: The table, for messages.
        rows: Lines of the table, none of them blank.
        line_numbers: Which lines they are.
        delimiter: What separates the cells.
        names: What the columns are called.

    Returns:
        ``(rows, columns)``, NaN where a cell is empty.

    Raises:
        InputError: If a cell is no number.
    """
    import pandas as pd

    if not rows:
        return np.empty((0, len(names)))
    decimal = "," if delimiter != "," and any("," in row for row in rows) else "."
    text = io.StringIO("\n".join(rows))
    table = pd.read_csv(
        text, sep=delimiter, decimal=decimal, header=None, low_memory=False, quoting=csv.QUOTE_NONE
    )
    for position, name in enumerate(names):
        row = find_no_number(table[position], decimal)
        if row is not None:
            raise InputError(
                f"{path}: line {line_numbers[row]}, column {position + 1} ({name}): "
                f"found {str(table[position].iloc[row])!r}, expected a number"
            )
    return table.to_numpy(np.float64)


def find_no_number(column: Any, decimal: str) -> int | None:
    """The first row of a pandas column whose cell is filled and no number, None if there is none.

    A table has one decimal mark: where that is a comma, ``296.89`` and ``1.234,5`` are no numbers.
    """
    import pandas as pd

    if column.dtype.kind in "iuf" or not len(column):
        return None
    cells = column.astype(str)
    plain = cells.str.replace(",", ".", n=1) if decimal == "," else cells
    is_wrong = pd.to_numeric(plain, errors="coerce").isna()
    if decimal == ",":
        is_wrong |= cells.str.contains(".", regex=False)
    is_wrong &= column.notna()
    return int(is_wrong.to_numpy().argmax())


def _decimal_mark(delimiter: str, row: str) -> str:
    return "," if delimiter != "," and "," in row else "."


def _check_widths(path: Path, encoding: str, delimiter: str, width: int) -> None:
    """Raise where a row has other cells than the header, as where the file ends in the midst."""
    with path.open(encoding=encoding, errors="replace") as file:
        for number, line in enumerate(file, 1):
            found = line.count(delimiter) + 1
            if found == width or not line.strip():
                continue
            cells = split_cells([line], delimiter)[0]
            if len(cells) < width or any(cells[width:]):
                raise InputError(
                    f"{path}: line {number}: has {len(cells)} cells, the header has {width}"
                )
