"""Predictions of animals that act: who is who, how many they are, and of which group."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pose_files import write_deeplabcut
from tiny import fails, tiny_config
from two_labs import ABOUT, CLASSES

from mabe_lit import predict as predict_command
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.fit import fit
from mabe_lit.inference import load_ensemble
from mabe_lit.predict import predict
from mabe_lit.shell import InputWarning
from mabe_lit.simulation import simulate_group

GROUPS = r"training had the groups lab A, lab B; "


@pytest.fixture(scope="module")
def mice():
    """Tracking of four mice."""
    (recording,) = simulate_group(1, 150, 8, animals=4)
    return replace(recording, tracks=(), class_names=())


def of_animals(recording, *names):
    """The tracking of some animals alone."""
    columns = [recording.animal_names.index(name) for name in names]
    return replace(recording, keypoints=recording.keypoints[:, columns], animal_names=names)


def tables(run, recording, folder, **options):
    """The table of frames, and by agent and target the probabilities ``(N, C)``, NaN if none."""
    folder.mkdir(exist_ok=True)
    write_deeplabcut(folder / "new.csv", recording)
    if "labs" in run[0].train_data_dir:
        options = {"group": "lab A"} | options
    frames, _ = predict(
        checkpoint=run[1]["best_checkpoint"],
        poses=str(folder / "new.csv"),
        output=str(folder),
        **options,
    )
    table = pd.read_csv(frames, dtype={"target": str}).fillna({"target": ""})
    columns = [name for name in table if name.startswith("p_")]
    return table, {
        who: part[columns].to_numpy() for who, part in table.groupby(["agent", "target"])
    }


def assert_same(ours, theirs, tolerance):
    assert ours.keys() <= theirs.keys()
    for who, each in ours.items():
        np.testing.assert_allclose(each, theirs[who], atol=tolerance)


def test_animals_in_another_order_have_the_same_tables(acting_run, mice, tmp_path):
    three = of_animals(mice, "mouse1", "mouse2", "mouse3")
    table, ours = tables(acting_run, three, tmp_path / "a")
    swapped = of_animals(mice, "mouse2", "mouse1", "mouse3")
    other, theirs = tables(acting_run, swapped, tmp_path / "b")
    assert ours.keys() == theirs.keys()
    assert_same(ours, theirs, 1e-5)
    order = ["agent", "target", "frame"]
    table, other = (each.sort_values(order).reset_index(drop=True) for each in (table, other))
    pd.testing.assert_frame_equal(table, other, atol=1e-5)
    assert max(np.nanmax(np.abs(ours[a, b] - ours[b, a])) for a, b in ours if b) > 1e-3


def test_animals_of_swapped_names_have_swapped_tables(acting_run, mice, tmp_path):
    three = of_animals(mice, "mouse1", "mouse2", "mouse3")
    _, ours = tables(acting_run, three, tmp_path / "a")
    renamed = replace(three, animal_names=("mouse2", "mouse1", "mouse3"))
    _, theirs = tables(acting_run, renamed, tmp_path / "b")
    names = {"mouse1": "mouse2", "mouse2": "mouse1", "mouse3": "mouse3", "": ""}
    assert_same({(names[a], names[b]): each for (a, b), each in ours.items()}, theirs, 1e-5)


@pytest.mark.parametrize("animals", [2, 3])
def test_animal_far_away_changes_nothing(acting_run, mice, tmp_path, animals):
    few = of_animals(mice, *mice.animal_names[:animals])
    _, ours = tables(acting_run, few, tmp_path / "a")
    far = replace(mice, keypoints=mice.keypoints + np.float32(5000)).keypoints[:, 3:]
    more = replace(
        few,
        keypoints=np.concatenate([few.keypoints, far], axis=1),
        animal_names=(*few.animal_names, "far"),
    )
    _, theirs = tables(acting_run, more, tmp_path / "b")
    assert len(theirs) > len(ours)
    assert_same(ours, theirs, 0.02)


def test_single_animal_has_its_own_behaviours(acting_run, mice, tmp_path):
    alone = of_animals(mice, "mouse3")
    table, found = tables(acting_run, alone, tmp_path)
    assert list(found) == [("mouse3", "")]
    if "predicted" in table:
        assert set(table["predicted"]) <= {*ABOUT["lab A"]["own"]}
    summary = pd.read_csv(tmp_path / "summary.csv")
    own = ["rear", "other"] if "predicted" in table else ["rear", "groom"]
    assert summary["behavior"].tolist() == own


def test_single_animal_where_pairs_are_labelled_is_an_error(lab_run, mice, tmp_path, capsys):
    write_deeplabcut(tmp_path / "new.csv", of_animals(mice, "mouse1"))
    arguments = ["--checkpoint", lab_run[1]["best_checkpoint"], "--poses", tmp_path / "new.csv"]
    arguments += ["--output", tmp_path / "out", "--group", "lab B"]
    error = fails(predict_command, capsys, *arguments)
    assert "new.csv: has one animal, mouse1, but the checkpoint labels what an animal" in error
    assert not (tmp_path / "out").exists()


def test_animal_that_lacks_points_as_none_in_training_is_told(group_run, mice):
    ensemble = load_ensemble(group_run[1]["best_checkpoint"], raw=True)
    has_point = np.ones((4, 7), bool)
    assert ensemble.fit_pose(replace(mice, has_point=has_point), where="there")[1] == ()
    has_point[[1, 3], 2] = False
    _, notes = ensemble.fit_pose(replace(mice, has_point=has_point), where="there")
    assert notes == ("animals lack key points that all in training had: mouse2, mouse4",)


def test_points_that_training_knew_to_be_lacking_are_nothing_new(lab_run, mice):
    ensemble = load_ensemble(lab_run[1]["best_checkpoint"], raw=True)
    has_point = np.ones((4, 7), bool)
    has_point[1, 2] = False
    assert ensemble.fit_pose(replace(mice, has_point=has_point), where="there")[1] == ()


def test_group_that_training_had_decides_on_the_behaviours(lab_run, mice, tmp_path):
    two = of_animals(mice, "mouse1", "mouse2")
    for lab, about in ABOUT.items():
        table, found = tables(lab_run, two, tmp_path / lab, group=lab)
        assert len(found) == (4 if about["own"] else 2)
        assert set(table["predicted"]) <= {*about["own"], *about["pair"]}
        is_pair = table["target"] != ""
        known = table.loc[is_pair, [f"p_{name}" for name in CLASSES]].notna().all()
        assert [name for name in CLASSES if known[f"p_{name}"]] == [*about["pair"]]


@pytest.mark.parametrize(
    ("group", "told"),
    [(None, "--group is not given: what"), ("lab C", "--group lab C is none of these: what")],
)
def test_group_that_training_had_not_is_told(lab_run, mice, tmp_path, group, told):
    two = of_animals(mice, "mouse1", "mouse2")
    with pytest.warns(match=GROUPS + told):
        _, found = tables(lab_run, two, tmp_path / "c", group=group)
    _, of_lab_a = tables(lab_run, two, tmp_path / "a")
    assert found.keys() == of_lab_a.keys(), "what any of them looked for"
    pair = "mouse1", "mouse2"
    assert np.nanmax(np.abs(found[pair] - of_lab_a[pair])) > 1e-4, (
        "the group is told to the network"
    )


def test_group_where_training_had_none_is_told(group_run, mice, tmp_path):
    two = of_animals(mice, "mouse1", "mouse2")
    _, ours = tables(group_run, two, tmp_path / "a")
    with pytest.warns(match="--group lab C makes no difference: the training had no groups"):
        _, theirs = tables(group_run, two, tmp_path / "b", group="lab C")
    assert_same(ours, theirs, 0)


def test_groups_that_the_network_is_not_told_make_no_difference(lab_run, mice, tmp_path):
    """Both look for the same, and without group_embedding the network sees no group."""
    for split in ("train", "val"):
        dataset = open_dataset(getattr(lab_run[0], f"{split}_data_dir"))
        same = [each for each in dataset if each.group == "lab A"]
        same[1] = replace(same[1], group="lab C")
        write_dataset(same, tmp_path / "data" / split)
    config = tiny_config(tmp_path, dataset="recordings", epochs=1)
    run = config, fit(config)
    two = of_animals(mice, "mouse1", "mouse2")
    _, ours = tables(run, two, tmp_path / "a")  # without a word
    with pytest.warns(
        match="--group lab A makes no difference: .* tells its groups lab A, lab C n"
    ):
        _, theirs = tables(run, two, tmp_path / "b", group="lab A")
    assert_same(ours, theirs, 0)


def test_ensemble_is_of_checkpoints_that_looked_for_the_same(lab_run, tmp_path, capsys):
    dataset = open_dataset(lab_run[0].train_data_dir)
    renamed = [
        replace(each, group="lab C", name=f"of C {each.name}")
        for each in dataset
        if each.group == "lab A"
    ]
    write_dataset([*renamed, *dataset], tmp_path / "data/train")
    write_dataset(open_dataset(lab_run[0].val_data_dir), tmp_path / "data/val")
    other = tiny_config(tmp_path, dataset="recordings", features="social", epochs=1)
    assert load_ensemble([lab_run[1]["best_checkpoint"]] * 2, raw=True)
    checkpoints = (lab_run[1]["best_checkpoint"], fit(other)["best_checkpoint"])
    arguments = ["--poses", "x", "--output", tmp_path / "out", "--checkpoint", *checkpoints]
    error = fails(predict_command, capsys, *arguments)
    assert "has the behaviours rear and other of single animals in group lab A" in error
    assert "in group lab C" in error


def test_animal_that_is_lost_in_many_frames_is_told(group_run, mice, tmp_path):
    """Of 150 frames 1 % is 1.5: one lost frame is not told, two are."""
    keypoints = mice.keypoints.copy()
    keypoints[:1, 1] = keypoints[:60, 2] = np.nan
    lost = replace(mice, keypoints=keypoints)
    third = mice.animal_names[2]
    match = f"{third} has no tracked point in 40 % of the frames; what is predicted of it there"
    with pytest.warns(InputWarning, match=match) as caught:
        tables(group_run, lost, tmp_path)
    assert len([each for each in caught if "no tracked point" in str(each.message)]) == 1
