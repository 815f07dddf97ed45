import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mabe_lit import UNSCORED
from mabe_lit.scores import Decisions, average_decisions, segments
from mabe_lit.scores.bouts import merge_short_bouts, smooth_frames
from mabe_lit.scores.digests import digest_labels

labels_of_three = st.lists(st.integers(0, 2), min_size=1, max_size=60).map(np.array)
minimum_of_three = st.lists(st.integers(0, 12), min_size=3, max_size=3)


@st.composite
def probabilities(draw, classes=3):
    frames = draw(st.integers(1, 60))
    shape = (frames, classes)
    positive = draw(hnp.arrays(np.float64, shape, elements=st.floats(1e-3, 1)))
    return positive / positive.sum(axis=1, keepdims=True)


@given(probabilities())
def test_identity_decides_for_the_most_probable_class(probability):
    identity = Decisions.identity(3)
    assert identity.is_identity
    np.testing.assert_array_equal(identity.apply(probability, 30.0), probability.argmax(axis=1))


@given(probabilities(), st.integers(0, 70))
def test_smoothing_keeps_sums_and_means(probability, half_width):
    smooth = smooth_frames(probability, half_width)
    np.testing.assert_allclose(smooth.sum(axis=1), 1)
    assert (smooth >= 0).all()
    if half_width >= len(probability):
        mean = np.broadcast_to(probability.mean(axis=0), smooth.shape)
        np.testing.assert_allclose(smooth, mean)


@given(probabilities(), st.integers(0, 10))
def test_smoothing_is_the_mean_of_the_frames_around(probability, half_width):
    expected = [
        probability[max(frame - half_width, 0) : frame + half_width + 1].mean(axis=0)
        for frame in range(len(probability))
    ]
    np.testing.assert_allclose(smooth_frames(probability, half_width), expected)


@given(labels_of_three, minimum_of_three)
def test_merging_leaves_no_short_bout_unless_the_recording_is_shorter(labels, minimum):
    merged = merge_short_bouts(labels, minimum)
    assert len(merged) == len(labels)
    for bout in segments(merged):
        is_whole = bout.stop_frame - bout.start_frame == len(labels)
        assert is_whole or bout.stop_frame - bout.start_frame >= minimum[bout.label]


@given(labels_of_three, minimum_of_three)
def test_merging_twice_is_merging_once(labels, minimum):
    once = merge_short_bouts(labels, minimum)
    np.testing.assert_array_equal(merge_short_bouts(once, minimum), once)


@given(labels_of_three, minimum_of_three)
def test_merging_leaves_long_bouts_their_frames(labels, minimum):
    merged = merge_short_bouts(labels, minimum)
    longest = max(minimum)
    for bout in segments(labels):
        if bout.stop_frame - bout.start_frame > longest + len(labels) // 2:
            assert (merged[bout.start_frame : bout.stop_frame] == bout.label).all()


@pytest.mark.parametrize(
    ("labels", "minimum", "expected"),
    [
        ([0] * 5 + [1] * 2 + [0] * 3, [0, 3, 0], [0] * 10),  # one bout, not three
        ([0] * 5 + [1] * 2 + [2] * 6, [0, 3, 0], [0] * 5 + [2] * 8),  # to the longer neighbour
        ([0] * 5 + [1] * 2 + [2] * 5, [0, 3, 0], [0] * 7 + [2] * 5),  # to the earlier of two
        ([1] * 2 + [0] * 5, [0, 3, 0], [0] * 7),
        ([0, 0, 1, 1, 1, 0, 0, 0], [4, 4, 4], [1] * 8),  # the shortest goes first, 1 grows
        ([1, 1], [0, 3, 0], [1, 1]),
        ([], [3, 3, 3], []),
    ],
)
def test_short_bout_goes_to_its_neighbours(labels, minimum, expected):
    assert merge_short_bouts(np.array(labels, int), minimum).tolist() == expected


@pytest.mark.parametrize("fps", [10.0, 25.0, 30.0, 120.0])
def test_durations_are_seconds_at_any_frame_rate(fps):
    second = round(fps)
    labels = np.repeat(
        [0, 1, 0, 1, 0], [9 * second, 1 * second, 9 * second, 3 * second, 9 * second]
    )
    decisions = Decisions((0.0, 0.0), (0.0, 2.0))
    decided = decisions.apply(np.eye(2)[labels], fps)
    bouts = [(b.label, (b.stop_frame - b.start_frame) / fps) for b in segments(decided)]
    assert bouts == [(0, 19), (1, 3), (0, 9)]


def test_weight_is_a_threshold_where_there_are_two_classes():
    probability = np.linspace(0, 1, 101)
    weight = np.log(0.7 / 0.3)  # equal at a probability of 0.3
    decided = Decisions((0.0, weight), (0.0, 0.0)).apply(
        np.stack([1 - probability, probability], axis=1), 30.0
    )
    certain = np.abs(probability - 0.3) > 1e-9
    np.testing.assert_array_equal(decided[certain], probability[certain] > 0.3)


def test_decisions_survive_plain_values():
    decisions = Decisions((0.5, 0.0), (0.2, 1.0), 0.5, ("abc",))
    assert Decisions.from_dict(decisions.to_dict(), classes=2) == decisions
    assert Decisions.from_dict(None, classes=2).is_identity


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"log_weights": [0.0]}, "a log weight and a minimum bout for each class but got 1 and 2"),
        ({"log_weights": [0.0, float("nan")]}, "`log_weights` to be finite"),
        ({"smoothing_s": -1.0}, "`smoothing_s` and `minimum_bout_s` to be finite and >= 0"),
        ({"smoothing_s": None}, "all fields of Decisions"),
        ({"log_weights": [0.0] * 3, "minimum_bout_s": [0.0] * 3}, "on 2 classes but got 3"),
    ],
)
def test_decisions_that_make_no_sense_are_refused(changes, message):
    values = Decisions.identity(2).to_dict() | changes
    with pytest.raises(ValueError, match=message):
        Decisions.from_dict(values, classes=2)


def test_decisions_on_other_classes_are_refused():
    with pytest.raises(ValueError, match="of 2 classes but got 3"):
        Decisions.identity(2).apply(np.ones((4, 3)) / 3, 30.0)


def test_average_of_decisions_is_no_matter_of_order_nor_of_the_weights_origin():
    one = Decisions((1.0, 0.0), (0.0, 1.0), 1.0, ("a",))
    other = Decisions((0.0, 0.0), (0.5, 1.0), 0.0, ("b", "a"))
    shifted = Decisions((7.0, 7.0), (0.5, 1.0), 0.0, ("b", "a"))
    mean = average_decisions([one, other])
    assert mean == average_decisions([other, one]) == average_decisions([shifted, one])
    assert mean.log_weights[0] - mean.log_weights[1] == pytest.approx(0.5)
    assert (mean.minimum_bout_s, mean.smoothing_s) == ((0.25, 1.0), 0.5)
    assert mean.fitted_on == ("a", "b")
    assert average_decisions([one]) == one


def test_digest_tells_labels_apart_and_knows_them_again():
    labels = [np.array([0, 1, 2]), np.array([1, 0])]
    first, second = digest_labels(labels)
    assert digest_labels([label.astype(np.int16) for label in labels]) == (first, second)
    assert digest_labels([labels[0], np.zeros(9), np.full(4, UNSCORED)]) == (first,), "look alike"
    assert len(digest_labels([np.zeros(9), np.ones(9)])) == 2, "or nothing would be known again"
    assert digest_labels([np.full(4, UNSCORED)]) == ()
    decisions = replace(Decisions.identity(3), fitted_on=(first, second))
    assert decisions.were_fitted_on(labels[1:])
    assert not decisions.were_fitted_on([labels[0][::-1]])
    of_an_earlier_release = hashlib.sha256()
    for label in labels:
        of_an_earlier_release.update(f"{len(label)}:".encode() + label.astype("<i2").tobytes())
    digest = of_an_earlier_release.hexdigest()[:16]
    assert replace(decisions, fitted_on=(digest,)).were_fitted_on(labels)
    assert first not in digest_labels([np.array([0, 1]), np.array([2, 1])])
