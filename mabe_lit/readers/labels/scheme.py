"""What a dataset's label tracks are about, settled over all of its annotations at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from mabe_lit.readers.events import Event, Events
from mabe_lit.readers.labels.readings import LabelOptions
from mabe_lit.shell import InputError

Whose = tuple[str | None, str | None]
"""Agent and target; None and None for the scene."""


@dataclass(frozen=True)
class Scheme:
    """Which classes are looked for in which tracks.

    Attributes:
        classes: Names in the order of the labels.
        background: The one of frames that were watched and have no other; None if unscored.
        is_independent: Whether several may happen in one frame.
        of_scene: Whether labels of all animals are taken together.
        own: Classes that an animal does by itself, and those that never occur.
        directed: Classes that it does to another one, and those that never occur.
        has_own: Whether animals have tracks of their own.
        has_pairs: Whether ordered pairs of animals have tracks.
        targeted: Words that are done to another animal, classes or not.
        users: The channels that use each class; that without a name where there are none.
        absent: Classes that others use, and no recording of each group.
    """

    classes: tuple[str, ...]
    background: str | None
    is_independent: bool
    of_scene: bool
    own: frozenset[str]
    directed: frozenset[str]
    has_own: bool
    has_pairs: bool
    targeted: frozenset[str]
    users: Mapping[str, frozenset[str]]
    absent: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        found: Mapping[str, Events],
        options: LabelOptions,
        *,
        is_independent: bool,
        groups: Mapping[str, str] | None = None,
    ) -> Scheme:
        """Settle it.

        Args:
            found: The events of each recording, in words of the classes, with animals' names.
            options: How labels are read, with the classes.
            is_independent: Whether several classes may happen in one frame.
            groups: The group of each recording that has one.

        Raises:
            InputError: If a class is done to a target in one place and to none in another.
        """
        classes = [name for name in options.classes if name != options.background]
        kind, events = options.subjects.kind, list(found.values())
        targeted = _places(events, with_target=True)
        alone = _places(events, with_target=False)
        if kind == "each":
            _check_kinds(classes, targeted, alone)
        own = [name for name in classes if name not in targeted]
        directed = [name for name in classes if name not in alone]
        if kind == "pairs":
            own, directed = [], classes
        has_pairs = any(name in targeted for name in options.classes)
        return cls(
            options.classes,
            options.background,
            is_independent,
            kind == "scene",
            frozenset(own),
            frozenset(directed),
            has_own=kind == "each"
            and (
                any(name in alone for name in classes)
                or not has_pairs
                or any(_has_own_background(one, options.background) for one in events)
            ),
            has_pairs=has_pairs or kind == "pairs",
            targeted=frozenset(targeted),
            users=_users(events, classes),
            absent=_absent(found, classes, groups or {}),
        )

    def tracks(self, animals: Sequence[str]) -> list[Whose]:
        """The tracks of a recording with these animals."""
        if self.of_scene:
            return [(None, None)]
        own: list[Whose] = [(animal, None) for animal in animals] if self.has_own else []
        return own + (list(permutations(animals, 2)) if self.has_pairs else [])

    def about(self, whose: Whose) -> list[str]:
        """The classes of a track without the background, in their order."""
        agent, target = whose
        chosen: Collection[str] = self.directed if target else self.own
        if agent is None:
            chosen = self.classes
        return [name for name in self.classes if name in chosen and name != self.background]

    def not_looked_for(self, events: Events, group: str = "") -> list[str]:
        """Classes that nobody looked for in a recording, by what its file has columns or channels.

        A file without either, such as a list of bouts, was watched for all classes that occur in
        any such file, of its group if it is of one.
        """
        classes = [name for name in self.classes if name != self.background]
        if events.declares:
            return [name for name in classes if name not in events.behaviors]
        if events.only_told:
            return []
        absent = self.absent.get(group, frozenset())
        if not (events.channels or self.is_independent):
            return [name for name in classes if name in absent]
        here = set(events.channels) or {""}
        return [name for name in classes if name in absent or not self.users[name] & here]


def overlapping(events: Events, classes: Collection[str]) -> tuple[Event, Event] | None:
    """Two events of different classes and the same animals that overlap, None if there are none."""
    last: dict[tuple[str, str], dict[str, Event]] = {}
    for event in sorted(events.events, key=lambda event: event.start):
        if event.behavior not in classes or event.answer is not True:
            continue
        of_animals = last.setdefault((event.subject, event.target), {})
        for other in of_animals.values():
            if other.behavior != event.behavior and other.stop > event.start:
                return other, event
        before = of_animals.get(event.behavior)
        if before is None or before.stop < event.stop:
            of_animals[event.behavior] = event
    return None


_Places = dict[str, tuple[Events, Event]]
"""Where a word is first found."""


def _places(found: Sequence[Events], *, with_target: bool) -> _Places:
    """Where each word is first done to another animal, or to none."""
    return {
        event.behavior: (one, event)
        for one in reversed(found)
        for event in one.events[::-1]
        if bool(event.target) == with_target and event.answer is not None
    }


def _check_kinds(classes: Sequence[str], targeted: _Places, alone: _Places) -> None:
    for name in classes:
        if name in targeted and name in alone:
            (with_target, told), (without, untold) = targeted[name], alone[name]
            raise InputError(
                f"{without.path}: {without.place_of(untold)}: {name} has no target, but in "
                f"{with_target.path.name}, {with_target.place_of(told)}, it is done to "
                f"{told.target}; expected a target in each row of a behaviour or in none"
                + (
                    f"; --background {name}, if it names the frames without a behaviour"
                    if without.whose
                    else ""
                )
            )


def _has_own_background(events: Events, background: str | None) -> bool:
    """Whether the background of an animal by itself stands beside what it does to another one.

    It is not the background of what the animal does to others then, which would exclude it.
    """
    last: dict[tuple[str, bool], float] = {}  # where the last one of each kind stops
    for event in sorted(events.events, key=lambda event: event.start):
        is_alone = not event.target
        if event.answer is not True or not (event.target or event.behavior == background):
            continue
        if last.get((event.subject, not is_alone), -math.inf) > event.start:
            return True
        before = last.get((event.subject, is_alone), -math.inf)
        last[event.subject, is_alone] = max(before, event.stop)
    return False


def _users(found: Sequence[Events], classes: Sequence[str]) -> dict[str, frozenset[str]]:
    """The channels that use each class; all of them for one that nobody uses."""
    users: dict[str, set[str]] = {name: set() for name in classes}
    everywhere = {channel for one in found for channel in (one.channels or ("",))}
    for one in found:
        if one.declares or one.only_told:
            continue
        told = {(event.behavior, event.channel) for event in one.events}
        if not one.channels:
            told |= {(name, "") for name in one.behaviors}
        for name, channel in told:
            if name in users:
                users[name].add(channel)
    return {name: frozenset(used or everywhere) for name, used in users.items()}


def _absent(
    found: Mapping[str, Events], classes: Sequence[str], groups: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """The classes that are used, but in no recording of each group."""
    known: dict[str, frozenset[str]] = {}
    for name, one in found.items():
        group = groups.get(name, "")
        known[group] = known.get(group, frozenset()) | one.behaviors
    used = frozenset[str]().union(*known.values()) & frozenset(classes)
    return {group: used - names for group, names in known.items() if group}
