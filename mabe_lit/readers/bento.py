"""Annotation text of Bento and MARS, ``.annot``: a block a channel, in it a block a behaviour.

Source: https://github.com/neuroethology/bentoMAT (``loadAnnotSheetTxt.m``) and https://github.com/neuroethology/MARS.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import NamedTuple

from mabe_lit.readers.channels import choose_channel
from mabe_lit.readers.files import read_lines
from mabe_lit.readers.intervals import Annotation, Interval, frame_at
from mabe_lit.shell import InputError

_CHANNEL = re.compile(r"(.*\S)\s*-{4,}$")
_SETTING = re.compile(
    r"Annotation (framerate|(?:start|stop) (?:frame|time)):\s*(\S+)", re.IGNORECASE
)
_LISTS = ("List of channels:", "List of annotations:")


class _Row(NamedTuple):
    """An interval as it stands in the file."""

    start: float
    stop: float
    has_point: bool
    behavior: str
    number: int


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head.lstrip().startswith("Bento annotation file")


def read(path: Path, *, fps: float, channel: str | None = None) -> Annotation:
    """Read one channel.

    Versions differ in what they write: frames, which count from 1, both ends in the interval; or
    seconds. Numbers in a file of seconds have decimal points, though not each of them. Frames
    before the annotation's start and after its stop, where the file tells these, were not scored.

    Args:
        path: The file.
        fps: Frames per second of the tracking.
        channel: Which channel, such as ``Ch1``; may be None if there is one.

    Raises:
        InputError: If a row is not ``start stop duration``, an interval stops before it starts,
            ``channel`` is not there, or frames are counted at another rate than ``fps``.
    """
    channels: dict[str, list[_Row]] = {}
    declared: list[str] = []
    settings: dict[str, float] = {}
    behavior, section = "", ""
    rows: list[_Row] | None = None
    for number, line in enumerate(map(str.strip, read_lines(path)), 1):
        if found := _CHANNEL.match(line):
            rows, behavior = channels.setdefault(found[1], []), ""
        elif line.startswith(">"):
            behavior = line[1:].strip()
        elif rows is not None and line and not line.lower().startswith("start"):
            rows.append(_split_row(path, number, line, behavior))
        elif found := _SETTING.match(line):
            settings[found[1].lower()] = _read_setting(path, number, line, found[2])
        elif rows is None:
            if section == _LISTS[1] and line:
                declared.append(line)
            section = line if line in _LISTS else section if line else ""
    if not channels:
        raise InputError(f"{path}: has no channel: expected a line such as 'Ch1----------'")
    chosen = channels[choose_channel(path, channels, channel)]
    is_seconds = any(row.has_point for rows in channels.values() for row in rows)
    if not is_seconds:
        _check_rate(path, settings.get("framerate", fps), fps)
    return Annotation.of(
        path,
        [_to_interval(row, fps if is_seconds else None) for row in chosen],
        declared,
        **_scored_range(settings, fps),
    )


def _split_row(path: Path, number: int, line: str, behavior: str) -> _Row:
    where = f"{path}: line {number}"
    cells = line.split()[:2]
    try:
        start, stop = map(float, cells)
    except ValueError as error:
        raise InputError(f"{where}: found {line!r}, expected start, stop and duration") from error
    if not behavior:
        raise InputError(f"{where}: an interval without a behaviour, expected '>NAME' before it")
    if not 0 <= start <= stop < math.inf:
        raise InputError(
            f"{where}: {behavior} runs from {start:g} to {stop:g}, expected 0 <= start <= stop"
        )
    return _Row(start, stop, "." in "".join(cells), behavior, number)


def _to_interval(row: _Row, fps: float | None) -> Interval:
    """The interval of a row of seconds, at ``fps`` frames each, or of frames."""
    if fps is not None:
        span = frame_at(row.start, fps), frame_at(row.stop, fps)
    else:
        span = max(int(row.start) - 1, 0), int(row.stop)
    return Interval(*span, row.behavior, row.number)


def _scored_range(settings: dict[str, float], fps: float) -> dict[str, int]:
    """First frame that was scored, and first one after these, where the file tells both."""
    rate = settings.get("framerate") or fps
    # Frames count from 1, both ends in the range; times are seconds.
    start_s = settings.get("start time", (settings.get("start frame", math.nan) - 1) / rate)
    stop_s = settings.get("stop time", settings.get("stop frame", math.nan) / rate)
    if not start_s < stop_s:
        return {}
    return {
        "start_frame": max(frame_at(start_s, fps), 0),
        "stop_frame": frame_at(stop_s, fps),
    }


def _check_rate(path: Path, rate: float, fps: float) -> None:
    if abs(rate - fps) > 0.01:
        raise InputError(
            f"{path}: counts {rate:.7g} frames a second, but --fps is {fps:.7g}: expected the same"
        )


def _read_setting(path: Path, number: int, line: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"{path}: line {number}: found {line!r}, expected a number from 0 on")
    return value
