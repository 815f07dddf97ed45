"""Rows of several subjects in one table of a row a frame: each for itself, or refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mabe_lit.pose import track_name
from mabe_lit.readers.events import Event, Events
from mabe_lit.shell import InputError


def united(found: Sequence[Events], *, by_subject: bool) -> list[Events]:
    """The events of a recording, those of a table's subjects united in one.

    Args:
        found: What all files say of it.
        by_subject: Whether subjects are told apart.

    Raises:
        InputError: If a table has rows of several subjects that are not to be told apart.
    """
    tables: dict[tuple[Path, str], list[Events]] = {}
    others = []
    for one in found:
        if one.whose:
            tables.setdefault((one.path, one.observation), []).append(one)
        else:
            others.append(one)
    for (path, _), parts in tables.items():
        if len(parts) > 1 and not by_subject:
            names = dict.fromkeys(_name(*pair) for part in parts for pair in part.whose)
            raise InputError(
                f"{path}: has channels {', '.join(names)}; choose one with --channel, or tell "
                "them apart with --subjects each"
            )
    return others + [_unite(parts) for parts in tables.values()]


def _unite(parts: Sequence[Events]) -> Events:
    """One of all; where a subject has no rows, or not all of the columns, nobody looked."""
    first = parts[0]
    if len(parts) == 1:
        return first
    start = min(part.watched[0] for part in parts)
    stop = max(part.watched[1] for part in parts)
    behaviors = frozenset[str]().union(*(part.behaviors for part in parts))
    events = [
        event
        for part in parts
        for event in (*part.events, *_not_watched(part, start, stop, behaviors))
    ]
    return replace(
        first,
        events=tuple(sorted(events, key=lambda event: event.start)),
        behaviors=behaviors,
        watched=(start, stop),
        counts_from_one=start == 1 and any(part.counts_from_one for part in parts),
        numbering=all(part.numbering for part in parts),
        whose=frozenset[tuple[str, str]]().union(*(part.whose for part in parts)),
        background=next((part.background for part in parts if part.background), None),
    )


def _not_watched(
    part: Events, start: float, stop: float, behaviors: frozenset[str]
) -> Iterator[Event]:
    ((subject, target),) = part.whose
    first, last = part.watched
    line = part.events[0].line_number if part.events else 0
    for begin, end in ((start, first), (last, stop)):
        if begin < end < math.inf:
            yield Event(begin, end, "", line, subject, target=target)
    if part.declares:
        for name in sorted(behaviors - part.behaviors):
            yield Event(first, last, name, line, subject, target=target, answer=None)


def _name(subject: str, target: str) -> str:
    return track_name(subject, target)
