"""Recordings cut and lengthened: every frame stays where it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording

LIKELIHOOD = np.full((3, 1, 2), 0.5, np.float32)


def recording(likelihood=None):
    keypoints = np.arange(12, dtype=np.float32).reshape(3, 1, 2, 2)
    return replace(
        Recording.unscored("v1", keypoints, 30.0, ("m",), ("nose", "tail"), likelihood),
        tracks=(LabelTrack(np.int16([0, 0, 0])),),
        class_names=("a",),
        may_go_on=True,
    )


@pytest.mark.parametrize("likelihood", [None, LIKELIHOOD])
def test_recording_with_more_frames_has_them_untracked_and_unscored(likelihood):
    short = recording(likelihood)
    long = short.with_frames(5)
    np.testing.assert_array_equal(long.keypoints[:3], short.keypoints)
    assert np.isnan(long.keypoints[3:]).all()
    assert long.labels.tolist() == [0, 0, 0, UNSCORED, UNSCORED]
    assert (long.keypoints.dtype, long.labels.dtype) == (np.float32, np.int16)
    if likelihood is None:
        assert long.likelihood is None
    else:
        np.testing.assert_array_equal(long.likelihood[:3], likelihood)
        assert np.isnan(long.likelihood[3:]).all()


def test_recording_with_fewer_frames_is_refused():
    with pytest.raises(ValueError, match="expected at least 3 frames, got 2"):
        recording().with_frames(2)


@pytest.mark.parametrize(("stop", "goes_on"), [(2, False), (3, True)])
def test_part_of_a_recording_goes_on_if_it_has_its_end(stop, goes_on):
    assert recording().frames_between(1, stop).may_go_on is goes_on
