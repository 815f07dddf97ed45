"""Frames on disk and on a device give the same windows."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import changed, tiny_config

from mabe_lit import UNSCORED
from mabe_lit.data import frames, open_dataset, write_dataset
from mabe_lit.data.frames import FramesOnDisk, ResidentFrames, open_frames
from mabe_lit.data.windows import Stretches, WindowFrames, tiling_windows
from mabe_lit.fit import fit
from mabe_lit.simulation import simulate_recordings
from mabe_lit.training import datamodule

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Two recordings, of 300 and 200 frames, with likelihoods."""
    folder = tmp_path_factory.mktemp("frames") / "set"
    likelihood = np.random.default_rng(0).random((300, 2, 7), np.float32)
    long, short = simulate_recordings(2, 300, 1)
    short = changed(short, keypoints=short.keypoints[:200], labels=short.labels[:200])
    write_dataset([replace(long, likelihood=likelihood), short], folder)
    return open_dataset(folder)


@pytest.mark.parametrize("with_likelihood", [True, False])
@pytest.mark.parametrize("gap", [1, 3])
def test_windows_are_the_same_from_disk_and_from_a_device(
    dataset, monkeypatch, with_likelihood, gap
):
    monkeypatch.setattr(frames, "_COPIED_BYTES", 20_000)
    stretches = Stretches.whole(np.array([0, 300]), np.array([300, 200]))
    rng = np.random.default_rng(0)
    grid = tiling_windows(stretches, length=64, gap=gap, rng=rng)
    windows = grid.frames_of(np.arange(len(grid)))
    on_disk = FramesOnDisk(dataset, with_likelihood=with_likelihood)
    resident = ResidentFrames(dataset, CPU, with_likelihood=with_likelihood)
    (pose, labels), (ours, our_labels) = on_disk.gather(windows), resident.gather(windows)
    torch.testing.assert_close(ours, pose, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(our_labels, labels)
    assert ours.shape == (len(grid), 64, 2, 7, 3 if with_likelihood else 2)
    is_padding = torch.from_numpy(~windows.is_inside)
    assert is_padding.any()
    assert torch.equal(labels == UNSCORED, is_padding)


def test_a_subset_is_copied_alone(dataset):
    subset = dataset.subset([1])
    resident = ResidentFrames(subset, CPU)
    assert resident._keypoints.shape == (200, 2, 7, 2)
    frames = np.arange(300, 500).reshape(4, 50)
    windows = WindowFrames(frames, np.ones((4, 50), bool), np.zeros(4, np.int64))
    assert torch.equal(
        resident.gather(windows)[1].flatten(), torch.from_numpy(dataset[1].labels).long()
    )
    for ours, theirs in zip(
        resident.gather(windows), FramesOnDisk(subset).gather(windows), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0, equal_nan=True)


@pytest.mark.parametrize("features", ["coordinates", "social"])
def test_training_is_the_same_from_disk_and_from_a_device(tmp_path, monkeypatch, features):
    results = []
    for run in ("disk", "device"):
        config = tiny_config(tmp_path, features=features, run=run, epochs=2)
        results.append(fit(config))
        monkeypatch.setattr(
            datamodule,
            "open_frames",
            lambda dataset, device, with_likelihood: ResidentFrames(
                dataset, device, with_likelihood=with_likelihood
            ),
        )
    weights = [torch.load(r["best_checkpoint"], weights_only=True)["state_dict"] for r in results]
    for ours, theirs in zip(*(w.values() for w in weights), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("with_likelihood", [True, False])
def test_frames_are_on_a_gpu_if_they_fit(dataset, monkeypatch, with_likelihood):
    asked = []
    gpu = torch.device("cuda")
    needed = 500 * 2 * 7 * (3 if with_likelihood else 2) * 4
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 3_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 2_000)
    for name in ("ResidentFrames", "FramesOnDisk"):
        monkeypatch.setattr(
            frames, name, lambda *places, name=name, **options: asked.append((name, options))
        )
    for free in (4 * needed - 1_000, 4 * needed - 1_001):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10**9))
        open_frames(dataset, gpu, with_likelihood=with_likelihood)
    options = {"with_likelihood": with_likelihood}
    assert asked == [("ResidentFrames", options), ("FramesOnDisk", options | {"is_pinned": True})]


def test_frames_stay_on_disk_for_a_cpu(dataset):
    assert isinstance(open_frames(dataset, CPU, with_likelihood=False), FramesOnDisk)
