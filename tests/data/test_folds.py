"""Cross-validation by recording."""

import json
from pathlib import Path

import numpy as np
import pytest
from tiny import changed, dataset_of, tiny_config

from mabe_lit import UNSCORED
from mabe_lit.config import Config
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.data.folds import assign_folds, open_fold
from mabe_lit.fit import fit, main
from mabe_lit.runs.cross_validation import summarize_folds
from mabe_lit.scores import format_scores
from mabe_lit.shell import InputError
from mabe_lit.simulation import simulate_recordings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """12 recordings, of which the first four alone show attacks."""
    recordings = simulate_recordings(12, 300, 0)
    for index, recording in enumerate(recordings):
        recording.labels[:] = 3
        recording.labels[:100] = 0 if index < 4 else 1
    folder = tmp_path_factory.mktemp("data") / "recordings"
    write_dataset(recordings, folder)
    return folder


def of_folds(folder, tmp_path, **changes):
    return tiny_config(
        tmp_path,
        train_data_dir=str(folder),
        val_data_dir="nowhere",
        dataset="recordings",
        epochs=1,
        run="cross",
        **changes,
    )


def test_each_recording_is_held_out_once_and_classes_are_shared_out(folder):
    dataset = open_dataset(folder)
    of_fold = assign_folds(dataset, 4, seed=0)
    assert np.bincount(of_fold, minlength=5).tolist() == [0, 3, 3, 3, 3]
    attacks = [dataset.count_classes()[of_fold == fold, 0].sum() for fold in range(1, 5)]
    assert attacks == [100, 100, 100, 100]
    assert np.array_equal(of_fold, assign_folds(dataset, 4, seed=0))
    assert not np.array_equal(of_fold, assign_folds(dataset, 4, seed=1))


@pytest.fixture(scope="module")
def labs(tmp_path_factory):
    """4 recordings of each of 3 labs, of which half of each lab's show attacks."""
    recordings = []
    for index, recording in enumerate(simulate_recordings(12, 300, 0)):
        recording.labels[:] = 3
        recording.labels[: 150 * (index % 2)] = 0
        recordings.append(changed(recording, group=f"lab {index // 4}"))
    return dataset_of(*recordings, folder=tmp_path_factory.mktemp("data") / "labs")


def test_each_fold_has_recordings_of_each_group_and_of_each_of_its_classes(labs):
    for seed in range(3):
        of_fold = assign_folds(labs, 2, seed=seed)
        shows = labs.count_classes()[:, 0] > 0
        for fold in (1, 2):
            held_out = np.flatnonzero(of_fold == fold)
            # of 4 recordings of a lab two, of which one shows attacks
            assert np.bincount(held_out // 4).tolist() == [2, 2, 2]
            assert np.bincount(held_out // 4, weights=shows[held_out]).tolist() == [1, 1, 1]


def test_recordings_without_groups_are_shared_out_as_ever(labs, folder):
    # As found before there were groups: runs that go on keep their recordings.
    assert assign_folds(open_dataset(folder), 3, seed=0).tolist() == [
        1,
        1,
        2,
        3,
        3,
        2,
        1,
        2,
        3,
        3,
        1,
        2,
    ]


def test_groups_that_are_always_trained_on_are_never_held_out(labs, tmp_path):
    patterns = ["lab 0", "*1"]
    of_fold = assign_folds(labs, 2, seed=0, always_train=patterns)
    assert of_fold[:8].tolist() == [0] * 8
    assert sorted(of_fold[8:].tolist()) == [1, 1, 2, 2]
    config = of_folds(labs.directory, tmp_path, folds=2, fold=1, always_train=patterns)
    train, val = open_fold(labs, config)
    assert {entry.group for entry in val.entries} == {"lab 2"}
    assert len(train) == 10


def test_groups_that_are_not_there_or_leave_too_few_are_errors(labs, folder):
    with pytest.raises(InputError, match=r"of group Lab\*; there are lab 0, lab 1, lab 2$"):
        assign_folds(labs, 2, seed=0, always_train=["lab 1", "Lab*"])
    with pytest.raises(InputError, match="its recordings have no groups"):
        assign_folds(open_dataset(folder), 2, seed=0, always_train=["Lab*"])
    with pytest.raises(InputError, match="4 recordings beside those of always_train"):
        assign_folds(labs, 5, seed=0, always_train=["lab 0", "lab 1"])
    with pytest.raises(InputError, match="always_train: is of cross-validation"):
        Config(always_train=["lab 0"])


def test_simulated_recordings_have_folds_too(tmp_path):
    config = tiny_config(tmp_path, folds=2, epochs=1, run="cross", synthetic_train_frames=6100)
    assert len(fit(config)["folds"]) == 2


def test_folds_of_which_one_trains_on_a_single_class(tmp_path):
    recordings = simulate_recordings(3, 200, 0)
    for index, recording in enumerate(recordings):
        recording.labels[:] = 0
        recording.labels[:100] = int(index == 0)
    write_dataset(recordings, tmp_path / "set")
    assert len(fit(of_folds(tmp_path / "set", tmp_path, folds=3))["folds"]) == 3


def test_folds_that_cannot_be_trained_leave_no_folder(folder, tmp_path):
    with pytest.raises(InputError, match="device: is cuda"):
        fit(of_folds(folder, tmp_path, folds=3, device="cuda"))
    assert not (tmp_path / "checkpoints").exists()


def test_a_fold_trains_on_the_others(folder, tmp_path):
    dataset = open_dataset(folder)
    train, val = open_fold(dataset, of_folds(folder, tmp_path, folds=3, fold=2))
    names = {entry.name for entry in dataset.entries}
    ours, theirs = ({entry.name for entry in part.entries} for part in (train, val))
    assert ours | theirs == names
    assert not ours & theirs
    for index, entry in enumerate(val.entries):
        original = next(e for e in dataset.entries if e.name == entry.name)
        assert np.array_equal(
            val.all_labels()[index], dataset[dataset.entries.index(original)].labels
        )


def test_cross_validation_reports_mean_and_spread_and_trains_no_fold_twice(
    folder, tmp_path, capsys
):
    config = of_folds(folder, tmp_path, folds=3)
    result = fit(config)
    each = [
        json.loads((config.run_dir / f"fold-{fold}" / "result.json").read_text())
        for fold in (1, 2, 3)
    ]
    scores = [fold["macro_f1"] for fold in each]
    assert result["folds"] == scores
    assert result["macro_f1"] == pytest.approx(np.mean(scores))
    assert result["spread"]["macro_f1"] == pytest.approx(np.std(scores, ddof=1))
    assert sum(score["support"] for score in result["per_class"].values()) == 12 * 300
    (config.run_dir / "result.json").unlink()
    (config.run_dir / "fold-2" / "result.json").unlink()
    times = [(config.run_dir / f"fold-{f}" / "best.ckpt").stat().st_mtime_ns for f in (1, 3)]
    again = fit(config)
    assert again["folds"] == pytest.approx(scores)
    now = [(config.run_dir / f"fold-{f}" / "best.ckpt").stat().st_mtime_ns for f in (1, 3)]
    assert now == times
    options = [f"--{key}={value}" for key, value in config.to_dict().items() if value is not None]
    capsys.readouterr()
    main(options)
    assert "means of 3 folds; macro F1 " in capsys.readouterr().out


def result_of(f1):
    """What a fold's ``result.json`` holds, all scores of its class being ``f1``."""
    scores = dict.fromkeys(("precision", "recall", "f1", "average_precision"), f1)
    return {
        "macro_f1": 0.5,
        "map": 0.5,
        "averaged_classes": ["attack"],
        "per_class": {"attack": scores | {"support": 7}},
        "segmental": {"f1@50": 0.2},
        "calibration_error": 0.1,
        "parameters": 3,
        "train_seconds": 2.0,
    }


def test_a_class_that_a_fold_lacks_counts_in_the_others_alone():
    summary = summarize_folds([result_of(None), result_of(0.4), result_of(0.6)])
    assert summary["per_class"]["attack"]["f1"] == pytest.approx(0.5)
    assert summary["per_class"]["attack"]["support"] == 21
    assert summary["spread"]["f1"]["attack"] == pytest.approx(0.1414, abs=1e-4)


def test_shares_of_right_animals_are_means_over_folds():
    result = result_of(0.5)
    assert "agents" not in summarize_folds([result])
    shares = [
        {
            "which_agent": {"attack": share},
            "which_target": {"attack": None},
            "frames": {"attack": 9},
        }
        for share in (0.25, 0.75)
    ]
    summary = summarize_folds([result | {"agents": each} for each in shares])
    assert summary["agents"] == {
        "which_agent": {"attack": 0.5},
        "which_target": {"attack": None},
        "frames": {"attack": 18},
    }
    assert "which agent" in format_scores(summary)


def test_too_few_recordings_or_scored_ones_are_errors(folder, tmp_path):
    with pytest.raises(InputError, match="has 12 recordings, too few for 13 folds"):
        fit(of_folds(folder, tmp_path, folds=13))
    assert not Path(tmp_path / "checkpoints" / "cross").exists()
    recordings = simulate_recordings(3, 100, 0)
    for recording in recordings[1:]:
        recording.labels[:] = UNSCORED
    write_dataset(recordings, tmp_path / "one")
    with pytest.raises(InputError, match="no frame is scored"):
        fit(of_folds(tmp_path / "one", tmp_path, folds=3))


@pytest.mark.parametrize("wrong", [{"fold": 1}, {"folds": 3, "fold": 4}, {"folds": 0}])
def test_impossible_folds_are_errors(wrong):
    with pytest.raises(InputError, match="folds"):
        Config(**wrong)
