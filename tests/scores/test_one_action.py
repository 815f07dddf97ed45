"""One action a frame of several that reach their thresholds."""

import numpy as np
import pytest

from mabe_lit.scores.one_action import choose_actions

ALL = (True, True)


def test_action_that_exceeds_its_threshold_most_is_chosen():
    probabilities = np.float32(
        [
            [0.6, 0.3],  # 1.2 times its threshold and 3 times
            [0.9, 0.1],  # 1.8 times and 1
            [0.4, 0.09],  # both below
            [0.5, 0.05],  # just at it, and below
        ]
    )
    assert choose_actions(probabilities, (0.5, 0.1), ALL).tolist() == [1, 0, -1, 0]


def test_action_that_is_not_whitelisted_is_never_chosen():
    probabilities = np.array([[0.6, 1.0], [0.4, 1.0]])
    assert choose_actions(probabilities, (0.5, 0.5), (True, False)).tolist() == [0, -1]
    assert choose_actions(probabilities, (0.5, 0.5), (False, False)).tolist() == [-1, -1]


def test_of_two_actions_alike_the_first_is_chosen():
    assert choose_actions(np.full((1, 2), 0.8), (0.4, 0.4), ALL).tolist() == [0]


def test_each_action_is_smoothed_by_its_own_width():
    first, second = np.array([0, 0, 1, 0, 0.0]), np.array([0.9, 0, 0, 0, 0.9])
    probabilities = np.stack([first, second], axis=1)
    # 0.3 s at 10 frames a second are three frames: a third in each of the middle ones.
    chosen = choose_actions(probabilities, (0.3, 0.5), ALL, smoothing_s=(0.3, 0.0), fps=10.0)
    assert chosen.tolist() == [1, 0, 0, 0, 1]


def test_short_bouts_stay():
    probabilities = np.array([[0.0], [1], [0], [0]])
    assert choose_actions(probabilities, (0.5,), (True,)).tolist() == [-1, 0, -1, -1]


def test_track_without_frames_has_no_actions():
    assert choose_actions(np.empty((0, 2)), (0.5, 0.5), ALL).shape == (0,)


@pytest.mark.parametrize(
    ("thresholds", "is_whitelisted", "smoothing_s", "message"),
    [
        ((0.5,), ALL, None, "of 2 actions but got 1, 2, 2"),
        ((0.5, 0.5), (True,), None, "of 2 actions but got 2, 1, 2"),
        ((0.5, 0.5), ALL, (0.0,), "of 2 actions but got 2, 2, 1"),
        ((0.5, 0.0), ALL, None, r"to be above 0 but got \(0.5, 0.0\)"),
        ((0.5, float("nan")), ALL, None, "to be above 0"),
    ],
)
def test_settings_of_other_actions_are_refused(thresholds, is_whitelisted, smoothing_s, message):
    with pytest.raises(ValueError, match=message):
        choose_actions(np.ones((3, 2)), thresholds, is_whitelisted, smoothing_s=smoothing_s)
