"""The real commands on a tiny simulated set."""

import csv
import json
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from tiny import MICE, Killed, changed, flip, tiny_config

from mabe_lit import UNSCORED
from mabe_lit.compute import resolve_precision
from mabe_lit.config import Config
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.fit import fit
from mabe_lit.fit import main as fit_main
from mabe_lit.models import build_model
from mabe_lit.runs.checkpoints import checkpoint_callbacks
from mabe_lit.runs.folder import format_result
from mabe_lit.scores.curves import plot_curves
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import CLASS_NAMES
from mabe_lit.training import BehaviorClassifier, load_classifier, read_checkpoint
from mabe_lit.training.optim import build_optimizer


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Configuration and result of one complete tiny run."""
    config = tiny_config(tmp_path_factory.mktemp("run"))
    return config, fit(config)


def metrics_of(config):
    return list(csv.DictReader((config.run_dir / "metrics.csv").read_text().splitlines()))


def weights(path):
    return read_checkpoint(path)["state_dict"]


def test_default_transformer_has_the_first_versions_size():
    network = build_model(Config(), input_dim=28, num_classes=4)
    assert sum(weight.numel() for weight in network.parameters()) == 3_167_492


def test_run_folder_holds_exactly_what_is_promised(run):
    config, _ = run
    assert sorted(path.name for path in config.run_dir.iterdir()) == [
        "best.ckpt",
        "config.yaml",
        "curves.png",
        "epoch-002.ckpt",
        "last.ckpt",
        "metrics.csv",
        "result.json",
    ]


def test_result_says_what_was_reached_and_what_it_took(run):
    config, result = run
    assert result == json.loads((config.run_dir / "result.json").read_text())
    windows = -(-(2048 + 63) // 64)
    assert result["epochs"] == 3
    assert result["steps"] == 3 * -(-windows // 8)
    assert result["best_checkpoint"] == str(config.run_dir / "best.ckpt")
    assert set(result["per_class"]) == set(CLASS_NAMES)
    assert result["train_seconds"] > 0
    assert result["steps_per_s"] > 0
    assert 0 <= result["macro_f1"] <= 1


def test_metrics_have_a_row_an_epoch(run):
    config, result = run
    rows = metrics_of(config)
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]
    assert int(rows[-1]["step"]) == result["steps"]
    assert float(rows[-1]["learning_rate"]) == pytest.approx(config.min_lr)
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    assert float(rows[-1]["train_macro_f1"]) > float(rows[0]["train_macro_f1"])


def test_same_seed_gives_the_same_losses(run, tmp_path):
    config, _ = run
    fit(tiny_config(tmp_path))
    first, second = (
        [row["train_loss"] for row in metrics_of(each)] for each in (config, tiny_config(tmp_path))
    )
    assert first == second


@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("is_complete", [True, False])
def test_recordings_that_changed_since_are_another_run(tmp_path, split, is_complete):
    recordings = simulate_recordings(2, 256, 3)
    for recording in recordings:
        recording.labels[:100] = 0
    for number, folder in enumerate(("train", "val")):
        write_dataset(recordings[number : number + 1], tmp_path / "data" / folder)
    config = tiny_config(tmp_path, dataset="recordings", epochs=1)
    fit(config)
    again = fit(config)
    if not is_complete:
        (config.run_dir / "result.json").unlink()
    assert again["trained_on"]["digests"]["train_data_dir"]
    other = recordings[split == "val"]
    labels = other.labels.copy()
    labels[0] = UNSCORED
    write_dataset([changed(other, labels=labels)], tmp_path / "data" / split, overwrite=True)
    with pytest.raises(InputError, match=rf"{split}_data_dir: .*/{split} holds other recordings"):
        fit(config)


def test_one_class_is_nothing_to_learn(tmp_path):
    recording = simulate_recordings(1, 256, 3)[0]
    recording.labels[:] = 2
    for split in ("train", "val"):
        write_dataset([replace(recording, name=split)], tmp_path / "data" / split)
    with pytest.raises(InputError, match=r"all scored frames of .*train are mount, nothing is to"):
        fit(tiny_config(tmp_path, dataset="recordings"))
    assert not (tmp_path / "checkpoints").exists()


def test_complete_run_is_not_trained_again(run):
    config, result = run
    before = (config.run_dir / "last.ckpt").stat().st_mtime_ns
    assert fit(config) == result
    assert (config.run_dir / "last.ckpt").stat().st_mtime_ns == before


def test_same_name_with_another_setting_is_refused_by_key(run):
    config, _ = run
    other = Config(**(config.to_dict() | {"learning_rate": 0.02, "epochs": 9}))
    with pytest.raises(
        InputError, match=r"another value of epochs \(there 3, now 9\), learning_rate \(there"
    ):
        fit(other)


def stop_after(checkpoints):
    """Ends the training like a kill does, after so many checkpoints."""
    count = 0

    def on_checkpoint():
        nonlocal count
        count += 1
        if count == checkpoints:
            raise Killed

    return on_checkpoint


@pytest.mark.parametrize("checkpoints", [1, 2, 4])
def test_interrupted_run_ends_with_the_same_weights_and_history(run, tmp_path, checkpoints):
    whole, result = run
    config = tiny_config(tmp_path)
    with pytest.raises(Killed):
        fit(config, stop_after(checkpoints))
    resumed = fit(config)
    ours, theirs = weights(config.run_dir / "last.ckpt"), weights(whole.run_dir / "last.ckpt")
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert resumed["macro_f1"] == result["macro_f1"]
    assert resumed["steps"] == result["steps"]
    rows = metrics_of(config)
    assert [int(row["epoch"]) for row in rows] == [1, 2, 3]


def drawn_epochs(monkeypatch):
    """The epochs of each figure that is drawn from now on."""
    drawn = []

    def plot_and_remember(epochs, **options):
        drawn.append([epoch["epoch"] for epoch in epochs])
        return plot_curves(epochs, **options)

    monkeypatch.setattr("mabe_lit.training.callbacks.plot_curves", plot_and_remember)
    return drawn


def test_resumed_runs_figure_has_all_epochs(monkeypatch, tmp_path):
    monkeypatch.setattr("mabe_lit.training.callbacks._DRAWING_PAYS", 0)
    drawn = drawn_epochs(monkeypatch)
    config = tiny_config(tmp_path)
    with pytest.raises(Killed):
        fit(config, stop_after(2))
    assert drawn == [[1]]
    fit(config)
    assert drawn == [[1], [1, 2], [1, 2, 3]]


def test_figure_that_a_kill_prevented_is_drawn_though_no_epoch_is_left(monkeypatch, tmp_path):
    config = tiny_config(tmp_path, epochs=1, save_freq=1)
    fit(config)
    for name in ("curves.png", "result.json"):
        (config.run_dir / name).unlink()
    drawn = drawn_epochs(monkeypatch)
    fit(config)
    assert drawn == [[1]]
    assert (config.run_dir / "curves.png").exists()


def half_a_file(file):
    file.write_bytes(b"half a checkpoint")


def one_flipped_bit(file):
    flip(file, file.stat().st_size // 2)


@pytest.mark.parametrize("damage", [half_a_file, one_flipped_bit])
def test_resumed_run_goes_on_from_another_checkpoint_if_the_last_is_damaged(run, tmp_path, damage):
    whole, _ = run
    config = tiny_config(tmp_path)
    with pytest.raises(Killed):
        fit(config, stop_after(5))  # best, last, best, epoch-002, last
    damage(config.run_dir / "last.ckpt")
    (config.run_dir / ".last.ckpt-x1y2.ckpt").write_bytes(b"what a kill leaves")
    fit(config)
    assert not list(config.run_dir.glob(".*"))
    ours, theirs = weights(config.run_dir / "last.ckpt"), weights(whole.run_dir / "last.ckpt")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_stopped_run_stays_stopped_if_only_its_result_is_missing(tmp_path):
    config = tiny_config(tmp_path, epochs=30, patience=1, learning_rate=0.05, ema_decay=0.5)
    fit(config)
    before = weights(config.run_dir / "last.ckpt")
    rows = len(metrics_of(config))
    assert rows < 30
    (config.run_dir / "result.json").unlink()
    fit(config)
    after = weights(config.run_dir / "last.ckpt")
    assert len(metrics_of(config)) == rows
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_averaged_run_goes_on_exactly(tmp_path):
    whole, killed = (tiny_config(tmp_path / name, ema_decay=0.9) for name in ("whole", "killed"))
    fit(whole)
    with pytest.raises(Killed):
        fit(killed, stop_after(4))
    fit(killed)
    ours, theirs = (weights(config.run_dir / "last.ckpt") for config in (killed, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_moved_run_remembers_its_best_epoch(run, tmp_path):
    whole, _ = run
    config = tiny_config(tmp_path)
    with pytest.raises(Killed):
        fit(config, stop_after(2))
    (tmp_path / "checkpoints").rename(tmp_path / "moved")
    moved = tiny_config(tmp_path, checkpoint_dir=str(tmp_path / "moved"))
    checkpoint = read_checkpoint(moved.run_dir / "last.ckpt")
    (state,) = (
        state
        for name, state in checkpoint["callbacks"].items()
        if "MovableCheckpoint" in name and "val_macro_f1" in name
    )
    best = checkpoint_callbacks(moved.run_dir, 5)[0]
    best.load_state_dict(state)
    assert best.best_model_score == state["best_model_score"]
    assert best.best_model_path == str(moved.run_dir / "best.ckpt")
    fit(moved)
    ours, theirs = weights(moved.run_dir / "best.ckpt"), weights(whole.run_dir / "best.ckpt")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_diverging_training_says_so_and_keeps_no_broken_checkpoint(tmp_path):
    config = tiny_config(tmp_path, learning_rate=1e20, grad_clip=0.0, optimizer="sgd")
    with pytest.raises(InputError, match=r"learning_rate: training diverged in epoch 1, the loss"):
        fit(config)
    assert not list(config.run_dir.glob("*.ckpt"))


def test_settings_too_large_for_the_memory_name_the_keys(tmp_path):
    with pytest.raises(InputError, match="batch_size, sequence_length, hidden_dim: too large"):
        fit(tiny_config(tmp_path, hidden_dim=4_000_000))


def test_precision_is_single_where_pytorch_has_no_onednn(monkeypatch):
    monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: False)
    assert resolve_precision("auto", torch.device("cpu")) == "fp32"


def test_optimizer_that_is_not_fused_is_pytorchs_choice():
    optimizer = build_optimizer(Config(), torch.nn.Linear(2, 2), fused=False)
    assert optimizer.defaults["fused"] is None


def test_class_weights_move_with_the_network():
    classifier = BehaviorClassifier(
        tiny_config_in_memory(),
        MICE,
    )
    classifier.class_weights = torch.ones(4)
    assert classifier.to("meta").class_weights.is_meta
    assert "class_weights" not in classifier.state_dict()


def test_result_of_something_else_is_not_taken_for_the_runs_own(tmp_path):
    config = tiny_config(tmp_path)
    config.run_dir.mkdir(parents=True)
    (config.run_dir / "result.json").write_text("{}")
    with pytest.raises(InputError, match=r"holds result.json but no config.yaml"):
        fit(config)


DAMAGED_RESULTS = [
    (lambda _: '{"a"', "is not valid JSON"),
    (lambda _: "[" * 100_000, "is not valid JSON"),
    (lambda _: "[]", "is damaged"),
    (lambda _: "{}", "is damaged"),
    (lambda result: json.dumps(result | {"macro_f1": "high"}), "is damaged"),
    (lambda result: json.dumps(result | {"macro_f1": float("nan")}), "it holds NaN"),
    (lambda result: json.dumps(result | {"per_class": {"attack": 1}}), "is damaged"),
    (lambda result: json.dumps(result | {"trained_on": {"digests": 3}}), "is damaged"),
]


def test_damaged_result_is_named(tmp_path):
    config = tiny_config(tmp_path, epochs=1)
    result = fit(config)
    for damage, message in DAMAGED_RESULTS:
        (config.run_dir / "result.json").write_text(damage(result))
        with pytest.raises(InputError, match=message) as found:
            fit(config)
        assert str(found.value).endswith("without it the same command scores the run again")


@pytest.mark.parametrize("content", ["a: [", "- a", "a: 2024-13-45", "[" * 5000])
def test_damaged_configuration_of_a_run_is_named(tmp_path, content):
    config = tiny_config(tmp_path, epochs=1)
    config.run_dir.mkdir(parents=True)
    (config.run_dir / "config.yaml").write_text(content)
    with pytest.raises(InputError, match=r"tiny/config\.yaml: is (not valid YAML|damaged)"):
        fit(config)


def test_infinite_coordinate_is_named_before_anything_is_trained(tmp_path):
    config = tiny_config(tmp_path, epochs=1, dataset="recordings", verify=False)
    for number, split in enumerate(("train", "val")):
        write_dataset(simulate_recordings(1, 256, number, prefix=split), tmp_path / "data" / split)
    points = np.lib.format.open_memmap(tmp_path / "data/val/keypoints.npy", mode="r+")
    points[9, 0, 0] = np.inf
    points.flush()
    message = r"val_data_dir: .*keypoints\.npy: recording 'val_000', frame 9: a coordinate is inf"
    with pytest.raises(InputError, match=message):
        fit(config)
    assert not config.run_dir.exists()


def test_verify_refuses_values_that_opening_cannot_tell_from_right_ones(tmp_path):
    config = tiny_config(tmp_path, epochs=1, dataset="recordings")
    for number, split in enumerate(("train", "val")):
        write_dataset(simulate_recordings(1, 256, number, prefix=split), tmp_path / "data" / split)
    flip(tmp_path / "data/train/label_codes.npy", -2)
    with pytest.raises(
        InputError, match=r"train_data_dir: .*label_codes\.npy: is damaged, its values"
    ):
        fit(replace(config, verify=True))
    fit(config)
    assert fit(replace(config, verify=False)), "the same run, however carefully it is read"


def test_train_and_val_are_never_the_same_folder(tmp_path):
    recording = simulate_recordings(1, 100, 9)[0]
    write_dataset([recording], tmp_path / "data")
    folders = {
        "train_data_dir": str(tmp_path / "data"),
        "val_data_dir": str(tmp_path / "x/../data"),
    }
    (tmp_path / "x").mkdir()
    with pytest.raises(InputError, match="val_data_dir: is the folder of train_data_dir"):
        fit(tiny_config(tmp_path, dataset="recordings", **folders))


def test_recordings_on_both_sides_are_warned_of(tmp_path):
    for split in ("train", "val"):
        write_dataset(simulate_recordings(1, 128, 9), tmp_path / "data" / split)
    with pytest.warns(InputWarning, match="1 recordings of .* such as simulated_000") as caught:
        fit(tiny_config(tmp_path, dataset="recordings", epochs=1))
    assert sum("such as simulated_000" in str(warning.message) for warning in caught) == 1


@pytest.mark.parametrize(
    ("number", "devices"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGTERM, 2)]
)
def test_training_that_is_told_to_stop_says_so_and_can_go_on(tmp_path, number, devices):
    config = tiny_config(tmp_path, epochs=500, devices=devices, device="cpu")
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config.to_dict()))
    command = [sys.executable, "-m", "mabe_lit.fit", "--config", str(file)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}

    def listen():  # a shell starts what runs in its background deaf to Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    with subprocess.Popen(command, **pipes, preexec_fn=listen) as process:
        for _ in range(2):  # by the second epoch's line, the first one's checkpoint is there
            process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted"
    assert (config.run_dir / "last.ckpt").exists()
    assert not (config.run_dir / "result.json").exists()


def test_on_checkpoint_is_called_when_each_checkpoint_is_complete(tmp_path):
    config = tiny_config(tmp_path, epochs=2, save_freq=1)
    seen = []

    def on_checkpoint():
        names = sorted(path.name for path in config.run_dir.glob("*.ckpt"))
        for name in names:
            read_checkpoint(config.run_dir / name)
        assert not list(config.run_dir.glob(".*"))
        seen.append(names)

    fit(config, on_checkpoint)
    assert {name for names in seen for name in names} == {
        "best.ckpt",
        "epoch-001.ckpt",
        "epoch-002.ckpt",
        "last.ckpt",
    }


def test_reloaded_checkpoint_gives_identical_logits(run):
    config, result = run
    once, again = (load_classifier(result["best_checkpoint"]) for _ in range(2))
    tracked = np.array(open_dataset(config.val_data_dir).keypoints[:128])
    keypoints = torch.from_numpy(tracked).view(2, 64, 2, 7, 2)
    seconds = torch.full((2,), 1 / 30)
    assert torch.equal(once(keypoints, seconds), again(keypoints, seconds))


def test_checkpoint_describes_itself(run):
    config, result = run
    classifier = load_classifier(result["best_checkpoint"])
    assert classifier.config == config
    assert classifier.class_names == CLASS_NAMES
    assert classifier.task == MICE


def test_padding_and_unscored_frames_change_neither_loss_nor_metric():
    classifier = BehaviorClassifier(
        tiny_config_in_memory(),
        MICE,
    ).eval()
    classifier.log = classifier.log_dict = lambda *_, **__: None
    recording = simulate_recordings(1, 128, 0)[0]
    keypoints = torch.from_numpy(recording.keypoints).view(2, 64, 2, 7, 2)
    labels = torch.from_numpy(recording.labels.astype(np.int64)).view(2, 64)
    masked = labels.clone()
    masked[1] = UNSCORED
    seconds = torch.full((2,), 1 / 30)
    context = torch.full((2, 1), 60.0)
    batch = {"keypoints": keypoints, "labels": masked, "seconds": seconds, "context": context}
    first = {key: value[:1] for key, value in batch.items()} | {"labels": labels[:1], "views": None}
    batch["views"] = None
    alone = classifier._shared_step(first, "val")
    macro_f1 = classifier.val_metrics.compute()
    classifier.val_metrics.reset()
    both = classifier._shared_step(batch, "val")
    torch.testing.assert_close(alone, both)
    assert classifier.val_metrics.compute() == macro_f1


def test_batch_without_a_scored_frame_has_no_loss_and_a_finite_gradient():
    classifier = BehaviorClassifier(
        tiny_config_in_memory(),
        MICE,
    )
    classifier.log = lambda *_, **__: None
    labels = torch.full((1, 8), UNSCORED)
    batch = {
        "keypoints": torch.zeros(1, 8, 2, 7, 2),
        "labels": labels,
        "seconds": torch.full((1,), 1 / 30),
        "context": torch.ones(1, 1),
        "views": None,
    }
    loss = classifier._shared_step(batch, "train")
    loss.backward()
    assert loss == 0
    assert all(p.grad is None or p.grad.isfinite().all() for p in classifier.parameters())


def tiny_config_in_memory():
    return Config(hidden_dim=16, num_layers=1, num_heads=2, precision="fp32")


def test_tiny_set_can_be_overfitted(tmp_path):
    still = simulate_recordings(1, 512, 0)[0]
    recordings = {
        "train": replace(still, name="a"),
        "val": replace(still, name="b"),
    }
    for split, recording in recordings.items():
        write_dataset([recording], tmp_path / split)
    config = tiny_config(
        tmp_path,
        train_data_dir=str(tmp_path / "train"),
        val_data_dir=str(tmp_path / "val"),
        dataset="recordings",
        hidden_dim=32,
        epochs=60,
        batch_size=2,
        dropout=0.0,
        learning_rate=2e-3,
        save_freq=100,
    )
    assert fit(config)["per_class"]["other"]["f1"] > 0.95


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"input_dim": 20},
            r"input_dim: is 20, but the data has 28 \(coordinates of 2 animals x 7",
        ),
        ({"num_classes": 3}, r"num_classes: is 3, but the data has 4 \(attack, investigation"),
        ({"precision": "fp16"}, "precision: is fp16, but a CPU computes in fp32 and bf16"),
    ],
)
def test_setting_that_contradicts_the_data_leaves_no_run(tmp_path, changes, message):
    config = tiny_config(tmp_path, **changes)
    with pytest.raises(InputError, match=message):
        fit(config)
    assert not config.run_dir.exists()


def test_real_path_that_is_missing_is_never_simulated(tmp_path):
    config = tiny_config(tmp_path, dataset="recordings")
    with pytest.raises(InputError, match=r"train_data_dir: .*no such folder"):
        fit(config)
    assert list(tmp_path.iterdir()) == []


def test_recordings_are_never_replaced_by_simulated_ones(tmp_path):
    config = tiny_config(tmp_path)
    recording = simulate_recordings(1, 100, 9, prefix="mine")[0]
    write_dataset([recording], config.train_data_dir)
    with pytest.raises(InputError, match="holds recordings, which are left as they are"):
        fit(config)
    assert open_dataset(config.train_data_dir).entries[0].name == "mine_000"


def test_train_and_val_must_have_the_same_classes(tmp_path):
    recording = simulate_recordings(1, 100, 9)[0]
    write_dataset([recording], tmp_path / "data/train")
    renamed = replace(recording, name="b", class_names=("a", "b", "c", "d"))
    write_dataset([renamed], tmp_path / "data/val")
    with pytest.raises(
        InputError, match=r"val_data_dir: .* has class_names \['a', 'b', 'c', 'd'\]"
    ):
        fit(tiny_config(tmp_path, dataset="recordings"))


def test_fit_command_prints_an_epoch_a_line_and_a_table(tmp_path, capsys):
    config = tiny_config(tmp_path)
    fit_main([part for key, value in config.to_dict().items() if value is not None
              for part in (f"--{key}", str(value))])  # fmt: skip
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("epoch")] == [
        "1/3",
        "2/3",
        "3/3",
    ]
    assert "macro average" in out
    assert f"best checkpoint: {config.run_dir / 'best.ckpt'}" in out


def test_result_says_whether_decisions_were_kept(run):
    _, result = run
    scores = {"macro_f1_cross_fitted": 0.5, "segmental_cross_fitted": {"f1@50": 0.25}}
    nothing = {"smoothing_s": 0.0, "log_weights": {"a": 0.0}, "minimum_bout_s": {"a": 0.0}}
    shown = format_result(result | {"decisions": scores | nothing})
    assert "no decisions kept: they bring less than the margin" in shown
    shown = format_result(result | {"decisions": scores | nothing | {"smoothing_s": 0.5}})
    assert "with decisions, cross-fitted: macro F1 0.500, f1@50 0.250" in shown
