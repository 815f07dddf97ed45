import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
)

from mabe_lit import UNSCORED
from mabe_lit.scores import format_scores, score_recordings
from mabe_lit.scores.frames import expected_calibration_error
from mabe_lit.scores.segmental import score_segments
from mabe_lit.training.epoch_metrics import build_metrics

NAMES = ("attack", "investigation", "mount", "other")


def random_split(seed, unscored, recordings=3, frames=400, classes=4):
    rng = np.random.default_rng(seed)
    probabilities = [rng.dirichlet(np.ones(classes), frames) for _ in range(recordings)]
    labels = [
        np.where(rng.random(frames) < unscored, UNSCORED, rng.integers(0, classes, frames))
        for _ in range(recordings)
    ]
    return probabilities, labels


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("unscored", [0.0, 0.3, 0.95])
def test_frame_scores_equal_scikit_learn_on_the_scored_frames(seed, unscored):
    probabilities, labels = random_split(seed, unscored)
    scores = score_recordings(probabilities, labels, NAMES)
    probability, truth = np.concatenate(probabilities), np.concatenate(labels)
    probability, truth = probability[truth != UNSCORED], truth[truth != UNSCORED]
    predicted = probability.argmax(1)
    expected = {
        "f1": f1_score(truth, predicted, average=None),
        "precision": precision_score(truth, predicted, average=None),
        "recall": recall_score(truth, predicted, average=None),
        "average_precision": [
            average_precision_score(truth == c, probability[:, c]) for c in range(4)
        ],
    }
    for key, values in expected.items():
        ours = [getattr(scores.per_class[name], key) for name in NAMES]
        np.testing.assert_allclose(ours, values)
    assert scores.macro_f1 == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert scores.map == pytest.approx(np.mean(expected["average_precision"]))
    assert scores.confusion_matrix == confusion_matrix(truth, predicted).tolist()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("unscored", [0.0, 0.3, 0.95])
def test_training_metrics_equal_scikit_learn_over_batches(seed, unscored):
    probabilities, labels = random_split(seed, unscored)
    metrics = build_metrics(NAMES)
    for probability, label in zip(probabilities, labels, strict=True):
        metrics.update(torch.from_numpy(probability), torch.from_numpy(label))
    truth = np.concatenate(labels)
    predicted = np.concatenate(probabilities).argmax(1)[truth != UNSCORED]
    expected = f1_score(truth[truth != UNSCORED], predicted, average="macro")
    assert float(metrics.compute()["macro_f1"]) == pytest.approx(expected, abs=1e-6)


def test_average_over_leaves_the_other_classes_out():
    probabilities, labels = random_split(0, 0.1)
    scores = score_recordings(probabilities, labels, NAMES, average_over=NAMES[:3])
    expected = np.mean([scores.per_class[name].f1 for name in NAMES[:3]])
    assert scores.macro_f1 == pytest.approx(expected)
    assert scores.averaged_classes == NAMES[:3]
    assert "averaged over attack, investigation, mount" in format_scores(scores.to_dict())


def test_frames_of_the_averaged_out_class_still_cost_precision():
    labels = [np.array([0, 0, 1, 1])]
    probabilities = [np.array([[1.0, 0.0]] * 4)]  # everything is called class 0
    scores = score_recordings(probabilities, labels, ("attack", "other"), average_over=["attack"])
    assert scores.per_class["attack"].precision == 0.5
    assert scores.macro_f1 == pytest.approx(2 / 3)


def test_class_that_never_occurs_is_no_score_and_no_zero():
    labels = [np.array([0, 1, 0, 1])]
    probabilities = [np.eye(3)[[0, 1, 0, 1]]]
    scores = score_recordings(probabilities, labels, ("a", "b", "c"))
    assert scores.per_class["c"].f1 is None
    assert scores.macro_f1 == 1.0


def test_class_that_is_only_predicted_scores_zero():
    labels = [np.array([0, 1, 0, 1])]
    probabilities = [np.eye(3)[[0, 1, 0, 2]]]
    scores = score_recordings(probabilities, labels, ("a", "b", "c"))
    assert scores.per_class["c"].f1 == 0.0
    assert scores.macro_f1 == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_scores_need_a_scored_frame():
    with pytest.raises(ValueError, match="all are unscored"):
        score_recordings([np.ones((3, 2))], [np.full(3, UNSCORED)], ("a", "b"))


def test_segments_of_a_perfect_prediction_score_one():
    labels = [np.repeat([0, 1, 2, 1], [5, 10, 20, 3])]
    assert score_segments(labels, labels) == {"f1@10": 1, "f1@25": 1, "f1@50": 1, "edit": 1}


def test_segments_are_hit_by_overlap():
    truth = [np.repeat([0, 1, 0], [10, 10, 10])]
    shifted = [np.repeat([0, 1, 0], [14, 10, 6])]  # 6 of 14, 10 of 14, 6 of 10 in common
    scores = score_segments(shifted, truth)
    assert scores["f1@25"] == 1
    assert scores["f1@50"] == pytest.approx(2 / 3)  # the middle one overlaps by 6 / 14
    assert scores["edit"] == 1


def test_segments_split_in_two_lose_f1_and_edit():
    truth = [np.repeat([0, 1], [20, 20])]
    split = [np.repeat([0, 1, 0, 1], [20, 9, 2, 9])]
    scores = score_segments(split, truth)
    assert scores["f1@10"] == pytest.approx(2 * 2 / (4 + 2))
    assert scores["edit"] == pytest.approx(1 - 2 / 4)


def test_segments_ignore_unscored_frames():
    truth = [np.repeat([0, UNSCORED, 1], [10, 50, 10])]
    predicted = [np.repeat([0, 1, 0, 1], [10, 25, 25, 10])]
    assert score_segments(predicted, truth)["edit"] == 1


def levenshtein(a, b):
    """The textbook recursion."""
    if not a or not b:
        return len(a) + len(b)
    return min(
        levenshtein(a[1:], b) + 1,
        levenshtein(a, b[1:]) + 1,
        levenshtein(a[1:], b[1:]) + (a[0] != b[0]),
    )


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=6))
def test_edit_score_is_one_minus_normalised_levenshtein(frames):
    ours, theirs = zip(*frames, strict=True)

    def runs(labels):
        return [label for i, label in enumerate(labels) if i == 0 or labels[i - 1] != label]

    a, b = runs(ours), runs(theirs)
    expected = 1 - levenshtein(a, b) / max(len(a), len(b))
    assert score_segments([np.array(ours)], [np.array(theirs)])["edit"] == pytest.approx(expected)


def calibration_error_by_loop(probability, truth, bins):
    """Bin by bin, as the paper writes it."""
    total = 0.0
    for index in range(bins):
        low, high = index / bins, (index + 1) / bins
        members = [
            (max(row), int(np.argmax(row)) == label)
            for row, label in zip(probability, truth, strict=True)
            if low < max(row) <= high
        ]
        if members:
            confidence, is_right = np.mean(members, axis=0)
            total += len(members) / len(truth) * abs(is_right - confidence)
    return total


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("seed", range(3))
def test_calibration_error_equals_the_sum_over_bins(seed, bins):
    (probability, *_), (truth, *_) = random_split(seed, 0.0)
    expected = calibration_error_by_loop(probability, truth, bins)
    is_right = probability.argmax(1) == truth
    found = expected_calibration_error(probability.max(1), is_right, bins)
    assert found == pytest.approx(expected)


def test_calibration_error_is_zero_where_confidence_is_accuracy():
    confidence = np.full(100, 0.75)
    is_right = np.arange(100) < 75
    assert expected_calibration_error(confidence, is_right) == pytest.approx(0)
    assert expected_calibration_error(confidence, ~is_right) == pytest.approx(0.5)
    assert expected_calibration_error(np.ones(100), np.ones(100, bool)) == 0


@pytest.mark.parametrize("unscored", [0.0, 0.3, 0.95])
def test_calibration_error_counts_scored_frames_only(unscored):
    probabilities, labels = random_split(0, unscored)
    scores = score_recordings(probabilities, labels, NAMES)
    probability, truth = np.concatenate(probabilities), np.concatenate(labels)
    expected = calibration_error_by_loop(
        probability[truth != UNSCORED], truth[truth != UNSCORED], 15
    )
    assert scores.calibration_error == pytest.approx(expected)
    last_line = format_scores(scores.to_dict()).splitlines()[-1]
    assert last_line.endswith(f"calibration error: {expected:.3f}")


def test_predicted_labels_are_scored_instead_of_the_most_probable():
    probabilities, labels = random_split(0, 0.3)
    predicted = [np.where(label == UNSCORED, 0, label) for label in labels]
    decided = score_recordings(probabilities, labels, NAMES, predicted=predicted)
    raw = score_recordings(probabilities, labels, NAMES)
    assert decided.macro_f1 == 1
    assert set(decided.segmental.values()) == {1.0}
    assert raw.macro_f1 < 0.5
    assert (decided.map, decided.calibration_error) == (raw.map, raw.calibration_error)
