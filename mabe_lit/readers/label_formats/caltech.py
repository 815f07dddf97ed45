"""Text of the Caltech Behavior Annotator: a block a channel, rows of start, stop and type.

Source: Piotr Dollar's behavior annotator, https://pdollar.github.io/toolbox/ (``behaviorData``).
"""

from __future__ import annotations

import re
from pathlib import Path

from mabe_lit.readers.events import Event, Events
from mabe_lit.readers.files import read_lines
from mabe_lit.readers.label_formats.channels import choose_channel
from mabe_lit.shell import InputError

_BLOCK = re.compile(r"(.+):\s*start\s+(?:end|stop)\s+type$", re.IGNORECASE)
_ROW = re.compile(r"(\d+)\s+(\d+)\s+(\S.*)$")
HAS_CHANNELS = True
"""Whether annotators divide what they look for between channels."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head.lstrip().startswith("Caltech Behavior Annotator")


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read one channel; frames in the file count from 1 and both ends belong to the interval.

    Args:
        path: The file.
        channel: Which block, such as ``S1``; may be None if there is one.

    Raises:
        InputError: If a row is not ``start stop type``, an interval stops before it starts, or
            ``channel`` is not there.
    """
    channels: dict[str, list[Event]] = {}
    declared: list[str] = []
    rows: list[Event] | None = None
    for number, line in enumerate(map(str.strip, read_lines(path)), 1):
        if block := _BLOCK.match(line):
            rows = channels.setdefault(block[1].strip(), [])
        elif rows is None:
            # Before the first block: a title, and the behaviours with the key that the annotator
            # presses for each.
            if len(words := line.split()) == 2 and len(words[1]) == 1:
                declared.append(words[0])
        elif line.strip("-"):
            rows.append(_read_row(path, number, line))
    if not channels:
        raise InputError(f"{path}: has no block of intervals: expected a line 'S1: start end type'")
    name = choose_channel(path, channels, channel)
    others = [(event.behavior, other) for other, rows in channels.items() for event in rows]
    elsewhere = frozenset(told for told in others if told[1] != name)
    return [Events.of(path, channels[name], "frames", declared, elsewhere=elsewhere)]


def _read_row(path: Path, number: int, line: str) -> Event:
    row = _ROW.match(line)
    if not row:
        raise InputError(f"{path}: line {number}: found {line!r}, expected start, stop and type")
    start, stop = int(row[1]), int(row[2])
    if not 1 <= start <= stop:
        raise InputError(
            f"{path}: line {number}: {row[3]} runs from frame {start} to {stop}, "
            "expected 1 <= start <= stop"
        )
    return Event(start - 1, stop, row[3], number)
