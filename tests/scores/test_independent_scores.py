"""Scores of behaviours that may overlap: over the frames in which somebody looked for each."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score

from mabe_lit import UNSCORED
from mabe_lit.scores import format_scores, score_recordings
from mabe_lit.scores.segmental import score_segments

NAMES = ("attack", "investigate", "rear")


def random_tracks(seed, unscored, tracks=4, frames=300):
    rng = np.random.default_rng(seed)
    probabilities = [rng.random((frames, 3)) for _ in range(tracks)]
    labels = [
        np.where(rng.random((frames, 3)) < unscored, UNSCORED, rng.integers(0, 2, (frames, 3)))
        for _ in range(tracks)
    ]
    return probabilities, [label.astype(np.int8) for label in labels]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("unscored", [0.0, 0.4, 0.97])
def test_frame_scores_equal_scikit_learn_where_somebody_looked(seed, unscored):
    probabilities, labels = random_tracks(seed, unscored)
    scores = score_recordings(probabilities, labels, NAMES)
    for c, name in enumerate(NAMES):
        truth, probability = (np.concatenate(each)[:, c] for each in (labels, probabilities))
        looked = truth != UNSCORED
        truth, probability = truth[looked], probability[looked]
        predicted = probability >= 0.5
        ours = scores.per_class[name]
        assert ours.precision == pytest.approx(precision_score(truth, predicted))
        assert ours.recall == pytest.approx(recall_score(truth, predicted))
        assert ours.f1 == pytest.approx(f1_score(truth, predicted))
        assert ours.average_precision == pytest.approx(average_precision_score(truth, probability))
        assert ours.support == truth.sum()
        (no_no, no_yes), (yes_no, yes_yes) = scores.confusion_matrix[c]
        assert (yes_no + yes_yes, no_yes + yes_yes) == (truth.sum(), predicted.sum())
        assert no_no + no_yes == (truth == 0).sum()
    assert scores.macro_f1 == pytest.approx(np.mean([scores.per_class[n].f1 for n in NAMES]))


def test_what_nobody_looked_for_changes_nothing():
    probabilities, labels = random_tracks(0, 0.0, tracks=1)
    scores = score_recordings(probabilities, labels, NAMES)
    more = [*labels, np.full((50, 3), UNSCORED, np.int8)]
    longer = score_recordings([*probabilities, np.full((50, 3), 0.9)], more, NAMES)
    assert longer == scores


def test_scores_need_somebody_who_looked():
    with pytest.raises(ValueError, match="all are unscored"):
        score_recordings([np.ones((3, 2))], [np.full((3, 2), UNSCORED)], ("a", "b"))


def test_segments_are_the_bouts_of_each_behaviour():
    # Class 0: bouts 10-20 and 30-40, found at 10-20 and 34-44 (6 of 14 in common).
    # Class 1: never happens, found at 0-5. Class 2: neither, so it is no sequence.
    truth, found = np.zeros((50, 3), np.int8), np.zeros((50, 3), bool)
    truth[10:20, 0] = truth[30:40, 0] = 1
    found[10:20, 0] = found[34:44, 0] = True
    found[:5, 1] = True
    scores = score_segments([found], [truth])
    assert scores["f1@25"] == pytest.approx(2 * 2 / (3 + 2))
    assert scores["f1@50"] == pytest.approx(2 * 1 / (3 + 2))
    assert scores["edit"] == pytest.approx((1 + 0) / 2)


def test_segments_are_cut_where_nobody_looked_for_the_behaviour():
    truth, found = np.zeros((30, 2), np.int8), np.zeros((30, 2), bool)
    truth[5:10, 0] = truth[5:10, 1] = 1
    truth[10:20, 0] = UNSCORED
    found[5:20, 0] = found[5:10, 1] = True
    assert score_segments([found], [truth]) == {"f1@10": 1, "f1@25": 1, "f1@50": 1, "edit": 1}


def test_calibration_is_that_of_every_yes():
    # Of class 0 with 0.2 one in five happens; of class 1 with 0.9 one in two: off by 0.4 in half.
    truth = np.zeros((10, 2), np.int8)
    truth[:2, 0] = truth[:5, 1] = 1
    probability = np.tile([0.2, 0.9], (10, 1))
    scores = score_recordings([probability], [truth], ("a", "b"))
    assert scores.calibration_error == pytest.approx(0.4 / 2)


def test_table_of_overlapping_behaviours_reads_as_any():
    probabilities, labels = random_tracks(0, 0.2)
    scores = score_recordings(probabilities, labels, NAMES).to_dict()
    title, *rows, _ = format_scores(scores).splitlines()
    assert title.split()[0] == "precision"
    assert [row.split()[0] for row in rows] == [*NAMES, "macro"]
    assert "agents" not in scores


def agents_of(labels, predicted, who, probabilities=None):
    """Of one behaviour in some tracks, two frames and more, yes or no each."""
    labels = [np.array(label, np.int8)[:, None] for label in labels]
    predicted = [np.array(each, bool)[:, None] for each in predicted]
    if probabilities is None:
        probabilities = predicted
    probabilities = [np.array(each, float).reshape(-1, 1) for each in probabilities]
    found = score_recordings(probabilities, labels, ["attack"], predicted=predicted, who=who)
    return found.agents and {key: values["attack"] for key, values in found.agents.items()}


PAIRS = [(0, 0, 1), (0, 1, 0), (0, 0, 2)]


def test_agents_are_of_frames_in_which_it_happens_and_is_found():
    # Frame 0: right. 1: the target attacks in the prediction. 2: another target. 3: not found.
    # 4: does not happen.
    truth = [[1, 1, 1, 1, 0], [0] * 5, [0] * 5]
    found = [[1, 0, 0, 0, 1], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]
    assert agents_of(truth, found, PAIRS) == {
        "which_agent": pytest.approx(2 / 3),
        "which_target": pytest.approx(1 / 3),
        "frames": 3,
    }


def test_agents_are_of_the_most_probable_track_that_is_predicted():
    truth = [[1, 1], [0, 0], [0, 0]]
    found = [[1, 1], [1, 1], [0, 0]]
    probabilities = [[0.6, 0.9], [0.7, 0.8], [0.99, 0.99]]
    assert agents_of(truth, found, PAIRS, probabilities)["which_agent"] == 0.5


def test_agents_of_tracks_where_nobody_looked_do_not_count():
    truth = [[1, 1], [UNSCORED, 0], [0, 0]]
    found = [[0, 0], [1, 1], [0, 0]]
    assert agents_of(truth, found, PAIRS) == {"which_agent": 0.0, "which_target": 0.0, "frames": 1}


def test_agents_of_recordings_are_kept_apart():
    who = [(0, 0, 1), (0, 1, 0), (1, 0, 1), (1, 1, 0)]
    truth, found = [[1], [0], [0], [1]], [[1], [0], [1], [0]]
    assert agents_of(truth, found, who)["which_agent"] == 0.5


def test_agents_without_choice_are_no_score():
    assert agents_of([[1]], [[1]], [(0, None, None)]) is None
    assert agents_of([[1]], [[1]], [(0, 0, None)])["which_agent"] is None
    one_agent = agents_of([[1], [0]], [[0], [1]], [(0, 0, 1), (0, 0, 2)])
    assert one_agent == {"which_agent": None, "which_target": 0.0, "frames": 1}
    own = agents_of([[1], [0]], [[1], [0]], [(0, 0, None), (0, 1, None)])
    assert (own["which_agent"], own["which_target"]) == (1.0, None)


def test_agents_of_classes_that_exclude_each_other():
    names = ("attack", "other")
    labels = [np.array([0, 0, 1]), np.array([1, 1, 0])]
    probabilities = [np.eye(2)[[0, 1, 1]], np.eye(2)[[1, 0, 0]]]
    scores = score_recordings(probabilities, labels, names, who=[(0, 0, 1), (0, 1, 0)])
    assert scores.agents["which_agent"]["attack"] == pytest.approx(2 / 3)
    table = format_scores(scores.to_dict())
    assert table.splitlines()[0].endswith("which agent    which target")
    assert "0.667" in next(line for line in table.splitlines() if line.startswith("attack"))
