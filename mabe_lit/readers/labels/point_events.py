"""Events without a duration, of which nobody knows how long they last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from mabe_lit.readers.events import Events
from mabe_lit.readers.labels.readings import Findings


def without_points(
    found: Mapping[str, Events], kept: Collection[str], findings: Findings
) -> dict[str, Events]:
    """The events of each recording without such of other behaviours than those that are kept.

    Those that are kept leave their frame unscored for their behaviour.
    """
    left = {}
    for name, one in found.items():
        events = [e for e in one.events if not e.is_point or e.behavior in kept]
        left[name] = replace(one, events=tuple(events))
        if points := sorted({event.behavior for event in events if event.is_point}):
            findings.add(
                "the frame of an event without a duration is unscored for its behaviour, as nobody "
                "knows how long it lasts",
                name,
                ", ".join(points),
            )
    return left
