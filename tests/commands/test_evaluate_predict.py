"""evaluate and predict, on a network trained for a moment on simulated mice."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from pose_files import write_deeplabcut
from tiny import tiny_config

from mabe_lit.data import Dataset, open_dataset, write_dataset
from mabe_lit.evaluate import evaluate
from mabe_lit.fit import fit
from mabe_lit.pose import Recording
from mabe_lit.predict import predict
from mabe_lit.scores import score_recordings
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import CLASS_NAMES
from mabe_lit.writers import TrackPrediction
from mabe_lit.writers.tables import tabulate_bouts, tabulate_frames


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = tiny_config(tmp_path_factory.mktemp("run"))
    return config, fit(config)


def test_evaluate_gives_the_score_that_fit_reported(run, tmp_path):
    config, result = run
    scores = evaluate(
        checkpoint=result["best_checkpoint"],
        data=config.val_data_dir,
        output=str(tmp_path),
        raw=True,
    )
    assert scores["macro_f1"] == result["macro_f1"]
    assert scores["segmental"] == result["segmental"]
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written["macro_f1"] == result["macro_f1"]
    assert set(written) == {
        "macro_f1",
        "map",
        "averaged_classes",
        "per_class",
        "confusion_matrix",
        "segmental",
        "calibration_error",
        "decisions",
    }
    assert set(written["segmental"]) == {"f1@10", "f1@25", "f1@50", "edit"}
    assert np.sum(written["confusion_matrix"]) == open_dataset(config.val_data_dir).runs.places


def test_evaluate_draws_three_figures(run, tmp_path):
    config, result = run
    evaluate(
        checkpoint=result["best_checkpoint"], data=config.val_data_dir, output=str(tmp_path / "o")
    )
    assert sorted(path.name for path in (tmp_path / "o").iterdir()) == [
        "confusion_matrix.png",
        "ethogram.png",
        "metrics.json",
        "precision_recall.png",
    ]
    for file in (tmp_path / "o").glob("*.png"):
        assert file.read_bytes().startswith(b"\x89PNG")


def test_evaluate_average_over_is_calms21s_official_score(run, tmp_path):
    config, result = run
    arguments = {"checkpoint": result["best_checkpoint"], "data": config.val_data_dir}
    official = evaluate(
        **arguments, output=str(tmp_path), average_over=["attack", "investigation", "mount"]
    )
    per_class = [official["per_class"][name]["f1"] for name in CLASS_NAMES[:3]]
    known = [f1 for f1 in per_class if f1 is not None]
    assert official["macro_f1"] == pytest.approx(np.mean(known))
    assert json.loads((tmp_path / "metrics.json").read_text())["averaged_classes"] == [
        "attack",
        "investigation",
        "mount",
    ]


@pytest.fixture(scope="module")
def predicted(run, tmp_path_factory):
    """A recording that is long for a window, one of a single frame, and the tables of both."""
    folder = tmp_path_factory.mktemp("predict")
    (folder / "poses").mkdir()
    long = simulate_recordings(1, 777, 3)[0]
    write_deeplabcut(folder / "poses/longDLC_net.csv", long)
    short = Recording.unscored("s", long.keypoints[:1], 30.0, *names_of(long))
    write_deeplabcut(folder / "poses/shortDLC_net.csv", short)
    files = predict(
        checkpoint=run[1]["best_checkpoint"],
        poses=str(folder / "poses"),
        output=str(folder / "out"),
    )
    return {file.name: pd.read_csv(file) for file in files}


def names_of(recording):
    return recording.animal_names, recording.keypoint_names


def test_predict_writes_two_tables_a_recording(predicted):
    assert set(predicted) == {
        "long.frames.csv",
        "long.bouts.csv",
        "short.frames.csv",
        "short.bouts.csv",
    }


@pytest.mark.parametrize(("name", "frames"), [("long", 777), ("short", 1)])
def test_predict_tells_every_frame_once(predicted, name, frames):
    table = predicted[f"{name}.frames.csv"]
    assert table["frame"].tolist() == list(range(frames))
    np.testing.assert_allclose(table["time_s"], np.arange(frames) / 30, rtol=0, atol=1e-6)
    probabilities = table[[f"p_{name}" for name in CLASS_NAMES]].to_numpy()
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-4)
    assert table["predicted"].tolist() == [CLASS_NAMES[i] for i in probabilities.argmax(1)]


@pytest.mark.parametrize("name", ["long", "short"])
def test_predicted_bouts_are_the_predicted_frames(predicted, name):
    frames, bouts = predicted[f"{name}.frames.csv"], predicted[f"{name}.bouts.csv"]
    spelled = np.repeat(bouts["behavior"], bouts["stop_frame"] - bouts["start_frame"])
    assert spelled.tolist() == frames["predicted"].tolist()
    assert bouts["start_frame"].tolist() == [0, *bouts["stop_frame"][:-1]]


def test_bouts_say_seconds_and_mean_probability():
    probabilities = np.array([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8]], np.float32)
    track = TrackPrediction(probabilities, np.array([0, 0, 1]))
    bouts = tabulate_bouts(track, ("attack", "other"), 10.0)
    assert bouts.columns.tolist() == [
        "behavior",
        "start_frame",
        "stop_frame",
        "start_s",
        "stop_s",
        "duration_s",
        "mean_probability",
    ]
    assert bouts.iloc[0].tolist() == ["attack", 0, 2, 0.0, 0.2, 0.2, pytest.approx(0.8)]
    assert bouts.iloc[1].tolist()[:3] == ["other", 2, 3]
    frames = tabulate_frames(track, ("attack", "other"), 10.0)
    assert frames["time_s"][2] == 0.2


def test_prediction_of_a_recording_does_not_depend_on_its_neighbours(run, tmp_path):
    from mabe_lit.inference import predict_probabilities
    from mabe_lit.training import load_classifier

    classifier = load_classifier(run[1]["best_checkpoint"])
    classifier.config = replace(classifier.config, precision="fp32")
    assert classifier.config.window_frames > 20
    long, short = simulate_recordings(2, 150, 4), simulate_recordings(1, 20, 5, prefix="short")
    write_dataset([long[0], *short, long[1]], tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    together = predict_probabilities(classifier, dataset)
    for index in range(len(dataset)):
        (alone,) = predict_probabilities(classifier, Dataset.of(dataset[index]))
        np.testing.assert_allclose(alone, together[index], atol=1e-5)


def test_scores_of_a_checkpoint_are_those_of_its_probabilities(run, tmp_path):
    from mabe_lit.inference import predict_probabilities
    from mabe_lit.training import load_classifier

    config, result = run
    dataset = open_dataset(config.val_data_dir)
    probabilities = predict_probabilities(load_classifier(result["best_checkpoint"]), dataset)
    scores = score_recordings(probabilities, dataset.all_labels(), CLASS_NAMES)
    assert scores.macro_f1 == result["macro_f1"]


def test_checkpoint_trained_in_fp16_predicts_on_a_cpu(run):
    from dataclasses import replace

    from mabe_lit.inference import predict_probabilities
    from mabe_lit.training import load_classifier

    classifier = load_classifier(run[1]["best_checkpoint"])
    classifier.config = replace(classifier.config, precision="fp16", device="auto")
    dataset = open_dataset(run[0].val_data_dir)
    predict_probabilities(classifier, dataset, device="cpu")


def test_prediction_needs_no_gradient_memory(run):
    from mabe_lit.inference import predict_probabilities
    from mabe_lit.training import load_classifier

    classifier = load_classifier(run[1]["best_checkpoint"])
    dataset = open_dataset(run[0].val_data_dir)
    predict_probabilities(classifier, dataset)
    assert torch.is_grad_enabled()
    assert all(weight.grad is None for weight in classifier.parameters())
