"""Who does it, and to whom: subjects and modifiers of annotations against the animals tracked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from mabe_lit.readers.events import Event, Events
from mabe_lit.readers.labels.channel_names import events_of_channels, names_in
from mabe_lit.readers.labels.readings import Findings, SubjectOptions
from mabe_lit.readers.labels.words import normalize
from mabe_lit.shell import InputError

_ITSELF = ("self", "itself")
"""What tables call a target that is the agent."""


def name_animals(
    events: Events,
    animals: Sequence[str],
    classes: Collection[str],
    options: SubjectOptions,
    findings: Findings,
    name: str,
) -> Events:
    """The events with the names of animals as subjects and targets, as the tracking has them.

    An event of another word than ``classes`` that is of no animal gets no subject: it may be of
    any of them. An animal that does something to itself has no target.

    Args:
        events: Those of one recording.
        animals: Its animals.
        classes: Behaviours that must be of an animal.
        options: How animals are called and told apart.
        findings: Where readings that were taken are noted.
        name: What the recording is called.

    Raises:
        InputError: If nothing tells which animal a behaviour is of, or several animals are told.
    """
    if options.kind == "scene":
        return events
    if options.kind == "pairs" and len(animals) < 2:
        raise InputError(
            f"recording {name!r}: has one animal, {animals[0]}, and so no pairs; expected "
            "--subjects each"
        )
    reading = _Reading(events, animals, options, findings, name)
    if events.by_channel:
        events = events_of_channels(events, reading.animal)
        reading = replace(reading, events=events)
    reading.check_names()
    reading.note_modifiers(classes)
    return replace(
        events,
        events=tuple(
            reading.named(event)
            if event.behavior in classes and not event.is_point
            else reading.named_if_known(event)
            for event in events.events
        ),
        whose=frozenset(reading.whose(subject, target) for subject, target in events.whose),
        agents=None
        if events.agents is None
        else frozenset(reading.whose(subject, "")[0] for subject in events.agents),
    )


@dataclass(frozen=True)
class _Reading:
    """How the names of one recording's annotation are read."""

    events: Events
    animals: Sequence[str]
    options: SubjectOptions
    findings: Findings
    name: str

    def check_names(self) -> None:
        """Raise if two names that the user gave to one animal are both in the recording."""
        here = names_in(self.events)
        given: dict[str, list[str]] = {}
        for told in sorted(here.intersection(self.options.subject_is)):
            given.setdefault(self.animal(told) or "", []).append(told)
        for animal, names in given.items():
            if animal and len(names) > 1:
                raise InputError(
                    f"{self.events.path}: --subject_is takes {' and '.join(map(repr, names))} both "
                    f"for {animal}, but both are in recording {self.name!r}; expected one name of "
                    "an animal in a recording"
                )
            own = normalize(animal)
            if animal and own in here and own not in self.options.subject_is:
                self.findings.add(
                    "--subject_is takes another name for an animal whose own name is there too; "
                    "both are taken for this animal",
                    self.name,
                    f"{names[0]!r} beside {animal!r}",
                )

    def note_modifiers(self, classes: Collection[str]) -> None:
        """Tell of behaviours' modifiers of which none is an animal, unless one is picked."""
        if self.options.target_modifier is not None:
            return
        told: set[str] = set()
        for event in self.events.events:
            is_self = any(normalize(text) in _ITSELF for text in event.modifiers)
            if event.behavior not in classes or event.is_point or event.target or is_self:
                continue
            if not any(map(self.animal, event.modifiers)):
                told |= set(event.modifiers) - {""}
        if told:
            self.findings.add(
                "modifiers are taken for no animal (--subject_is NAME=ANIMAL says of one which it "
                "is)",
                self.name,
                ", ".join(sorted(told)),
            )

    def named(self, event: Event) -> Event:
        """The event with its animals' names."""
        agent = self._agent(event)
        target = self._target(event, agent)
        if self.options.kind == "pairs" and not target:
            target = self._the_other(event, agent)
        return replace(event, subject=agent, target=target)

    def named_if_known(self, event: Event) -> Event:
        """The same, or of nobody where that is not known."""
        agent = self.animal(event.subject) or ""
        if not event.subject and len(self.animals) == 1:
            agent = self.animals[0]
        try:
            target = self._target(event, agent) if agent else ""
        except InputError:
            target = ""
        if agent and not target and self.options.kind == "pairs" and len(self.animals) == 2:
            target = self._not(agent)
        return replace(event, subject=agent, target=target)

    def whose(self, subject: str, target: str) -> tuple[str, str]:
        """Names of animals; as they stand where they are of none, whose rows are of no use."""
        agent = self.animal(subject) or subject
        other = "" if normalize(target) in _ITSELF else self.animal(target) or target
        if not other and self.options.kind == "pairs" and len(self.animals) == 2:
            other = self._not(agent)
        return agent, "" if other == agent else other

    def animal(self, told: str) -> str | None:
        """The animal that is called so, but for case, spaces, ``_`` and ``-``; None if none is.

        What the user says of a name goes before the animal that is called so.
        """
        meant = self.options.subject_is.get(normalize(told), told)
        by_habit = {normalize(animal): animal for animal in self.animals}
        return meant if meant in self.animals else by_habit.get(normalize(meant))

    def _agent(self, event: Event) -> str:
        if agent := self.animal(event.subject):
            return agent
        if not event.subject and len(self.animals) == 1:
            self.findings.add(
                "labels that tell no subject are taken for those of the only animal",
                self.name,
                self.animals[0],
            )
            return self.animals[0]
        if not event.subject:
            listed = ", ".join(self.animals)
            raise self._wrong(
                event,
                f"has no subject, expected one of the animals {listed}; --subjects scene takes "
                "labels of all animals together",
            )
        raise self._unknown(event, "subject", event.subject)

    def _target(self, event: Event, agent: str) -> str:
        """The other animal that it is done to, empty if none is told."""
        number = self.options.target_modifier
        if number is not None and (event.modifiers or not event.target):
            told = event.modifiers[number - 1] if len(event.modifiers) >= number else ""
            where = f"modifier {number}"
        elif event.target:
            told, where = event.target, "target"
        else:
            found = {animal: told for told in event.modifiers if (animal := self.animal(told))}
            unknown = [told for told in event.modifiers if self._is_unknown_subject(told)]
            if not found and unknown:
                raise self._unknown(event, "modifier", unknown[0])
            if len(found) > 1:
                raise self._wrong(
                    event,
                    f"has modifiers {' and '.join(found.values())}, which are animals both; "
                    "--target_modifier N (from 1 on) says which is the target",
                )
            told, where = next(iter(found.values()), ""), ""
        if not told:
            return ""
        target = agent if normalize(told) in _ITSELF else self.animal(told)
        if target is None:
            raise self._unknown(event, where, told)
        if target == agent and self.options.kind == "pairs":
            raise self._wrong(
                event, f"is done by {agent} to itself; expected another animal, or --subjects each"
            )
        return "" if target == agent else target

    def _the_other(self, event: Event, agent: str) -> str:
        if len(self.animals) > 2:
            raise self._wrong(
                event,
                f"has no target, expected one of the animals {', '.join(self.animals)}; "
                "--subjects each takes it for what its subject does alone",
            )
        if event.target or event.modifiers:
            told = ", ".join(filter(None, (event.target, *event.modifiers)))
            detail = f"such as {event.behavior} of {self.events.place_of(event)} ({told})"
        else:
            detail = f"such as {event.behavior} of {self.events.place_of(event)}"
        self.findings.add(
            "labels that tell no target are taken to be toward the other animal of two",
            self.name,
            detail,
        )
        return self._not(agent)

    def _is_unknown_subject(self, told: str) -> bool:
        """Whether something is called as a subject of the file that is no animal."""
        name = normalize(told)
        if not name or name in _ITSELF or self.animal(told):
            return False
        return any(normalize(event.subject) == name for event in self.events.events)

    def _unknown(self, event: Event, where: str, told: str) -> InputError:
        return self._wrong(
            event,
            f"has {where} {told!r}, which is none of the animals {', '.join(self.animals)}; "
            f"--subject_is '{told}=ANIMAL' says which it is",
        )

    def _not(self, agent: str) -> str:
        return next((animal for animal in self.animals if animal != agent), "")

    def _wrong(self, event: Event, problem: str) -> InputError:
        where = f"{self.events.path}: {self.events.place_of(event)}"
        return InputError(f"{where}: {event.behavior} {problem}")
