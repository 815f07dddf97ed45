import math

import pytest
import torch

from mabe_lit.features import PoseFeatures
from mabe_lit.features.social import GROUPS, social_feature_names, social_features
from mabe_lit.pose.bodies import find_bodies
from mabe_lit.pose.gaps import fill_likelihood, fill_missing
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import ANIMAL_NAMES, KEYPOINT_NAMES

NAMES = social_feature_names(ANIMAL_NAMES, KEYPOINT_NAMES)


@pytest.fixture(scope="module")
def keypoints():
    """(B, T, A, K, 2): three windows of simulated mice."""
    return torch.from_numpy(simulate_recordings(1, 768, 5)[0].keypoints.reshape(3, 256, 2, 7, 2))


def compute(keypoints, fps=30.0, groups=GROUPS, front=0, back=6):
    seconds = torch.full((len(keypoints),), 1 / fps)
    missing = keypoints.isnan().any(-1)
    likelihood = fill_likelihood(keypoints[..., 2:], missing)
    points = fill_missing(keypoints)
    bodies = find_bodies(points, missing, likelihood, seconds, front=front, back=back)
    return social_features(bodies, groups)


def turn(points, angle):
    c, s = math.cos(angle), math.sin(angle)
    return points @ torch.tensor([[c, s], [-s, c]])


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p + torch.tensor([310.0, -55.0]),
        lambda p: turn(p, 2.1),
        lambda p: 2.0 * p,
    ],
    ids=["moved", "turned", "double pixel size"],
)
def test_social_features_do_not_change_when_the_picture_does(keypoints, change):
    torch.testing.assert_close(compute(change(keypoints)), compute(keypoints), atol=5e-3, rtol=1e-3)


def test_mirroring_turns_the_sign_of_what_is_sideways_alone(keypoints):
    sign = torch.tensor(
        [-1.0 if "sideways" in n or n.startswith("sine") or "turning" in n else 1.0 for n in NAMES]
    )
    mirrored = compute(keypoints * torch.tensor([1.0, -1.0]))
    torch.testing.assert_close(mirrored, compute(keypoints) * sign, atol=5e-3, rtol=1e-3)


def test_steady_motion_is_as_fast_at_the_windows_edge(keypoints):
    animal = keypoints[:1, :1, :1].nan_to_num(300.0)  # (1, 1, 1, K, 2), two of the same path
    frame = torch.arange(90.0).view(1, 90, 1, 1, 1)
    steady = animal + frame * torch.tensor([3.0, 0.0])
    columns = compute(torch.cat([steady, steady + 50], 2))[0]
    for name in ("resident speed", "resident speed forward", "resident acceleration"):
        for scale in ("0.1", "0.5", "2"):
            values = columns[:, NAMES.index(f"{name} over {scale} s")]
            torch.testing.assert_close(values, values[45].expand(90), atol=1e-3, rtol=1e-3)


def test_body_length_is_that_of_animals_that_are_seen(keypoints):
    lost = keypoints.clone()
    lost[:, :, 1] = math.nan
    alone = compute(lost[:, :, :1].expand(-1, -1, 2, -1, -1))
    columns = [name.startswith("resident") and "elongation" in name for name in NAMES]
    torch.testing.assert_close(compute(lost)[..., columns], alone[..., columns])


def test_swapping_the_animals_swaps_their_columns(keypoints):
    index = {name: column for column, name in enumerate(NAMES)}
    swapped = compute(keypoints.flip(2))
    plain = compute(keypoints)
    for a, b in (("resident", "intruder"), ("intruder", "resident")):
        for name in ("speed over 0.5 s", "nose, forward", "elongation", "tail_base missing"):
            torch.testing.assert_close(
                swapped[..., index[f"{a} {name}"]], plain[..., index[f"{b} {name}"]]
            )


def smooth_paths(fps, seconds=8.0):
    """Two bodies of three points on smooth paths, filmed at ``fps``: ``(1, T, 2, 3, 2)``."""
    t = torch.arange(0, seconds, 1 / fps)
    centre = torch.stack([200 + 90 * torch.sin(t), 200 + 70 * torch.cos(0.7 * t)], -1)
    other = torch.stack([320 + 50 * torch.cos(0.5 * t), 240 + 30 * torch.sin(0.9 * t)], -1)
    heading = torch.stack([torch.cos(0.4 * t), torch.sin(0.4 * t)], -1)
    offsets = torch.tensor([30.0, 0.0, -30.0])
    points = [c[:, None] + offsets[:, None] * heading[:, None] for c in (centre, other)]
    return torch.stack(points, 1)[None]


def test_features_at_25_and_30_frames_per_second_agree():
    slow, fast = (compute(smooth_paths(fps), fps, back=2) for fps in (25.0, 30.0))
    # The same moments, every second of the films, away from the edges that time scales reach over.
    slow, fast = slow[:, 50:150:25], fast[:, 60:180:30]
    torch.testing.assert_close(slow, fast, atol=0.03, rtol=0.02)


def test_speed_is_in_body_lengths_per_second():
    t = torch.arange(0, 6, 1 / 30)
    centre = torch.stack([50 * t, torch.zeros_like(t)], -1)  # 50 px/s along the axis, body 100 px
    points = centre[:, None] + torch.tensor([[50.0, 0.0], [-50.0, 0.0]])
    names = social_feature_names(("mouse",), ("nose", "tail"))
    values = compute(points[None, :, None], back=1)[0, 90]
    for scale in ("0.1", "0.5", "2"):
        speed = values[names.index(f"mouse speed over {scale} s")]
        assert speed.expm1().item() == pytest.approx(0.5, rel=1e-3)
        forward = values[names.index(f"mouse speed forward over {scale} s")]
        assert forward.expm1().item() == pytest.approx(0.5, rel=1e-3)


def test_approach_is_positive_when_the_gap_shrinks():
    t = torch.arange(0, 6, 1 / 30)
    still = torch.tensor([[450.0, 10.0], [350.0, 10.0]]).expand(len(t), 2, 2)
    centre = torch.stack([30 * t, torch.zeros_like(t)], -1)
    walking = centre[:, None] + torch.tensor([[50.0, 0.0], [-50.0, 0.0]])
    names = social_feature_names(("a", "b"), ("nose", "tail"))
    values = compute(torch.stack([walking, still], 1)[None], back=1)[0, 90]
    assert values[names.index("a approaching b over 0.5 s")] > 0.2
    assert values[names.index("b approaching a over 0.5 s")] == 0


@pytest.mark.parametrize("animals", [1, 2, 3])
@pytest.mark.parametrize("points", [2, 5])
def test_every_column_has_a_name_for_any_animals_and_points(animals, points):
    generator = torch.Generator().manual_seed(0)
    keypoints = 100 * torch.randn(2, 40, animals, points, 2, generator=generator)
    names = social_feature_names(tuple("abc"[:animals]), tuple("vwxyz"[:points]))
    assert compute(keypoints, back=points - 1).shape == (2, 40, len(names))
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("group", GROUPS)
def test_groups_can_be_left_out(keypoints, group):
    rest = tuple(name for name in GROUPS if name != group)
    names = social_feature_names(ANIMAL_NAMES, KEYPOINT_NAMES, rest)
    keep = [NAMES.index(name) for name in names]
    torch.testing.assert_close(compute(keypoints, groups=rest), compute(keypoints)[..., keep])


def test_missing_points_are_marked(keypoints):
    marks = compute(keypoints, groups=("missing",)).view(3, 256, 2, 7)
    assert torch.equal(marks.bool(), keypoints.isnan().any(-1))


def test_a_windows_features_are_those_of_the_whole_recording_away_from_its_edges():
    keypoints = torch.from_numpy(simulate_recordings(1, 900, 8)[0].keypoints)[None]
    keypoints = fill_missing(keypoints)
    bodies = compute(keypoints)
    part = compute(keypoints[:, 300:700])
    # Lengths are in the window's own median body length, which differs a little.
    torch.testing.assert_close(part[:, 60:-60], bodies[:, 360:640], atol=0.12, rtol=0.05)


def test_scaled_social_features_are_centred_and_bounded(keypoints):
    seconds = torch.full((3,), 1 / 30)
    features = PoseFeatures(kind="social", animal_names=ANIMAL_NAMES, keypoint_names=KEYPOINT_NAMES)
    features.fit(keypoints, seconds)
    values = features(keypoints, seconds)
    assert values.abs().max() <= 6
    is_mark = torch.tensor([name.endswith("missing") for name in features.feature_names])
    medians = values.flatten(0, 1)[:, ~is_mark].median(0).values
    torch.testing.assert_close(medians, torch.zeros_like(medians), atol=0.05, rtol=0)
    assert set(values[..., is_mark].unique().tolist()) <= {0.0, 1.0}


def test_likelihood_is_the_trackers_and_where_it_tells_none_that_of_being_tracked(keypoints):
    told = torch.rand(3, 256, 2, 7, 1, generator=torch.Generator().manual_seed(0))
    told[0, :9, 0, 3] = torch.nan
    told[1, 4, 1, 0] = 1.7
    features = PoseFeatures(
        kind="social",
        animal_names=ANIMAL_NAMES,
        keypoint_names=KEYPOINT_NAMES,
        has_likelihood=True,
    )
    seconds = torch.full((3,), 1 / 30)
    is_tracked = (~keypoints.isnan().any(-1)).float()
    expected = torch.where(told[..., 0].isnan(), is_tracked, told[..., 0].clamp(max=1))
    columns = [name.endswith("likelihood") for name in features.frame_names]
    values = features.raw(torch.cat([keypoints, told], -1), seconds)[..., columns]
    assert torch.equal(values, expected.flatten(2))
    untold = features.raw(keypoints, seconds)[..., columns]
    assert torch.equal(untold, is_tracked.flatten(2))
    assert features.frame_names[columns.index(True) + 3] == "resident neck likelihood"


@pytest.mark.parametrize("kind", ["social", "coordinates", "pixels"])
def test_likelihood_changes_no_other_column(keypoints, kind):
    names = {"animal_names": ANIMAL_NAMES, "keypoint_names": KEYPOINT_NAMES}
    plain = PoseFeatures(kind=kind, **names)
    features = PoseFeatures(kind=kind, **names, has_likelihood=True)
    seconds = torch.full((3,), 1 / 30)
    told = torch.rand(3, 256, 2, 7, 1, generator=torch.Generator().manual_seed(0))
    told[0, :9] = torch.nan
    values = features.raw(torch.cat([keypoints, told], -1), seconds)
    columns = plain.raw(keypoints, seconds)
    assert torch.equal(values[..., : columns.shape[-1]], columns)
    assert len(features.frame_names) == values.shape[-1]
    assert features.reads_likelihood == (kind == "social")
