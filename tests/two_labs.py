"""Recordings of two labs, whose animals act: one class a frame, other behaviours, other points."""

from dataclasses import replace

import numpy as np

from mabe_lit.data import write_dataset
from mabe_lit.pose import LabelTrack
from mabe_lit.simulation import simulate_group
from mabe_lit.simulation.group import GROUP_CLASS_NAMES

CLASSES = ("attack", "investigation", "rear", "other")
ABOUT = {
    "lab A": {"own": ("rear", "other"), "pair": ("attack", "investigation", "other")},
    "lab B": {"own": (), "pair": ("investigation", "other")},
}
"""By group and kind of track, the classes that somebody looks for."""

EARS = ("left_ear", "right_ear")
"""Points that lab B does not track."""


def exclusive(recording, lab):
    """What a lab makes of a simulated recording: two mice in A, four in B, without ears there."""
    tracks = []
    for track in recording.tracks:
        about = ABOUT[lab]["own" if track.target is None else "pair"]
        labels = np.full(len(track), CLASSES.index("other"), np.int16)
        for name in about[:-1]:
            labels[track.labels[:, GROUP_CLASS_NAMES.index(name)] == 1] = CLASSES.index(name)
        if about:
            tracks.append(LabelTrack(labels, track.agent, track.target, about))
    recording = replace(recording, tracks=tuple(tracks), class_names=CLASSES, group=lab)
    if lab == "lab A":
        return recording
    has_point = np.ones((4, 7), bool)
    has_point[:, [recording.keypoint_names.index(ear) for ear in EARS]] = False
    keypoints = np.where(has_point[..., None], recording.keypoints, np.nan)
    return replace(recording, keypoints=keypoints.astype(np.float32), has_point=has_point)


def write_two_labs(folder, *, frames=700):
    """Datasets ``data/train`` and ``data/val`` of both labs."""
    for seed, split in enumerate(("train", "val")):
        recordings = [
            exclusive(recording, lab)
            for lab, animals in (("lab A", 2), ("lab B", 4))
            for recording in simulate_group(
                2, frames, (seed, animals), animals=animals, prefix=f"{split} {lab}"
            )
        ]
        write_dataset(recordings, folder / "data" / split, source={"background": "other"})


def without_ears(recording):
    """As lab B tracks it."""
    names = [name for name in recording.keypoint_names if name not in EARS]
    return recording.with_keypoints(tuple(names))
