import math

import pytest
import torch

from mabe_lit.features import PoseFeatures, align_to_first_animal, find_body_axis
from mabe_lit.gaps import fill_missing
from mabe_lit.synthetic import ANIMAL_NAMES, KEYPOINT_NAMES, simulate_recordings


@pytest.fixture(scope="module")
def keypoints():
    """(B, T, A, K, 2): four windows of simulated mice, with gaps."""
    recording = simulate_recordings(1, 1000, 5)[0]
    return torch.from_numpy(recording.keypoints[: 4 * 64].reshape(4, 64, 2, 7, 2))


SECONDS = torch.full((4,), 1 / 30)


def features(kind="coordinates"):
    return PoseFeatures(kind=kind, animal_names=ANIMAL_NAMES, keypoint_names=KEYPOINT_NAMES)


def turn(points, angle):
    c, s = math.cos(angle), math.sin(angle)
    return points @ torch.tensor([[c, s], [-s, c]])


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p + torch.tensor([310.0, -55.0]),
        lambda p: turn(p, 2.1),
        lambda p: 1.7 * p,
        lambda p: turn(1.3 * p, -0.7) + 12.0,
    ],
    ids=["moved", "turned", "scaled", "all"],
)
def test_coordinates_do_not_change_when_both_animals_are(keypoints, change):
    torch.testing.assert_close(
        features()(change(keypoints), SECONDS), features()(keypoints, SECONDS), atol=2e-3, rtol=1e-3
    )


def test_coordinates_put_the_first_animal_at_the_origin_facing_x(keypoints):
    points = align_to_first_animal(fill_missing(keypoints), front=0, back=6)
    resident = points[:, 32, 0]  # (B, K, 2) at the middle frame
    torch.testing.assert_close(resident.mean(1), torch.zeros(4, 2), atol=1e-4, rtol=0)
    axis = resident[:, 0] - resident[:, 6]
    assert (axis[:, 0] > 0).all()
    torch.testing.assert_close(axis[:, 1], torch.zeros(4), atol=1e-4, rtol=0)


def test_coordinates_are_in_body_lengths(keypoints):
    points = align_to_first_animal(fill_missing(keypoints), front=0, back=6)
    length = (points[:, :, 0, 0] - points[:, :, 0, 6]).norm(dim=-1).median(dim=1).values
    torch.testing.assert_close(length, torch.ones(4), atol=1e-4, rtol=0)


def test_coordinates_keep_the_order_animal_keypoint_xy(keypoints):
    raw = features("pixels").raw(torch.arange(28.0).view(1, 1, 2, 7, 2), SECONDS[:1])
    torch.testing.assert_close(raw.flatten(), torch.arange(28.0))


def test_pixels_are_standardised(keypoints):
    pixels = features("pixels")
    pixels.fit(keypoints, SECONDS)
    values = pixels(keypoints, SECONDS).flatten(0, 1)
    torch.testing.assert_close(values.mean(0), torch.zeros(28), atol=1e-3, rtol=0)
    torch.testing.assert_close(values.std(0, correction=0), torch.ones(28), atol=1e-3, rtol=0)


def test_fill_missing_interpolates_between_sightings():
    x = torch.tensor([float("nan"), 2.0, float("nan"), float("nan"), 8.0, float("nan")])
    points = torch.stack([x, 10 * x], -1).view(1, 6, 1, 1, 2)
    filled = fill_missing(points)[0, :, 0, 0, 0]
    torch.testing.assert_close(filled, torch.tensor([2.0, 2.0, 4.0, 6.0, 8.0, 8.0]))


def test_fill_missing_takes_the_animals_mean_for_a_point_never_seen():
    points = torch.tensor([[1.0, 1.0], [3.0, 5.0], [float("nan")] * 2]).view(1, 1, 1, 3, 2)
    torch.testing.assert_close(fill_missing(points)[0, 0, 0, 2], torch.tensor([2.0, 3.0]))


def test_fill_missing_takes_everyones_mean_for_an_animal_never_seen():
    points = torch.full((1, 2, 2, 3, 2), float("nan"))
    points[:, :, 0] = 7.0
    torch.testing.assert_close(fill_missing(points)[:, :, 1], torch.full((1, 2, 3, 2), 7.0))


@pytest.mark.parametrize("kind", ["coordinates", "pixels", "social"])
def test_features_of_a_window_without_any_point_are_finite(kind):
    assert features(kind)(torch.full((2, 8, 2, 7, 2), float("nan")), SECONDS[:2]).isfinite().all()


def test_fill_missing_leaves_seen_points_alone(keypoints):
    seen = ~keypoints.isnan()
    torch.testing.assert_close(fill_missing(keypoints)[seen], keypoints[seen], atol=0, rtol=0)


@pytest.mark.parametrize(
    ("names", "axis"),
    [
        (KEYPOINT_NAMES, (0, 6)),
        (("tail_base", "leftear", "nose"), (2, 0)),
        (("top", "body", "tail", "tail-m", "tail-e"), (0, 2)),
        (("a", "b", "c"), (0, 2)),
        (("only",), (0, 0)),
    ],
)
def test_find_body_axis_by_names(names, axis):
    assert find_body_axis(names) == axis
