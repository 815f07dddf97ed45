"""Finding and opening the files that readers read."""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mabe_lit.shell import InputError

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
SUFFIXES = (".csv", ".tsv", ".txt", ".annot", ".h5", ".hdf5", ".slp", ".boris", ".json")
LINE_END = re.compile(r"\r\n|\n|\r")
"""As files are read; other characters that part lines are text."""
_HEAD_BYTES = 1 << 16


def list_files(path: Path | str, option: str) -> list[Path]:
    """The file itself, or those files in a folder and its folders that a reader may know.

    Hidden files and folders are left out, and so are folders that this package wrote: datasets and
    runs.

    Args:
        path: A file or a folder.
        option: What the path was given as, for the message.

    Returns:
        At least one file, 2 before 11; those of a folder together.

    Raises:
        InputError: If there is nothing at ``path`` or nothing in it.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{option} {path}: no such file or folder")
    files = [file for file in _walk(path, set()) if file.suffix.lower() in SUFFIXES]
    if not files:
        raise InputError(f"{option} {path}: holds no file that ends in {', '.join(SUFFIXES)}")
    return sorted(files, key=lambda file: [_count_order(part) for part in file.parts])


def _walk(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """All files in a folder and its folders, each folder once, whatever links lead to it."""
    if folder.resolve() in seen:
        return
    seen.add(folder.resolve())
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_file():
            yield entry
        elif entry.is_dir() and not _is_output(entry):
            yield from _walk(entry, seen)


def _is_output(folder: Path) -> bool:
    """Whether a folder is a dataset or a run, which hold no files of the field."""
    if (folder / "dataset.json").is_file():
        return True
    written = ("result.json", "best.ckpt", "last.ckpt")
    return (folder / "config.yaml").is_file() and any((folder / name).is_file() for name in written)


def read_head(path: Path) -> str:
    """The first 64 KiB as text, to recognise a format by; bytes that are no text are replaced."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(HDF5_MAGIC):
        return HDF5_MAGIC.decode("latin1")
    text = _decode(head, "replace")
    if not text.strip():
        raise InputError(f"{path}: is empty")
    return text


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without their ends: UTF-8, or UTF-16 that begins with its mark.

    Raises:
        InputError: If the file is missing, empty or of another encoding.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    try:
        lines = LINE_END.split(_decode(data, "strict"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        encoding = "UTF-16" if text_encoding(data) == "utf-16" else "UTF-8"
        found = f"found byte 0x{data[min(error.start, len(data) - 1)]:02x}"
        raise InputError(f"{path}: line {line}: is not {encoding} text ({found})") from error
    if not any(line.strip() for line in lines):
        raise InputError(f"{path}: is empty")
    return lines


def read_encoding(path: Path) -> str:
    """The encoding of a text file, see ``text_encoding``."""
    with path.open("rb") as file:
        return text_encoding(file.read(4))


def first_line(head: str) -> str:
    """The first line of a text that holds any, whatever its lines end with.

    Lines are parted as files are read, so not at the other characters that ``splitlines`` knows.
    """
    lines = LINE_END.split(head.lstrip("\ufeff"))
    return next((line for line in lines if line.strip()), "")


def split_cells(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """The cells of each line, stripped; a quoted cell may hold the delimiter."""
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]


def delimiter_of(line: str) -> str:
    """What separates the cells of a table, judged by its header: tab, semicolon or comma."""
    return max(",\t;", key=line.count)


def _count_order(name: str) -> list[str | int]:
    parts = re.split(r"(\d+)", name)  # text and numbers in turn, so like meets like
    return [int(part) if part.isdecimal() else part for part in parts]


def _decode(data: bytes, errors: str) -> str:
    return data.decode(text_encoding(data), errors)


def text_encoding(data: bytes) -> str:
    """The encoding of a text that begins with ``data``: UTF-16 if it has that mark, else UTF-8."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return "utf-16" if is_utf16 else "utf-8-sig"


def parse_number(text: str, delimiter: str = ",") -> float:
    """The number that a cell holds; ``1,5`` is 1.5 in a table whose delimiter is no comma.

    Raises:
        ValueError: If it is no finite number.
    """
    if delimiter != "," and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    value = float(text)
    if "_" in text or not math.isfinite(value):
        raise ValueError(f"found {text!r}, expected a number")
    return value


def is_number(text: str, delimiter: str = ",") -> bool:
    """Whether ``parse_number`` reads a cell."""
    try:
        parse_number(text, delimiter)
    except ValueError:
        return False
    return True
