"""Names by which annotations call animals, also those of channels such as ``m1_to_m2``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mabe_lit.readers.events import Events
from mabe_lit.readers.label_formats.channels import SeveralChannelsError
from mabe_lit.readers.labels.words import normalize

_TO = " to "


def names_in(events: Events) -> set[str]:
    """What annotations may call animals: their subjects, targets and modifiers, by habit."""
    told = [text for e in events.events for text in (e.subject, e.target, *e.modifiers)]
    told += [text for pair in events.whose for text in pair]
    if events.by_channel:
        told += [text for name in events.channels for pair in _pairs(name) for text in pair]
    return {normalize(text) for text in told}


def events_of_channels(events: Events, animal: Callable[[str], str | None]) -> Events:
    """The events of channels that are called as ``predict`` calls them, each of its animals.

    Args:
        events: What all channels of a file say.
        animal: The animal that is called so, if there is one.

    Raises:
        InputError: If a channel is called after no animal, or two after the same.
    """
    whose = {}
    for channel in events.channels:
        found = [pair for pair in _pairs(channel) if all(map(animal, filter(None, pair)))]
        if found:
            whose[channel] = found[0]
    if len({tuple(map(animal, pair)) for pair in whose.values()}) < len(events.channels):
        hint = ", or call each after its animals, such as m1 or m1_to_m2"
        raise SeveralChannelsError(events.path, events.channels, hint)
    of_animals = [
        replace(event, subject=whose[event.channel][0], target=whose[event.channel][1], channel="")
        for event in events.events
    ]
    return replace(events, events=tuple(of_animals), channels=(), whose=frozenset(whose.values()))


def _pairs(channel: str) -> Iterator[tuple[str, str]]:
    """Agent and target that a channel may be called after; of an animal alone at first."""
    yield channel, ""
    parts = normalize(channel).split(_TO)
    for place in range(1, len(parts)):
        yield _TO.join(parts[:place]), _TO.join(parts[place:])
