"""Event log of The Observer as text: a row a start or a stop of a state, or a point event.

Columns as The Observer XT names them: ``Observation``, ``Time_Relative_sf``, ``Duration_sf``,
``Subject``, ``Behavior``, ``Modifier_1``, ``Event_Type``; often UTF-16 with semicolons.

Source: https://noldus.com/observer-xt (export of event data).
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

from mabe_lit.readers.events import Event, Events, point
from mabe_lit.readers.label_formats.channels import choose_subject, told_modifiers
from mabe_lit.readers.tables import Table, head_keys, open_table
from mabe_lit.shell import InputError, InputWarning

_SECONDS_KEYS = ("time_relative_sf", "time_relative_s")
_CLOCK_KEYS = ("time_relative_hmsf", "time_relative_hms")
_POINTS = ("point", "point event", "state point")
_PRINTED_S = 0.01
"""What times and durations are rounded to."""
_APART_S = 0.05
"""Seconds by which start, stop and duration, each rounded, may miss each other."""
_Key = tuple[str, str, tuple[str, ...]]
"""Subject, behaviour and modifiers."""


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    keys = head_keys(head)
    return "event_type" in keys and "behavior" in keys and any("time_relative" in k for k in keys)


@dataclass
class _Observation:
    """What was read of an observation: its events, the states that last, and the words."""

    events: list[Event] = field(default_factory=list)
    started: dict[_Key, Event] = field(default_factory=dict)
    declared: set[str] = field(default_factory=set)


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the states of each observation, in seconds of its own time.

    A start without a stop lasts for its ``Duration_sf``, where that is told, else for ever. Point
    events have no duration and are no bouts, of which a warning tells.

    Args:
        path: The file.
        channel: Which subject's events; all subjects' if None.

    Raises:
        InputError: If a state starts twice, stops without a start or at another time than its
            duration tells, a time is negative or no
            number, or an event is of another type.
    """
    table = open_table(path)
    at = table.find
    where = {name: at((name,)) for name in ("observation", "subject", "behavior", "event_type")}
    modifiers = [place for place, key in enumerate(table.keys) if key.startswith("modifier")]
    observations: dict[str, _Observation] = {}
    subjects: list[str] = []
    points: list[str] = []
    for number, cells in table.rows():
        if not cells:
            continue
        row = {name: cells[place] if place is not None else "" for name, place in where.items()}
        if not (row["behavior"] or row["event_type"]):
            continue
        observation = observations.setdefault(row["observation"], _Observation())
        subjects.append(row["subject"])
        kind = row["event_type"].lower()
        if kind in _POINTS:
            points.append(row["behavior"])
        else:
            observation.declared.add(row["behavior"])
        key = (row["subject"], row["behavior"], told_modifiers(cells[m] for m in modifiers))
        time_s = _time_s(table, number, cells)
        if kind in _POINTS:
            event = point(time_s, key[1], number, subject=key[0], modifiers=key[2])
            observation.events.append(event)
        elif kind == "state start":
            if key in observation.started:
                observation.events.append(
                    _ended(path, number, observation.started.pop(key), time_s)
                )
            stop_s = time_s + _duration_s(table, number, cells)
            observation.started[key] = Event(time_s, stop_s, key[1], number, key[0], key[2])
        elif kind == "state stop":
            observation.events.append(_stopped(path, number, observation.started, key, time_s))
        else:
            raise InputError(
                f"{path}: line {number}: event type is {row['event_type']!r}, expected State "
                "start, State stop or Point"
            )
    if channel is not None:
        choose_subject(path, subjects, channel)
    _warn_of(path, points)
    return [_to_events(path, name, one, channel) for name, one in observations.items()] or [
        Events.of(path, (), "seconds")
    ]


def _warn_of(path: Path, points: list[str]) -> None:
    if points:
        warnings.warn(
            f"{path}: {len(points)} point events have no duration and are left out: "
            f"{', '.join(sorted(set(points)))}",
            InputWarning,
            stacklevel=3,
        )


def _ended(path: Path, number: int, event: Event, time_s: float) -> Event:
    """A state that starts again, and so has ended, as its duration tells."""
    if event.stop > time_s + _PRINTED_S:
        raise InputError(
            f"{path}: line {number}: {event.behavior} starts again without a stop since line "
            f"{event.line_number}"
        )
    return event


def _stopped(
    path: Path, number: int, started: dict[_Key, Event], key: _Key, stop_s: float
) -> Event:
    """The state that stops: the one of the same modifiers, or the only one of that behaviour."""
    alike = [other for other in started if other[:2] == key[:2]]
    if key not in started and (key[2] or len(alike) != 1):
        raise InputError(f"{path}: line {number}: {key[1]} has a stop without a start")
    event = started.pop(key if key in started else alike[0])
    if stop_s < event.start:
        raise InputError(
            f"{path}: line {number}: {key[1]} runs from {event.start:g} to {stop_s:g} s, expected "
            "start <= stop"
        )
    if event.stop < math.inf and abs(event.stop - stop_s) > _APART_S:
        raise InputError(
            f"{path}: line {event.line_number}: {key[1]} has a duration of "
            f"{event.stop - event.start:g} s, but line {number} stops it after "
            f"{stop_s - event.start:g} s; correct one of both"
        )
    return replace(event, stop=stop_s)


def _to_events(path: Path, name: str, observation: _Observation, channel: str | None) -> Events:
    events = [*observation.events, *observation.started.values()]
    events.sort(key=lambda event: event.line_number)
    chosen = [event for event in events if channel is None or event.subject == channel]
    return Events.of(path, chosen, "seconds", sorted(observation.declared), observation=name)


def _time_s(table: Table, number: int, cells: list[str]) -> float:
    column = table.find(_SECONDS_KEYS)
    if column is not None:
        time_s = table.number(number, column, cells[column])
    else:
        column = table.find(_CLOCK_KEYS)
        if column is None:
            raise InputError(
                f"{table.path}: has no column Time_Relative_sf or Time_Relative_hmsf, found "
                f"{', '.join(table.header)}"
            )
        hours, minutes, seconds = _clock(table, number, column, cells[column])
        time_s = 3600 * hours + 60 * minutes + seconds
    if time_s < 0:
        raise InputError(
            f"{table.path}: line {number}: time is {time_s:g} s, expected a number from 0 on"
        )
    return time_s


def _clock(table: Table, number: int, column: int, text: str) -> list[float]:
    parts = text.replace(",", ".").split(":")
    if len(parts) != 3:
        raise InputError(
            f"{table.path}: line {number}, column {table.header[column]}: found {text!r}, expected "
            "hours:minutes:seconds"
        )
    return [table.number(number, column, part) for part in parts]


def _duration_s(table: Table, number: int, cells: list[str]) -> float:
    column = table.find(("duration_sf", "duration_s"))
    if column is None or not cells[column]:
        return math.inf
    return table.number(number, column, cells[column])
