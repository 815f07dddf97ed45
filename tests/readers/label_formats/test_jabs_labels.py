"""Labels of JABS: blocks of each mouse and behaviour, yes or no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab_files import paths_of, spans_of_track, told_by_prepare
from pose_files import jabs_arrays, write_jabs

from mabe_lit.readers import read_annotations
from mabe_lit.shell import InputError

BLOCKS = {
    "0": {
        "rear": [
            {"start": 10, "end": 29, "present": True},
            {"start": 30, "end": 59, "present": False},
        ],
        "chase": [{"start": 0, "end": 119, "present": False}],
    },
    "1": {"chase": [{"start": 50, "end": 79, "present": True}]},
}


def write(folder: Path, labels: Any = BLOCKS, **more: Any) -> Path:
    content = {"version": 1, "file": "v1.avi", "num_frames": 120, "labels": labels} | more
    path = folder / "v1.json"
    path.write_text(json.dumps(content, indent=1))
    return path


def block(start: Any, end: Any, present: Any = True) -> dict[str, Any]:
    return {"start": start, "end": end, "present": present}


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A project of two mice."""
    pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")
    folder = tmp_path / "lab"
    (folder / "jabs/annotations").mkdir(parents=True)
    mice = np.zeros((120, 2, 12, 2))
    mice += paths_of(120, points=12)
    write_jabs(folder / "v1_pose_est_v5.h5", jabs_arrays(mice))
    write(folder / "jabs/annotations")
    return folder


def test_blocks_are_read_with_both_ends(tmp_path):
    (events,) = read_annotations(write(tmp_path))
    assert [(e.subject, e.behavior, e.start, e.stop, e.answer) for e in events.events] == [
        ("mouse0", "rear", 10, 30, True),
        ("mouse0", "rear", 30, 60, False),
        ("mouse0", "chase", 0, 120, False),
        ("mouse1", "chase", 50, 80, True),
    ]
    assert (events.watched, events.media[0].stem) == ((0, 120), "v1")
    (events,) = read_annotations(write(tmp_path), channel="mouse1")
    assert [event.behavior for event in events.events] == ["chase"]


def test_each_mouse_has_what_was_said_of_it_and_no_more(lab):
    found, told = told_by_prepare(lab, "rear", "chase", subjects="each")
    recording = found["v1"]
    assert [track.name for track in recording.tracks] == ["mouse0", "mouse1"]
    assert spans_of_track(recording, "mouse0") == {
        "rear": [(10, 30)],
        "no rear": [(30, 60)],
        "no chase": [(0, 120)],
    }
    assert spans_of_track(recording, "mouse1") == {"chase": [(50, 80)]}
    assert told == [
        "each behaviour is yes or no by itself, as the labels say; several may happen in a frame "
        "(--overlap allowed): v1 (v1.json)"
    ]
    _, told = told_by_prepare(lab, "rear", "chase", subjects="each", overlap="allowed")
    assert told == []


def test_yes_and_no_is_not_one_class_a_frame(lab):
    with pytest.raises(InputError, match=r"says yes or no of each .*expected --overlap allowed"):
        told_by_prepare(lab, "rear", "chase", subjects="each", overlap="forbidden")
    with pytest.raises(InputError, match="--background other: there is none"):
        told_by_prepare(lab, "rear", "chase", subjects="each", background="other")


WRONG = {
    "no JSON": ('{"file": 1, "num_frames": 2, "labels": {', "is not valid JSON"),
    "past the video": ({"0": {"rear": [block(5, 120)]}}, "from frame 5 to 120, expected .* < 120"),
    "backwards": ({"0": {"rear": [block(5, 4)]}}, "mouse0, rear: a block runs from frame 5 to 4"),
    "no frame": ({"0": {"rear": [block("a", 4)]}}, "a block runs from 'a' to 4"),
    "no answer": ({"0": {"rear": [block(1, 4, 2)]}}, "'present' is 2, expected true or false"),
    "no mouse": ({"left": {"rear": [block(1, 4)]}}, "is not what JABS writes"),
    "no blocks": ({"0": {"rear": 3}}, "is not what JABS writes"),
    "yes and no": (
        {"0": {"rear": [block(1, 4), block(4, 6, False)]}},
        "mouse0, rear: is labelled as both present and not at frame 4",
    ),
}


@pytest.mark.parametrize(("labels", "match"), WRONG.values(), ids=WRONG.keys())
def test_damage_is_refused(tmp_path, labels, match):
    path = tmp_path / "v1.json"
    if isinstance(labels, str):
        path.write_text(labels)
    else:
        write(tmp_path, labels)
    with pytest.raises(InputError, match=rf"v1\.json: .*{match}"):
        read_annotations(path)
