"""Label tracks by themselves and in a recording."""

from dataclasses import replace

import numpy as np
import pytest

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.shell import InputError

EXCLUSIVE = np.int16([0, 1, 1, UNSCORED])
INDEPENDENT = np.int8([[1, 1], [0, UNSCORED], [0, 1], [UNSCORED, UNSCORED]])


def recording(*tracks):
    keypoints = np.zeros((4, 2, 1, 2), np.float32)
    bare = Recording.unscored("v", keypoints, 30.0, ("m1", "m2"), ("nose",))
    return replace(bare, class_names=("sniff", "rear"), tracks=tracks)


@pytest.mark.parametrize(
    ("labels", "counts"), [(EXCLUSIVE, [1, 2]), (INDEPENDENT, [1, 2])], ids=["one", "several"]
)
def test_track_counts_what_happens_and_knows_where_somebody_looked(labels, counts):
    track = LabelTrack(labels, "m1", "m2")
    assert track.count(2).tolist() == counts
    assert track.is_scored.tolist() == [True, True, True, False]
    assert track.is_independent == (labels.ndim == 2)
    assert track.name == "m1 to m2"


@pytest.mark.parametrize("labels", [EXCLUSIVE, INDEPENDENT])
def test_tracks_are_cut_and_padded_with_their_recording(labels):
    of_both = recording(LabelTrack(labels, "m1", "m2"), LabelTrack(labels, "m2"))
    part = of_both.frames_between(1, 3).with_frames(5)
    for track in part.tracks:
        np.testing.assert_array_equal(track.labels[:2], labels[1:3])
        assert (track.labels[2:] == UNSCORED).all()
        assert track.labels.dtype == labels.dtype
    assert [(track.agent, track.target) for track in part.tracks] == [("m1", "m2"), ("m2", None)]


WRONG = {
    "another animal": ([LabelTrack(EXCLUSIVE, "m3")], "'m3', which is none of m1, m2"),
    "twice": ([LabelTrack(EXCLUSIVE, "m1")] * 2, "two label tracks are of"),
    "toward itself": ([LabelTrack(EXCLUSIVE, "m1", "m1")], "no other animal than the agent"),
    "scene and animal": (
        [LabelTrack(EXCLUSIVE), LabelTrack(EXCLUSIVE, "m1")],
        "of the scene and of single animals",
    ),
    "two kinds": (
        [LabelTrack(EXCLUSIVE, "m1"), LabelTrack(INDEPENDENT, "m2")],
        "exclude each other in some label tracks and not in others",
    ),
    "too short": ([LabelTrack(EXCLUSIVE[1:])], "4 frames but labels of shape"),
    "another class": ([LabelTrack(EXCLUSIVE + 1)], "labels run from"),
    "neither yes nor no": ([LabelTrack(INDEPENDENT + 1)], "hold other numbers than 0, 1 and"),
    "three classes": ([LabelTrack(INDEPENDENT[:, [0, 1, 1]])], "are of 3 classes, but 2"),
    "a class that nobody looked for": (
        [LabelTrack(EXCLUSIVE, looked_for=("sniff",))],
        "labels are rear, which nobody looked for",
    ),
    "unknown class": ([LabelTrack(EXCLUSIVE, looked_for=("dig",))], "looked for 'dig'"),
}


@pytest.mark.parametrize(("tracks", "message"), WRONG.values(), ids=WRONG)
def test_tracks_that_do_not_fit_their_recording(tracks, message):
    with pytest.raises(InputError, match=message):
        recording(*tracks)


def test_points_that_an_animal_does_not_have_are_not_missing():
    bare = recording()
    keypoints = bare.keypoints.copy()
    keypoints[:, 1] = np.nan
    assert replace(bare, keypoints=keypoints).missing_share == 0.5
    lacks = replace(bare, keypoints=keypoints, has_point=np.array([[True], [False]]))
    assert lacks.missing_share == 0.0
    assert lacks.in_order_of(("m2", "m1")).has_point.tolist() == [[False], [True]]
