"""``launch/upload.py`` and ``launch/predict.py`` against the emulator."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from modal_emulator.client import PROJECT, ModalCloud
from pose_files import write_deeplabcut
from tiny import tiny_config
from two_labs import without_ears, write_two_labs

from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.fit import fit
from mabe_lit.predict import predict
from mabe_lit.prepare import prepare
from mabe_lit.shell import InputWarning
from mabe_lit.simulation import simulate_group, simulate_recordings

REAL_DATA = Path(os.environ.get("MABE_REAL_DATA", PROJECT.parent / "shared/data"))


@pytest.fixture
def poses(modal_cloud: ModalCloud) -> Path:
    """Two recordings in pose files, and the datasets ``data/own/train`` and ``data/own/val``."""
    recordings = [
        replace(recording, likelihood=np.full((700, 2, 7), 0.99, np.float32))
        for recording in simulate_recordings(4, 700, 1, prefix="own")
    ]
    data = modal_cloud.folder / "data/own"
    source = {"background": "other"}
    write_dataset(recordings[:2], data / "train", source=source)
    write_dataset(recordings[2:], data / "val", source=source)
    folder = modal_cloud.folder / "poses"
    folder.mkdir()
    for recording in recordings[2:]:
        write_deeplabcut(folder / f"{recording.name}.csv", recording)
    return folder


def assert_same_tables(cloud: ModalCloud, poses: Path, count: int) -> None:
    """The tables in ``tables`` are those that a prediction on this machine makes."""
    checkpoint = cloud.folder / "checkpoints/own/best.ckpt"
    cloud.modal("run", "launch/download.py", "--run", "own")
    expected = cloud.folder / "expected"
    predict(checkpoint=str(checkpoint), poses=str(poses), output=str(expected), format=FORMATS)
    names = sorted(file.name for file in expected.iterdir())
    assert len(names) == 3 * count + 2  # and the summaries
    assert sorted(file.name for file in (cloud.folder / "tables").iterdir()) == names
    for name in names:
        assert (cloud.folder / "tables" / name).read_bytes() == (expected / name).read_bytes()


TRAIN = [
    *("run", "launch/train.py", "--config", "configs/smoke.yaml", "--run", "own"),
    *("--dataset", "recordings", "--hidden_dim", "16"),
]
FORMATS = ["csv", "bento"]
PREDICT = ["run", "launch/predict.py", "--run", "own", "--poses", "poses", "--output", "tables"]
PREDICT += ["--format", *FORMATS]


def test_upload_train_and_predict(modal_cloud: ModalCloud, poses: Path):
    upload = ("run", "launch/upload.py", "--data", "data/own/train", "data/own/val")
    done = modal_cloud.modal(*upload)
    assert "data/own/val is in the Volume mabe-data" in done.stdout
    for split in ("train", "val"):
        uploaded = open_dataset(modal_cloud.volume / "data/own" / split)
        local = open_dataset(modal_cloud.folder / "data/own" / split)
        assert np.array_equal(uploaded.keypoints, local.keypoints, equal_nan=True)
        assert np.array_equal(uploaded.likelihood, local.likelihood)
    received = modal_cloud.state()["received_bytes"]
    modal_cloud.modal(*upload)
    assert modal_cloud.state()["received_bytes"] == received, "unchanged files were sent again"

    folders = ("--train_data_dir", "data/own/train", "--val_data_dir", "data/own/val")
    modal_cloud.modal(*TRAIN, *folders, "--epochs", "1")
    for file in poses.iterdir():
        broken = file.read_text() + "not,a,row,of,poses\n"
        (modal_cloud.folder / "mixed").mkdir(exist_ok=True)
        (modal_cloud.folder / "mixed" / file.name).symlink_to(file)
    (modal_cloud.folder / "mixed/broken.csv").write_text(broken)
    done = modal_cloud.modal(*PREDICT, "--poses", "mixed", status=2)
    assert "2 recordings: tables in tables" in done.stdout
    assert done.stderr.startswith("error: 1 recordings failed: ")
    assert "broken.csv" in done.stderr
    assert done.stderr.count("\n") == 1
    assert_same_tables(modal_cloud, poses, 2)


def test_prediction_tells_agents_and_takes_a_group(modal_cloud: ModalCloud):
    """The checkpoint lies in the Volume already, so that the test does not wait for its training.

    One recording lacks points, both have other animals.
    """
    write_two_labs(modal_cloud.folder, frames=200)
    config = tiny_config(
        modal_cloud.folder, dataset="recordings", group_embedding=True, epochs=1, run="own"
    )
    checkpoint = fit(config)["best_checkpoint"]
    (modal_cloud.volume / "checkpoints/own").mkdir(parents=True)
    shutil.copy(checkpoint, modal_cloud.volume / "checkpoints/own/best.ckpt")
    poses = modal_cloud.folder / "poses"
    (poses / "day1").mkdir(parents=True)
    two, three = (simulate_group(1, 90, 4, animals=animals)[0] for animals in (2, 3))
    write_deeplabcut(poses / "day1" / "two.csv", two)
    write_deeplabcut(poses / "three.csv", without_ears(three))
    modal_cloud.modal(*PREDICT, "--group", "lab A")
    expected = modal_cloud.folder / "expected"
    with pytest.warns(InputWarning, match="three: key points that are not tracked here: left_ear"):
        predict(
            checkpoint=checkpoint,
            poses=str(poses),
            output=str(expected),
            format=FORMATS,
            group="lab A",
        )
    files = sorted(file.relative_to(expected) for file in expected.rglob("*.*"))
    assert len(files) == 3 * 2 + 2
    tables = modal_cloud.folder / "tables"
    assert sorted(file.relative_to(tables) for file in tables.rglob("*.*")) == files
    for file in files:
        assert (tables / file).read_bytes() == (expected / file).read_bytes()
    header, *rows = (tables / "summary.csv").read_text().splitlines()
    assert header.startswith("recording,agent,target,behavior,")
    assert len(rows) == (2 * 2 + 2 * 3) + (3 * 2 + 6 * 3), "own and pair classes of lab A"
    assert sum(row.startswith("day1/two,mouse2,mouse1,") for row in rows) == 3


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::mabe_lit.shell.errors.InputWarning"
)  # annotations past the video
def test_real_recordings_as_prepared(modal_cloud: ModalCloud):
    source = REAL_DATA / "rat_social"
    if not source.is_dir():
        pytest.skip(f"no real recordings in {source}; MABE_REAL_DATA names their folder")
    for split in ("train", "val"):
        prepare(
            poses=str(source / split),
            annotations=str(source / split),
            classes=["aggression", "social", "nonsocial"],
            channel="S1",
            output=str(modal_cloud.folder / "data/own" / split),
        )
    poses = modal_cloud.folder / "poses"
    poses.mkdir()
    for file in sorted((source / "val").glob("*.csv"))[:2]:
        (poses / file.name).symlink_to(file)
    modal_cloud.modal("run", "launch/upload.py", "--data", "data/own/train", "data/own/val")
    folders = ("--train_data_dir", "data/own/train", "--val_data_dir", "data/own/val")
    modal_cloud.modal(*TRAIN, *folders, "--epochs", "1", timeout_s=1200)
    modal_cloud.modal(*PREDICT, timeout_s=600)
    assert_same_tables(modal_cloud, poses, 2)


def test_join_summaries_names_recordings_by_their_folders():
    from launch.predict import join_summaries

    summary = b'recording,behavior,bouts\nvideo,"rear, left",%d\nvideo,rest,0\n'
    each = {f"day{day}/video": {"summary.csv": summary % day} for day in (1, 2)}
    assert join_summaries(each) == {
        "summary.csv": b'recording,behavior,bouts\nday1/video,"rear, left",1\nday1/video,rest,0\n'
        b'day2/video,"rear, left",2\nday2/video,rest,0\n'
    }


def test_join_summaries_keeps_agents_and_targets():
    from launch.predict import join_summaries

    summary = b"recording,agent,target,behavior,bouts\nvideo,m1,,rear,1\nvideo,m1,m2,sniff,0\n"
    assert join_summaries({"a/video": {"summary.csv": summary}, "b": {"summary.csv": summary}}) == {
        "summary.csv": b"recording,agent,target,behavior,bouts\n"
        b"a/video,m1,,rear,1\na/video,m1,m2,sniff,0\nb,m1,,rear,1\nb,m1,m2,sniff,0\n"
    }
