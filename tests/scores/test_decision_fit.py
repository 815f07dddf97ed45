import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mabe_lit import UNSCORED
from mabe_lit.scores import Decisions, fit_decisions, score_recordings, segments
from mabe_lit.scores.decision_fit import _search, _Split


def random_bouts(rng, frames, shares, seconds=(1, 8), fps=30):
    """Labels in bouts of uniformly distributed durations."""
    labels = []
    while len(labels) < frames:
        length = int(rng.uniform(*seconds) * fps)
        labels += [rng.choice(len(shares), p=shares)] * length
    return np.array(labels[:frames])


def noisy_recordings(seed, recordings=6, frames=3000, noise=1.5, shares=(0.1, 0.5, 0.4), bias=0.0):
    """Probabilities of a network that errs frame by frame; ``bias`` is against class 0."""
    rng = np.random.default_rng(seed)
    labels = [random_bouts(rng, frames, shares) for _ in range(recordings)]
    logits = [rng.normal(0, noise, (frames, len(shares))) for _ in range(recordings)]
    for each, label in zip(logits, labels, strict=True):
        each[np.arange(frames), label] += 2
        each[:, 0] -= bias
    exponentials = [np.exp(each) for each in logits]
    return [e / e.sum(axis=1, keepdims=True) for e in exponentials], labels, [30.0] * recordings


def macro_f1(probabilities, labels, fps, decisions):
    predicted = [decisions.apply(p, rate) for p, rate in zip(probabilities, fps, strict=True)]
    names = [str(index) for index in range(probabilities[0].shape[1])]
    return score_recordings(probabilities, labels, names, predicted=predicted).macro_f1


def test_fit_recovers_a_planted_threshold():
    rng = np.random.default_rng(0)
    probability = [rng.random(4000) for _ in range(6)]
    labels = [(p > 0.3).astype(int) for p in probability]
    both = [np.stack([1 - p, p], axis=1) for p in probability]
    decisions = fit_decisions(both, labels, [30.0] * 6).decisions
    assert decisions.smoothing_s == 0
    threshold = 1 / (1 + np.exp(decisions.log_weights[1] - decisions.log_weights[0]))
    assert threshold == pytest.approx(0.3, abs=0.03)


def test_fit_recovers_what_the_network_holds_against_a_class():
    data = noisy_recordings(0, bias=1.5, noise=0.8)
    decisions = fit_decisions(*data).decisions
    assert decisions.log_weights[0] > max(decisions.log_weights[1:])


@pytest.mark.parametrize("seed", range(3))
def test_fitting_never_lowers_the_score_it_fits(seed):
    data = noisy_recordings(seed, frames=1500)
    before = macro_f1(*data, Decisions.identity(3))
    assert macro_f1(*data, fit_decisions(*data).decisions) >= before


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_search_never_lowers_the_score_it_fits(seed, has_weights):
    rng = np.random.default_rng(seed)
    data = (
        [rng.dirichlet(np.ones(3), 80) for _ in range(3)],
        [rng.integers(-1, 3, 80) for _ in range(3)],
        [30.0] * 3,
    )
    labels = [np.where(label < 0, UNSCORED, label) for label in data[1]]
    split = _Split(data[0], labels, data[2])
    found = _search(split, np.arange(3), has_weights=has_weights).decisions()
    before = macro_f1(data[0], labels, data[2], Decisions.identity(3))
    assert macro_f1(data[0], labels, data[2], found) >= before


def test_decisions_help_on_recordings_that_they_were_not_fitted_on():
    decisions = fit_decisions(*noisy_recordings(1)).decisions
    elsewhere = noisy_recordings(2)
    gain = macro_f1(*elsewhere, decisions) - macro_f1(*elsewhere, Decisions.identity(3))
    assert gain > 0.05


def test_decisions_make_bouts_of_flickering_frames():
    probabilities, labels, fps = noisy_recordings(3)
    decisions = fit_decisions(probabilities, labels, fps).decisions
    assert decisions.smoothing_s > 0
    before, after = (
        sum(len(segments(each.apply(p, 30.0))) for p in probabilities)
        for each in (Decisions.identity(3), decisions)
    )
    assert after < before / 5


def test_same_recordings_give_the_same_decisions():
    first, second = (fit_decisions(*noisy_recordings(4, frames=1000)) for _ in range(2))
    assert first.decisions == second.decisions
    for one, other in zip(first.cross_fitted, second.cross_fitted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_perfect_prediction_is_left_as_it_is():
    rng = np.random.default_rng(0)
    labels = [random_bouts(rng, 2000, (0.3, 0.4, 0.3)) for _ in range(6)]
    perfect = fit_decisions([np.eye(3)[label] for label in labels], labels, [30.0] * 6)
    assert perfect.decisions.is_identity
    assert perfect.decisions.fitted_on == ()


def test_recording_does_not_decide_on_itself():
    """What is found without it stays the same when its own labels change."""
    probabilities, labels, fps = noisy_recordings(5, recordings=4)
    swapped = [(labels[0] + 1) % 3, *labels[1:]]
    split, other = (_Split(probabilities, each, fps) for each in (labels, swapped))
    without = np.arange(1, 4)
    assert not np.array_equal(split.frames[0], other.frames[0])
    assert _search(split, without, has_weights=True) == _search(other, without, has_weights=True)


def test_single_recording_is_not_fitted():
    probabilities, labels, fps = noisy_recordings(0, recordings=2)
    labels[1] = np.full_like(labels[1], UNSCORED)
    fit = fit_decisions(probabilities, labels, fps)
    assert fit.decisions.is_identity
    assert fit.cross_fitted is None


def test_unscored_frames_count_in_no_setting():
    probabilities, labels, fps = noisy_recordings(6, bias=1.0)
    junk = [np.concatenate([p, p[::-1]]) for p in probabilities]
    unscored = [np.concatenate([label, np.full_like(label, UNSCORED)]) for label in labels]
    split, longer = _Split(probabilities, labels, fps), _Split(junk, unscored, fps)
    setting = split.identity._replace(log_weights=(1.0, 0.0, 0.0))
    np.testing.assert_array_equal(split.confusion(setting), longer.confusion(setting))


def test_minimum_bouts_are_no_longer_than_labelled_ones():
    probabilities, labels, fps = noisy_recordings(7)
    labels = [np.tile(np.repeat([0, 1, 2], [6, 60, 60]), 24)[:3000] for _ in labels]
    rng = np.random.default_rng(0)
    probabilities = [
        np.eye(3)[label] * 0.5 + rng.dirichlet(np.ones(3), 3000) / 2 for label in labels
    ]
    found = _search(_Split(probabilities, labels, fps), np.arange(6), has_weights=True)
    assert found.minimum_bout_s[0] <= 0.2
    assert max(found.minimum_bout_s[1:]) > 0.2
