"""Labels of JABS, ``jabs/annotations/NAME.json``: blocks of each mouse and behaviour.

A block says of its frames that the mouse does it, or that somebody looked and it does not; frames
in no block were not labelled. ``labels`` are those of frames in which the mouse is tracked, and are
read; ``unfragmented_labels`` run on where it is not.

Source: https://github.com/KumarLabJax/JABS-behavior-classifier
(``src/jabs/project/video_labels.py``, ``track_labels.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from mabe_lit.readers.events import Event, Events, Medium
from mabe_lit.readers.label_formats.channels import choose_subject
from mabe_lit.shell import InputError

_KEYS = ("file", "num_frames", "labels")


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    is_object = head.lstrip().startswith("{")
    return is_object and all(re.search(rf'"{key}"\s*:', head) for key in _KEYS)


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the blocks of each mouse; both ends belong to a block, frames count from 0.

    Identity 0 is the animal ``mouse0``, as poses of JABS have it. ``line_number`` is the block's
    number in the file, from 1.

    Args:
        path: The file.
        channel: Which mouse's labels, such as ``mouse0``; all of them if None.

    Raises:
        InputError: If the file is no JSON, an entry of it is not what JABS writes, a block lies
            outside the video, or two blocks of one behaviour contradict each other.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON ({error})") from error
    try:
        frames, video = int(content["num_frames"]), str(content["file"])
        events = list(_read_blocks(path, content["labels"], frames))
        declared = {name for of_mouse in content["labels"].values() for name in of_mouse}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        problem = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: is not what JABS writes ({problem})") from error
    if channel is not None:
        choose_subject(path, (event.subject for event in events), channel)
        events = [event for event in events if event.subject == channel]
    return [
        Events.of(
            path,
            events,
            "frames",
            sorted(declared),
            watched=(0.0, float(frames)),
            media=(Medium(video),),
            only_told=True,
            counts="block",
        )
    ]


def _read_blocks(
    path: Path, labels: Mapping[str, Mapping[str, Any]], frames: int
) -> Iterator[Event]:
    number = 0
    for identity, behaviors in labels.items():
        mouse = f"mouse{int(identity)}"
        for behavior, blocks in behaviors.items():
            where = f"{path}: {mouse}, {behavior}"
            read = []
            for block in blocks:
                number += 1
                start, end, is_present = block["start"], block["end"], block["present"]
                if not (isinstance(start, int) and isinstance(end, int)):
                    raise InputError(f"{where}: a block runs from {start!r} to {end!r}")
                if not 0 <= start <= end < frames:
                    raise InputError(
                        f"{where}: a block runs from frame {start} to {end}, expected 0 <= start "
                        f"<= end < {frames}, the frames of the video"
                    )
                if not isinstance(is_present, bool):
                    raise InputError(
                        f"{where}: 'present' is {is_present!r}, expected true or false"
                    )
                read.append(Event(start, end + 1, behavior, number, mouse, answer=is_present))
            _check_apart(where, read)
            yield from read


def _check_apart(where: str, blocks: list[Event]) -> None:
    for before, after in pairwise(sorted(blocks, key=lambda block: block.start)):
        if after.start < before.stop and after.answer != before.answer:
            raise InputError(
                f"{where}: is labelled as both present and not at frame {after.start:g}"
            )
