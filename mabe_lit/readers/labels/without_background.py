"""What is told of labels in which frames without a behaviour are of no class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mabe_lit.readers.events import Events
from mabe_lit.readers.labels.readings import Findings
from mabe_lit.readers.labels.scheme import Scheme


def note_nothing(named: Mapping[str, Events], learnt: Sequence[str], findings: Findings) -> None:
    """Tell of tables whose 0s become unscored, as a frame without a class has none."""
    for name, one in named.items():
        if one.declares and one.background is None and _leaves_frames(one, learnt):
            findings.add(
                "columns of 0 and 1 do not overlap, so they are taken as one class a frame, and "
                "frames without any are unscored (--background NAME makes these a class, --overlap "
                "allowed takes each column as yes or no)",
                name,
                one.path.name,
            )


def note_alone(named: Mapping[str, Events], scheme: Scheme, findings: Findings) -> None:
    """Tell where tracks of animals have one class, so that no frame is told from another."""
    if scheme.is_independent or scheme.of_scene or scheme.background is not None:
        return
    used = {event.behavior for one in named.values() for event in one.events}
    kinds = (
        ("of single animals", scheme.has_own, scheme.own),
        ("of agents toward targets", scheme.has_pairs, scheme.directed),
    )
    alone = [
        f"{kind}: {', '.join(classes & used) or 'none'}"
        for kind, is_there, classes in kinds
        if is_there and len(classes & used) < 2
    ]
    for name in named if alone else ():
        findings.add(
            "labels of one class alone leave nothing to tell apart (--background NAME makes frames "
            "without a behaviour a class, --overlap allowed takes each behaviour as yes or no)",
            name,
            "; ".join(alone),
        )


def _leaves_frames(events: Events, learnt: Sequence[str]) -> bool:
    """Whether somebody looked at frames in which none of these behaviours happens."""
    reached = events.watched[0]
    for event in sorted(events.events, key=lambda event: event.start):
        if event.behavior in learnt:
            if event.start > reached:
                return True
            reached = max(reached, event.stop)
    return reached < min(events.watched[1], events.stop)
