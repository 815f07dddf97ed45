"""A label a frame in a plain CSV: ``frame, label``, or ``label`` alone, a row a frame from 0 on.

What ``mabe_lit.predict`` writes is one as well, to be corrected and learned from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mabe_lit.readers.files import delimiter_of, read_lines, split_cells
from mabe_lit.readers.intervals import Annotation, Interval
from mabe_lit.shell import InputError

_LABEL_COLUMNS = ("label", "behavior", "behaviour", "predicted")


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    header = head.splitlines()[0]
    cells = [cell.lower() for cell in split_cells([header], delimiter_of(header))[0]]
    return any(name in cells for name in _LABEL_COLUMNS) and (len(cells) == 1 or "frame" in cells)


def read(path: Path, *, fps: float, channel: str | None = None) -> Annotation:
    """Read labels; a frame whose cell is empty, or that has no row, was not scored.

    Args:
        path: The file.
        fps: Not needed, the file counts frames.
        channel: Must be None, there are no channels.

    Raises:
        InputError: If a frame number is no whole number or is not after the one before it.
    """
    if channel is not None:
        raise InputError(f"{path}: a table of frame labels has no channel {channel!r}")
    intervals: list[Interval] = []
    next_frame = 0
    for number, frame, label in _rows(path):
        if frame < next_frame:
            raise InputError(
                f"{path}: line {number}: frame {frame} follows frame {next_frame - 1}, "
                "expected each frame once, in order"
            )
        if frame > next_frame:
            intervals.append(Interval(next_frame, frame, "", number))
        if intervals and intervals[-1].behavior == label:
            intervals[-1] = replace(intervals[-1], stop_frame=frame + 1)
        else:
            intervals.append(Interval(frame, frame + 1, label, number))
        next_frame = frame + 1
    if not intervals:
        raise InputError(f"{path}: has no frames")
    return Annotation.of(path, intervals, stop_frame=next_frame)


def _rows(path: Path) -> Iterator[tuple[int, int, str]]:
    """Line number, frame and label of each row."""
    lines = read_lines(path)
    delimiter = delimiter_of(lines[0])
    header = [cell.lower() for cell in split_cells(lines[:1], delimiter)[0]]
    label_column = next(header.index(name) for name in _LABEL_COLUMNS if name in header)
    while not lines[-1].strip():
        lines.pop()
    for number, row in enumerate(split_cells(lines[1:], delimiter), 2):
        if len(header) == 1:
            yield number, number - 2, row[0] if row else ""
        elif len(row) == len(header) and row[header.index("frame")].isdecimal():
            yield number, int(row[header.index("frame")]), row[label_column]
        else:
            found = delimiter.join(row)
            raise InputError(
                f"{path}: line {number}: found {found!r}, expected a frame number and a label"
            )
