"""What is known of each video beside its files: a table with a row a recording."""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from mabe_lit.readers.events import Medium
from mabe_lit.readers.files import (
    delimiter_of,
    first_line,
    list_files,
    read_head,
    read_lines,
    split_cells,
)
from mabe_lit.readers.names import composed
from mabe_lit.shell import InputError, InputWarning


@dataclass(frozen=True)
class Video:
    """What a table says of one recording; None where it is silent.

    Attributes:
        fps: Frames per second of the video and its tracking.
        label_fps: Frames per second that its labels count at, where that is another rate.
        first_frame: Frame of the tracking at which the scored clip begins.
        scored_start_s: Seconds of the clip before which nobody watched.
        scored_stop_s: Seconds of the clip from which on nobody watched.
        group: What it has in common with others, such as a lab, a rater or a camera.
    """

    fps: float | None = None
    label_fps: float | None = None
    first_frame: float | None = None
    scored_start_s: float | None = None
    scored_stop_s: float | None = None
    group: str | None = None


_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
_COLUMNS = tuple(field.name for field in fields(Video))


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is such a table."""
    header = first_line(head.lstrip("\ufeff")).strip()
    cells = split_cells([header], delimiter_of(header))[0] if header else []
    return len(cells) > 1 and "name" in cells and set(cells) <= {"name", *_COLUMNS}


def warn_of_tables(path: Path | str) -> None:
    """Warn of tables of videos in a folder: they lie there, but were not given as ``--videos``."""
    path = Path(path)
    if not path.is_dir():
        return
    tables = [
        file.name
        for file in list_files(path, "--videos")
        if file.suffix.lower() in _TABLE_SUFFIXES and _is_table(file)
    ]
    if tables:
        message = f"{path}: holds {', '.join(tables)}, a table of videos, which --videos reads"
        warnings.warn(
            InputWarning(f"{message}; it was not given and counts for nothing"), stacklevel=2
        )


def _is_table(file: Path) -> bool:
    try:
        return matches(read_head(file))
    except (InputError, csv.Error):
        return False


def read_videos(path: Path | str, names: Sequence[str]) -> dict[str, Video]:
    """Read the table ``name`` and any of ``fps``, ``first_frame``, ... as in ``Video``.

    Args:
        path: A CSV with a header.
        names: The recordings there are.

    Returns:
        A ``Video`` for each recording that has a row.

    Raises:
        InputError: If a column or recording is unknown, a recording has two rows, or a cell is no
            number that it may be.
    """
    path = Path(path)
    lines = read_lines(path)
    delimiter = delimiter_of(lines[0])
    header = split_cells(lines[:1], delimiter)[0]
    unknown = [column for column in header if column not in ("name", *_COLUMNS)]
    if "name" not in header or unknown:
        problem = f"has unknown columns {', '.join(unknown)}" if unknown else "has no column name"
        raise InputError(f"{path}: {problem}; allowed are name, {', '.join(_COLUMNS)}")
    videos: dict[str, Video] = {}
    for number, cells in enumerate(split_cells(lines[1:], delimiter), 2):
        if not any(cells):
            continue
        where = f"{path}: line {number}"
        if len(cells) != len(header):
            raise InputError(f"{where}: has {len(cells)} cells, the header has {len(header)}")
        row = dict(zip(header, cells, strict=True))
        told = row.pop("name")
        found = [n for n in names if composed(n) in (composed(told), composed(Medium(told).stem))]
        name = found[0] if found else told
        if not found:
            listed = ", ".join(names[:5]) + (", ..." if names[5:] else "")
            raise InputError(f"{where}: no recording is called {told!r}; there are {listed}")
        if name in videos:
            raise InputError(f"{where}: {name!r} has a row already")
        group = row.pop("group", "") or None
        numbers = {key: _number(where, key, row[key]) for key in row if row[key]}
        videos[name] = Video(**numbers, group=group)
        start_s, stop_s = videos[name].scored_start_s or 0.0, videos[name].scored_stop_s
        if stop_s is not None and stop_s <= start_s:
            raise InputError(f"{where}: scored_stop_s is {stop_s:g}, not after {start_s:g}")
    return videos


def groups_of(
    names: Sequence[str], videos: Mapping[str, Video], folder: int | None
) -> dict[str, str]:
    """The group of each recording that has one: the table's, or a folder of its name.

    Args:
        names: The recordings, of which one in folders is called ``lab/day1/video``.
        videos: What is known of each video.
        folder: Which of its folders, from 1 on, is the group; None if none is.

    Raises:
        InputError: If a recording does not have the folder, or the table tells another group.
    """
    groups = {name: video.group for name, video in videos.items() if video.group is not None}
    if folder is None:
        return groups
    if folder < 1:
        raise InputError(f"--group_folder is {folder}, expected 1 or more")
    for name in names:
        folders = name.split("/")[:-1]
        if len(folders) < folder:
            raise InputError(
                f"--group_folder {folder}: recording {name!r} lies in {len(folders)} folders"
            )
        group = folders[folder - 1]
        if groups.setdefault(name, group) != group:
            raise InputError(
                f"recording {name!r}: --videos has group {groups[name]!r}, but --group_folder "
                f"{folder} is {group!r}; leave out one of both"
            )
    return groups


def _number(where: str, key: str, text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    is_rate = key in ("fps", "label_fps")
    is_valid = 0 < value < math.inf if is_rate else 0 <= value < math.inf
    if not is_valid or (key == "first_frame" and value != int(value)):
        allowed = "a number above 0" if is_rate else "a number of 0 or more"
        allowed = "a whole number of 0 or more" if key == "first_frame" else allowed
        raise InputError(f"{where}: {key} is {text!r}, expected {allowed}")
    return value
