import math

import pytest
import torch

from mabe_lit.features import PoseFeatures
from mabe_lit.features.pose_features import align_to_first_animal
from mabe_lit.pose import find_body_axis
from mabe_lit.pose.gaps import fill_missing, find_missing
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import ANIMAL_NAMES, KEYPOINT_NAMES


@pytest.fixture(scope="module")
def keypoints():
    """(B, T, A, K, 2): four windows of simulated mice, with gaps."""
    recording = simulate_recordings(1, 1000, 5)[0]
    return torch.from_numpy(recording.keypoints[: 4 * 64].reshape(4, 64, 2, 7, 2))


SECONDS = torch.full((4,), 1 / 30)


def features(kind="coordinates"):
    return PoseFeatures(kind=kind, animal_names=ANIMAL_NAMES, keypoint_names=KEYPOINT_NAMES)


def aligned(keypoints):
    missing = find_missing(keypoints)
    return align_to_first_animal(fill_missing(keypoints), missing, front=0, back=6)


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
    points = aligned(keypoints)
    resident = points[:, 32, 0]  # (B, K, 2) at the middle frame
    torch.testing.assert_close(resident.mean(1), torch.zeros(4, 2), atol=1e-4, rtol=0)
    axis = resident[:, 0] - resident[:, 6]
    assert (axis[:, 0] > 0).all()
    torch.testing.assert_close(axis[:, 1], torch.zeros(4), atol=1e-4, rtol=0)


def test_coordinates_are_in_body_lengths(keypoints):
    axis = aligned(keypoints)[:, :, 0, 0] - aligned(keypoints)[:, :, 0, 6]
    is_lost = find_missing(keypoints)[:, :, 0, [0, 6]].any(-1)
    length = axis.norm(dim=-1).masked_fill(is_lost, math.nan).nanmedian(dim=1).values
    torch.testing.assert_close(length, torch.ones(4), atol=1e-4, rtol=0)


@pytest.mark.parametrize("seen", [[], [0], [1, 2, 3]], ids=["nothing", "nose", "no tail"])
def test_coordinates_are_in_the_others_body_lengths_where_the_first_animal_is_lost(keypoints, seen):
    lost = keypoints.clone()
    lost[:, :, 0] = math.nan
    lost[:, :, 0, seen] = keypoints[:, :, 0, seen]
    axis = aligned(lost)[:, :, 1, 0] - aligned(lost)[:, :, 1, 6]
    is_lost = find_missing(keypoints)[:, :, 1, [0, 6]].any(-1)
    length = axis.norm(dim=-1).masked_fill(is_lost, math.nan).nanmedian(dim=1).values
    torch.testing.assert_close(length, torch.ones(4), atol=1e-4, rtol=0)


def test_coordinates_of_a_window_that_shows_no_whole_animal_have_a_limit(keypoints):
    noses = torch.full_like(keypoints, math.nan)
    noses[:, :, :, 0] = keypoints[:, :, :, 0]
    of_noses = features()
    of_noses.fit(keypoints, SECONDS)
    assert of_noses(noses, SECONDS).abs().max() <= 60
    assert of_noses(keypoints, SECONDS).abs().max() < 30


def test_coordinates_keep_the_order_animal_keypoint_xy(keypoints):
    raw = features("pixels").raw(torch.arange(28.0).view(1, 1, 2, 7, 2), SECONDS[:1])
    torch.testing.assert_close(raw.flatten(), torch.arange(28.0))


def test_pixels_are_standardised(keypoints):
    pixels = features("pixels")
    pixels.fit(keypoints, SECONDS)
    values = pixels(keypoints, SECONDS).flatten(0, 1)
    torch.testing.assert_close(values.mean(0), torch.zeros(28), atol=1e-3, rtol=0)
    torch.testing.assert_close(values.std(0, correction=0), torch.ones(28), atol=1e-3, rtol=0)


@pytest.mark.parametrize("kind", ["pixels", "social"])
def test_scales_do_not_see_padding(keypoints, kind):
    """A short recording's window goes on with its last frame, as if the animals stood still."""
    padded = torch.cat([keypoints, keypoints[:, -1:].expand(-1, 300, -1, -1, -1)], 1)
    is_inside = torch.arange(364).expand(4, -1) < 64
    ours, theirs = features(kind), features(kind)
    ours.fit(padded, SECONDS, is_inside=is_inside)
    theirs.fit(keypoints, SECONDS)
    is_edge = torch.tensor([name.endswith(("0.5 s", "2 s")) for name in ours.frame_names])
    torch.testing.assert_close(ours.scale[~is_edge], theirs.scale[~is_edge], rtol=0.1, atol=0.01)
    torch.testing.assert_close(ours.center[~is_edge], theirs.center[~is_edge], rtol=0.1, atol=0.05)
    ours.fit(padded, SECONDS)
    assert not torch.allclose(ours.scale, theirs.scale, rtol=0.3)


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
        (("head", "thorax", "abdomen", "wingL", "wingR", "eyeL", "eyeR"), (0, 2)),
        (("rear", "left_ear", "spine"), (1, 2)),
        (("RHip", "LHip", "Snout"), (2, 0)),
        (("a", "b", "c"), (0, 2)),
        (("only",), (0, 0)),
    ],
)
def test_find_body_axis_by_names(names, axis):
    assert find_body_axis(names) == axis
