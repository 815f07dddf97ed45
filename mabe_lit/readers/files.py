"""Finding, opening and naming the files that readers read."""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from mabe_lit.shell import InputError

HDF5_MAGIC = b"\x89HDF\r\n\x1a\n"
SUFFIXES = (".csv", ".tsv", ".txt", ".annot", ".h5", ".hdf5", ".boris")
_VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv")
_HEAD_BYTES = 1 << 16


def list_files(path: Path | str, option: str) -> list[Path]:
    """The file itself, or those files of a folder that a reader may know, 2 before 11.

    Args:
        path: A file or a folder; folders in it are not searched.
        option: What the path was given as, for the message.

    Raises:
        InputError: If there is nothing at ``path`` or nothing in it.
    """
    path = Path(path)
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{option} {path}: no such file or folder")
    files = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
    if not files:
        raise InputError(f"{option} {path}: holds no file that ends in {', '.join(SUFFIXES)}")
    return sorted(files, key=_count_order)


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
        lines = re.split(r"\r\n|\n|\r", _decode(data, "strict"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        encoding = "UTF-16" if text_encoding(data) == "utf-16" else "UTF-8"
        found = f"found byte 0x{data[min(error.start, len(data) - 1)]:02x}"
        raise InputError(f"{path}: line {line}: is not {encoding} text ({found})") from error
    if not any(line.strip() for line in lines):
        raise InputError(f"{path}: is empty")
    return lines


def split_cells(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """The cells of each line, stripped; a quoted cell may hold the delimiter."""
    return [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]


def delimiter_of(line: str) -> str:
    """What separates the cells of a table, judged by its header: tab, semicolon or comma."""
    return max(",\t;", key=line.count)


def recording_name(path: Path) -> str:
    """What a pose file's recording is called: its stem up to ``DLC``, or the video's in SLEAP's.

    SLEAP names its analysis files ``mouse.mp4.predictions.analysis.h5`` or, by project and number
    of the video, ``labels.v001.000_mouse.analysis.h5``.
    """
    stem = path.stem
    if stem.endswith(".analysis"):
        stem = stem.removesuffix(".analysis").removesuffix(".predictions")
        video = re.sub(r"^.*\.\d{3}_", "", stem)
        if Path(video).suffix.lower() in _VIDEO_SUFFIXES:
            video = Path(video).stem
        stem = video or stem
    before_scorer = stem.split("DLC", 1)[0].rstrip("_-. ")
    return before_scorer or stem


def owner_of(file: Path, names: Sequence[str]) -> str | None:
    """The recording that an annotation file is named after: the longest name it begins with."""
    return max((name for name in names if begins_with(file.stem, name)), key=len, default=None)


def match_annotations(names: Sequence[str], files: Iterable[Path]) -> dict[str, Path]:
    """Find each recording's annotation file.

    An annotation belongs to the recording whose name its stem begins with, followed by nothing or
    by a separator (no letter, no digit); to the longest such name where there are several.

    Args:
        names: Names of the recordings.
        files: Annotation files.

    Returns:
        The annotation file of every recording.

    Raises:
        InputError: If a recording has none or several.
    """
    files = list(files)
    found: dict[str, list[Path]] = {name: [] for name in names}
    for file in files:
        owners = [name for name in names if begins_with(file.stem, name)]
        if owners:
            found[max(owners, key=len)].append(file)
    for name, matches in found.items():
        if len(matches) > 1:
            listed = ", ".join(file.name for file in matches)
            raise InputError(
                f"recording {name!r} has {len(matches)} annotation files: {listed}; those of "
                "another annotator belong in another folder, and make another dataset"
            )
        if not matches:
            listed = ", ".join(file.name for file in files[:5]) + (", ..." if files[5:] else "")
            raise InputError(
                f"recording {name!r} has no annotation file: expected a name that begins with "
                f"{name!r}, then nothing or a separator, found {listed}"
            )
    return {name: matches[0] for name, matches in found.items()}


def _count_order(file: Path) -> list[str | int]:
    parts = re.split(r"(\d+)", file.name)  # text and numbers in turn, so like meets like
    return [int(part) if part.isdecimal() else part for part in parts]


def begins_with(stem: str, name: str) -> bool:
    """Whether a file's stem is a recording's name, or that and a separator, then anything."""
    return stem.startswith(name) and not stem[len(name) : len(name) + 1].isalnum()


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
