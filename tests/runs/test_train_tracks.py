"""Training on what agents do to targets: whole runs of seconds, exclusive and independent."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import Killed, tiny_config

from mabe_lit import UNSCORED
from mabe_lit.baseline import baseline
from mabe_lit.data import Task, open_dataset, write_dataset
from mabe_lit.evaluate import evaluate
from mabe_lit.features import as_seen
from mabe_lit.fit import fit
from mabe_lit.inference import predict_probabilities
from mabe_lit.models import boosted_trees
from mabe_lit.scores import score_recordings
from mabe_lit.shell import InputError
from mabe_lit.simulation import simulate_group
from mabe_lit.training import (
    BehaviorDataModule,
    build_classifier,
    load_classifier,
    read_checkpoint,
)

SETTINGS = {
    "dataset": "recordings",
    "features": "social",
    "model_type": "tcn",
    "recording_context": True,
    "epochs": 2,
    "save_freq": 1,
}


def made_exclusive(recording):
    """With the first behaviour of each frame; nobody scored those without one."""
    tracks = []
    for track in recording.tracks:
        is_yes = track.labels == 1
        labels = np.where(is_yes.any(axis=1), is_yes.argmax(axis=1), UNSCORED).astype(np.int16)
        is_about = (track.labels != UNSCORED).any(axis=0)
        about = tuple(np.array(recording.class_names, object)[is_about])
        tracks.append(replace(track, labels=labels, looked_for=about))
    return replace(recording, tracks=tuple(tracks))


def write_groups(folder, *, exclusive):
    """Recordings of three animals in train, and of four in val."""
    for seed, (split, animals) in enumerate((("train", 3), ("val", 4))):
        recordings = simulate_group(2, 400, seed, animals=animals, prefix=split)
        if exclusive:
            recordings = [made_exclusive(each) for each in recordings]
        write_dataset(recordings, folder / "data" / split)


@pytest.fixture(scope="module", params=[True, False], ids=["exclusive", "independent"])
def run(request, tmp_path_factory):
    """A training, its config and its result."""
    folder = tmp_path_factory.mktemp("run")
    write_groups(folder, exclusive=request.param)
    config = tiny_config(folder, **SETTINGS)
    return config, fit(config)


def test_fit_scores_all_tracks_of_validation(run):
    config, result = run
    val = open_dataset(config.val_data_dir)
    C = len(val.class_names)
    shape = (C, 2, 2) if val.is_independent else (C, C)
    assert np.shape(result["confusion_matrix"]) == shape
    assert {*result["per_class"]} == {*val.class_names}
    supports = [score["support"] for score in result["per_class"].values()]
    assert supports == val.count_classes().sum(axis=0).tolist()
    classifier = load_classifier(result["best_checkpoint"])
    assert classifier.task == Task.of(open_dataset(config.train_data_dir))
    found = predict_probabilities(classifier, val, device="cpu")
    assert len(found) == len(val.tracks)
    scores = score_recordings(found, val.all_labels(), val.class_names, who=val.who)
    assert scores.macro_f1 == result["macro_f1"]


def test_evaluate_raw_is_what_fit_reported(run, tmp_path):
    config, result = run
    found = evaluate(
        checkpoint=result["best_checkpoint"],
        data=config.val_data_dir,
        output=str(tmp_path / "out"),
        raw=True,
    )
    assert found["macro_f1"] == result["macro_f1"]
    assert found["per_class"] == result["per_class"]


def test_run_killed_after_an_epoch_ends_with_the_same_weights(run, tmp_path):
    whole, _ = run
    config = replace(whole, checkpoint_dir=str(tmp_path))

    def kill():
        raise Killed

    with pytest.raises(Killed):
        fit(config, kill)
    assert not (config.run_dir / "result.json").exists()
    fit(config)
    ours, theirs = (read_checkpoint(c.run_dir / "last.ckpt")["state_dict"] for c in (config, whole))
    assert all(torch.equal(ours[key], value) for key, value in theirs.items())


def test_run_does_not_go_on_with_labels_of_another_kind(run, tmp_path):
    config, _ = run
    is_exclusive = not open_dataset(config.train_data_dir).is_independent
    write_groups(tmp_path, exclusive=not is_exclusive)
    folders = {f"{split}_data_dir": str(tmp_path / "data" / split) for split in ("train", "val")}
    other = replace(config, **folders, checkpoint_dir=str(tmp_path))
    other.run_dir.mkdir(parents=True)
    for name in ("best.ckpt", "last.ckpt"):
        (other.run_dir / name).write_bytes((config.run_dir / name).read_bytes())
    text = (config.run_dir / "config.yaml").read_text()
    for key, folder in folders.items():
        text = text.replace(getattr(config, key), folder)
    (other.run_dir / "config.yaml").write_text(text)
    with pytest.raises(InputError, match=r"is_independent of .* but .* was trained with"):
        fit(other)


def test_roles_are_not_swapped(run):
    config, _ = run
    with pytest.raises(InputError, match=r"swap_animals: is true, .* agent and target; allowed is"):
        fit(replace(config, swap_animals=True, run="swapped"))


def test_baseline_learns_from_tracks_too(run, tmp_path, monkeypatch):
    monkeypatch.setattr(boosted_trees, "ROUNDS", 5)
    config, _ = run
    found = baseline(
        train=config.train_data_dir, val=config.val_data_dir, output=str(tmp_path / "out")
    )
    assert 0 < found["macro_f1"] <= 1


# ---- Batches


@pytest.fixture
def first_batch(run):
    """A classifier and a batch of training, all windows of which are inside a recording."""
    config, _ = run
    torch.manual_seed(0)
    data = BehaviorDataModule(config)
    data.setup()
    classifier = build_classifier(config, data.train).eval()
    data.describe_recordings(classifier)
    classifier.fit_scales(*data.statistics_windows())
    classifier.log = classifier.log_dict = lambda *_, **__: None
    return classifier, next(iter(data.train_dataloader()))


def test_batch_tells_whose_each_window_is(first_batch):
    _, batch = first_batch
    views = batch["views"]
    assert len(views) == len(batch["labels"])
    assert (views.agent != views.target).all()
    if batch["labels"].ndim == 3:
        is_scored = (batch["labels"] != UNSCORED).any(dim=1)  # (B, C)
        assert not (is_scored & ~views.looked_for).any()
    else:
        for labels, about in zip(batch["labels"], views.looked_for, strict=True):
            assert about[labels[labels != UNSCORED]].all()


def test_unscored_windows_change_neither_loss_nor_metric(first_batch):
    classifier, batch = first_batch

    def part(rows, labels):
        return {key: value[rows] for key, value in batch.items()} | {"labels": labels}

    labels = batch["labels"]
    masked = labels.clone()
    masked[3:] = UNSCORED
    first = slice(0, 3)
    alone = classifier._shared_step(as_seen(part(first, labels[first])), "val")
    macro_f1 = classifier.val_metrics.compute()
    classifier.val_metrics.reset()
    both = classifier._shared_step(as_seen(part(slice(None), masked)), "val")
    torch.testing.assert_close(alone, both)
    assert classifier.val_metrics.compute() == macro_f1
