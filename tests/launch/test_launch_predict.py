"""``launch/upload.py`` and ``launch/predict.py`` against the emulator."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from modal_emulator.client import PROJECT, ModalCloud
from pose_files import write_deeplabcut

from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.predict import predict
from mabe_lit.prepare import prepare
from mabe_lit.simulation import simulate_recordings

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
