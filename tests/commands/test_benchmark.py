"""The benchmark: what it measures is what it says."""

import json
from importlib import import_module

import numpy as np
import pytest
import torch

from mabe_lit import UNSCORED
from mabe_lit.benchmark import benchmark, format_benchmark, main
from mabe_lit.data import open_dataset
from mabe_lit.models.dropout import Dropout, SharedDropout, attend
from mabe_lit.timing.recordings import count_scored, of_first_pair, write_recordings


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    setting = folder / "tiny.yaml"
    setting.write_text("hidden_dim: 16\nnum_layers: 1\nnum_heads: 2\n")
    result = benchmark(
        output=str(folder / "out"),
        setting=str(setting),
        device="cpu",
        batch_size=8,
        steps=2,
        rounds=1,
        data_frames=100_000,
        epoch_frames=[50_000, 100_000],
    )
    return folder / "out", result


@pytest.fixture(scope="module")
def measured_pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    setting = folder / "tiny.yaml"
    setting.write_text("hidden_dim: 8\nnum_layers: 1\nnum_heads: 2\nsequence_length: 512\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("mabe_lit.timing.measure"), "_GATHERED_FRAMES", 100_000)
        return benchmark(
            output=str(folder / "out"),
            setting=str(setting),
            device="cpu",
            batch_size=16,  # 4 of which no single pair has in 50,000 frames
            steps=1,
            rounds=1,
            data_frames=100_000,
            epoch_frames=[50_000],
            animals=3,
            scored_share=0.5,
        )


def test_benchmark_measures_each_contender_and_writes_it(measured):
    folder, result = measured
    assert json.loads((folder / "benchmark.json").read_text()) == result
    for values in result["measured"].values():
        assert 0 < values["low"] <= values["median"] <= values["high"]
    steps = {name: values["median"] for name, values in result["measured"].items()}
    ratio = steps["trainer_step_s"] / steps["plain_step_s"]
    assert result["trainer_over_plain"] == pytest.approx(ratio)
    assert ratio < 1, "a sixteenth of the width takes less time than the first version"
    assert result["batch_size"] == 8
    assert result["data"]["frames"] == 100_000
    assert result["data"]["open_s"] < 1
    assert list(result["epochs"]["seconds"]) == ["50000", "100000"]
    assert 0 < result["first_step_s"] < 60


def test_floor_counts_forward_and_backward_of_all_matrix_products(measured):
    _, result = measured
    rows, hidden = 8 * 64, 16
    weights = 28 * hidden + 3 * hidden**2 + hidden**2 + 8 * hidden**2 + 4 * hidden
    attention = 2 * 64 * hidden  # a row's products with keys and values
    whole = 3 * 2 * rows * (weights + attention)  # forward, and twice as much backward
    without_first = 2 * rows * 28 * hidden  # features need no gradient
    turning = 2 * rows * 28 * 2  # the features turn each window, by one product
    assert result["flops_per_step"] == whole - without_first + turning


def test_table_names_the_ratios(measured):
    text = format_benchmark(measured[1])
    for part in ("(a) plain", "(b)/(c)", "predicted frames/s", "to the power of"):
        assert part in text


def test_benchmark_compares_all_pairs_with_the_first(measured_pairs):
    tracks = measured_pairs["tracks"]
    assert (tracks["animals"], tracks["pairs"]) == (3, 6)
    seconds = {name: values["median"] for name, values in measured_pairs["measured"].items()}
    frames = 16 * 512
    all_pairs, one_pair = seconds["trainer_step_s"], seconds["one_pair_step_s"]
    assert tracks["track_frames_per_s"] == pytest.approx(frames / all_pairs)
    assert tracks["one_pair_track_frames_per_s"] == pytest.approx(frames / one_pair)
    assert tracks["all_over_one_pair"] == pytest.approx(one_pair / all_pairs)
    assert "6 pairs of 3 animals" in format_benchmark(measured_pairs)


def test_benchmark_counts_frames_of_pairs(measured_pairs):
    data = measured_pairs["data"]
    assert data["frames"] == 6 * 100_000
    assert data["small_frames"] == 6 * 500_000
    assert data["scored_frames"] == 3 * 100_000
    assert list(measured_pairs["epochs"]["seconds"]) == ["150000"]
    assert "600,000 frames of pairs" in format_benchmark(measured_pairs)


@pytest.mark.parametrize(
    "wrong",
    [
        ["--model", "perceptron"],
        ["--steps", "0"],
        ["--device", "tpu"],
        ["--epoch_frames", "3000000"],
        ["--epoch_frames", "0"],
        ["--epoch_frames", "4095"],
        ["--epoch_frames", "many"],
        ["--data_frames", "-1"],
        ["--epoch_frames", "49999"],
        ["--batch_size", "-8"],
        ["--batch_size", "8000"],
        ["--steps", "486"],
        ["--setting", "nowhere.yaml"],
        ["--setting", "broken.yaml"],
        ["--setting", "unknown.yaml"],
        ["--output", "broken.yaml"],
        ["--animals", "1"],
        ["--animals", "17"],
        ["--scored_share", "0"],
        ["--scored_share", "1.5"],
        ["--scored_share", "0.5", "--steps", "242"],
        ["--scored_share", "0.05", "--epoch_frames", "50000"],
    ],
)
def test_wrong_options_are_one_line_and_leave_nothing(wrong, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.yaml").write_text("a: [")
    (tmp_path / "unknown.yaml").write_text("hidden: 3")
    with pytest.raises(SystemExit) as stop:
        main(wrong)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["broken.yaml", "unknown.yaml"]


def test_written_recordings_have_the_frames_asked_for(tmp_path):
    write_recordings(tmp_path / "data", 120_000, prefix="r")
    dataset = open_dataset(tmp_path / "data")
    assert [entry.frames for entry in dataset.entries] == [50_000] * 3
    assert dataset.entries[0].name == "r-0000"


def test_written_groups_have_a_track_for_each_ordered_pair(tmp_path):
    write_recordings(tmp_path / "data", 12_000, prefix="r", animals=3)
    dataset = open_dataset(tmp_path / "data")
    pairs = [(track.agent, track.target) for track in dataset.tracks]
    assert sorted(pairs) == [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]
    assert dataset.class_names == ("attack", "investigation", "mount", "flee")
    assert dataset.keypoints.shape == (12_000, 3, 7, 2)
    for labels in dataset.all_labels():
        assert np.isin(labels, (0, 1)).all()
        np.testing.assert_array_equal(labels[:5_000], labels[5_000:10_000])


@pytest.mark.parametrize("animals", [2, 3])
def test_scored_share_leaves_the_rest_of_each_track_unscored(animals, tmp_path):
    write_recordings(tmp_path / "data", 50_000, prefix="r", animals=animals, scored_share=0.3)
    dataset = open_dataset(tmp_path / "data")
    tracks = len(dataset.tracks)
    assert count_scored(dataset) == 15_000 * tracks
    for labels in dataset.all_labels():
        is_scored = (labels.reshape(50_000, -1) != UNSCORED).all(axis=1)
        assert is_scored.reshape(10, 5_000).all(axis=1).sum() == 3


def test_first_pair_is_one_track_of_each_recording(tmp_path):
    write_recordings(tmp_path / "data", 100_000, prefix="r", animals=3)
    dataset = open_dataset(tmp_path / "data")
    one = of_first_pair(dataset)
    assert [(t.recording, t.agent, t.target) for t in one.tracks] == [(0, 0, 1), (1, 0, 1)]
    for track, index in zip(one.tracks, (0, 6), strict=True):
        assert track == dataset.tracks[index]


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("kind", [Dropout, SharedDropout])
def test_dropout_drops_its_share_and_keeps_the_mean(kind, rate, dtype):
    torch.manual_seed(0)
    dropout = kind(rate)
    x = torch.ones(501, 1003, dtype=dtype, requires_grad=True)
    if kind is SharedDropout:
        dropout.begin_step(largest=x.numel())
    y = dropout(x)
    assert y.dtype == dtype
    dropped = (y == 0).float().mean().item()
    assert dropped == pytest.approx(rate, abs=1 / 256)
    assert y.float().mean().item() == pytest.approx(1, abs=0.01)
    y.float().sum().backward()
    assert torch.equal(x.grad, y.detach()), "what is dropped has no gradient, the rest is scaled"
    assert not torch.equal(dropout(x), y), "each call drops others"
    columns = (y == 0).float().mean(0)
    assert columns.std() < 3 * (rate * (1 - rate) / 501) ** 0.5, "bits of a word are independent"
    assert torch.equal(dropout.eval()(x), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_is_that_of_pytorch(dtype):
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 16, 8).to(dtype)
    ours = attend(query, key, value, Dropout(0.1).eval())
    theirs = torch.nn.functional.scaled_dot_product_attention(
        query.float(), key.float(), value.float()
    )
    torch.testing.assert_close(ours.float(), theirs, atol=0.02, rtol=0.02)
    many = torch.stack([attend(query, key, value, Dropout(0.1)) for _ in range(600)])
    torch.testing.assert_close(many.float().mean(0), theirs, atol=0.12, rtol=0)


@pytest.mark.parametrize("dropout", [Dropout(0.5), SharedDropout(0.5)])
def test_same_seed_drops_the_same(dropout):
    x = torch.ones(100)
    drops = []
    for _ in range(2):
        torch.manual_seed(3)
        if isinstance(dropout, SharedDropout):
            dropout.begin_step(largest=100)
        drops.append(dropout(x))
    assert torch.equal(*drops)


def test_shared_dropout_cuts_a_step_s_masks_from_one_pool():
    torch.manual_seed(0)
    dropout = SharedDropout(0.5)
    dropout.begin_step(largest=4_096)
    whole = [dropout(torch.ones(64, 64)).flatten() for _ in range(20)]
    starts = {_place(mask, whole[0]) for mask in whole[1:]}
    assert starts != {0}, "masks of a step begin elsewhere"
    assert all(abs(start) <= 1_024 for start in starts), "the pool is a quarter larger than a mask"
    dropout.begin_step(largest=4_096)
    with pytest.raises(StopIteration):
        _place(dropout(torch.ones(4_096)), whole[0])


def _place(mask, other):
    """By how many elements ``mask`` begins behind ``other`` in a pool they share."""
    stretch = mask[1_024:3_072]
    return next(
        shift
        for shift in range(-1_024, 1_025)
        if torch.equal(other[1_024 + shift : 3_072 + shift], stretch)
    )
