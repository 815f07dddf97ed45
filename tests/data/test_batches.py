"""Batches of an epoch: pools, and the order of windows of a large dataset."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_config

from mabe_lit.data import batches, mapped, open_dataset, write_dataset
from mabe_lit.data.batches import TrainingBatches, ValidationBatches, shuffle_runs
from mabe_lit.simulation import simulate_recordings
from mabe_lit.training import BehaviorDataModule, build_classifier


@pytest.fixture
def data(tmp_path):
    data = BehaviorDataModule(tiny_config(tmp_path))
    data.prepare_data()
    data.setup()
    classifier = build_classifier(data.config, data.train)
    data.describe_recordings(classifier)
    return data


@given(
    windows=st.integers(1, 500),
    run=st.integers(1, 20),
    among=st.integers(21, 200),
    seed=st.integers(0, 3),
)
def test_shuffled_runs_hold_each_window_once(windows, run, among, seed):
    order = shuffle_runs(windows, np.random.default_rng(seed), run=run, among=among)
    assert np.array_equal(np.sort(order), np.arange(windows))


def test_shuffled_runs_are_read_together_and_shown_apart():
    order = shuffle_runs(100_000, np.random.default_rng(0), run=10, among=1_000)
    first = order[:1_000]
    neighbours = np.diff(np.sort(first))
    assert (neighbours == 1).sum() >= 900, "a mix is made of runs of ten"
    assert (neighbours > 1).sum() > 90, "which are from everywhere"
    assert first.max() - first.min() > 90_000
    assert (np.abs(np.diff(first)) == 1).sum() < 20, "and are mixed up"
    assert not np.array_equal(
        order, shuffle_runs(100_000, np.random.default_rng(1), run=10, among=1_000)
    )


@pytest.mark.parametrize("pool_bytes", [1, 200_000, 1 << 25])
def test_batches_are_the_same_from_whatever_pools(data, monkeypatch, pool_bytes):
    expected = [
        {k: v.clone() for k, v in batch.items() if v is not None}
        for batch in data.train_dataloader()
    ]
    assert expected[0].keys() == {"keypoints", "seconds", "context", "labels"}, "of plain scenes"
    monkeypatch.setattr(batches, "POOL_BYTES", pool_bytes)
    gathered = []
    gather = data._train_windows.gather
    monkeypatch.setattr(
        data._train_windows, "gather", lambda *args: gathered.append(1) or gather(*args)
    )
    found = list(data.train_dataloader())
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        for key, values in theirs.items():
            torch.testing.assert_close(ours[key], values, rtol=0, atol=0, equal_nan=True)
    window = 64 * data.train.keypoints[:1].nbytes
    per_pool = max(pool_bytes // (window * data.config.batch_size), 1)
    assert len(gathered) == -(-len(expected) // per_pool)


def test_a_large_dataset_shows_each_frame_once_an_epoch_in_other_orders(data, monkeypatch):
    config = replace(data.config, batch_size=4, sequence_length=64)

    def epoch(number):
        chosen = TrainingBatches(data.train, config)
        chosen.set_epoch(number)
        return [batch.windows for batch in chosen]

    small = epoch(0)
    monkeypatch.setattr(mapped, "LARGE_BYTES", 1_000)
    monkeypatch.setattr(batches, "RUN_BYTES", 4 * 64 * data.train.keypoints[:1].nbytes)
    large, again, other = epoch(0), epoch(0), epoch(1)
    for windows in (small, large, other):
        shown = np.concatenate([each.frames[each.is_inside] for each in windows])
        assert np.array_equal(np.sort(shown), np.arange(data.train.runs.places))
    assert all(np.array_equal(a.frames, b.frames) for a, b in zip(large, again, strict=True))
    assert not np.array_equal(large[0].frames, small[0].frames)
    assert not np.array_equal(large[0].frames, other[0].frames)


@pytest.mark.parametrize("gap", [1, 2])
def test_validation_shows_each_frame_once_in_windows_as_long_as_the_recording(tmp_path, gap):
    recordings = [
        simulate_recordings(1, frames, frames, prefix=f"of_{frames}")[0]
        for frames in (1, 40, 333, 700)
    ]
    write_dataset(recordings, tmp_path / "data/val")
    dataset = open_dataset(tmp_path / "data/val")
    config = tiny_config(tmp_path, prediction_length=300, frame_gap=gap)
    chosen = ValidationBatches(dataset, config)
    windows = [batch.windows for batch in chosen]
    assert len(windows) == len(chosen)
    shown = np.concatenate([each.frames[each.is_inside] for each in windows])
    assert np.array_equal(np.sort(shown), np.arange(dataset.runs.places))
    lengths = {each.frames.shape[1] for each in windows}
    assert lengths == ({1, 40, 300} if gap == 1 else {1, 20, 167, 300})


def test_frames_that_a_gap_skips_count_in_a_pool(tmp_path, monkeypatch):
    """A large dataset's windows are read with them."""
    pools = []
    for gap in (1, 4):
        data = BehaviorDataModule(
            tiny_config(tmp_path, frame_gap=gap, batch_size=4, sequence_length=32)
        )
        data.prepare_data()
        data.setup()
        window = 32 * data.train.keypoints[:1].nbytes
        monkeypatch.setattr(batches, "POOL_BYTES", 16 * window)
        first = next(iter(TrainingBatches(data.train, data.config)))
        pools.append(len(first.pool.frames))
    assert pools == [16, 4]
