"""Annotation text of Bento and MARS, ``.annot``: a block a channel, in it a block a behaviour.

Source: https://github.com/neuroethology/bentoMAT (``loadAnnotSheetTxt.m``) and https://github.com/neuroethology/MARS.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

from mabe_lit.readers.events import Event, Events
from mabe_lit.readers.files import read_lines
from mabe_lit.readers.label_formats.channels import choose_channel
from mabe_lit.shell import InputError

_CHANNEL = re.compile(r"(.*?[^\s-])\s*-{4,}$")
_SETTING = re.compile(
    r"Annotation (framerate|(?:start|stop) (?:frame|time)):\s*(\S+)", re.IGNORECASE
)
_LISTS = ("List of channels:", "List of annotations:")
_Row = tuple[Event, bool]
"""An interval as it stands in the file, and whether its numbers have a decimal point."""
HAS_CHANNELS = True
"""Whether annotators divide what they look for between channels."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head.lstrip().startswith("Bento annotation file")


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read one channel.

    Versions differ in what they write: frames, which count from 1, both ends in the interval; or
    seconds. Numbers in a file of seconds have decimal points, though not each of them. Frames
    before the annotation's start and after its stop, where the file tells these, were not scored.

    Args:
        path: The file.
        channel: Which channel, such as ``Ch1``; may be None if there is one.

    Raises:
        InputError: If a row is not ``start stop duration``, an interval stops before it starts,
            ``channel`` is not there, or the file tells no rate where its start and stop need one.
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
    name = choose_channel(path, channels, channel)
    chosen = channels[name]
    is_seconds = any(has_point for rows in channels.values() for _, has_point in rows)
    unit: Literal["frames", "seconds"] = "seconds" if is_seconds else "frames"
    events = [event for event, _ in chosen]
    if not is_seconds:  # from 1 with both ends, to boundaries
        events = [replace(event, start=max(event.start - 1, 0.0)) for event in events]
    return [
        Events.of(
            path,
            events,
            unit,
            declared,
            watched=_watched_range(path, settings, unit),
            rate=None if is_seconds else settings.get("framerate") or None,
            elsewhere=frozenset(
                (event.behavior, other)
                for other, rows in channels.items()
                for event, _ in rows
                if other != name
            ),
        )
    ]


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
    return Event(start, stop, behavior, number), "." in "".join(cells)


def _watched_range(
    path: Path, settings: dict[str, float], unit: Literal["frames", "seconds"]
) -> tuple[float, float]:
    """First and last boundary of what was scored, in ``unit``; all where the file tells none."""
    other = "time" if unit == "frames" else "frame"
    told = {name for name in settings if name.endswith(("frame", "time"))}
    rate = settings.get("framerate")
    if any(name.endswith(other) for name in told) and not rate:
        raise InputError(
            f"{path}: counts {unit}, but tells its start or stop as {other} and no framerate"
        )
    # Frames count from 1, both ends in the range; times are seconds.
    start_s, stop_s = settings.get("start time", math.nan), settings.get("stop time", math.nan)
    first, last = settings.get("start frame", math.nan) - 1, settings.get("stop frame", math.nan)
    if unit == "frames":
        ends = (
            start_s * (rate or 1) if math.isnan(first) else first,
            stop_s * (rate or 1) if math.isnan(last) else last,
        )
    else:
        ends = (
            first / (rate or 1) if math.isnan(start_s) else start_s,
            last / (rate or 1) if math.isnan(stop_s) else stop_s,
        )
    return (max(ends[0], 0.0), ends[1]) if ends[0] < ends[1] else (0.0, math.inf)


def _read_setting(path: Path, number: int, line: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"{path}: line {number}: found {line!r}, expected a number from 0 on")
    return value
