"""Annotation text of Bento and MARS, ``.annot``: a block a channel, in it a block a behaviour.

Source: https://github.com/neuroethology/bentoMAT (``loadAnnotSheetTxt.m``) and https://github.com/neuroethology/MARS.
"""

from __future__ import annotations

import re
from pathlib import Path

from mabe_lit.errors import InputError
from mabe_lit.readers.channels import choose_channel
from mabe_lit.readers.files import read_lines
from mabe_lit.readers.intervals import Annotation, Interval, frame_at

_CHANNEL = re.compile(r"(.*\S)\s*-{4,}$")
_RATE = re.compile(r"Annotation framerate:\s*(\S+)", re.IGNORECASE)
_LISTS = ("List of channels:", "List of annotations:")


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head.lstrip().startswith("Bento annotation file")


def read(path: Path, *, fps: float, channel: str | None = None) -> Annotation:
    """Read one channel.

    Versions differ in what they write: whole numbers are frames that count from 1, both ends in
    the interval; numbers with a decimal point are seconds.

    Args:
        path: The file.
        fps: Frames per second of the tracking.
        channel: Which channel, such as ``Ch1``; may be None if there is one.

    Raises:
        InputError: If a row is not ``start stop duration``, an interval stops before it starts,
            ``channel`` is not there, or frames are counted at another rate than ``fps``.
    """
    channels: dict[str, list[Interval]] = {}
    declared: list[str] = []
    rate, behavior, section = fps, "", ""
    rows: list[Interval] | None = None
    for number, line in enumerate(map(str.strip, read_lines(path)), 1):
        if found := _CHANNEL.match(line):
            rows, behavior = channels.setdefault(found[1], []), ""
        elif line.startswith(">"):
            behavior = line[1:].strip()
        elif rows is not None and line and not line.lower().startswith("start"):
            rows.append(_read_row(path, number, line, behavior, fps, rate))
        elif found := _RATE.match(line):
            rate = _read_rate(path, number, found[1])
        elif rows is None:
            if section == _LISTS[1] and line:
                declared.append(line)
            section = line if line in _LISTS else section if line else ""
    if not channels:
        raise InputError(f"{path}: has no channel: expected a line such as 'Ch1----------'")
    return Annotation.of(path, channels[choose_channel(path, channels, channel)], declared)


def _read_row(
    path: Path, number: int, line: str, behavior: str, fps: float, rate: float
) -> Interval:
    where = f"{path}: line {number}"
    cells = line.split()[:2]
    try:
        start, stop = map(float, cells)
    except ValueError as error:
        raise InputError(f"{where}: found {line!r}, expected start, stop and duration") from error
    if not behavior:
        raise InputError(f"{where}: an interval without a behaviour, expected '>NAME' before it")
    if not 0 <= start <= stop:
        raise InputError(
            f"{where}: {behavior} runs from {start:g} to {stop:g}, expected 0 <= start <= stop"
        )
    if "." in "".join(cells):
        return Interval(frame_at(start, fps), frame_at(stop, fps), behavior, number)
    if rate != fps:
        raise InputError(
            f"{path}: counts {rate:g} frames a second, but --fps is {fps:g}: expected the same"
        )
    return Interval(max(int(start) - 1, 0), int(stop), behavior, number)


def _read_rate(path: Path, number: int, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{path}: line {number}: frame rate {text!r} is not a number") from error
