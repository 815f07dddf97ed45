"""Recordings whose labels are of single animals, few and many."""

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording

CLASSES = ("attack", "rear", "sniff")


def recording(name, animals, frames, tracks, **changes):
    """Animals ``m1`` to ``mA``; each coordinate tells its frame, animal and point."""
    rng = np.random.default_rng(frames)
    fields = {
        "keypoints": rng.normal(size=(frames, animals, 2, 2)).astype(np.float32),
        "fps": 25.0,
        "animal_names": tuple(f"m{number + 1}" for number in range(animals)),
        "keypoint_names": ("nose", "tail"),
        "class_names": CLASSES,
        "tracks": tuple(tracks),
    }
    return Recording(name, **(fields | changes))


def cycling(frames, *values):
    return np.resize(np.array(values, np.int16), frames)


def likelihood(frames, animals):
    return np.linspace(0, 1, frames * animals * 2, dtype=np.float32).reshape(frames, animals, 2)


def of_many():
    """Two, one and four animals; who scored what differs, and what is tracked."""
    lacking = np.array([[True, False], [True, True], [True, True], [False, True]])
    two = recording(
        "two",
        2,
        6,
        [
            LabelTrack(cycling(6, 0, 2, UNSCORED), "m1", "m2", ("attack", "sniff")),
            LabelTrack(cycling(6, 1), "m2", None, ("rear",)),
        ],
        group="lab A",
    )
    one = recording("one", 1, 4, [LabelTrack(cycling(4, 1, UNSCORED), "m1", looked_for=("rear",))])
    four = recording(
        "four",
        4,
        9,
        [LabelTrack(cycling(9, UNSCORED, 0), "m4", "m2", ("attack", "sniff"))],
        group="lab B",
        has_point=lacking,
        likelihood=likelihood(9, 4),
    )
    return [two, one, four]


def of_independent():
    """Behaviours that overlap; nobody looked for what no frame of a track has."""
    labels = np.zeros((7, 3), np.int8)
    labels[2:5, 0] = labels[4:, 2] = 1
    labels[:, 1] = UNSCORED
    own = np.full((7, 3), UNSCORED, np.int8)
    own[1:, 1] = 0
    return [
        recording("a", 3, 7, [LabelTrack(labels, "m1", "m3"), LabelTrack(own, "m2")]),
        recording("b", 2, 7, [LabelTrack(labels[::-1].copy(), "m2", "m1")]),
    ]
