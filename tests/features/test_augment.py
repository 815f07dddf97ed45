import math

import pytest
import torch

from mabe_lit.config import Config
from mabe_lit.features import augment
from mabe_lit.features.augment import (
    drop_points,
    mirror,
    rotate,
    scale,
    swap_animals,
)
from mabe_lit.pose import find_mirror_order
from mabe_lit.pose.gaps import fill_missing
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import KEYPOINT_NAMES


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def keypoints():
    """(B, T, A, K, 2) without gaps."""
    recording = simulate_recordings(1, 2048, 5)[0]
    return fill_missing(torch.from_numpy(recording.keypoints).view(32, 64, 2, 7, 2)).contiguous()


def distances(keypoints):
    return torch.cdist(keypoints.flatten(2, 3), keypoints.flatten(2, 3))


def mirror_in_place(keypoints):
    return mirror(keypoints, range(7))


@pytest.mark.parametrize("change", [rotate, mirror_in_place])
def test_rigid_changes_keep_all_distances(keypoints, change):
    changed = change(keypoints)
    torch.testing.assert_close(distances(changed), distances(keypoints), atol=0.5, rtol=1e-3)
    assert not torch.equal(changed, keypoints)


def test_rotation_angles_are_spread_over_the_circle(keypoints):
    turned = rotate(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).expand(4000, 1, 1, 2, 2))[:, 0, 0, 0]
    angle = torch.atan2(turned[:, 1], turned[:, 0])
    assert torch.histc(angle, 8, -math.pi, math.pi).min() > 400


def test_mirror_exchanges_left_and_right_key_points(keypoints):
    order = find_mirror_order(KEYPOINT_NAMES)
    torch.manual_seed(1)
    mirrored = mirror(keypoints, order)
    is_mirrored = (mirrored != keypoints).flatten(1).any(1)
    assert 6 < is_mirrored.sum() < 26
    left, right = KEYPOINT_NAMES.index("left_ear"), KEYPOINT_NAMES.index("right_ear")
    torch.testing.assert_close(
        mirrored[is_mirrored][:, :, :, left, 0], keypoints[is_mirrored][:, :, :, right, 0]
    )
    for points in (keypoints, mirrored):  # the left ear stays on the left of the nose's axis
        axis = points[:, :, :, 0] - points[:, :, :, 6]
        ear = points[:, :, :, left] - points[:, :, :, 6]
        side = axis[..., 0] * ear[..., 1] - axis[..., 1] * ear[..., 0]
        assert (side < 0).float().mean() > 0.95


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (KEYPOINT_NAMES, [0, 2, 1, 3, 5, 4, 6]),
        (("top", "body", "tail"), [0, 1, 2]),
        (("LeftHip", "RightHip", "leftover"), [1, 0, 2]),
        (("ear_l", "ear_r", "l_hip"), [1, 0, 2]),
        (("earL", "earR", "wingL2", "wingR2"), [1, 0, 3, 2]),
        (("Lear", "Rear", "Rump", "Left", "Right"), [1, 0, 2, 4, 3]),
    ],
)
def test_mirror_order_is_read_from_names(names, order):
    assert find_mirror_order(names) == order


@pytest.mark.parametrize("change", [rotate, mirror_in_place, lambda k: scale(k, 0.5)])
def test_changes_are_about_the_windows_middle(keypoints, change):
    before, after = keypoints.mean((1, 2, 3)), change(keypoints).mean((1, 2, 3))
    torch.testing.assert_close(after, before, atol=0.05, rtol=1e-3)


def test_changes_keep_what_is_missing(keypoints):
    gappy = drop_points(keypoints, 0.5)
    for change in (rotate, mirror_in_place, lambda k: scale(k, 0.5)):
        assert torch.equal(change(gappy).isnan(), gappy.isnan())


def test_scale_stays_within_its_range(keypoints):
    body = keypoints[:, 0, 0, 0] - keypoints[:, 0, 0, 6]
    scaled = scale(keypoints, 0.25)
    ratio = (scaled[:, 0, 0, 0] - scaled[:, 0, 0, 6])[:, 0] / body[:, 0]
    assert ratio.min() >= 0.8 - 1e-3
    assert ratio.max() <= 1.25 + 1e-3
    assert ratio.std() > 0.05


def test_swap_exchanges_whole_animals_in_about_half_of_the_windows(keypoints):
    swapped = swap_animals(keypoints)
    is_swapped = (swapped[:, :, 0] == keypoints[:, :, 1]).flatten(1).all(1)
    assert ((swapped == keypoints).flatten(1).all(1) ^ is_swapped).all()
    assert 6 < is_swapped.sum() < 26


def test_dropped_points_are_missing_and_the_others_unchanged(keypoints):
    dropped = drop_points(keypoints, 0.5)
    is_lost = dropped.isnan()
    assert 0.05 < is_lost.float().mean() < 0.25  # half of the points, a quarter window on average
    assert torch.equal(dropped[~is_lost], keypoints[~is_lost])
    assert torch.equal(is_lost[..., 0], is_lost[..., 1])


def test_augment_does_nothing_unless_asked(keypoints):
    batch = {"keypoints": keypoints, "labels": torch.zeros(32, 64), "seconds": torch.ones(32)}
    assert torch.equal(augment(batch, Config(), range(7))["keypoints"], keypoints)


def test_augment_applies_everything_together_and_keeps_shapes(keypoints):
    config = Config(
        rotate=True,
        mirror=True,
        swap_animals=True,
        scale_jitter=0.2,
        drop_points=0.1,
    )
    labels = torch.zeros(32, 64, dtype=torch.long)
    plain = {"keypoints": keypoints, "labels": labels, "seconds": torch.ones(32)}
    batch = augment(plain, config, range(7))
    assert batch["keypoints"].shape == keypoints.shape
    assert batch["labels"].shape == labels.shape
    assert not torch.equal(batch["keypoints"], keypoints)


def test_likelihood_goes_with_its_point_and_is_not_moved(keypoints):
    number = torch.arange(float(keypoints[..., 0].numel())).view(keypoints.shape[:-1])
    with_likelihood = torch.cat([keypoints, number[..., None]], -1)
    for change in (rotate, lambda k: scale(k, 0.5)):
        torch.manual_seed(1)
        changed = change(with_likelihood)
        assert torch.equal(changed[..., 2], number)
        torch.manual_seed(1)
        assert torch.equal(changed[..., :2], change(keypoints))
    order = find_mirror_order(KEYPOINT_NAMES)
    for change, moved in (
        (swap_animals, number.flip(2)),
        (lambda k: mirror(k, order), number[..., order]),
    ):
        torch.manual_seed(1)
        changed = change(with_likelihood)
        torch.manual_seed(1)
        plain = change(keypoints)
        is_changed = (plain != keypoints).flatten(1).any(1)
        expected = torch.where(is_changed[:, None, None, None], moved, number)
        assert torch.equal(changed[..., 2], expected)
        assert torch.equal(changed[..., :2], plain)


def test_dropped_points_have_no_likelihood(keypoints):
    dropped = drop_points(torch.cat([keypoints, torch.ones_like(keypoints[..., :1])], -1), 0.5)
    assert torch.equal(dropped[..., 2].isnan(), dropped[..., 0].isnan())
