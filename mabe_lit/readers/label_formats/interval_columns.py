"""Which columns of a table of bouts say what: where each begins and ends, in frames or seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mabe_lit.shell import InputError

Role = Literal["start", "stop", "duration"]
Unit = Literal["frames", "seconds"]

BEHAVIOR_KEYS = (
    "behavior",
    "behaviour",
    "behavior_name",
    "behaviour_name",
    "label",
    "action",
    "class",
    "annotation",
    "event",
    "event_name",
    "type",
    "state",
    "trial_type",
)
SUBJECT_KEYS = ("subject", "subject_id", "agent", "actor", "animal", "animal_id", "individual")
TARGET_KEYS = ("target", "target_id", "recipient", "receiver", "partner")
MODIFIER_KEYS = ("modifier", "modifiers")
VIDEO_KEYS = ("video", "video_name", "video_file", "media", "media_file_name", "file", "filename")
OBSERVATION_KEYS = ("observation", "observation_id", "recording", "session")
WHOSE_KEYS = (*VIDEO_KEYS, *OBSERVATION_KEYS, *SUBJECT_KEYS)
RATER_KEYS = (
    "annotator",
    "annotator_id",
    "coder",
    "coder_id",
    "rater",
    "rater_id",
    "observer",
    "observer_id",
    "scorer",
    "trial",
    "trial_id",
)
"""Columns whose values tell apart scorings, or trials, that are not to be united."""

_STARTS = ("start", "begin", "beginning", "onset", "from", "first")
_STOPS = {"stop": False, "end": True, "last": True, "offset": None, "to": None, "until": None}
"""Whether a stop frame so called is the bout's last one; None where there is no usage."""
_DURATIONS = ("duration", "dur", "length")
_UNITS: dict[str, tuple[Unit, float]] = {
    **dict.fromkeys(("frame", "frames", "frm"), ("frames", 1.0)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), ("seconds", 1.0)),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), ("seconds", 1e-3)),
}
_FILLERS = ("time", "t", "bout", "event", "in", "number", "nr", "no", "idx", "index")
_TELL_ALONE = ("start", "begin", "onset", "from", "stop", "end", "offset", "to", "duration")
_MEANS_SECONDS = ("time", "t", "onset", "offset")
_GLUED = ("frame", "time", "sec")


@dataclass(frozen=True)
class Place:
    """A column that tells where bouts lie.

    Attributes:
        column: Its position.
        name: What the header calls it.
        role: Which of the three it tells.
        unit: What it counts; None where its name does not tell.
        scale: Seconds of one of what it counts, or 1.
        is_last_frame: Whether a stop in frames is the bout's last one; None where nothing tells.
        is_weak: Whether its name tells seconds by habit only, as ``onset`` and ``start_time`` do.
    """

    column: int
    name: str
    role: Role
    unit: Unit | None
    scale: float
    is_last_frame: bool | None
    is_weak: bool


def find_places(header: Sequence[str], keys: Sequence[str]) -> list[Place]:
    """The columns that tell where bouts lie."""
    found = (_to_place(n, *names) for n, names in enumerate(zip(header, keys, strict=True)))
    return [place for place in found if place is not None]


def is_interval_header(header: Sequence[str], keys: Sequence[str]) -> bool:
    """Whether a table with these columns has a behaviour, a start, and a stop or duration."""
    roles = {place.role for place in find_places(header, keys)}
    return any(k in keys for k in BEHAVIOR_KEYS) and "start" in roles and len(roles) > 1


def by_unit(path: Path, places: Sequence[Place], unit: Unit) -> dict[Role, Place]:
    """The columns of one unit by what they tell.

    Raises:
        InputError: If two tell the same.
    """
    found: dict[Role, Place] = {}
    for place in places:
        if place.unit != unit:
            continue
        if place.role in found:
            raise InputError(
                f"{path}: columns {found[place.role].name} and {place.name} both tell the "
                f"{place.role} in {unit}; delete one"
            )
        found[place.role] = place
    return found


def _to_place(column: int, name: str, key: str) -> Place | None:
    words = [word for part in key.split("_") for word in _unglue(part)]
    told: list[tuple[Role, str]] = []
    for word in words:
        if word in _STARTS:
            told.append(("start", word))
        elif word in _STOPS:
            told.append(("stop", word))
        elif word in _DURATIONS:
            told.append(("duration", word))
        elif word not in _UNITS and word not in _FILLERS:
            return None
    units = [_UNITS[word] for word in words if word in _UNITS]
    if len(told) != 1 or len(units) > 1:
        return None
    role, word = told[0]
    if len(words) == 1 and word not in _TELL_ALONE:
        return None
    unit: Unit | None = None
    scale = 1.0
    if units:
        unit, scale = units[0]
    is_weak = unit is None and any(word in _MEANS_SECONDS for word in words)
    return Place(
        column,
        name,
        role,
        "seconds" if is_weak else unit,
        scale,
        _STOPS[word] if role == "stop" else None,
        is_weak,
    )


def _unglue(part: str) -> list[str]:
    """``startframe`` -> start, frame; other words as they are."""
    for word in (*_STARTS, *_STOPS, *_DURATIONS):
        rest = part.removeprefix(word)
        if rest != part and rest in _GLUED:
            return [word, rest]
    return [part]
