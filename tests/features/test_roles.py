"""Windows as their label tracks' agents see them."""

import math

import numpy as np
import pytest
import torch
from acting import cycling
from tiny import dataset_of

from mabe_lit.data import Task
from mabe_lit.data.mapped import PoseReader
from mabe_lit.features import PoseFeatures, seen_as, views_of
from mabe_lit.features.needs import MARKS, where_seen
from mabe_lit.features.roles import NEIGHBOR_NAMES, pick_roles
from mabe_lit.features.views import group_shares
from mabe_lit.pose import LabelTrack, Recording

NAN = math.nan
FPS = 10.0
POINTS = ("nose", "ear", "tail")
ANIMALS = ("m1", "m2", "m3")


# ---- Who is in which role


def standing(*places, frames=2):
    """Animals of two points, a pixel before and behind ``(x, 0)``: ``(1, T, A, 2, 2)``."""
    points = [[[x + 1, 0.0], [x - 1, 0.0]] for x in places]
    return torch.tensor(points).expand(1, frames, -1, -1, -1).clone()


def places(chosen):
    """Where the middle of each role is, ``(T, 3)``."""
    return chosen[0, ..., 0].mean(-1).tolist()


def indices(agent, target):
    return torch.tensor([agent]), torch.tensor([target])


@pytest.mark.parametrize(
    ("at", "agent", "target", "expected"),
    [
        ((7,), 0, -1, (7, NAN, NAN)),
        ((7, 9), 0, -1, (7, NAN, 9)),
        ((7, 9), 1, -1, (9, NAN, 7)),
        ((7, 9), 1, 0, (9, 7, NAN)),
        ((0, 10, 4), 0, 1, (0, 10, 4)),
        ((0, 10, 4), 1, -1, (10, NAN, 4)),
        ((0, 10, 4), 0, -1, (0, NAN, 4)),
        ((0, 1, 2, 3, 9), 0, 1, (0, 1, 2)),
        ((0, 1, 2, 3, 9), 4, 3, (9, 3, 2)),
        ((0, 1, 2, 3, 9), 4, -1, (9, NAN, 3)),
    ],
)
def test_roles_are_agent_target_and_the_nearest_other(at, agent, target, expected):
    chosen = pick_roles(standing(*at), *indices(agent, target))
    assert chosen.shape == (1, 2, 3, 2, 2)
    np.testing.assert_array_equal(places(chosen), [expected] * 2)


def test_the_nearest_other_is_chosen_frame_by_frame():
    points = standing(0, 5, 8, 9, frames=4)
    points[0, 1, 1] = NAN  # the second is lost: the third is the nearest
    points[0, 2, 1:] = NAN  # all are lost
    points[0, 3, 0] = NAN  # so is the agent, from whom nearness is measured
    chosen = pick_roles(points, *indices(0, -1))
    np.testing.assert_array_equal(
        places(chosen), [[0, NAN, 5], [0, NAN, 8], [0, NAN, NAN], [NAN, NAN, NAN]]
    )


def test_nearness_is_of_the_points_that_are_tracked():
    points = standing(0, 5, -5.5)
    points[0, :, 1, 1] = NAN  # what is seen of the second is at 6, not 5
    chosen = pick_roles(points, *indices(0, -1))
    np.testing.assert_array_equal(places(chosen)[0], [0, NAN, -5.5])


def test_each_window_has_its_own_roles_and_likelihoods_go_along():
    told = torch.tensor([0.1, 0.2, 0.3]).view(1, 1, 3, 1, 1).expand(2, 2, 3, 2, 1)
    points = torch.cat([standing(0, 10, 4).expand(2, -1, -1, -1, -1), told], -1)
    chosen = pick_roles(points, torch.tensor([0, 2]), torch.tensor([1, 0]))
    assert chosen[..., 2].mean((1, 3)).numpy() == pytest.approx(
        np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2]])
    )


# ---- Features of roles


def walking(frames=60):
    """Three animals with bodies 40 pixels long, near each other: ``(T, 3, 3, 2)`` pixels."""
    rng = np.random.default_rng(0)
    steps = rng.normal(0, 2, (frames, 3, 1, 2)).cumsum(0)
    turned = rng.uniform(0, 2 * np.pi, 3) + rng.normal(0, 0.1, (frames, 3)).cumsum(0)
    axis = np.stack([np.cos(turned), np.sin(turned)], -1)[:, :, None]
    along = np.array([20.0, 10.0, -20.0])[:, None]
    across = np.array([0.0, 6.0, 0.0])[:, None]
    body = along * axis + across * axis[..., ::-1] * [-1, 1]
    begin = np.array([[100.0, 100.0], [160.0, 120.0], [130.0, 180.0]])[:, None]
    return (begin + steps + body).astype(np.float32)


def recording(keypoints, *whose, **changes):
    tracks = tuple(LabelTrack(cycling(len(keypoints), 0, 1), *who) for who in whose)
    names = {"animal_names": ANIMALS, "keypoint_names": POINTS, "class_names": ("a", "b")}
    return Recording("video", keypoints, fps=FPS, tracks=tracks, **(names | changes))


def features_of(recording, folder, *, kind="social", groups=0, scaled_on=None, medians=False):
    """Features of the first track's whole recording as one window: names -> ``(T,)``."""
    dataset = dataset_of(recording, folder=folder)
    task = Task.of(dataset)
    features = PoseFeatures(
        kind=kind,
        animal_names=task.animal_names,
        keypoint_names=task.keypoint_names,
        has_agents=True,
        groups=groups,
        medians=medians,
    )
    views = views_of(dataset, task, for_training=True)[:1]
    frames = np.arange(len(recording))[None]
    keypoints, views = seen_as(PoseReader(dataset.keypoints, None)[frames], views)
    seconds = torch.tensor([1 / FPS])
    if scaled_on is None:
        features.fit(keypoints, seconds, None, views)
    else:
        features.load_state_dict(scaled_on.state_dict())
    columns = features(keypoints, seconds, None, views)[0]
    assert columns.isfinite().all()
    assert columns.shape == (len(recording), len(features.feature_names))
    return dict(zip(features.feature_names, columns.t().numpy(), strict=True)), features


@pytest.mark.parametrize("kind", ["social", "coordinates", "pixels"])
@pytest.mark.parametrize("whose", [("m1", "m2"), ("m1", None), ("m3", "m1")])
def test_features_do_not_depend_on_the_order_of_animals_in_the_file(tmp_path, kind, whose):
    written = recording(walking(), whose)
    swapped = written.in_order_of(("m3", "m2", "m1"))
    ours, _ = features_of(written, tmp_path / "a", kind=kind)
    theirs, _ = features_of(swapped, tmp_path / "b", kind=kind)
    assert ours.keys() == theirs.keys()
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)


@pytest.mark.parametrize("kind", ["social", "coordinates", "pixels"])
def test_roles_and_not_names_make_the_features(tmp_path, kind):
    """What m1 does to m2 looks as what m2 does to m1 in a video with their names exchanged."""
    written = recording(walking(), ("m1", "m2"))
    renamed = recording(walking()[:, [1, 0, 2]], ("m2", "m1"))
    ours, _ = features_of(written, tmp_path / "a", kind=kind)
    theirs, _ = features_of(renamed, tmp_path / "b", kind=kind)
    back, _ = features_of(recording(walking(), ("m2", "m1")), tmp_path / "c", kind=kind)
    for name, values in ours.items():
        np.testing.assert_array_equal(values, theirs[name], err_msg=name)
    assert any(not np.allclose(values, back[name]) for name, values in ours.items())


@pytest.mark.parametrize("angle", [0.0, 2.0, 4.0])
def test_another_animal_that_is_far_away_is_as_none(tmp_path, angle):
    far, none = walking(), walking()
    towards = 15 * 40 * np.array([np.cos(angle), np.sin(angle)])  # 15 body lengths
    far[:, 2] += towards
    none[:, 2] = NAN
    ours, features = features_of(recording(far, ("m1", "m2")), tmp_path / "a")
    theirs, _ = features_of(recording(none, ("m1", "m2")), tmp_path / "b", scaled_on=features)
    for name, values in ours.items():
        np.testing.assert_allclose(values, theirs[name], atol=1e-3, err_msg=name)
    near, _ = features_of(recording(walking(), ("m1", "m2")), tmp_path / "c", scaled_on=features)
    assert near["other close to agent"].min() > 0.05, "which the columns tell of"


def test_columns_of_the_nearest_other_are_those_of_the_formula(tmp_path):
    """Agent along +x, the other 2 body lengths ahead and as many to its left."""
    keypoints = np.full((5, 3, 3, 2), NAN, np.float32)
    body = np.array([[20.0, 0.0], [0.0, 0.0], [-20.0, 0.0]])
    keypoints[:, 0] = 100 + body
    keypoints[:, 1] = body + np.array([100, 500])
    keypoints[:, 2] = body + np.array([180, 180])
    found, _ = features_of(recording(keypoints, ("m1", "m2")), tmp_path / "a")
    distance = math.hypot(80, 80) / 40
    close = 1 / (1 + (distance / 2) ** 4)
    half = math.sqrt(0.5)
    to_target = math.hypot(80, 320) / 40
    close_to_target = 1 / (1 + (to_target / 2) ** 4)
    expected = (1, close, close * half, close * half, 0, close_to_target)
    for name, value in zip(NEIGHBOR_NAMES, expected, strict=False):
        np.testing.assert_allclose(found[name], value, rtol=1e-4, err_msg=name)
    # From the target, it is ahead by 2 body lengths and 8 to the right.
    forward = close_to_target * 2 / to_target
    sideways = -close_to_target * 8 / to_target
    np.testing.assert_allclose(found["other close to target, forward"], forward, rtol=1e-3)
    np.testing.assert_allclose(found["other close to target, sideways"], sideways, rtol=1e-3)


def test_approach_to_the_nearest_other_fades_with_its_distance(tmp_path):
    """The agent walks 4 pixels a frame toward the other, which is 4 body lengths ahead at last."""
    body = np.array([[20.0, 0.0], [0.0, 0.0], [-20.0, 0.0]])
    keypoints = np.full((41, 3, 3, 2), NAN, np.float32)
    keypoints[:, 0] = body + np.arange(41)[:, None, None] * np.array([4.0, 0.0])
    keypoints[:, 1] = body + np.array([0.0, 5000.0])
    keypoints[:, 2] = body + np.array([160.0 + 160.0, 0.0])
    found, _ = features_of(recording(keypoints, ("m1", "m2")), tmp_path / "a")
    distance = (320 - 4 * 20) / 40  # in the middle frame
    speed = 4 * FPS / 40
    expected = math.log1p(speed) / (1 + (distance / 2) ** 4)
    name = "agent approaching the other close to it"
    np.testing.assert_allclose(found[name][20], expected, rtol=1e-4)
    assert abs(found["target approaching the other close to it"][20]) < 1e-6


def test_where_seen_reaches_from_each_sighting():
    missing = torch.ones(1, 12, 2, 2, dtype=torch.bool)
    missing[0, 5, 0, 1] = missing[0, 6, 0, 0] = False
    found = where_seen(missing, torch.tensor([2.0]))[0]
    assert found[:, 0].nonzero().flatten().tolist() == [3, 4, 5, 6, 7, 8]
    assert not found[:, 1].any(), "never seen"
    assert where_seen(missing, torch.tensor([100.0]))[0, :, 0].all()


@pytest.mark.parametrize("kind", ["social", "coordinates"])
def test_columns_of_an_animal_that_is_lost_for_long_are_zero(tmp_path, kind):
    whole, lost = walking(), walking()
    lost[15:, 1] = NAN
    _, features = features_of(recording(whole, ("m1", "m2")), tmp_path / "a", kind=kind)
    found, _ = features_of(
        recording(lost, ("m1", "m2")), tmp_path / "b", kind=kind, scaled_on=features
    )
    is_lost = np.arange(60) > 14 + FPS  # a second after its last sighting
    of_target = [name for name in found if "target" in name and not name.endswith(MARKS)]
    assert len(of_target) >= 6
    for name in of_target:
        assert (found[name][is_lost] == 0).all(), name
    for point in POINTS:
        if kind == "social":
            assert found[f"target {point} missing"].tolist() == [0.0] * 15 + [1.0] * 45
    for name in found:
        if "target" not in name and "other" not in name and kind == "social":
            assert np.abs(found[name][is_lost]).max() > 0 or name.endswith("missing"), name
    near_edge = found["target nose, forward" if kind == "social" else "target nose x"][15:25]
    assert (near_edge != 0).any(), "shortly after, it is where it was"


def test_track_without_a_target_has_zeros_in_its_place(tmp_path):
    found, _ = features_of(recording(walking(), ("m2", None)), tmp_path / "a")
    for name, values in found.items():
        if "target" in name and not name.endswith("missing"):
            assert (values == 0).all(), name
    assert {*found["target nose missing"]} == {-1.0}, "there is none, and so no point of it"
    assert found["other close to agent"].min() > 0.05


@pytest.mark.parametrize("kind", ["social", "coordinates", "pixels"])
def test_columns_of_points_that_an_animal_has_not_are_zero_and_marked(tmp_path, kind):
    has_point = np.array([[True, False, True], [True, True, True], [True, True, True]])
    lacking = walking()
    lacking[:, 0, 1] = NAN
    found, _ = features_of(
        recording(lacking, ("m1", "m2"), has_point=has_point), tmp_path / "a", kind=kind
    )
    for name, values in found.items():
        if "agent ear" in name and not name.endswith(MARKS):
            assert (values == 0).all(), name
        elif "missing" not in name and "other" not in name and name != "target is there":
            assert (values != 0).any(), name
    if kind == "social":
        assert (found["agent ear missing"] == -1).all()
        for name in ("agent nose", "target ear"):
            assert (found[f"{name} missing"] == 0).all()


def test_axis_is_between_points_that_an_animal_has(tmp_path):
    """Without a nose, an ear is in front; the body is as long from there."""
    has_point = np.tile([False, True, True], (3, 1))
    lacking = walking()
    lacking[:, :, 0] = NAN
    _, features = features_of(recording(walking(), ("m1", None)), tmp_path / "a")
    found, _ = features_of(
        recording(lacking, ("m1", None), has_point=has_point), tmp_path / "b", scaled_on=features
    )
    # In its own frame the ear is half its distance to the tail ahead, and not beside the axis.
    forward, sideways = found["agent ear, forward"], found["agent ear, sideways"]
    column = features.frame_names.index("agent ear, forward")
    expected = (0.5 - features.center[column]) / features.scale[column]
    np.testing.assert_allclose(forward, float(expected), atol=1e-3)
    column = features.frame_names.index("agent ear, sideways")
    expected = -features.center[column] / features.scale[column]
    np.testing.assert_allclose(sideways, float(expected), atol=1e-3)


@pytest.mark.parametrize("kind", ["social", "coordinates"])
def test_animal_of_a_single_point_does_not_measure_the_others(tmp_path, kind):
    """It has no axis, so that body lengths are those of the agent."""
    has_point = np.array([[True, True, True], [True, False, False], [True, True, True]])
    lacking = walking()
    lacking[:, 1, 1:] = NAN
    whole, features = features_of(recording(walking(), ("m1", None)), tmp_path / "a", kind=kind)
    short = recording(lacking, ("m1", "m2"), has_point=has_point)
    found, _ = features_of(short, tmp_path / "b", kind=kind, scaled_on=features)
    of_agent = [name for name in found if "target" not in name and "other" not in name]
    assert len(of_agent) >= 6
    for name in of_agent:
        np.testing.assert_allclose(found[name], whole[name], atol=1e-3, err_msg=name)


def test_recording_is_not_measured_by_an_animal_of_a_single_point(tmp_path):
    has_point = np.array([[True, True, True], [True, False, False], [True, True, True]])
    written = recording(walking(), ("m1", "m2"), has_point=has_point)
    dataset = dataset_of(written, folder=tmp_path / "a")
    task = Task.of(dataset)
    names = {"animal_names": ANIMALS, "keypoint_names": POINTS}
    features = PoseFeatures(kind="social", has_agents=True, **names)
    views = views_of(dataset, task, for_training=True)
    keypoints, views = seen_as(torch.from_numpy(np.array(dataset.keypoints))[None], views)
    seconds, is_inside = torch.tensor([1 / FPS]), torch.ones(1, 60, dtype=torch.bool)
    found = features.describe_recording(keypoints, seconds, is_inside, views)
    assert found.tolist() == pytest.approx([40.0], rel=1e-4), "the agent's"


# ---- Groups

GROUPED = Task(
    ANIMALS, POINTS, ("a",), looked_for={"lab A": {"own": ("a",)}, "lab B": {"own": ("a",)}}
)


def test_group_is_its_own_or_the_mean_of_all():
    assert group_shares(GROUPED, "lab B").tolist() == [0, 1]
    assert group_shares(GROUPED, "lab C").tolist() == [0.5, 0.5], "training had it not"
    assert group_shares(GROUPED, "").tolist() == [0.5, 0.5]


def test_groups_are_the_last_columns(tmp_path):
    found, _ = features_of(recording(walking(), ("m1", None), group="x"), tmp_path / "a", groups=1)
    assert [*found][-1] == "group 0"
    assert (found["group 0"] == 1).all()


def test_medians_of_a_recording_without_a_target_are_zero(tmp_path):
    found, _ = features_of(recording(walking(), ("m1", None)), tmp_path / "a", medians=True)
    name = "target nose, forward, median of the recording"
    assert (found[name] == 0).all()
    assert {*found["target nose missing, median of the recording"]} == {-1.0}
