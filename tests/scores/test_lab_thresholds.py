"""One action a frame by the thresholds of each lab, and how they are fitted to MABe 2025."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from acting import of_independent
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import dataset_of

from mabe_lit import UNSCORED
from mabe_lit.pose.mabe2025_labels import Labeled
from mabe_lit.scores import (
    LabThresholds,
    Thresholds,
    are_plain,
    average_decisions,
    decide_tracks,
    decisions_from_dict,
)
from mabe_lit.scores.bouts import yes_bouts
from mabe_lit.scores.lab_search import GRID, LabSearch, TrackToFit
from mabe_lit.scores.lab_threshold_fit import fit_lab_thresholds
from mabe_lit.scores.lab_thresholds import NEVER, ActionThresholds
from mabe_lit.scores.mabe2025 import score_mabe2025
from mabe_lit.scores.mabe2025_tracks import score_tracks

TWO_LABS = LabThresholds(
    ActionThresholds((0.4, 0.2), (0.0, 0.0)),
    {
        "one": ActionThresholds((0.5, 0.1), (0.0, 0.0)),
        "two": ActionThresholds((NEVER, 0.1), (0, 3)),
    },
    ("digest",),
)


def yes(labels, classes=2):
    """``(N, C)`` of one class a frame, -1 for none."""
    return np.array(labels)[:, None] == np.arange(classes)


def test_each_lab_decides_by_its_own_thresholds_for_one_action():
    probabilities = np.array([[0.5, 0.05], [0.9, 0.3], [0.4, 0.09], [0.9, 0.17]], np.float32)
    # Ratios in lab one: 1 and -, 1.8 and 3, - and -, 1.8 and 1.7.
    one = TWO_LABS.apply(probabilities, 1.0, "one")
    np.testing.assert_array_equal(one, yes([0, 1, -1, 0]))
    # Lab two smooths over three frames: 0.175, 0.147, 0.187, 0.13; and knows no first action.
    np.testing.assert_array_equal(TWO_LABS.apply(probabilities, 1.0, "two"), yes([1, 1, 1, 1]))
    # In others: 1.25 and -, 2.25 and 1.5, 1 and -, 2.25 and -.
    np.testing.assert_array_equal(TWO_LABS.apply(probabilities, 1.0, "new"), yes([0, 0, 0, 0]))


def test_what_nobody_looks_for_is_never_predicted():
    assert not TWO_LABS.apply(np.zeros((3, 2), np.float32), 30.0, "one").any()


def test_stored_thresholds_are_the_same_and_earlier_kinds_are_still_read():
    values = TWO_LABS.to_dict()
    assert decisions_from_dict(values, classes=2, is_independent=True) == replace(
        TWO_LABS, labs=dict(TWO_LABS.labs)
    )
    plain = Thresholds((0.3, 0.5), (0.0, 0.2), (0.0, 0.0))
    assert decisions_from_dict(plain.to_dict(), classes=2, is_independent=True) == plain
    with pytest.raises(ValueError, match="for 3 classes but got 2"):
        decisions_from_dict(values, classes=3, is_independent=True)
    with pytest.raises(ValueError, match="exclude each other"):
        decisions_from_dict(values, classes=2)
    del values["labs"]
    with pytest.raises(ValueError, match="all fields of LabThresholds"):
        decisions_from_dict(values, classes=2, is_independent=True)


@pytest.mark.parametrize(
    ("thresholds", "smoothing_s"),
    [((0.0,), (0.0,)), ((1.5,), (0.0,)), ((0.5,), (-1.0,)), ((), (1,))],
)
def test_numbers_out_of_range_are_errors(thresholds, smoothing_s):
    with pytest.raises(ValueError, match="Expected"):
        ActionThresholds(thresholds, smoothing_s)


def test_mean_is_that_of_logarithms_and_never_is_what_all_say():
    other = LabThresholds(
        ActionThresholds((0.4, 0.8), (0.0, 0.0)),
        {"two": ActionThresholds((NEVER, 0.4), (0.0, 1.0))},
    )
    mean = average_decisions([TWO_LABS, other])
    # One is in the first alone. Two: never and never, 0.1 and 0.4.
    assert mean.labs["one"].thresholds == pytest.approx((0.5, 0.1))
    assert mean.labs["two"].thresholds == pytest.approx((NEVER, 0.2))
    assert mean.labs["two"].smoothing_s == (0.0, 2.0)
    assert mean.others.thresholds == pytest.approx((0.4, 0.4))
    once = ActionThresholds.mean_of([TWO_LABS.labs["one"], TWO_LABS.labs["two"]])
    assert once.thresholds == pytest.approx((0.5, 0.1))


def test_thresholds_without_labs_go_with_those_of_labs():
    mean = average_decisions([Thresholds.identity(2), TWO_LABS])
    assert mean.labs["one"].thresholds == pytest.approx((0.5, 0.1))
    assert mean.others.thresholds == pytest.approx((np.sqrt(0.2), np.sqrt(0.1)))
    assert LabThresholds.like(TWO_LABS) is TWO_LABS


def test_description_tells_each_lab_and_is_not_plain():
    told = TWO_LABS.describe(("attack", "rear"))
    assert told["labs"]["two"] == {
        "thresholds": {"attack": None, "rear": 0.1},
        "smoothing_s": {"attack": 0.0, "rear": 3.0},
    }
    assert not are_plain(told)
    assert are_plain(LabThresholds.identity(2).describe(("attack", "rear")))
    assert LabThresholds.identity(2).is_identity
    assert not TWO_LABS.is_identity


def test_actions_that_nobody_looked_for_in_a_track_do_not_compete_there(tmp_path):
    dataset = dataset_of(*of_independent(), folder=tmp_path / "set")
    probabilities = [np.tile(np.float32([0.6, 0.9, 0.7]), (7, 1)) for _ in dataset.tracks]
    decided = decide_tracks(LabThresholds.identity(3), probabilities, dataset)
    # In the first and third track nobody looked for the second class, in the other for that alone.
    for track, c in zip(decided, (2, 1, 2), strict=True):
        np.testing.assert_array_equal(track, yes([c] * 7, 3))


@st.composite
def labelled_tracks(draw):
    """Labels, one action a frame, recording and lab of each of a few tracks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels, predicted, recordings, labs = [], [], [], []
    for recording in range(draw(st.integers(1, 4))):
        lab = draw(st.sampled_from(["one", "two"]))
        for _ in range(draw(st.integers(1, 2))):
            of_track = rng.integers(0, 2, (draw(st.integers(1, 12)), 3)).astype(np.int8)
            of_track *= rng.integers(0, 2, 3, np.int8)
            of_track[:, rng.random(3) < 0.3] = UNSCORED
            labels.append(of_track)
            predicted.append(yes(rng.integers(-1, 3, len(of_track)), 3))
            recordings.append(recording)
            labs.append(lab)
    return labels, predicted, recordings, labs


def bouts(decided, names, **columns):
    return [
        {"action": name, "start_frame": bout.start_frame, "stop_frame": bout.stop_frame} | columns
        for c, name in enumerate(names)
        for bout in yes_bouts(decided[:, c], c)
    ]


@settings(deadline=None, max_examples=60)
@given(labelled_tracks())
def test_score_of_tracks_is_the_score_of_their_bouts(tracks):
    names = ("rear", "attack", "mount")
    truth, found = [], []
    looked_for = {recording: [] for recording in tracks[2]}
    for number, (labels, predicted, recording, lab) in enumerate(zip(*tracks, strict=True)):
        who = {"agent_id": "mouse1", "target_id": f"mouse{2 + number}"}
        who |= {"video_id": recording, "lab_id": lab}
        truth += bouts(labels == 1, names, **who)
        found += bouts(predicted, names, **who)
        looked_for[recording] += [
            Labeled("mouse1", who["target_id"], name)
            for name, is_looked in zip(names, (labels != UNSCORED).any(axis=0), strict=True)
            if is_looked
        ]
    ours = score_tracks(tracks[0], tracks[1], names, tracks[2], tracks[3])
    if not truth:
        assert ours is None
        return
    if not found:  # the competition takes no empty table
        assert ours.score == 0
        return
    theirs = score_mabe2025(pd.DataFrame(truth), pd.DataFrame(found), looked_for)
    assert (ours.score, ours.labs, ours.actions) == (theirs.score, theirs.labs, theirs.actions)


def track(number, probabilities, labels, lab="one"):
    probabilities = np.asarray(probabilities, np.float32)
    labels = np.asarray(labels, np.int8)
    return TrackToFit(number, lab, number, number, probabilities, labels, 1.0)


def test_search_finds_the_best_threshold_of_each_action():
    # Of the first action 0.12 is a yes and 0.08 none, of the second 0.8 and 0.72.
    first, second = np.resize([0.12, 0.08], 40), np.repeat([0.8, 0.72], 20)
    labels = np.stack([first == 0.12, second == 0.8], axis=1)
    tracks = [track(n, np.stack([first, second], axis=1), labels) for n in range(2)]
    search = LabSearch(tracks)
    assert search._search_action(0, np.arange(2)) == (0.1, 0.0)
    threshold, _ = search._search_action(1, np.arange(2))
    assert threshold == 0.75


def test_smoothing_is_that_which_helps_and_no_wider_than_bouts_last():
    # Bouts of 4 s at 1 frame/s, in which every other frame is sure of it.
    labels = np.tile([0] * 8 + [1] * 4, 10)
    probabilities = np.tile([0.0] * 8 + [0.9, 0.0, 0.9, 0.0], 10)
    tracks = [track(n, probabilities[:, None], labels[:, None]) for n in range(2)]
    _, width = LabSearch(tracks)._search_action(0, np.arange(2))
    assert width in (2.0, 4.0)


OF_ALL = ActionThresholds((0.5, 0.3), (0.0, 0.5))


@pytest.mark.parametrize("videos", [4, 5])
def test_action_that_does_not_happen_in_many_videos_is_never_predicted(videos):
    labels = np.zeros((20, 2), np.int8)
    labels[:10, 0] = 1
    probabilities = np.tile([0.9, 0.1], (20, 1))
    found = LabSearch([track(n, probabilities, labels) for n in range(videos)]).search(None, OF_ALL)
    # Few videos do not say that a lab never has it, so what suits all labs is taken.
    second = (0.3, 0.5) if videos == 4 else (NEVER, 0.0)
    assert (found.thresholds[1], found.smoothing_s[1]) == second


def test_action_that_takes_more_from_others_than_it_brings_is_never_predicted():
    # The second happens in 1 of 100 frames, and is as probable in all 40 frames of the first, where
    # it exceeds its threshold more: 2 / 41 of F1 for it, of which the first has nothing.
    labels = np.zeros((100, 2), np.int8)
    labels[:40, 0] = labels[40, 1] = 1
    probabilities = np.zeros((100, 2))
    probabilities[:40] = [0.6, 0.9]
    probabilities[40, 1] = 0.9
    search = LabSearch([track(n, probabilities, labels) for n in range(2)])
    assert search._search_action(1, np.arange(2))[0] <= 0.9
    assert search.search(None, OF_ALL).thresholds == (0.5, NEVER)


def test_lab_differs_from_all_labs_where_that_brings_much():
    level = np.linspace(0, 1, 200)
    # By what all labs have, 0.5, F1 is 0.997 in the first action, and 0.77 in the second.
    labels = np.stack([level >= 0.497, level >= 0.2], axis=1)
    tracks = [track(n, np.stack([level, level], axis=1), labels) for n in range(2)]
    found = LabSearch(tracks).search(None, ActionThresholds((0.5, 0.5), (0.0, 0.0)))
    assert found.thresholds[0] == 0.5
    assert 0.15 <= found.thresholds[1] <= 0.25


def test_thresholds_of_all_labs_have_the_highest_mean_over_labs():
    # The lab with ten times as many frames says yes from 0.2 on; three small ones from 0.8 on.
    level = np.linspace(0, 1, 200)
    tracks = [track(0, np.tile(level, 10)[:, None], np.tile(level >= 0.2, 10)[:, None], "large")]
    small = (level[:, None], level[:, None] >= 0.8)
    tracks += [track(n, *small, lab) for n, lab in enumerate(("a", "b", "c"), 1)]
    threshold, _ = LabSearch(tracks)._search_action(0, np.arange(4))
    assert 0.7 <= threshold <= 0.85


def test_counts_are_those_of_each_threshold():
    rng = np.random.default_rng(0)
    probabilities = rng.random((200, 1)).astype(np.float32)
    probabilities[:20, 0] = np.resize(GRID, 20)
    labels = rng.integers(0, 2, (200, 1))
    counts = LabSearch([track(0, probabilities, labels)])._count(0, 0.0)
    exact = probabilities.astype(np.float64)
    for step, threshold in enumerate(GRID):
        is_yes = exact >= threshold
        assert counts[0, :, step].tolist() == [(is_yes & (labels == 1)).sum(), is_yes.sum()]


def of_labs(recordings=4, frames=200, seed=0):
    """Two labs whose raters differ: what one calls attack from 0.2 on, the other does from 0.8."""
    rng = np.random.default_rng(seed)
    tracks = []
    for lab, least in (("keen", 0.2), ("strict", 0.8)):
        for _ in range(recordings):
            level = np.repeat(rng.random(frames // 10), 10)
            labels = np.stack([level >= least, np.zeros(frames)], axis=1).astype(np.int8)
            labels[:, 1] = UNSCORED
            tracks.append((np.stack([level, level], axis=1).astype(np.float32), labels, lab))
    probabilities, labels, labs = zip(*tracks, strict=True)
    return probabilities, labels, [10.0] * len(labs), list(range(len(labs))), labs


def test_fit_finds_what_each_labs_raters_mean():
    probabilities, labels, fps, recordings, labs = tracks = of_labs()
    found = fit_lab_thresholds(*tracks, ("attack", "rear"))
    assert found.decisions.labs["keen"].thresholds[0] <= 0.25
    assert found.decisions.labs["strict"].thresholds[0] >= 0.75
    keen, strict = (found.decisions.labs[lab].thresholds[0] for lab in ("keen", "strict"))
    assert found.decisions.others.thresholds == pytest.approx((np.sqrt(keen * strict), NEVER))
    assert found.decisions.were_fitted_on(labels)
    score = score_tracks(labels, found.cross_fitted, ("attack", "rear"), recordings, labs)
    assert score.score > 0.95
    decided = [
        found.decisions.apply(p, rate, lab)
        for p, rate, lab in zip(probabilities, fps, labs, strict=True)
    ]
    assert not any(each[:, 1].any() for each in decided)


def test_cross_fitted_prediction_of_a_recording_does_not_depend_on_its_labels():
    probabilities, labels, fps, recordings, labs = of_labs()
    changed = [label.copy() for label in labels]
    changed[0][:, 0] = 1 - changed[0][:, 0]
    names = ("attack", "rear")
    one = fit_lab_thresholds(probabilities, labels, fps, recordings, labs, names)
    other = fit_lab_thresholds(probabilities, changed, fps, recordings, labs, names)
    np.testing.assert_array_equal(one.cross_fitted[0], other.cross_fitted[0])


def test_thresholds_that_bring_nothing_are_not_kept():
    _, labels, *rest = of_labs()
    as_probable = [
        np.where(label == 1, 0.9, 0.1).astype(np.float32) for label in labels
    ]  # right from 0.5 on
    found = fit_lab_thresholds(as_probable, labels, *rest, ("attack", "rear"))
    assert found.decisions.is_identity
    assert found.decisions.fitted_on == ()
    assert found.cross_fitted is not None


def test_labs_that_are_alike_share_their_thresholds():
    probabilities, labels, fps, recordings, labs = of_labs()
    of_keen = [each[:4] * 2 for each in (probabilities, labels)]
    found = fit_lab_thresholds(*of_keen, fps, recordings, labs, ("attack", "rear"))
    assert found.decisions.labs == {}
    assert found.decisions.others.thresholds[0] <= 0.25
    assert not found.decisions.is_identity


def test_lab_with_one_recording_has_the_mean_of_the_others():
    probabilities, labels, fps, recordings, labs = of_labs()
    labs = ["keen"] * 4 + ["strict"] * 3 + ["new"]
    found = fit_lab_thresholds(probabilities, labels, fps, recordings, labs, ("attack", "rear"))
    assert set(found.decisions.labs) == {"keen", "strict"}
    alone = fit_lab_thresholds(
        probabilities[:1], labels[:1], fps[:1], [0], labs[:1], ("attack", "rear")
    )
    assert alone.decisions.is_identity
    assert alone.cross_fitted is None
