import itertools
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mabe_lit.scores import segments
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.bodies import ARENA_PX, BODY_LENGTH_PX
from mabe_lit.simulation.mice import CLASS_NAMES, KEYPOINT_NAMES

EARLIER = Path(__file__).parents[1] / "earlier_release" / "val"

# Measured on the 262,107 frames of CalMS21's test set.
SHARE = {"attack": 0.048, "investigation": 0.234, "mount": 0.122, "other": 0.597}
MEDIAN_FRAMES = {"attack": 34, "investigation": 24, "mount": 74, "other": 93}
MEAN_FRAMES = {"attack": 49, "investigation": 57, "mount": 163, "other": 173}
FOLLOWED_BY = {
    "attack": {"other": 0.66, "investigation": 0.34},
    "investigation": {"other": 0.59, "attack": 0.23, "mount": 0.18},
    "mount": {"investigation": 0.55, "other": 0.44},
    "other": {"investigation": 0.98, "attack": 0.02},
}


@pytest.fixture(scope="module")
def recordings():
    return simulate_recordings(20, 20_000, seed=1)


@pytest.fixture(scope="module")
def bouts(recordings):
    """Names and durations of all bouts but each recording's last, which its end cuts short."""
    return [
        [(CLASS_NAMES[run.label], run.stop_frame - run.start_frame) for run in segments(r.labels)]
        for r in recordings
    ]


def test_simulated_shares_are_those_of_resident_intruder_recordings(recordings):
    labels = np.concatenate([recording.labels for recording in recordings])
    for index, name in enumerate(CLASS_NAMES):
        assert (labels == index).mean() == pytest.approx(SHARE[name], rel=0.2)


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_simulated_bouts_last_as_long_as_measured_ones(bouts, name):
    frames = [length for runs in bouts for bout, length in runs[:-1] if bout == name]
    assert np.median(frames) == pytest.approx(MEDIAN_FRAMES[name], rel=0.15)
    assert np.mean(frames) == pytest.approx(MEAN_FRAMES[name], rel=0.15)


@pytest.mark.parametrize("name", CLASS_NAMES)
def test_simulated_bouts_follow_each_other_as_measured_ones(bouts, name):
    after = [
        following
        for runs in bouts
        for (bout, _), (following, _) in itertools.pairwise(runs)
        if bout == name
    ]
    for following, share in FOLLOWED_BY[name].items():
        assert after.count(following) / len(after) == pytest.approx(share, abs=0.06)


def test_simulation_is_the_same_from_the_same_seed():
    first, again, other = (simulate_recordings(2, 500, seed=seed)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.keypoints, other.keypoints, equal_nan=True)


def test_simulated_pair_is_that_of_the_first_release():
    (recording,) = simulate_recordings(1, 240, seed=1)
    np.testing.assert_array_equal(recording.labels, np.load(EARLIER / "labels.npy"))
    expected = np.load(EARLIER / "keypoints.npy")
    np.testing.assert_allclose(recording.keypoints, expected, atol=0.01, equal_nan=True)


def test_simulated_tracks_have_gaps_and_stay_near_the_arena(recordings):
    points = np.concatenate([recording.keypoints for recording in recordings])
    assert 0.02 < np.isnan(points).mean() < 0.10
    margin = BODY_LENGTH_PX
    assert np.nanmin(points) > -margin
    assert np.nanmax(points[..., 0]) < ARENA_PX[0] + margin
    assert np.nanmax(points[..., 1]) < ARENA_PX[1] + margin


def test_simulated_animals_are_close_in_contact_and_apart_otherwise(recordings):
    centre = [np.nanmedian(recording.keypoints, axis=2) for recording in recordings[:5]]
    distance = np.concatenate([np.linalg.norm(c[:, 0] - c[:, 1], axis=-1) for c in centre])
    labels = np.concatenate([recording.labels for recording in recordings[:5]])
    other = CLASS_NAMES.index("other")
    in_contact = np.nanmedian(distance[labels != other])
    assert (
        in_contact < BODY_LENGTH_PX < 2 * BODY_LENGTH_PX < np.nanmedian(distance[labels == other])
    )


def test_simulated_mounting_is_aligned_and_from_behind(recordings):
    nose, tail = KEYPOINT_NAMES.index("nose"), KEYPOINT_NAMES.index("tail_base")
    cosines, behind = [], []
    for recording in recordings[:5]:
        points = recording.keypoints[recording.labels == CLASS_NAMES.index("mount")]
        axis = points[:, :, nose] - points[:, :, tail]
        axis /= np.linalg.norm(axis, axis=-1, keepdims=True)
        cosines.append((axis[:, 0] * axis[:, 1]).sum(-1))
        offset = points[:, 0, nose] - points[:, 1, nose]
        behind.append((offset * axis[:, 1]).sum(-1))
    assert np.nanmedian(np.concatenate(cosines)) > 0.9
    offsets = np.concatenate(behind)
    assert (offsets[~np.isnan(offsets)] < 0).mean() > 0.9


def test_single_frames_raw_coordinates_do_not_give_behaviour_away():
    def table(seed):
        simulated = simulate_recordings(4, 6000, seed=seed)
        points = np.concatenate([r.keypoints for r in simulated]).reshape(-1, 28)
        return np.nan_to_num(points), np.concatenate([r.labels for r in simulated])

    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    model.fit(*table(1))
    points, labels = table(2)
    assert f1_score(labels, model.predict(points), average="macro") < 0.55


def test_simulation_makes_a_million_frames_in_seconds():
    start = time.perf_counter()
    simulate_recordings(40, 5000, seed=0)
    assert (time.perf_counter() - start) * 5 < 30
