"""A training that is killed at random moments ends as if it had never been."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from tiny import tiny_config

from mabe_lit.fit import fit
from mabe_lit.training import read_checkpoint

KILLS = int(os.environ.get("MABE_KILLS", "3"))
"""How often to kill; more take longer and find more."""


def assert_complete(folder: Path):
    """Every file under a final name can be read."""
    for file in folder.rglob("*"):
        if file.name.startswith(".") or not file.is_file():
            continue
        if file.suffix == ".ckpt":
            read_checkpoint(file)
        elif file.suffix == ".npy":
            np.load(file)
        elif file.suffix in (".yaml", ".json"):
            assert yaml.safe_load(file.read_text())
        elif file.suffix == ".csv":
            lines = file.read_text().splitlines()
            assert len({line.count(",") for line in lines}) == 1


def test_run_killed_at_random_moments_ends_with_the_same_weights(tmp_path):
    epochs = 2 * KILLS + 6
    settings = {"epochs": epochs, "synthetic_train_frames": 6000, "hidden_dim": 64, "save_freq": 3}
    undisturbed = tiny_config(tmp_path / "whole", **settings)
    start = time.perf_counter()
    fit(undisturbed)
    training_seconds = time.perf_counter() - start

    config = tiny_config(tmp_path / "killed", **settings)
    tmp_path.joinpath("killed").mkdir()
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config.to_dict()))
    command = [sys.executable, "-m", "mabe_lit.fit", "--config", str(file)]
    moments, startup_seconds = random.Random(7), 0.0
    for kill in range(KILLS):
        start = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            # Half of the kills wait for a line, to fall into training; the others come sooner, so
            # that however fast the machine is, no run has ended before it is killed.
            if kill % 2:
                time.sleep(moments.uniform(0.4, 0.95) * startup_seconds)
            else:
                process.stdout.readline()
                startup_seconds = time.perf_counter() - start
                time.sleep(moments.uniform(0, 1.5 * training_seconds / epochs))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        assert_complete(tmp_path / "killed")
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=300)
    ours, theirs = (
        read_checkpoint(each.run_dir / "last.ckpt")["state_dict"] for each in (config, undisturbed)
    )
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
