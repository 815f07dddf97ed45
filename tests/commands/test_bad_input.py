"""What a user can get wrong with fit, evaluate, predict: one line, status 2, nothing left behind.

``prepare`` has tests of its own for what files can hold.
"""

import os
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from pose_files import write_deeplabcut
from tiny import changed, fails, flip, names_of, tiny_config

from mabe_lit import evaluate, predict
from mabe_lit import fit as fit_command
from mabe_lit.data import write_dataset
from mabe_lit.fit import fit
from mabe_lit.pose import Recording
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.simulation import simulate_recordings


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with a checkpoint, a dataset and poses that are all right."""
    folder = tmp_path_factory.mktemp("good")
    config = tiny_config(folder, epochs=1)
    fit(config)
    shutil.copy(config.run_dir / "best.ckpt", folder / "best.ckpt")
    recording = simulate_recordings(1, 80, 0)[0]
    (folder / "poses").mkdir()
    write_deeplabcut(folder / "poses/1DLC.csv", recording)
    return folder


@pytest.fixture
def good(prepared, tmp_path):
    """A copy of it to damage."""
    for part in ("best.ckpt", "poses", "data"):
        copy = shutil.copytree if (prepared / part).is_dir() else shutil.copy
        copy(prepared / part, tmp_path / part)
    return tmp_path


class Bomb:
    """Runs a command when unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return os.system, (f"touch {self.file}",)


def run_evaluate(good, capsys, **changes):
    values = {"checkpoint": good / "best.ckpt", "data": good / "data/val", "output": good / "out"}
    arguments = [part for key, value in (values | changes).items() for part in (f"--{key}", value)]
    message = fails(evaluate, capsys, *arguments)
    assert not (good / "out").exists()
    return message


def run_predict(good, capsys, **changes):
    values = {"checkpoint": good / "best.ckpt", "poses": good / "poses", "output": good / "out"}
    arguments = [part for key, value in (values | changes).items() for part in (f"--{key}", value)]
    message = fails(predict, capsys, *arguments)
    assert not (good / "out").exists()
    return message


def no_file(good):
    (good / "best.ckpt").unlink()


def empty_file(good):
    (good / "best.ckpt").write_bytes(b"")


def text_file(good):
    (good / "best.ckpt").write_text("not a checkpoint")


def truncated_file(good):
    whole = (good / "best.ckpt").read_bytes()
    (good / "best.ckpt").write_bytes(whole[: len(whole) // 2])


def folder_in_its_place(good):
    (good / "best.ckpt").unlink()
    (good / "best.ckpt").mkdir()


def other_networks_weights(good):
    torch.save({"state_dict": {"weight": torch.zeros(3)}}, good / "best.ckpt")


def bare_tensor(good):
    torch.save(torch.zeros(3), good / "best.ckpt")


def newer_version(good):
    torch.save({"mabe_lit": {"version": 99}}, good / "best.ckpt")


def flipped_bit(good):
    flip(good / "best.ckpt", 5000)


def about_with(good, **changes):
    checkpoint = torch.load(good / "best.ckpt", weights_only=True)
    checkpoint["mabe_lit"] |= changes
    torch.save(checkpoint, good / "best.ckpt")


def names_that_are_numbers(good):
    about_with(good, animal_names=["resident", 3])


def setting_that_is_text(good):
    about = torch.load(good / "best.ckpt", weights_only=True)["mabe_lit"]
    about_with(good, config=about["config"] | {"device": {}})


def setting_out_of_range(good):
    about = torch.load(good / "best.ckpt", weights_only=True)["mabe_lit"]
    about_with(good, config=about["config"] | {"frame_gap": 10**30})


def rate_that_is_none(good):
    about_with(good, trained_on={"fps": [0.0]})


def weights_that_are_no_numbers(good):
    checkpoint = torch.load(good / "best.ckpt", weights_only=True)
    for weights in checkpoint["state_dict"].values():
        weights.fill_(float("nan"))
    torch.save(checkpoint, good / "best.ckpt")


def lost_weights(good):
    checkpoint = torch.load(good / "best.ckpt", weights_only=True)
    checkpoint["state_dict"].popitem()
    torch.save(checkpoint, good / "best.ckpt")


def pickle_bomb(good):
    (good / "best.ckpt").write_bytes(pickle.dumps(Bomb(good / "exploded")))


def torch_bomb(good):
    torch.save({"mabe_lit": Bomb(good / "exploded")}, good / "best.ckpt")


def table_file(good):
    (good / "best.ckpt").write_text("epoch,val_loss\n1,0.5\n")


CHECKPOINTS = [
    (table_file, "is not a readable checkpoint"),
    (no_file, "no such checkpoint"),
    (empty_file, "is not a readable checkpoint"),
    (text_file, "is not a readable checkpoint"),
    (truncated_file, "is not a readable checkpoint"),
    (folder_in_its_place, "is a folder, expected a checkpoint file"),
    (other_networks_weights, "is a PyTorch file, but no checkpoint of mabe_lit"),
    (bare_tensor, "is a PyTorch file, but no checkpoint of mabe_lit"),
    (newer_version, "is a checkpoint of version 99, this release reads 1"),
    (flipped_bit, "best.ckpt: is damaged: its bytes are not those that were written; copy it"),
    (names_that_are_numbers, "animal_names: expected a list of names, found ['resident', 3]"),
    (setting_that_is_text, "config: device: expected one of auto, cpu, cuda, found {}"),
    (setting_out_of_range, "best.ckpt: frame_gap: must be 1 to 10,000, got 1000"),
    (rate_that_is_none, "trained_on: fps: expected a list of frames per second, found [0.0]"),
    (weights_that_are_no_numbers, "its probabilities are no numbers; the checkpoint's weights may"),
    (lost_weights, "does not fit this release of mabe_lit"),
    (pickle_bomb, "is not a readable checkpoint"),
    (torch_bomb, "is not a readable checkpoint"),
]


@pytest.mark.parametrize("run", [run_evaluate, run_predict], ids=["evaluate", "predict"])
@pytest.mark.parametrize(
    ("damage", "message"), CHECKPOINTS, ids=[d.__name__ for d, _ in CHECKPOINTS]
)
def test_checkpoint_that_is_none(good, capsys, run, damage, message):
    damage(good)
    assert message in run(good, capsys)
    assert not (good / "exploded").exists()


def dataset_with(good, **changes):
    recording = simulate_recordings(1, 80, 0)[0]
    shutil.rmtree(good / "data/val")
    write_dataset([changed(recording, **changes)], good / "data/val")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"class_names": ("a", "b", "c", "d")}, "has the classes a, b, c, d, but the checkpoint"),
        ({"keypoint_names": tuple("abcdefg")}, "has the key points a, b, c, d, e, f, g, but"),
        (
            {"keypoints": np.zeros((80, 1, 7, 2), np.float32), "animal_names": ("mouse",)},
            "has 1 animals (mouse), but the checkpoint was trained on 2",
        ),
        ({"labels": np.full(80, -100, np.int16)}, "no frame is scored"),
    ],
    ids=["classes", "keypoints", "animals", "unscored"],
)
def test_evaluate_data_that_does_not_fit(good, capsys, changes, message):
    dataset_with(good, **changes)
    assert message in run_evaluate(good, capsys)


def test_evaluate_data_that_is_missing(good, capsys):
    assert "no such folder" in run_evaluate(good, capsys, data=good / "nowhere")


def test_evaluate_data_that_is_damaged(good, capsys):
    (good / "data/val/label_codes.npy").write_bytes(b"")
    assert "label_codes.npy: is not a readable NumPy array" in run_evaluate(good, capsys)


def test_evaluate_averages_over_known_classes_only(good, capsys):
    message = run_evaluate(good, capsys, average_over="bite")
    assert "--average_over: bite is not among the classes attack, investigation" in message


def test_evaluate_needs_its_options(capsys):
    assert "give --checkpoint, --data, --output" in fails(evaluate, capsys)


def test_predict_poses_with_other_keypoints(good, capsys):
    recording = simulate_recordings(1, 80, 0)[0]
    other = Recording.unscored(
        "1", recording.keypoints, 30.0, names_of(recording)[0], tuple("abcdefg")
    )
    write_deeplabcut(good / "poses/1DLC.csv", other)
    message = run_predict(good, capsys)
    assert "1DLC.csv: has the key points a, b, c, d, e, f, g, but the checkpoint" in message


def test_predict_names_what_is_damaged_and_writes_the_others(good, capsys):
    whole = (good / "poses/1DLC.csv").read_text()
    (good / "poses/2DLC.csv").write_text(whole[:-40])
    (good / "poses/3DLC.csv").write_text(whole)
    (good / "poses/4DLC.csv").write_text("")
    output = good / "out"
    options = ("--checkpoint", good / "best.ckpt", "--poses", good / "poses", "--output", output)
    with pytest.raises(SystemExit) as end:
        predict.main([str(option) for option in options])
    captured = capsys.readouterr()
    assert end.value.code == 2
    (line,) = captured.err.splitlines()
    assert "2DLC.csv: line" in line
    assert "4DLC.csv: is empty" in line
    assert line.endswith(f"; the tables of 2 others are in {output}")
    assert captured.out.splitlines() == ["1 of 4: 1", "3 of 4: 3"]
    names = [f"{name}.{kind}.csv" for name in (1, 3) for kind in ("bouts", "frames")]
    names += ["summary.csv", "transitions.csv"]
    assert sorted(file.name for file in output.iterdir()) == names
    assert pd.read_csv(output / "summary.csv")["recording"].unique().tolist() == [1, 3]


def test_predict_takes_rate_and_threshold_of_the_training(good, tmp_path):
    checkpoint = torch.load(good / "best.ckpt", weights_only=True)
    about = checkpoint["mabe_lit"]["trained_on"]
    assert about["fps"] == [30.0]
    table = (good / "poses/1DLC.csv").read_text().replace("0.99", "0.5")
    (good / "poses/1DLC.csv").write_text(table)

    def predicted(name, **changes):
        options = {"checkpoint": str(good / "best.ckpt"), "poses": str(good / "poses")} | changes
        frames, _ = predict.predict(**options, output=str(tmp_path / name))
        return pd.read_csv(frames)

    about |= {"fps": [10.0], "likelihood_below": 0.2}
    torch.save(checkpoint, good / "best.ckpt")
    assert predicted("as trained")["time_s"][1] == 0.1
    assert predicted("another rate", fps=20.0)["time_s"][1] == 0.05
    with (
        pytest.warns(InputWarning, match=r"--likelihood_below is 0.9, but training had 0.2"),
        pytest.raises(InputError, match="never tracked"),
    ):
        predicted("nothing left", likelihood_below=0.9)
    about |= {"fps": [10.0, 25.0]}
    torch.save(checkpoint, good / "best.ckpt")
    with pytest.raises(InputError, match="training had recordings of 10 and 25 frames a second"):
        predicted("which")


def test_predict_puts_the_animals_in_the_order_of_the_training(good, tmp_path):
    recording = simulate_recordings(1, 80, 0)[0]
    swapped = Recording.unscored(
        "1",
        recording.keypoints[:, ::-1],
        30.0,
        recording.animal_names[::-1],
        names_of(recording)[1],
    )
    options = {"checkpoint": str(good / "best.ckpt"), "poses": str(good / "poses")}
    first, _ = predict.predict(**options, output=str(tmp_path / "as trained"))
    write_deeplabcut(good / "poses/1DLC.csv", swapped)
    second, _ = predict.predict(**options, output=str(tmp_path / "swapped"))
    assert first.read_text() == second.read_text()


def test_evaluate_animals_in_another_order(good, capsys):
    dataset_with(good, animal_names=("intruder", "resident"))
    message = run_evaluate(good, capsys)
    assert "has the animals intruder, resident in this order, but the checkpoint" in message


def test_predict_leaves_no_folders_that_it_made(good, capsys):
    (good / "poses/1DLC.csv").write_text("not poses")
    fails(
        predict,
        capsys,
        *("--checkpoint", good / "best.ckpt", "--poses", good / "poses/1DLC.csv"),
        *("--output", good / "new/folders/out"),
    )
    assert not (good / "new").exists()


def test_predict_poses_that_are_missing(good, capsys):
    assert "nowhere" in run_predict(good, capsys, poses=good / "nowhere")


def test_predict_folder_without_poses(good, capsys):
    (good / "poses/1DLC.csv").unlink()
    assert "poses" in run_predict(good, capsys)


def test_predict_numbers_out_of_range(good, capsys):
    assert "fps" in run_predict(good, capsys, fps=0)
    assert "likelihood_below" in run_predict(good, capsys, likelihood_below=2)


def test_predict_device_that_is_none(good, capsys):
    assert "device: must be auto, cpu or cuda, got 'tpu'" in run_predict(good, capsys, device="tpu")


@pytest.mark.parametrize("command", [evaluate, predict], ids=["evaluate", "predict"])
def test_output_that_is_a_file(good, capsys, command):
    (good / "out").write_text("mine")
    key, value = ("data", good / "data/val") if command is evaluate else ("poses", good / "poses")
    output = ("--output", good / "out")
    fails(command, capsys, "--checkpoint", good / "best.ckpt", f"--{key}", value, *output)
    assert (good / "out").read_text() == "mine"


def test_fit_checkpoint_dir_that_is_a_file(good, capsys):
    (good / "runs").write_text("mine")
    fails(
        fit_command,
        capsys,
        *("--train_data_dir", good / "data/train", "--val_data_dir", good / "data/val"),
        *("--checkpoint_dir", good / "runs"),
    )
    assert (good / "runs").read_text() == "mine"


def test_fit_dataset_that_is_damaged(good, capsys):
    (good / "data/train/dataset.json").write_text("{")
    data = ("--train_data_dir", good / "data/train", "--val_data_dir", good / "data/val")
    message = fails(fit_command, capsys, *data, "--checkpoint_dir", good / "runs")
    assert "train_data_dir: " in message
    assert "dataset.json: is not valid JSON" in message
    assert not (good / "runs").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_fit_cuda_where_there_is_none(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = fails(fit_command, capsys, "--device", "cuda")
    assert "device: is cuda, but PyTorch finds no GPU here; allowed are auto and cpu" in message
    assert list(tmp_path.iterdir()) == []


def test_fit_run_folder_that_is_damaged(good, capsys):
    (good / "runs/a").mkdir(parents=True)
    (good / "runs/a/config.yaml").write_text("a: [")
    data = ("--train_data_dir", good / "data/train", "--val_data_dir", good / "data/val")
    message = fails(fit_command, capsys, *data, "--checkpoint_dir", good / "runs", "--run", "a")
    assert "config.yaml: is not valid YAML" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes to read-only folders")
@pytest.mark.parametrize("run", [run_evaluate, run_predict], ids=["evaluate", "predict"])
def test_output_in_a_read_only_folder(good, capsys, run):
    (good / "locked").mkdir(mode=0o500)
    assert "Permission denied" in run(good, capsys, output=good / "locked/out")
