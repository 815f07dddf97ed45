"""``launch/train.py`` and ``launch/download.py`` against the emulator: one run from end to end."""

import importlib.metadata
import json
import os
import re
import sys
from pathlib import Path, PurePosixPath

import pytest
from modal_emulator.client import PROJECT, ModalCloud

TINY = ["--config", "smoke", "--hidden_dim", "16", "--epochs", "2", "--run", "tiny"]


@pytest.fixture(scope="module")
def output(shared_cloud: ModalCloud) -> str:
    """What a training printed, with a setting of the package by its name."""
    return shared_cloud.modal("run", "launch/train.py", *TINY).stdout


def result_of(cloud: ModalCloud, run: str) -> dict:
    return json.loads((cloud.volume / "checkpoints" / run / "result.json").read_text())


@pytest.mark.usefixtures("output")
def test_train_asks_for_the_documented_container(shared_cloud):
    (function,) = [f for f in shared_cloud.state()["functions"] if f["name"] == "train"][:1]
    assert function["gpu"] == "T4:1"
    assert function["timeout"] == 7200
    assert function["startup_timeout"] == 600
    assert function["retries"]["retries"] == 10
    assert function["single_use_containers"]
    assert function["volumes"] == {"/vol": "mabe-data"}
    assert not function["secrets"]
    assert shared_cloud.state()["apps"][0]["description"] == "mabe-training-basic"


@pytest.mark.usefixtures("output")
def test_train_pins_the_image_to_what_is_installed_here(shared_cloud):
    image = "\n".join(shared_cloud.state()["functions"][0]["image"])
    assert f"python:{sys.version_info[0]}.{sys.version_info[1]}" in image
    for name in ("torch", "lightning", "numpy", "h5py"):
        version = importlib.metadata.version(name).partition("+")[0]
        assert f"{name}=={version}" in image
    assert "torchvision" not in image
    assert "+cpu" not in image
    assert str(PROJECT) not in image


@pytest.mark.usefixtures("output")
def test_train_mounts_the_two_packages_and_the_settings_only(shared_cloud):
    mounted = shared_cloud.state()["functions"][0]["mounted_files"]
    home = PurePosixPath(os.path.commonpath(mounted))
    files = [str(PurePosixPath(file).relative_to(home)) for file in mounted]
    assert {"mabe_lit/fit.py", "launch/app.py", "train.py", "configs/social.yaml"} <= set(files)
    ours = re.compile(r"((mabe_lit|launch)/[a-z_0-9/]+|train)\.py|configs/[a-z_0-9]+\.yaml")
    assert [file for file in files if not ours.fullmatch(file)] == []


def test_train_streams_epochs_then_scores_and_the_download_command(output):
    lines = output.splitlines()
    epochs = [line for line in lines if re.match(r"epoch +\d/2 .*loss.*macro F1.*it/s.*left", line)]
    assert len(epochs) == 2
    table = next(i for i, line in enumerate(lines) if line.startswith("macro average"))
    command = next(i for i, line in enumerate(lines) if "launch/download.py --run tiny" in line)
    assert lines.index(epochs[-1]) < table < command
    assert "Warning" not in output


@pytest.mark.usefixtures("output")
def test_train_leaves_the_run_and_the_data_in_the_volume(shared_cloud):
    run = shared_cloud.volume / "checkpoints" / "tiny"
    names = {
        "best.ckpt",
        "last.ckpt",
        "epoch-002.ckpt",
        "config.yaml",
        "curves.png",
        "metrics.csv",
        "result.json",
    }
    assert {file.name for file in run.iterdir()} == names
    assert (shared_cloud.volume / "data/smoke/train/dataset.json").is_file()


@pytest.mark.usefixtures("output")
def test_train_commits_after_each_checkpoint(shared_cloud):
    (task,) = shared_cloud.state()["tasks"][:1]
    explicit = [commit["changed"] for commit in task["commits"] if commit["why"] == "explicit"]
    with_last = [files for files in explicit if "checkpoints/tiny/last.ckpt" in files]
    assert len(with_last) == 2, "one for each epoch"
    assert all(not Path(name).name.startswith(".") for files in explicit for name in files)


@pytest.mark.usefixtures("output")
def test_download_is_the_volumes_file_and_evaluates_to_the_reported_score(shared_cloud, tmp_path):
    from mabe_lit.evaluate import evaluate

    done = shared_cloud.modal("run", "launch/download.py", "--run", "tiny")
    assert "checkpoints/tiny/best.ckpt (" in done.stdout
    local = shared_cloud.folder / "checkpoints/tiny/best.ckpt"
    assert local.read_bytes() == (shared_cloud.volume / "checkpoints/tiny/best.ckpt").read_bytes()
    assert [file.name for file in local.parent.iterdir()] == ["best.ckpt"]
    data = shared_cloud.volume / "data/smoke/val"
    scores = evaluate(checkpoint=str(local), data=str(data), output=str(tmp_path), raw=True)
    assert scores["macro_f1"] == result_of(shared_cloud, "tiny")["macro_f1"]


@pytest.mark.usefixtures("output")
def test_download_without_run_lists_the_runs(shared_cloud):
    done = shared_cloud.modal("run", "launch/download.py")
    score = result_of(shared_cloud, "tiny")["macro_f1"]
    assert re.search(rf"^tiny +2 +{score:.4f} +finished +\d+ min ago +\d", done.stdout, re.M)


@pytest.mark.usefixtures("output")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--run", "tyni"),
            "run: no 'tyni' in checkpoints of the Volume mabe-data; there are tiny",
        ),
        (("--run", "tiny", "--file", "x.ckpt"), "file: no 'x.ckpt' in the run 'tiny'; there are "),
    ],
)
def test_download_names_what_there_is(shared_cloud, options, message):
    done = shared_cloud.modal("run", "launch/download.py", *options, status=2)
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1


@pytest.mark.usefixtures("output")
def test_download_of_a_damaged_checkpoint_is_refused_and_leaves_nothing(shared_cloud):
    stored = shared_cloud.volume / "checkpoints/tiny/epoch-002.ckpt"
    whole = stored.read_bytes()
    damaged = bytearray(whole)
    damaged[len(damaged) // 2] ^= 1
    stored.write_bytes(damaged)
    try:
        options = ("--run", "tiny", "--file", stored.name, "--output", "fetched")
        done = shared_cloud.modal("run", "launch/download.py", *options, status=2)
    finally:
        stored.write_bytes(whole)
    assert done.stderr.startswith("error: checkpoints/tiny/epoch-002.ckpt: is damaged: its bytes")
    assert done.stderr.count("\n") == 1
    assert list((shared_cloud.folder / "fetched").iterdir()) == []


@pytest.mark.usefixtures("output")
def test_finished_run_shows_its_result_and_starts_no_container(shared_cloud):
    before = len(shared_cloud.state()["calls"])
    done = shared_cloud.modal("run", "launch/train.py", *TINY)
    assert "macro average" in done.stdout
    assert len(shared_cloud.state()["calls"]) == before


@pytest.mark.usefixtures("output")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("--run", "tiny", "--seed", "7"),
            "run: tiny in the Volume was started with another value",
        ),
        (
            ("--train_data_dir", "data/rats", "--val_data_dir", "data/rats-val"),
            "train_data_dir: data/rats is not in the Volume mabe-data; modal run launch/upload.py",
        ),
        (
            (
                *("--dataset", "recordings", "--num_classes", "3"),
                *("--train_data_dir", "data/smoke/train", "--val_data_dir", "data/smoke/val"),
            ),
            "num_classes: is 3, but data/smoke/train in the Volume has 4 (attack, ",
        ),
    ],
)
def test_what_the_volume_tells_costs_no_container(shared_cloud, options, message):
    before = len(shared_cloud.state()["calls"])
    options = ("--hidden_dim", "16", "--epochs", "2", *options)
    done = shared_cloud.modal("run", "launch/train.py", *options, status=2)
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert len(shared_cloud.state()["calls"]) == before


@pytest.mark.usefixtures("output")
def test_error_in_the_container_is_one_line_and_is_not_retried(shared_cloud):
    options = (*TINY[:-1], "no-gpu", "--device", "cuda")
    done = shared_cloud.modal("run", "launch/train.py", *options, status=2)
    message = "device: is cuda, but PyTorch finds no GPU here; allowed are auto and cpu"
    assert done.stderr.splitlines() == [f"error: {message}"]
    assert "Traceback" not in done.stdout
    (attempt,) = shared_cloud.state()["calls"][-1]["inputs"]
    assert attempt["attempts"] == 1


@pytest.mark.usefixtures("output")
def test_several_gpus_train_together(shared_cloud):
    done = shared_cloud.modal("run", "launch/train.py", *TINY[:-1], "pair", "--gpu", "T4:2")
    assert len(re.findall(r"^epoch +\d/2 ", done.stdout, re.M)) == 2
    assert "T4:2" in [function["gpu"] for function in shared_cloud.state()["functions"]]
    alone, pair = (result_of(shared_cloud, run) for run in ("tiny", "pair"))
    assert pair["steps"] == alone["steps"] / 2, "each device has half of the windows"


@pytest.mark.usefixtures("output")
def test_full_volume_is_one_line(shared_cloud):
    shared_cloud.limit_files(64)
    try:
        options = (*TINY[:-1], "full")
        done = shared_cloud.modal("run", "launch/train.py", *options, status=2)
    finally:
        shared_cloud.limit_files(None)
    assert done.stderr == "error: /vol/checkpoints/full/best.ckpt: File too large\n"
    assert "Traceback" not in done.stdout
    assert shared_cloud.state()["unknown_procedures"] == {}
