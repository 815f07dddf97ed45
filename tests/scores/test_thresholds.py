"""Decisions on behaviours that may overlap, and how they are fitted."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mabe_lit import UNSCORED
from mabe_lit.scores import (
    Decisions,
    Thresholds,
    are_plain,
    average_decisions,
    decisions_from_dict,
    fit_decisions,
    identity_decisions,
    score_recordings,
    segments,
)
from mabe_lit.scores.digests import digest_labels
from mabe_lit.scores.threshold_fit import _search, _Split
from mabe_lit.scores.thresholds import answer

probabilities_of_two = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 60), st.just(2)), elements=st.floats(0, 1, width=32)
)


@given(probabilities_of_two)
def test_identity_is_yes_from_one_half_on(probabilities):
    identity = identity_decisions(2, is_independent=True)
    assert identity.is_identity
    np.testing.assert_array_equal(identity.apply(probabilities, 30.0), probabilities >= 0.5)


def test_each_behaviour_has_its_own_numbers():
    # At 1 frame/s. Class 0: threshold 0.3. Class 1: mean of three frames. Class 2: at least 2 s.
    probabilities = np.array(
        [[0.2, 0.0, 0.9], [0.3, 0.9, 0.0], [0.4, 0.9, 0.0], [0.1, 0.9, 0.0]], np.float32
    )
    thresholds = Thresholds((0.3, 0.8, 0.5), (0.0, 3.0, 0.0), (0.0, 0.0, 2.0))
    assert thresholds.apply(probabilities, 1.0).T.tolist() == [
        [False, True, True, False],
        [False, False, True, True],
        [False, False, False, False],
    ]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ("1111011110", "1111111111"),  # a flicker does not cut a bout, nor do edges
        ("0000100000", "0000000000"),  # a blip is none
        ("0010001000", "0000000000"),  # nor do two join over a gap that is no shorter than they
        ("0001111000", "0001111000"),
        ("0000000000", "0000000000"),
    ],
)
def test_short_bouts_vanish_and_short_gaps_close(frames, expected):
    probability = np.array([int(sign) for sign in frames], float)
    assert answer(probability, 0.5, 0.3, 10.0).tolist() == [sign == "1" for sign in expected]


@given(hnp.arrays(np.bool_, st.integers(1, 80)), st.integers(0, 12))
def test_no_bout_and_no_gap_is_shorter_than_the_minimum(is_yes, minimum):
    found = answer(is_yes.astype(float), 0.5, float(minimum), 1.0)
    runs = segments(found.astype(int))
    lengths = [run.stop_frame - run.start_frame for run in runs]
    assert len(runs) == 1 or min(lengths) >= minimum
    assert found.any() <= is_yes.any()
    assert found.all() >= is_yes.all()


def test_what_is_not_looked_for_is_never_a_yes():
    thresholds = Thresholds((0.05,), (4.0,), (2.0,))
    assert not thresholds.apply(np.zeros((300, 1), np.float32), 30.0).any()


def test_thresholds_survive_plain_values():
    thresholds = Thresholds((0.3, 0.5), (0.5, 0.0), (0.2, 1.0), ("abc",))
    values = thresholds.to_dict()
    assert values.keys() == {"thresholds", "smoothing_s", "minimum_bout_s", "fitted_on"}
    assert decisions_from_dict(values, classes=2, is_independent=True) == thresholds
    assert decisions_from_dict(None, classes=2, is_independent=True) == Thresholds.identity(2)
    assert decisions_from_dict(None, classes=2) == Decisions.identity(2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"thresholds": [0.5]}, "a minimum bout for each class but got 1, 2, 2"),
        ({"thresholds": [0.5, 0.0]}, "`thresholds` to be above 0"),
        ({"thresholds": [0.5, float("nan")]}, "`thresholds` to be above 0"),
        ({"smoothing_s": [-1.0, 0.0]}, "`smoothing_s` and `minimum_bout_s` to be finite and >= 0"),
        ({"smoothing_s": 0.0}, "all fields of Thresholds"),
        ({key: [0.5] * 3 for key in ("thresholds", "smoothing_s", "minimum_bout_s")}, "for 2 cla"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(changes, message):
    values = Thresholds.identity(2).to_dict() | changes
    with pytest.raises(ValueError, match=message):
        decisions_from_dict(values, classes=2, is_independent=True)


def test_thresholds_for_other_classes_are_refused():
    with pytest.raises(ValueError, match="of 2 classes but got 3"):
        Thresholds.identity(2).apply(np.ones((4, 3)), 30.0)
    with pytest.raises(ValueError, match="all fields of Thresholds"):
        decisions_from_dict(Decisions.identity(2).to_dict(), classes=2, is_independent=True)


def test_average_of_thresholds_is_the_mean_of_each_number():
    one = Thresholds((0.3, 0.5), (1.0, 0.0), (0.0, 1.0), ("a",))
    other = Thresholds((0.5, 0.5), (0.0, 0.0), (0.5, 1.0), ("b", "a"))
    mean = average_decisions([one, other])
    assert mean == average_decisions([other, one])
    assert mean == Thresholds((0.4, 0.5), (0.5, 0.0), (0.25, 1.0), ("a", "b"))
    assert average_decisions([one]) == one


def test_description_tells_whether_anything_is_decided():
    names = ("a", "b")
    assert are_plain(Thresholds.identity(2).describe(names))
    assert are_plain(Decisions.identity(2).describe(names))
    changed = [
        Thresholds((0.5, 0.4), (0.0, 0.0), (0.0, 0.0)),
        Thresholds((0.5, 0.5), (0.0, 1.0), (0.0, 0.0)),
        Thresholds((0.5, 0.5), (0.0, 0.0), (0.0, 1.0)),
        Decisions((0.0, 0.0), (0.0, 0.0), 1.0),
        Decisions((0.0, 0.1), (0.0, 0.0)),
    ]
    assert not any(are_plain(decisions.describe(names)) for decisions in changed)


def noisy_tracks(seed, tracks=6, frames=3000, rate=0.05, noise=1.5, bias=2.0):
    """Logits of a network that errs frame by frame; two behaviours in bouts of 1 to 4 s."""
    rng = np.random.default_rng(seed)
    labels, probabilities = [], []
    for _ in range(tracks):
        label = np.zeros((frames, 2), np.int8)
        for c in range(2):
            for start in np.flatnonzero(rng.random(frames) < rate / 75):
                label[start : start + rng.integers(30, 120), c] = 1
        logits = rng.normal(0, noise, label.shape) + 4 * label - 2 - bias
        labels.append(label)
        probabilities.append(1 / (1 + np.exp(-logits)))
    return probabilities, labels, [30.0] * tracks


def macro_f1(probabilities, labels, fps, decisions):
    predicted = [decisions.apply(p, rate) for p, rate in zip(probabilities, fps, strict=True)]
    return score_recordings(probabilities, labels, ("a", "b"), predicted=predicted).macro_f1


def test_fit_recovers_planted_thresholds_behaviour_by_behaviour():
    rng = np.random.default_rng(0)
    probabilities = [rng.random((3000, 2)) for _ in range(6)]
    labels = [(p > (0.2, 0.5)).astype(np.int8) for p in probabilities]
    thresholds = fit_decisions(probabilities, labels, [30.0] * 6).decisions
    assert thresholds.thresholds == pytest.approx((0.2, 0.5))
    assert thresholds.smoothing_s == (0.0, 0.0)
    assert thresholds.were_fitted_on(labels)
    assert not thresholds.were_fitted_on([1 - label for label in labels])


def test_thresholds_help_on_tracks_that_they_were_not_fitted_on():
    thresholds = fit_decisions(*noisy_tracks(1)).decisions
    elsewhere = noisy_tracks(2)
    assert macro_f1(*elsewhere, thresholds) > macro_f1(*elsewhere, Thresholds.identity(2)) + 0.1
    assert min(thresholds.smoothing_s) > 0


def test_perfect_prediction_is_left_as_it_is():
    _, labels, fps = noisy_tracks(0)
    fit = fit_decisions([label.astype(float) for label in labels], labels, fps)
    assert fit.decisions.is_identity
    assert fit.decisions.fitted_on == ()


def test_behaviour_that_nobody_looked_for_keeps_the_plain_threshold():
    probabilities, labels, fps = noisy_tracks(1)
    for label in labels:
        label[:, 1] = UNSCORED
    thresholds = fit_decisions(probabilities, labels, fps).decisions
    assert not thresholds.is_identity
    assert (thresholds.thresholds[1], thresholds.smoothing_s[1]) == (0.5, 0.0)


def test_track_where_nobody_looked_for_a_behaviour_counts_in_none_of_its_settings():
    probabilities, labels, fps = noisy_tracks(1, tracks=3)
    more = [np.full_like(labels[0], UNSCORED), *labels]
    split = _Split(probabilities, labels, fps, 0)
    longer = _Split([probabilities[0][::-1], *probabilities], more, [30.0, *fps], 0)
    found = _search(split, np.arange(3), has_threshold=True)
    np.testing.assert_array_equal(longer.count(found)[1:], split.count(found))
    assert longer.count(found)[0].tolist() == [0, 0]


@pytest.mark.parametrize("is_independent", [True, False])
def test_tracks_of_a_recording_are_held_out_together(is_independent):
    """Copies of a track in one group tell nothing of each other; by themselves they do."""
    rng = np.random.default_rng(0)
    label = (rng.random((400, 2)) < 0.3).astype(np.int8)
    if not is_independent:
        label[:, 1] = 1 - label[:, 0]
    probability = np.where(label == 1, 0.3, 0.1) if is_independent else np.full((400, 2), 0.5)
    copies = [probability] * 4
    labels = [label if is_independent else label.argmax(axis=1)] * 4
    apart = fit_decisions(copies, labels, [30.0] * 4)
    assert apart.cross_fitted is not None
    together = fit_decisions(copies, labels, [30.0] * 4, groups=["one"] * 4)
    assert together.cross_fitted is None
    assert together.decisions.is_identity


def test_group_is_decided_by_the_other_groups_alone():
    """A short track whose group has a long one, right from 0.2 on, and others right from 0.4 on."""
    rng = np.random.default_rng(0)
    probabilities = [rng.random((frames, 1)) for frames in (500, 9000, 500, 500)]
    planted = (0.2, 0.2, 0.4, 0.4)
    labels = [(p > least).astype(np.int8) for p, least in zip(probabilities, planted, strict=True)]
    fps = [30.0] * 4
    apart = fit_decisions(probabilities, labels, fps).cross_fitted
    together = fit_decisions(probabilities, labels, fps, groups=["a", "a", "b", "c"]).cross_fitted
    np.testing.assert_array_equal(apart[0], probabilities[0] >= 0.2)
    np.testing.assert_array_equal(together[0], probabilities[0] >= 0.4)


def test_digest_of_independent_labels_knows_them_again():
    labels = [np.array([[0, 1], [1, 0]], np.int8), np.zeros((2, 2), np.int8)]
    (digest,) = digest_labels(labels)
    assert replace(Thresholds.identity(2), fitted_on=(digest,)).were_fitted_on(labels[:1])
    assert not replace(Thresholds.identity(2), fitted_on=(digest,)).were_fitted_on(labels[1:])
