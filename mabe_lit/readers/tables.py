"""Text tables with one header row: read line by line, columns found by what they are called."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mabe_lit.readers.files import (
    LINE_END,
    delimiter_of,
    parse_number,
    read_lines,
    split_cells,
    text_encoding,
)
from mabe_lit.shell import InputError

_MOST_LINES = 100
"""Lines that one quoted cell may hold, so that a quote without an end is found near its start."""


def column_key(name: str) -> str:
    """A column's name in one spelling: ``start_s`` for ``Start (s)`` and for ``StartS``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


@dataclass(frozen=True)
class Table:
    """A table whose rows are still to be read.

    Attributes:
        path: The file.
        header: Names of its columns, as they stand there.
        keys: The same in one spelling, see ``column_key``.
        delimiter: What separates its cells.
        header_line: Line number of the header, its last one if a cell of it holds several.
    """

    path: Path
    header: tuple[str, ...]
    keys: tuple[str, ...]
    delimiter: str
    header_line: int

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Line number and stripped cells of each line after the header; none for a blank line.

        Blank lines at the end are left out. Only one row is held at a time; a quoted cell may hold
        several lines, and the first one is the row's number.

        Raises:
            InputError: If a line has another number of cells than the header, or is not text.
        """
        blank: list[int] = []
        width = len(self.header)
        lines = _lines(self.path)
        for number, line in lines:
            if number <= self.header_line:
                continue
            if not line.strip():
                blank.append(number)
                continue
            yield from ((at, []) for at in blank)
            blank.clear()
            cells, _ = _split(self.path, number, line, self.delimiter, lines)
            if len(cells) != width and (len(cells) < width or any(cells[width:])):
                raise InputError(
                    f"{self.path}: line {number}: has {len(cells)} cells, the header has {width}"
                )
            yield number, cells[:width]

    def number(self, line: int, column: int, text: str) -> float:
        """The number in a cell.

        Raises:
            InputError: If it is none.
        """
        try:
            return parse_number(text, self.delimiter)
        except ValueError as error:
            name = self.header[column] or "without a name"
            raise InputError(
                f"{self.path}: line {line}, column {name}: found {text!r}, expected a number"
            ) from error

    def find(self, names: tuple[str, ...]) -> int | None:
        """The column of the first of ``names`` that is there, None if none is."""
        return next((self.keys.index(name) for name in names if name in self.keys), None)


def open_table(path: Path) -> Table:
    """Read the header.

    Raises:
        InputError: If the file is missing, empty or not text, or two columns are called alike.
    """
    lines = _lines(path)
    filled = ((number, line) for number, line in lines if line.strip())
    number, line = next(filled, (0, ""))
    if _is_separator_line(line):
        number, line = next(filled, (0, ""))
    if not line:
        raise InputError(f"{path}: is empty")
    delimiter = delimiter_of(line)
    header, number = _split(path, number, line, delimiter, lines)
    while len(header) > 1 and not header[-1]:
        header.pop()  # a delimiter at the end of each line
    twice = [name for name in header if name and header.count(name) > 1]
    if twice:
        raise InputError(f"{path}: line {number}: column {twice[0]!r} is there twice")
    return Table(path, tuple(header), tuple(map(column_key, header)), delimiter, number)


def head_rows(head: str) -> tuple[list[str], list[list[str]], str]:
    """Header, rows and delimiter of a table by its first lines, for recognising a format.

    A last line that may be cut is left out; so is whatever a quote makes unreadable.
    """
    lines = [line for line in LINE_END.split(head) if line.strip()]
    if lines and _is_separator_line(lines[0]):
        del lines[0]
    if not lines:
        return [], [], ","
    if len(lines) > 2 and not head.endswith(("\n", "\r")):
        lines.pop()
    delimiter = delimiter_of(lines[0])
    try:
        header, *rows = split_cells(lines, delimiter)
    except csv.Error:
        return [], [], delimiter
    while len(header) > 1 and not header[-1]:
        header.pop()
    return header, rows, delimiter


def head_keys(head: str) -> list[str]:
    """The columns that the header of a table names, in one spelling."""
    first = [line for line in LINE_END.split(head) if line.strip()][:2]
    if first and _is_separator_line(first[0]):
        del first[0]
    return [column_key(name) for name in head_rows("\n".join(first[:1]))[0]]


def _is_separator_line(line: str) -> bool:
    """Whether a line is the one that Excel reads the delimiter from."""
    return re.fullmatch(r'"?sep=.?"?', line.strip(" \r\n"), re.IGNORECASE) is not None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open("rb") as file:
            encoding = text_encoding(file.read(2))
        with path.open(encoding=encoding) as text:
            for number, line in enumerate(text, 1):
                yield number, line.rstrip("\n")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except UnicodeError:
        read_lines(path)  # says on which line
        raise


def _split(
    path: Path, number: int, line: str, delimiter: str, more: Iterator[tuple[int, str]]
) -> tuple[list[str], int]:
    """The cells of a row and its last line's number; those after ``line`` are taken from ``more``.

    Raises:
        InputError: If a quote does not end.
    """
    if '"' not in line:
        return [cell.strip() for cell in line.split(delimiter)], number
    held, last = [line], number
    while True:
        try:
            rows = list(csv.reader(held, delimiter=delimiter, strict=True))
        except csv.Error as error:
            following = next(more, None) if len(held) < _MOST_LINES else None
            if following is None or "end of data" not in str(error):
                raise InputError(f"{path}: line {number}: has a quote that does not end") from error
            held[-1] += "\n"
            last = following[0]
            held.append(following[1])
        else:
            return [cell.strip() for cell in chain.from_iterable(rows)], last
