"""Summaries and transitions, against figures worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mabe_lit.writers import Prediction, TrackPrediction
from mabe_lit.writers.summaries import Summaries

CLASSES = ("attack", "mount", "rest")


def prediction_of(labels, fps, classes=CLASSES, name="one"):
    labels = np.asarray(labels)
    track = TrackPrediction(np.ones((len(labels), len(classes)), np.float32), labels)
    return Prediction(name, [track], classes, fps)


def tables_of(labels, fps, classes=CLASSES):
    summaries = Summaries()
    summaries.add(prediction_of(labels, fps, classes))
    tables = summaries.tables()
    return tables["summary.csv"], tables["transitions.csv"]


def test_summary_of_bouts_is_as_counted_by_hand():
    # At 2 frames a second: rest 1 s, attack 2 s, rest 0.5 s, attack 0.5 s, rest 1 s, attack 5 s.
    labels = [2] * 2 + [0] * 4 + [2] * 1 + [0] * 1 + [2] * 2 + [0] * 10
    summary, _ = tables_of(labels, 2.0)
    attack, mount, rest = summary.to_dict("records")
    assert attack == {
        "recording": "one",
        "behavior": "attack",
        "bouts": 3,
        "total_s": 7.5,
        "mean_s": 2.5,
        "median_s": 2.0,
        "share": 0.75,
        "first_onset_s": 1.0,
        "bouts_per_min": 18.0,
    }
    assert rest["bouts"] == 3
    assert rest["total_s"] == 2.5
    assert rest["median_s"] == 1.0
    assert rest["first_onset_s"] == 0.0
    assert mount["behavior"] == "mount"


def test_summary_of_what_never_happens_is_no_bout_and_no_mean():
    summary, _ = tables_of([2, 2], 2.0)
    never = summary.set_index("behavior").loc["mount"]
    assert never[["bouts", "total_s", "share", "bouts_per_min"]].tolist() == [0, 0, 0, 0]
    assert never[["mean_s", "median_s", "first_onset_s"]].isna().all()
    assert "one,mount,0,0.0,,,0.0,,0.0\n" in summary.to_csv(index=False)


def test_transitions_are_shares_of_what_follows():
    # rest -> attack twice, rest -> mount once; attack -> rest twice; mount -> attack once.
    _, transitions = tables_of([2, 0, 2, 1, 0, 2, 0], 1.0)
    assert transitions.values.tolist() == [
        ["one", "attack", "rest", 2, 1.0],
        ["one", "mount", "attack", 1, 1.0],
        ["one", "rest", "attack", 2, pytest.approx(2 / 3)],
        ["one", "rest", "mount", 1, pytest.approx(1 / 3)],
    ]


def test_recording_of_one_bout_has_no_transition():
    summary, transitions = tables_of([0, 0], 1.0)
    assert len(transitions) == 0
    assert transitions.columns.tolist() == ["recording", "from", "to", "count", "probability"]
    assert summary["share"].tolist() == [1, 0, 0]


def test_summaries_keep_recordings_apart():
    summaries = Summaries()
    for name, labels in (("b", [0, 1]), ("a", [1, 1])):
        summaries.add(prediction_of(labels, 1.0, CLASSES[:2], name))
    tables = summaries.tables()
    assert tables["summary.csv"]["recording"].tolist() == ["b", "b", "a", "a"]
    assert tables["summary.csv"]["total_s"].tolist() == [1, 1, 0, 2]
    assert tables["transitions.csv"].values.tolist() == [["b", "attack", "mount", 1, 1.0]]


@given(
    labels=arrays.arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 2)),
    fps=st.floats(1, 200),
)
def test_summary_accounts_for_every_frame_and_change(labels, fps):
    summary, transitions = tables_of(labels, fps)
    assert summary["share"].sum() == pytest.approx(1)
    assert summary["total_s"].sum() == pytest.approx(len(labels) / fps)
    assert transitions["count"].sum() == np.count_nonzero(np.diff(labels))
    assert summary["bouts"].sum() == np.count_nonzero(np.diff(labels)) + 1
    each = transitions.groupby("from")["probability"].sum()
    pd.testing.assert_series_equal(each, each * 0 + 1, check_exact=False)


def test_tracks_of_agents_have_rows_of_their_own():
    # At 1 frame/s. m1 attacks m2 in frames 0-3 and 5-6, and mounts it in 2-4; m1 rears in 1-2.
    pair, own = np.zeros((10, 3), bool), np.zeros((10, 3), bool)
    pair[:3, 0] = pair[5, 0] = pair[2:4, 1] = own[1, 2] = True
    probabilities = np.ones((10, 3), np.float32)
    tracks = [
        TrackPrediction(probabilities, own, "m1", None, ("rear",)),
        TrackPrediction(probabilities, pair, "m1", "m2", ("attack", "mount")),
    ]
    summaries = Summaries()
    summaries.add(Prediction("one", tracks, ("attack", "mount", "rear"), 1.0))
    tables = summaries.tables()
    summary = tables["summary.csv"].drop(columns=["mean_s", "median_s", "bouts_per_min"])
    assert summary.columns[:4].tolist() == ["recording", "agent", "target", "behavior"]
    assert summary.values.tolist() == [
        ["one", "m1", "", "rear", 1, 1.0, 0.1, 1.0],
        ["one", "m1", "m2", "attack", 2, 4.0, 0.4, 0.0],
        ["one", "m1", "m2", "mount", 1, 2.0, 0.2, 2.0],
    ]
    transitions = tables["transitions.csv"]
    assert transitions.columns[:3].tolist() == ["recording", "agent", "target"]
    assert transitions.values.tolist() == [
        ["one", "m1", "m2", "attack", "mount", 1, 1.0],
        ["one", "m1", "m2", "mount", "attack", 1, 1.0],
    ]
