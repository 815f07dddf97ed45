"""The table of what a dataset holds."""

from __future__ import annotations

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.data.tally import format_tallies, tallied
from mabe_lit.pose import LabelTrack, Recording


def recording(name: str, frames: int, missing: int) -> Recording:
    """All frames scored, the first ``missing`` of them untracked."""
    keypoints = np.ones((frames, 1, 2, 2), np.float32)
    keypoints[:missing] = np.nan
    labels = np.zeros(frames, np.int16)
    return Recording(name, keypoints, (LabelTrack(labels),), 30.0, ("m",), ("nose", "tail"), ("a",))


def test_missing_share_of_all_weighs_each_recording_by_its_frames():
    tallies = []
    list(tallied([recording("short", 10, 5), recording("long", 30, 3)], tallies))
    rows = [line.split() for line in format_tallies(tallies).splitlines()]
    shares = {row[0]: row[2] for row in rows[1:4]}
    assert shares == {"short": "50.0", "long": "10.0", "all": "20.0"}


def test_frames_of_all_tracks_are_counted():
    keypoints = np.ones((10, 2, 1, 2), np.float32)
    tracks = tuple(
        LabelTrack(np.array(labels, np.int16), agent)
        for agent, labels in (("m1", [0] * 4 + [1] * 6), ("m2", [1] * 3 + [UNSCORED] * 7))
    )
    both = Recording("v1", keypoints, tracks, 30.0, ("m1", "m2"), ("nose",), ("a", "other"))
    tallies = []
    list(tallied([both], tallies))
    rows = [line.split() for line in format_tallies(tallies).splitlines()]
    assert rows[0] == ["recording", "frames", "missing", "%", "a", "other", "unscored"]
    assert rows[1] == ["v1", "10", "0.0", "4", "9", "7"]
    assert rows[3] == ["20.0", "%", "45.0", "%", "35.0", "%"]


def test_frames_in_which_nobody_looked_are_counted_where_classes_are_independent():
    answers = np.zeros((10, 2), np.int8)
    answers[:3] = 1
    answers[8:] = UNSCORED
    answers[5:8, 0] = UNSCORED
    keypoints = np.ones((10, 1, 1, 2), np.float32)
    tracks = (LabelTrack(answers),)
    tallies = []
    list(
        tallied([Recording("v1", keypoints, tracks, 30.0, ("m",), ("nose",), ("a", "b"))], tallies)
    )
    rows = [line.split() for line in format_tallies(tallies).splitlines()]
    assert rows[0][-4:] == ["a", "b", "nobody", "looked"]
    assert rows[1] == ["v1", "10", "0.0", "3", "3", "2"]
