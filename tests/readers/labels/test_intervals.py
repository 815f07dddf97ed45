"""Intervals of frames: the label a frame that they make."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mabe_lit.readers import Annotation, Interval, label_frames
from mabe_lit.shell import InputError


def annotation_of(*intervals: tuple[int, int, str]) -> Annotation:
    lines = [Interval(*interval, line) for line, interval in enumerate(intervals, 1)]
    return Annotation.of(Path("a.txt"), lines)


def test_uncovered_frames_are_background_or_unscored():
    annotation = annotation_of((1, 3, "attack"))
    assert label_frames(annotation, 4, ["attack"]).tolist() == [-100, 0, 0, -100]
    assert label_frames(annotation, 4, ["attack", "other"], "other").tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("order", [1, -1])
def test_unlisted_behaviors_are_unscored_except_where_a_class_overlaps(order):
    annotation = annotation_of(*[(0, 3, "groom"), (2, 4, "attack")][::order])
    labels = label_frames(annotation, 5, ["attack", "other"], "other")
    assert labels.tolist() == [-100, -100, 0, 0, 1]


def test_two_classes_in_one_frame_are_an_error():
    annotation = annotation_of((0, 5, "mount"), (4, 6, "attack"))
    with pytest.raises(InputError, match=r"a\.txt: line 2: attack overlaps mount at frame 4"):
        label_frames(annotation, 10, ["attack", "mount"])


def test_one_class_twice_in_one_frame_is_no_error():
    annotation = annotation_of((0, 3, "mount"), (2, 4, "mount"))
    assert label_frames(annotation, 4, ["mount"]).tolist() == [0] * 4


def test_what_runs_past_the_tracking_is_cut_and_counted():
    annotation = annotation_of((2, 9, "attack"), (20, 25, "base"))
    assert label_frames(annotation, 4, ["attack"]).tolist() == [-100, -100, 0, 0]
    assert annotation.frames_past(4) == 21
    assert annotation.frames_past(30) == 0


@given(st.lists(st.sampled_from([-100, 0, 1, 2]), min_size=1, max_size=60))
def test_labels_to_intervals_and_back_are_the_same(labels):
    names = {-100: "", 0: "attack", 1: "mount", 2: "other"}
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    runs = [(a, b, names[labels[a]]) for a, b in pairwise(edges)]
    annotation = annotation_of(*runs)
    assert label_frames(annotation, len(labels), ["attack", "mount", "other"]).tolist() == labels
