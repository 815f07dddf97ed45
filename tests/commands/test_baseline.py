"""baseline, on a few seconds of simulated mice."""

import json

import numpy as np
import pytest
from tiny import changed

from mabe_lit import UNSCORED
from mabe_lit import baseline as command
from mabe_lit.baseline import baseline
from mabe_lit.compare import compare
from mabe_lit.data import Dataset, open_dataset, write_dataset
from mabe_lit.models import boosted_trees
from mabe_lit.models.boosted_trees import fit_boosted_trees, round_to_quantiles, window_statistics
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import CLASS_NAMES


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    """Fewer rounds and columns: what is tested does not depend on how good the trees are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boosted_trees, "ROUNDS", 10)
        patch.setattr(boosted_trees, "HALF_WIDTHS_S", (0.5,))
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of recordings to train on and of others to score."""
    folder = tmp_path_factory.mktemp("data")
    write_dataset(simulate_recordings(2, 1200, 1, prefix="train"), folder / "train")
    write_dataset(simulate_recordings(2, 600, 2, prefix="val"), folder / "val")
    return {"train": str(folder / "train"), "val": str(folder / "val")}


@pytest.fixture(scope="module")
def result(folders, tmp_path_factory):
    output = tmp_path_factory.mktemp("baseline") / "out"
    return output, baseline(**folders, output=str(output))


def test_trees_tell_simulated_behaviours_apart(result):
    assert result[1]["macro_f1"] > 0.6  # the commonest class alone would be below 0.25


def test_baseline_writes_what_an_evaluation_writes_and_a_result(result):
    output, written = result
    assert sorted(path.name for path in output.iterdir()) == [
        "confusion_matrix.png",
        "ethogram.png",
        "metrics.json",
        "precision_recall.png",
        "result.json",
    ]
    assert json.loads((output / "result.json").read_text()) == written
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics == {key: written[key] for key in metrics}
    assert set(written) - set(metrics) == {"model", "features", "train_frames", "train_seconds"}
    assert written["train_frames"] == 2400


def test_baseline_can_be_compared(result, tmp_path):
    (run,) = compare(runs=[str(result[0])], output=str(tmp_path))
    assert run.macro_f1 == result[1]["macro_f1"]
    assert run.train_seconds == result[1]["train_seconds"]
    assert run.parameters is None


def test_the_same_seed_gives_the_same_scores(result, folders, tmp_path):
    again = baseline(**folders, output=str(tmp_path / "out"))
    assert again | {"train_seconds": 0} == result[1] | {"train_seconds": 0}


def test_command_prints_the_table(folders, tmp_path, capsys):
    command.main(
        ["--train", folders["train"], "--val", folders["val"], "--output", str(tmp_path / "out")]
    )
    out = capsys.readouterr().out.splitlines()
    assert out[0].split()[:2] == ["precision", "recall"]
    assert [line.split()[0] for line in out[1:5]] == list(CLASS_NAMES)
    assert out[-1].endswith(f"on 2,400 frames; scores and figures: {tmp_path / 'out'}")


def test_statistics_are_those_of_the_frames_that_are_there():
    rng = np.random.default_rng(0)
    values = rng.normal(50, 20, size=(40, 3)).astype(np.float32)
    values[:, 2] = rng.integers(0, 2, 40)
    found = window_statistics(values, 6, np.array([False, False, True]))
    assert found.shape == (40, 3 + 2 + 2 + 2)
    for frame in (0, 3, 20, 39):
        around = values[max(frame - 6, 0) : frame + 7]
        expected = [
            around.mean(0),
            *(part(around[:, :2], axis=0) for part in (np.std, np.min, np.max)),
        ]
        np.testing.assert_allclose(found[frame], np.concatenate(expected), rtol=1e-4)


def test_rounding_keeps_order_and_leaves_few_values():
    values = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    values[:, 1] = values[:, 1] > 0
    rounded = round_to_quantiles(values)
    assert len(np.unique(rounded[:, 0])) <= boosted_trees.BINS
    assert (np.diff(rounded[values[:, 0].argsort(), 0]) >= 0).all()
    assert np.abs(rounded[:, 0] - values[:, 0]).max() < 1
    np.testing.assert_array_equal(rounded[:, 1], values[:, 1])


@pytest.fixture(scope="module")
def trees(folders):
    return fit_boosted_trees(open_dataset(folders["train"]), kind="social", seed=0)


def test_probabilities_sum_to_one_for_every_frame(trees, folders):
    dataset = open_dataset(folders["val"])
    probabilities = next(trees.predict_probabilities(dataset))
    assert probabilities.shape == (len(dataset[0]), len(CLASS_NAMES))
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)


def test_probabilities_do_not_depend_on_how_a_recording_is_cut_into_pieces(
    trees, folders, monkeypatch
):
    dataset = open_dataset(folders["val"]).subset([0])
    (whole,) = trees.predict_probabilities(dataset)
    monkeypatch.setattr(boosted_trees, "_PIECE_FRAMES", 37)
    (in_pieces,) = trees.predict_probabilities(dataset)
    np.testing.assert_allclose(in_pieces, whole, atol=1e-3)


def test_a_single_frame_has_probabilities(trees, folders):
    recording = open_dataset(folders["val"])[0]
    short = changed(recording, keypoints=recording.keypoints[:1], labels=recording.labels[:1])
    (probabilities,) = trees.predict_probabilities(Dataset.of(short))
    assert probabilities.shape == (1, len(CLASS_NAMES))


def test_unscored_frames_neither_train_nor_count(folders, tmp_path):
    for split, name in (("train", "train"), ("val", "val")):
        recordings = []
        for recording in simulate_recordings(2, 600, 3 if split == "train" else 4, prefix=split):
            labels = recording.labels.copy()
            labels[100:400] = UNSCORED
            recordings.append(changed(recording, labels=labels))
        write_dataset(recordings, tmp_path / name)
    found = baseline(
        train=str(tmp_path / "train"), val=str(tmp_path / "val"), output=str(tmp_path / "out")
    )
    assert found["train_frames"] == 600
    assert np.sum(found["confusion_matrix"]) == 600


def test_long_datasets_are_thinned_out_evenly(folders, monkeypatch):
    monkeypatch.setattr(boosted_trees, "MAX_TRAIN_FRAMES", 300)
    model = fit_boosted_trees(open_dataset(folders["train"]), kind="coordinates", seed=0)
    assert 290 <= model.train_frames <= 302


def test_a_class_that_was_never_shown_is_never_predicted(folders, tmp_path):
    recordings = [
        changed(each, labels=np.where(each.labels == 2, UNSCORED, each.labels).astype(np.int16))
        for each in simulate_recordings(2, 1200, 1)
    ]
    write_dataset(recordings, tmp_path / "train")
    model = fit_boosted_trees(open_dataset(tmp_path / "train"), kind="social", seed=0)
    probabilities = next(model.predict_probabilities(open_dataset(folders["val"])))
    assert (probabilities[:, 2] == 0).all()
    assert (probabilities.argmax(1) == 0).any()


def write_changed(folder, **changes):
    write_dataset([changed(each, **changes) for each in simulate_recordings(1, 60, 5)], folder)
    return str(folder)


WRONG = {
    "no folder": (lambda f: {"val": str(f / "no")}, "--val: ", "no: no such folder"),
    "other classes": (
        lambda f: {"val": write_changed(f / "v", class_names=("a", "b", "c", "d"))},
        "--val: ",
        "has class_names ['a', 'b', 'c', 'd'], but --train",
    ),
    "unscored": (
        lambda f: {"train": write_changed(f / "t", labels=np.full(60, UNSCORED, np.int16))},
        "--train: no frame in ",
        "is scored",
    ),
    "one class": (
        lambda f: {"train": write_changed(f / "t", labels=np.full(60, 3, np.int16))},
        "--train: all scored frames in ",
        "are other",
    ),
    "features": (
        lambda f: {"features": "gait"},
        "features: expected one of coordinates, pixels, social, got gait",
        "",
    ),
    "seed": (lambda f: {"seed": "-1"}, "--seed: must be 0 to 2^32 - 1, got -1", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_input_is_named_in_one_line(folders, tmp_path, capsys, name):
    make, start, rest = WRONG[name]
    values = folders | {"output": str(tmp_path / "out")} | make(tmp_path)
    with pytest.raises(SystemExit) as end:
        command.main([word for key, value in values.items() for word in (f"--{key}", value)])
    error = capsys.readouterr().err
    assert end.value.code == 2
    assert error.count("\n") == 1
    assert error.startswith(f"error: {start}")
    assert rest in error
    assert not (tmp_path / "out").exists()


def test_the_folder_of_a_training_is_left_alone(folders, tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("epochs: 1\n")
    arguments = [word for key, value in folders.items() for word in (f"--{key}", value)]
    with pytest.raises(SystemExit) as end:
        command.main([*arguments, "--output", str(tmp_path)])
    assert end.value.code == 2
    assert "is the folder of a training" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]
