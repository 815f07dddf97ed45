"""Projects of BORIS, ``.boris``: JSON with all observations, videos, lengths and rates.

Source: https://github.com/olivierfriard/BORIS (``boris/config.py``, ``project_functions.py``).
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from mabe_lit.readers.events import Event, Events, Medium
from mabe_lit.readers.label_formats.boris import NO_SUBJECT, watched_range, without_offset
from mabe_lit.readers.label_formats.channels import choose_subject, told_modifiers
from mabe_lit.shell import InputError, InputWarning


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head.lstrip().startswith("{") and (
        '"project_format_version"' in head or '"behaviors_conf"' in head
    )


def read(path: Path, *, channel: str | None = None) -> list[Events]:
    """Read the state events of each observation, in seconds from the start of its first video.

    Point events have no duration and are left out with a warning that counts them. What lies
    outside an observation's own time interval, where it has one, was not looked at.

    Args:
        path: The file.
        channel: Which subject's events; all subjects' if None.

    Returns:
        One an observation; of several cameras one each, with the same events.

    Raises:
        InputError: If the file is no JSON, or an entry of it is not what BORIS writes.
    """
    try:
        project = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON ({error})") from error
    where = "behaviors_conf"
    try:
        kinds = {
            behavior["code"]: "state" in behavior["type"].lower()
            for behavior in project["behaviors_conf"].values()
        }
        observations: dict[str, Any] = project["observations"]
        if channel is not None:
            subjects = (event[1] for one in observations.values() for event in one["events"])
            choose_subject(path, subjects, channel)
        found: list[Events] = []
        points: list[str] = []
        for name, observation in observations.items():
            where = f"observation {name!r}"
            codes = [str(event[2]) for event in observation["events"]]
            points += [code for code in codes if not kinds.get(code, True)]
            found += _read_observation(path, name, observation, kinds, channel)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        problem = f"{type(error).__name__}: {error}"
        raise InputError(f"{path}: {where}: is not what BORIS writes ({problem})") from error
    if points:
        warnings.warn(
            f"{path}: {len(points)} point events have no duration and are left out: "
            f"{', '.join(sorted(set(points)))}",
            InputWarning,
            stacklevel=2,
        )
    return found


def _read_observation(
    path: Path,
    name: str,
    observation: Mapping[str, Any],
    kinds: Mapping[str, bool],
    channel: str | None,
) -> Iterator[Events]:
    offset_s = float(observation.get("time offset") or 0.0)
    events = [
        event
        for event in _paired(path, name, observation["events"], kinds, offset_s)
        if channel is None or event.subject == channel
    ]
    declared = [code for code, is_state in kinds.items() if is_state]
    first_s, last_s = map(float, observation.get("observation time interval") or (0.0, 0.0))
    info = observation.get("media_info") or {}
    offsets = (info.get("offset") or {}) if isinstance(info, dict) else {}
    for player, names in _players(observation).items() or [("1", [])]:
        if float(offsets.get(player) or 0.0):
            warnings.warn(
                f"{path}: observation {name!r}: player {player} begins {offsets[player]} s apart "
                f"from the first; its videos are left out: {', '.join(names)}",
                InputWarning,
                stacklevel=2,
            )
            continue
        media = tuple(
            Medium(n, _positive(info, "length", n), _positive(info, "fps", n)) for n in names
        )
        start_s, stop_s = watched_range(media)
        if last_s > 0:
            start_s, stop_s = max(start_s, first_s), min(stop_s, last_s)
        yield Events.of(
            path,
            events,
            "seconds",
            declared,
            observation=name,
            media=media,
            watched=(start_s, stop_s),
            counts="event",
        )


def _players(observation: Mapping[str, Any]) -> dict[str, list[str]]:
    """The videos of each player that has any."""
    files = observation.get("file") or {}
    if not isinstance(files, dict):
        return {}
    return {str(player): list(names) for player, names in files.items() if names}


def _positive(info: Mapping[str, Any], key: str, name: str) -> float | None:
    value = (info.get(key) or {}).get(name)
    return float(value) if isinstance(value, int | float) and 0 < value < math.inf else None


def _paired(
    path: Path,
    observation: str,
    events: Sequence[Sequence[Any]],
    kinds: Mapping[str, bool],
    offset_s: float,
) -> Iterator[Event]:
    """Bouts from events, of which each second one of a kind is a stop.

    ``line_number`` is the event's number in its observation, from 1.
    """
    started: dict[tuple[str, str, str], tuple[int, float]] = {}
    numbered = sorted(enumerate(events, 1), key=lambda item: float(item[1][0]))
    for number, event in numbered:
        time_s, subject, code, modifiers = float(event[0]), *map(str, event[1:4])
        time_s = without_offset(time_s, offset_s)
        if not 0 <= time_s < math.inf:
            raise InputError(
                f"{path}: observation {observation!r}: event {number} ({code}) is at {time_s:g} s, "
                "expected a time of the videos"
            )
        key = (subject, code, modifiers)
        if not kinds.get(code, True):
            yield replace(_event(number, time_s, time_s, *key), answer=None)
        elif key in started:
            start, start_s = started.pop(key)
            yield _event(start, start_s, time_s, *key)
        else:
            started[key] = (number, time_s)
    for key, (number, start_s) in started.items():
        yield _event(number, start_s, math.inf, *key)


def _event(
    number: int, start_s: float, stop_s: float, subject: str, code: str, modifiers: str
) -> Event:
    who = "" if subject == NO_SUBJECT else subject
    return Event(start_s, stop_s, code, number, who, told_modifiers([modifiers]))
