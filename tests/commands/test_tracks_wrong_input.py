"""What does not go with label tracks ends a command with one line."""

from dataclasses import replace

import numpy as np
import pytest
from tiny import fails, tiny_config
from two_labs import CLASSES

from mabe_lit import baseline as baseline_command
from mabe_lit import evaluate as evaluate_command
from mabe_lit import fit as fit_command
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.pose import LabelTrack
from mabe_lit.shell import InputWarning
from mabe_lit.simulation import simulate_group


def val_of(run):
    return list(open_dataset(run[0].val_data_dir))


def scenes(recordings):
    """Those of two animals, with one label a frame of both."""
    return [
        replace(each, tracks=(LabelTrack(each.tracks[0].labels),), group="")
        for each in recordings
        if each.group == "lab A"
    ]


def as_independent(recording):
    """The same with yes or no of each class."""

    def of(track):
        labels = (track.labels[:, None] == range(len(CLASSES))).astype("int8")
        return LabelTrack(labels, track.agent, track.target)

    return replace(recording, tracks=tuple(map(of, recording.tracks)))


def fit_fails(run, capsys, folder, *options, val=None):
    """The line with which a training on the recordings of a run ends; it leaves no folder."""
    val = run[0].val_data_dir if val is None else val
    arguments = ["--train_data_dir", run[0].train_data_dir, "--val_data_dir", val]
    arguments += ["--dataset", "recordings", "--checkpoint_dir", folder / "runs", *options]
    error = fails(fit_command, capsys, *arguments)
    assert not (folder / "runs").exists()
    return error


def evaluate_fails(run, capsys, folder, data):
    arguments = ["--checkpoint", run[1]["best_checkpoint"], "--data", data]
    error = fails(evaluate_command, capsys, *arguments, "--output", folder / "out")
    assert not (folder / "out").exists()
    return error


@pytest.mark.parametrize(
    ("option", "match"),
    [
        ("--swap_animals=true", "swap_animals: is true, but labels are of single animals"),
        (
            "--input_dim=27",
            "input_dim: is 27, but the data has 28 (coordinates of an agent and its target x 7",
        ),
        ("--num_classes=5", "num_classes: is 5, but the data has 4 (attack, investigation, rear"),
    ],
)
def test_setting_that_does_not_go_with_tracks_is_named(lab_run, tmp_path, capsys, option, match):
    error = fit_fails(lab_run, capsys, tmp_path, option)
    assert match in error
    assert "allowed" in error


def test_validation_of_the_scene_is_not_that_of_single_animals(lab_run, tmp_path, capsys):
    write_dataset(scenes(val_of(lab_run)), tmp_path / "val")
    error = fit_fails(lab_run, capsys, tmp_path, val=tmp_path / "val")
    assert "val_data_dir: labels of" in error
    assert "are of the scene, but those of train_data_dir" in error


def test_validation_of_independent_behaviours_is_not_one_class_a_frame(lab_run, tmp_path, capsys):
    write_dataset([as_independent(each) for each in val_of(lab_run)], tmp_path / "val")
    error = fit_fails(lab_run, capsys, tmp_path, val=tmp_path / "val")
    assert "are of independent behaviours, but those of train_data_dir" in error


def test_validation_on_tracks_that_training_never_saw_is_an_error(lab_run, tmp_path, capsys):
    """Lab B looks at pairs alone in training, so a network says nothing of its single animals."""
    renamed = [replace(each, group="lab B") for each in val_of(lab_run)]
    write_dataset(renamed, tmp_path / "val")
    error = fit_fails(lab_run, capsys, tmp_path, val=tmp_path / "val")
    assert f"val_data_dir: {tmp_path}/val: has labels of single animals in group lab B, of" in error
    error = evaluate_fails(lab_run, capsys, tmp_path, tmp_path / "val")
    assert f"--data {tmp_path}/val: has labels of single animals in group lab B, of which" in error
    arguments = ["--train", lab_run[0].train_data_dir, "--val", tmp_path / "val"]
    error = fails(baseline_command, capsys, *arguments, "--output", tmp_path / "out")
    assert f"--val {tmp_path}/val: has labels of single animals in group lab B, of which" in error


def test_behaviour_that_training_never_looked_for_in_such_tracks_is_told(lab_run, tmp_path):
    pairs = [
        replace(each, group="lab B", tracks=tuple(t for t in each.tracks if t.target))
        for each in val_of(lab_run)
    ]
    write_dataset(pairs, tmp_path / "val")
    match = "in labels of agents toward targets in group lab B somebody looked for attack, but nob"
    with pytest.warns(InputWarning, match=match):
        scores = evaluate_command.evaluate(
            checkpoint=lab_run[1]["best_checkpoint"],
            data=str(tmp_path / "val"),
            output=str(tmp_path / "out"),
            raw=True,
        )
    assert scores["per_class"]["attack"]["recall"] == 0


def test_group_that_training_had_not_is_told_in_evaluation(lab_run, tmp_path):
    renamed = [replace(each, group="lab C") for each in val_of(lab_run)]
    write_dataset(renamed, tmp_path / "val")
    match = "val: lab C is none of the groups of the training, lab A, lab B; what these have in com"
    with pytest.warns(InputWarning, match=match):
        evaluate_command.evaluate(
            checkpoint=lab_run[1]["best_checkpoint"],
            data=str(tmp_path / "val"),
            output=str(tmp_path / "out"),
        )


def test_animals_that_lack_points_as_none_in_training_are_told(group_run, tmp_path):
    (recording,) = simulate_group(1, 100, 3, animals=3)
    has_point = np.ones((3, 7), bool)
    has_point[0, 1] = False
    keypoints = np.where(has_point[..., None], recording.keypoints, np.float32(np.nan))
    write_dataset([replace(recording, has_point=has_point, keypoints=keypoints)], tmp_path / "val")
    match = "val: some animals lack key points that all in training had"
    with pytest.warns(InputWarning, match=match):
        evaluate_command.evaluate(
            checkpoint=group_run[1]["best_checkpoint"],
            data=str(tmp_path / "val"),
            output=str(tmp_path / "out"),
        )


def test_checkpoint_of_single_animals_does_not_score_a_scene(lab_run, tmp_path, capsys):
    write_dataset(scenes(val_of(lab_run)), tmp_path / "val")
    error = evaluate_fails(lab_run, capsys, tmp_path, tmp_path / "val")
    assert "its labels are one class a frame and of the scene, but those of the training" in error


def test_checkpoint_of_a_scene_does_not_score_single_animals(lab_run, tmp_path, capsys):
    for split in ("train", "val"):
        recordings = open_dataset(getattr(lab_run[0], f"{split}_data_dir"))
        write_dataset(scenes(recordings), tmp_path / "data" / split)
    config = tiny_config(tmp_path, dataset="recordings", epochs=1)
    run = config, fit_command.fit(config)
    of_a = [each for each in val_of(lab_run) if each.group == "lab A"]
    write_dataset(of_a, tmp_path / "val")
    error = evaluate_fails(run, capsys, tmp_path, tmp_path / "val")
    assert "its labels are one class a frame and of single animals and of agents toward" in error
    assert error.endswith("but those of the training were one class a frame and of the scene\n")


def test_independent_checkpoint_does_not_score_one_class_a_frame(group_run, tmp_path, capsys):
    names = open_dataset(group_run[0].val_data_dir).class_names
    exclusive = [
        replace(
            each,
            class_names=names,
            tracks=tuple(
                LabelTrack(track.labels.argmax(1).astype("int16"), track.agent, track.target)
                for track in each.tracks
            ),
        )
        for each in simulate_group(1, 100, 3, animals=3)
    ]
    write_dataset(exclusive, tmp_path / "val")
    error = evaluate_fails(group_run, capsys, tmp_path, tmp_path / "val")
    assert "one class a frame and of single animals and of agents toward targets, but" in error
    assert "those of the training were of independent behaviours" in error


def test_trees_are_scored_on_labels_of_the_same_kind(lab_run, tmp_path, capsys):
    write_dataset([as_independent(each) for each in val_of(lab_run)], tmp_path / "val")
    arguments = ["--train", lab_run[0].train_data_dir, "--val", tmp_path / "val"]
    error = fails(baseline_command, capsys, *arguments, "--output", tmp_path / "out")
    assert "--val: labels of" in error
    assert "are of independent behaviours, but those of --train" in error
