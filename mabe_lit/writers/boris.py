"""BORIS: ``NAME.boris``, a project to open there, and ``NAME.boris.csv``, its events as a table.

BORIS reads observations from projects alone. The table is what it exports as tabular events, for
whatever reads such exports; BORIS itself does not open it.

Poses do not tell how the video's file ends, so both call it ``NAME.mp4``. BORIS finds it where it
lies beside the project; under another name it is chosen anew in the observation's window.

Source: https://boris.readthedocs.io/en/latest/#export-events for the table, and
https://github.com/olivierfriard/BORIS (``boris/config.py``, ``export_observation.py``).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from mabe_lit.shell import InputError
from mabe_lit.writers.prediction import Prediction

SUFFIXES = (".boris", ".boris.csv")
_PROJECT_VERSION = "7.0"
_PLAYERS = 8
_NO_SUBJECT = "No focal subject"
_DECIMALS = 6
"""Of seconds. BORIS prints three, which is no frame any more above 500 frames a second."""


def check(behaviors: Sequence[str]) -> None:
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
    now = datetime.now().isoformat(timespec="milliseconds")
    with (folder / f"{prediction.stem}.boris").open("w", encoding="ascii") as file:
        # BORIS opens it in the locale's encoding: what is not ASCII is written in escapes.
        json.dump(_project(prediction, now), file, indent=1)
    with (folder / f"{prediction.stem}.boris.csv").open("w", encoding="utf-8", newline="") as file:
        columns = list(_row(prediction, now, 0.0, "", ""))
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_row(prediction, now, *switch) for switch in _switches(prediction))


def _switches(prediction: Prediction) -> list[tuple[float, str, str]]:
    """Seconds, behaviour and START or STOP in order of time, a STOP before a START."""
    return [
        (round(frame / prediction.fps, _DECIMALS), behavior, status)
        for behavior, start_frame, stop_frame in prediction.events
        for frame, status in ((start_frame, "START"), (stop_frame, "STOP"))
    ]


def _row(
    prediction: Prediction, now: str, time_s: float, behavior: str, status: str
) -> dict[str, str]:
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
        "Subject": _NO_SUBJECT,
        "Behavior": behavior,
        "Behavioral category": "",
        "Behavior type": status,
        "Time": f"{time_s:.{_DECIMALS}f}",
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
        "subjects_conf": {},
        "behaviors_conf": {
            str(number): {
                "type": "State event",
                "key": ascii_lowercase[number] if number < len(ascii_lowercase) else "",
                "code": behavior,
                "description": "",
                "category": "",
                "modifiers": {},
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


def _observation(prediction: Prediction, now: str) -> dict[str, Any]:
    video = _video(prediction)
    players = [str(number) for number in range(1, _PLAYERS + 1)]
    return {
        "file": {player: [video] if player == "1" else [] for player in players},
        "type": "MEDIA",
        "date": now,
        "description": "",
        "time offset": 0.0,
        # Time, subject, behaviour, modifiers, comment; every second one of a behaviour is a stop.
        "events": [[time_s, "", behavior, "", ""] for time_s, behavior, _ in _switches(prediction)],
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


def _length_s(prediction: Prediction) -> float:
    return round(len(prediction) / prediction.fps, _DECIMALS)


def _video(prediction: Prediction) -> str:
    return f"{prediction.stem}.mp4"
