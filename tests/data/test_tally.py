"""The table of what a dataset holds."""

from __future__ import annotations

import numpy as np

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
