import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import Killed, flip, tiny_config

from mabe_lit.fit import fit
from mabe_lit.runs.checkpoints import newest_checkpoint
from mabe_lit.shell import InputError
from mabe_lit.training import load_classifier, read_checkpoint

EARLIER = Path(__file__).parents[1] / "earlier_release/best.ckpt"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run that was killed after its second epoch."""
    config = tiny_config(tmp_path_factory.mktemp("run"), synthetic_train_frames=512, epochs=3)
    calls = []

    def kill():
        calls.append(None)
        if len(calls) == 5:  # best, last, best, epoch-002, last
            raise Killed

    with pytest.raises(Killed):
        fit(config, kill)
    return config.run_dir


def test_hundred_flipped_bytes_of_a_checkpoint_are_all_noticed(run, tmp_path):
    file = tmp_path / "a.ckpt"
    shutil.copy(run / "last.ckpt", file)
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(whole), 100):
        flip(file, place, int(rng.integers(1, 256)))
        with pytest.raises(InputError, match=r"a\.ckpt: is damaged: .*; copy it again$"):
            read_checkpoint(file)
        file.write_bytes(whole)
    assert read_checkpoint(file)["global_step"] > 0


def test_newest_checkpoint_skips_those_that_are_damaged(run, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    assert newest_checkpoint(folder) == folder / "last.ckpt"
    flip(folder / "last.ckpt", 9000)
    assert newest_checkpoint(folder) in {folder / "epoch-002.ckpt", folder / "best.ckpt"}
    for file in folder.glob("*.ckpt"):
        flip(file, -1)
    flip(folder / "last.ckpt", -2)
    assert newest_checkpoint(folder) is None


def test_flipped_content_of_an_earlier_releases_checkpoint_is_noticed(tmp_path):
    load_classifier(EARLIER)
    file = tmp_path / "best.ckpt"
    whole = EARLIER.read_bytes()
    weights = max(
        (each for each in read_checkpoint(EARLIER)["state_dict"].values()),
        key=lambda each: each.numel(),
    )
    start = whole.index(weights.numpy().tobytes())
    for place in range(start, start + weights.nbytes, weights.nbytes // 20):
        file.write_bytes(whole)
        flip(file, place)
        with pytest.raises(InputError, match=r"best\.ckpt: is damaged: the checksum of archive/"):
            load_classifier(file)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"background": ["other"]}, "trained_on: background: expected text, found "),
        ({"reading": [1]}, "trained_on: reading: expected keys and values, found "),
        ({"fps": 30.0}, "trained_on: fps: expected a list of frames per second, found 30.0"),
    ],
)
def test_what_a_checkpoint_says_of_its_training_is_checked(tmp_path, changes, problem):
    checkpoint = dict(read_checkpoint(EARLIER))
    about = checkpoint["mabe_lit"]
    checkpoint["mabe_lit"] = about | {"trained_on": about.get("trained_on", {}) | changes}
    torch.save(checkpoint, tmp_path / "a.ckpt")
    with pytest.raises(InputError, match=f"a.ckpt: is damaged, .* not right: {problem}"):
        load_classifier(tmp_path / "a.ckpt")


@pytest.mark.parametrize(
    "looked_for",
    [
        {"": {"pair": ["kiss"]}},
        {"": {"pair": "attack"}},
        {"": {"crowd": ["attack"]}},
        {"": ["attack"]},
    ],
)
def test_classes_that_a_checkpoint_says_were_looked_for_are_checked(tmp_path, looked_for):
    checkpoint = dict(read_checkpoint(EARLIER))
    checkpoint["mabe_lit"] = checkpoint["mabe_lit"] | {"looked_for": looked_for}
    torch.save(checkpoint, tmp_path / "a.ckpt")
    with pytest.raises(
        InputError, match=r"a\.ckpt: is damaged, .* looked_for: expected classes of"
    ):
        load_classifier(tmp_path / "a.ckpt")
