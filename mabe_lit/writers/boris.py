"""BORIS: ``NAME.boris``, a project to open there, and ``NAME.boris.csv``, its events as a table.

BORIS reads observations from projects alone. The table is what it exports as tabular events, for
whatever reads such exports; BORIS itself does not open it.

Agents are subjects there, and the target is the first modifier of what is done to it.

Poses do not tell how the video's file ends, so both call it ``NAME.mp4``. BORIS finds it where it
lies beside the project; under another name it is chosen anew in the observation's window.

Source: https://boris.readthedocs.io/en/latest/#export-events for the table, and
https://github.com/olivierfriard/BORIS (``boris/config.py``, ``export_observation.py``).
"""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any, NamedTuple

from mabe_lit.shell import InputError, InputWarning
from mabe_lit.writers.prediction import Prediction

SUFFIXES = (".boris", ".boris.csv")
_PROJECT_VERSION = "7.0"
_PLAYERS = 8
_NO_SUBJECT = "No focal subject"
_SINGLE_SELECTION = 0
_NO_MODIFIER = "(|),`~"
"""Signs that BORIS does not allow in one: they separate modifiers, or tell a key."""
_DECIMALS = 6
"""Of seconds. BORIS prints three, which is no frame any more above 500 frames a second."""


def check(behaviors: Sequence[str], *, is_independent: bool = False) -> None:
    """Raise ``InputError`` for a name that a line of the table cannot hold."""
    for name in behaviors:
        if not name.strip() or len(name.splitlines()) > 1:
            raise InputError(
                f"--format boris: class {name!r} cannot be a behaviour there, expected a name on "
                "one line"
            )


def write(folder: Path, prediction: Prediction) -> None:
    """Write project and table into ``folder``, of one observation called as the recording.

    Times are those at which a frame begins, so that the nearest frame boundary to each is the
    bout's own, in recordings of any length.
    """
    _warn_of_modifiers(prediction)
    now = datetime.now().isoformat(timespec="milliseconds")
    with (folder / f"{prediction.stem}.boris").open("w", encoding="ascii") as file:
        # BORIS opens it in the locale's encoding: what is not ASCII is written in escapes.
        json.dump(_project(prediction, now), file, indent=1)
    with (folder / f"{prediction.stem}.boris.csv").open("w", encoding="utf-8", newline="") as file:
        columns = list(_row(prediction, now, _Switch(0, "", "", "", "")))
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(prediction, now, switch) for switch in _switches(prediction))


class _Switch(NamedTuple):
    """The first frame of a bout, or the first after it; ``status`` is START or STOP."""

    frame: int
    status: str
    agent: str
    behavior: str
    target: str


def _switches(prediction: Prediction) -> list[_Switch]:
    """In order of time, a STOP before a START."""
    switches = [
        _Switch(frame, status, track.agent or "", behavior, _modifier(track.target or ""))
        for track in prediction.tracks
        for behavior, start_frame, stop_frame in prediction.events_of(track)
        for frame, status in ((start_frame, "START"), (stop_frame, "STOP"))
    ]
    return sorted(switches, key=lambda switch: (switch.frame, switch.status == "START"))


def _modifier(animal: str) -> str:
    """What an animal is called as a modifier, some signs of which have a meaning in BORIS."""
    return "".join("_" if sign in _NO_MODIFIER else sign for sign in animal)


def _warn_of_modifiers(prediction: Prediction) -> None:
    targets = {track.target for track in prediction.tracks if track.target}
    changed = [
        f"{animal!r} is written as {_modifier(animal)}"
        for animal in sorted(targets)
        if _modifier(animal) != animal
    ]
    if changed:
        text = f"{prediction.name}: --format boris: modifiers have none of {_NO_MODIFIER} there"
        warnings.warn(InputWarning(f"{text}: {', '.join(changed)}"), stacklevel=3)


def _row(prediction: Prediction, now: str, switch: _Switch) -> dict[str, str]:
    """A row of the table, by column."""
    video, length_s = _video(prediction), f"{_length_s(prediction):.{_DECIMALS}f}"
    return {
        "Observation id": prediction.name,
        "Observation date": now.replace("T", " "),
        "Description": "",
        "Observation duration": length_s,
        "Observation type": "Media file(s)",
        "Source": f"player #1:{video}",
        "Time offset (s)": "0.0",
        "Media duration (s)": length_s,
        # BORIS prints three decimals; over hours, frames of such a rate are others than ours.
        "FPS": repr(float(prediction.fps)),
        "Subject": switch.agent or _NO_SUBJECT,
        "Behavior": switch.behavior,
        "Behavioral category": "",
        **({"Modifier #1": switch.target} if prediction.animals else {}),
        "Behavior type": switch.status,
        "Time": f"{_time_s(prediction, switch.frame):.{_DECIMALS}f}",
        "Media file name": video,
        "Image index": "NA",
        "Image file path": "NA",
        "Comment": "",
    }


def _project(prediction: Prediction, now: str) -> dict[str, Any]:
    """A project with an ethogram of state events and one observation of one video."""
    return {
        "time_format": "hh:mm:ss",
        "project_date": now,
        "project_name": prediction.name,
        "project_description": "predicted by mabe_lit",
        "project_format_version": _PROJECT_VERSION,
        "subjects_conf": {
            str(number): {"key": "", "name": animal, "description": ""}
            for number, animal in enumerate(prediction.animals)
        },
        "behaviors_conf": {
            str(number): {
                "type": "State event",
                "key": ascii_lowercase[number] if number < len(ascii_lowercase) else "",
                "code": behavior,
                "description": "",
                "category": "",
                "modifiers": _modifier_sets(prediction, behavior),
                "excluded": "",
                "coding map": "",
            }
            for number, behavior in enumerate(prediction.behaviors)
        },
        "observations": {prediction.name: _observation(prediction, now)},
        "behavioral_categories": [],
        "behavioral_categories_config": {},
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }


def _modifier_sets(prediction: Prediction, behavior: str) -> dict[str, Any]:
    """Of what is done to a target one set of which one is chosen: the animals; else none."""
    targets = [track.target for track in prediction.tracks if track.is_about(behavior)]
    if not any(targets):
        return {}
    animals = [_modifier(animal) for animal in prediction.animals]
    return {"0": {"name": "target", "type": _SINGLE_SELECTION, "values": animals}}


def _observation(prediction: Prediction, now: str) -> dict[str, Any]:
    video = _video(prediction)
    players = [str(number) for number in range(1, _PLAYERS + 1)]
    return {
        "file": {player: [video] if player == "1" else [] for player in players},
        "type": "MEDIA",
        "date": now,
        "description": "",
        "time offset": 0.0,
        # Time, subject, behaviour, modifiers, comment; every second one of the same is a stop.
        "events": [
            [_time_s(prediction, frame), agent, behavior, target, ""]
            for frame, _, agent, behavior, target in _switches(prediction)
        ],
        "observation time interval": [0, 0],
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "media_creation_date_as_offset": False,
        "media_scan_sampling_duration": 0,
        "image_display_duration": 1,
        "close_behaviors_between_videos": False,
        "media_info": {
            "length": {video: _length_s(prediction)},
            "fps": {video: float(prediction.fps)},
            "hasVideo": {video: True},
            "hasAudio": {video: False},
            "offset": {"1": 0.0},
        },
    }


def _time_s(prediction: Prediction, frame: int) -> float:
    return round(frame / prediction.fps, _DECIMALS)


def _length_s(prediction: Prediction) -> float:
    return _time_s(prediction, len(prediction))


def _video(prediction: Prediction) -> str:
    return f"{prediction.stem}.mp4"
