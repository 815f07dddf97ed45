"""Several processes that train together."""

import csv
import itertools
import subprocess
import sys

import numpy as np
import pytest
import torch
from tiny import MICE, tiny_config

from mabe_lit.compute import check_devices, resolve_device
from mabe_lit.data import batches
from mabe_lit.data.batches import TrainingBatches, ValidationBatches
from mabe_lit.fit import fit
from mabe_lit.shell import InputError
from mabe_lit.training import BehaviorClassifier, BehaviorDataModule, build_trainer
from mabe_lit.training.callbacks import quiet_lightning


def windows_of(some):
    """Those that show any frame; a process without a share has padding."""
    return [
        window.tobytes()
        for batch in some
        for window, shows in zip(
            batch.windows.frames, batch.windows.is_inside.any(axis=1), strict=True
        )
        if shows
    ]


@pytest.mark.parametrize("devices", [2, 3])
@pytest.mark.parametrize("is_large", [False, True])
def test_processes_share_the_batches_of_one_alone(tmp_path, monkeypatch, devices, is_large):
    monkeypatch.setattr(batches, "is_large", lambda _: is_large)
    monkeypatch.setattr(batches, "POOL_BYTES", 200_000)
    config = tiny_config(tmp_path, devices=devices, batch_size=4)
    data = BehaviorDataModule(config)
    data.prepare_data()
    data.setup()
    alone = TrainingBatches(data.train, tiny_config(tmp_path, batch_size=4 * devices))
    shares = []
    for rank in range(devices):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        share = TrainingBatches(data.train, config)
        shares.append([windows_of([batch]) for batch in share])
        assert len(shares[-1]) == len(share) == len(alone), "or one would wait for the others"
    together = [[*itertools.chain(*of_batch)] for of_batch in zip(*shares, strict=True)]
    assert together == [windows_of([batch]) for batch in alone], "none twice, none missing"


def test_validation_is_whole_in_each_process(tmp_path, monkeypatch):
    config = tiny_config(tmp_path, devices=2)
    data = BehaviorDataModule(config)
    data.prepare_data()
    data.setup()
    monkeypatch.setenv("LOCAL_RANK", "1")
    windows = [batch.windows for batch in ValidationBatches(data.val, config)]
    frames = np.concatenate([each.frames[each.is_inside] for each in windows])
    assert np.array_equal(np.sort(frames), np.arange(data.val.runs.places))


def test_processes_draw_random_numbers_of_their_own(tmp_path, monkeypatch):
    config = tiny_config(tmp_path, devices=2)
    classifier = BehaviorClassifier(
        config,
        MICE,
    )
    drawn = []
    for rank in ("0", "1", "1"):
        monkeypatch.setenv("LOCAL_RANK", rank)
        classifier.on_train_epoch_start()
        drawn.append(torch.rand(4))
    assert not torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[1], drawn[2])


FAILING = """
import sys, time
from mabe_lit.compute import distributed
from mabe_lit.config import Config
distributed._LOOK_SECONDS = distributed._GRACE_SECONDS = 0.1
config = Config(devices=2, run="none", checkpoint_dir=sys.argv[1])
with distributed.other_processes(config, "mabe_lit.runs.worker"):
    time.sleep(100)  # as in a library that waits for the other process
"""


def test_process_does_not_wait_for_one_that_failed(tmp_path):
    command = [sys.executable, "-c", FAILING, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert "none/config.yaml" in first
    assert second == "error: the process of another device ended with status 2"


@pytest.mark.parametrize("devices", [1, 2])
def test_job_of_slurm_is_one_process_that_starts_the_others(tmp_path, monkeypatch, devices):
    for name, value in {
        "NTASKS": "4",
        "JOB_NAME": "train",
        "JOB_ID": "1",
        "PROCID": "0",
        "LOCALID": "0",
        "NODEID": "0",
        "NTASKS_PER_NODE": "4",
        "NNODES": "1",
    }.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    config = tiny_config(tmp_path, devices=devices)
    with quiet_lightning():
        trainer = build_trainer(config, resolve_device("cpu"), callbacks=[])
    assert trainer.world_size == devices
    assert trainer.is_global_zero


def test_more_devices_than_gpus_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    with pytest.raises(InputError, match="devices: is 2, but PyTorch finds 1 GPUs here"):
        check_devices(tiny_config(tmp_path, devices=2), resolve_device("cuda"))


def test_two_processes_learn_as_one_does_from_the_same_batches(tmp_path):
    """With dropout each would draw other numbers; all else is the same but for rounding."""
    curves, macro_f1, threads = [], [], torch.get_num_threads()
    for devices, size in ((1, 8), (2, 4)):
        config = tiny_config(
            tmp_path,
            devices=devices,
            batch_size=size,
            dropout=0.0,
            precision="fp32",
            learning_rate=1e-3,
            run=f"of-{devices}",
        )
        fit(config)
        with (config.run_dir / "metrics.csv").open() as file:
            rows = list(csv.DictReader(file))
        curves.append([(float(row["train_loss"]), float(row["val_loss"])) for row in rows])
        macro_f1.append([float(row["train_macro_f1"]) for row in rows])
        steps = int(rows[-1]["step"])
    assert np.allclose(*curves, rtol=1e-4)
    assert np.allclose(*macro_f1, atol=2e-3), "of all frames, though rounding may turn a few"
    assert not np.allclose(curves[0][0], curves[0][-1], rtol=1e-2), "or nothing was learned"
    assert steps > 2
    assert torch.get_num_threads() == threads, (
        "a process that trained with others has its cores back"
    )
