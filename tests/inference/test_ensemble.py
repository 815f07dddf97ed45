"""Decisions from fit through the checkpoint to evaluate and predict; several checkpoints as one."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from pose_files import write_deeplabcut
from tiny import Killed, fails, names_of, tiny_config

from mabe_lit import evaluate as evaluate_command
from mabe_lit import predict as predict_command
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.evaluate import evaluate
from mabe_lit.fit import fit
from mabe_lit.inference import load_ensemble
from mabe_lit.predict import predict
from mabe_lit.runs.checkpoints import store_decisions
from mabe_lit.scores import Decisions
from mabe_lit.scores.digests import digest_labels
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import CLASS_NAMES
from mabe_lit.training import load_classifier, read_checkpoint

OTHER = CLASS_NAMES.index("other")
ALWAYS_OTHER = Decisions(
    tuple(50.0 if index == OTHER else 0.0 for index in range(4)), (0.0,) * 4, 0.5
)


def config_with_several_recordings(folder, **changes):
    for split, seed, count in (("train", 0, 2), ("val", 1, 6)):
        if not (folder / "data" / split).exists():
            write_dataset(
                simulate_recordings(count, 900, seed, prefix=split), folder / "data" / split
            )
    return tiny_config(folder, dataset="recordings", sequence_length=8, epochs=6, **changes)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two trainings on the same recordings: configurations and results."""
    folder = tmp_path_factory.mktemp("runs")
    configs = [config_with_several_recordings(folder, run=f"s{s}", seed=s) for s in (0, 1)]
    return configs, [fit(config) for config in configs]


@pytest.fixture
def checkpoint(runs, tmp_path):
    """A copy with decisions that are easy to tell: nearly everything is other."""
    path = tmp_path / "always_other.ckpt"
    shutil.copy(runs[1][0]["best_checkpoint"], path)
    store_decisions(path, ALWAYS_OTHER, None)
    return path


def test_fit_tells_decisions_apart_from_its_scores(runs):
    _, (result, _) = runs
    decisions = result["decisions"]
    assert set(decisions) == {
        "smoothing_s",
        "log_weights",
        "minimum_bout_s",
        "macro_f1_cross_fitted",
        "f1_cross_fitted",
        "segmental_cross_fitted",
    }
    assert set(decisions["log_weights"]) == set(decisions["minimum_bout_s"]) == set(CLASS_NAMES)
    assert set(decisions["f1_cross_fitted"]) == set(CLASS_NAMES)


def test_fit_stores_its_decisions_in_the_best_checkpoint(runs):
    (config, _), (result, _) = runs
    decisions = load_classifier(result["best_checkpoint"]).decisions
    assert not decisions.is_identity, "so short windows leave something to decide"
    for key, value in decisions.describe(CLASS_NAMES).items():
        assert result["decisions"][key] == value
    val = open_dataset(config.val_data_dir)
    assert decisions.fitted_on == digest_labels(val.all_labels())


def test_evaluate_raw_is_what_fit_reported(runs, tmp_path):
    (config, _), (result, _) = runs
    arguments = {"checkpoint": result["best_checkpoint"], "data": config.val_data_dir}
    raw = evaluate(**arguments, output=str(tmp_path / "raw"), raw=True)
    assert raw.pop("decisions") is None
    assert json.loads(json.dumps(raw)) == {key: result[key] for key in raw}
    decided = evaluate(**arguments, output=str(tmp_path / "decided"))
    assert decided["macro_f1"] >= raw["macro_f1"]
    assert decided["decisions"]["fitted_on_this_data"]


def test_evaluate_says_when_decisions_were_fitted_on_its_data(runs, tmp_path, capsys):
    (config, _), (result, _) = runs
    options = ["--checkpoint", result["best_checkpoint"], "--output", str(tmp_path / "out")]
    hint = "decisions were fitted on this data"
    evaluate_command.main([*options, "--data", config.val_data_dir])
    assert hint in capsys.readouterr().out
    evaluate_command.main([*options, "--data", config.val_data_dir, "--raw"])
    assert hint not in capsys.readouterr().out
    evaluate_command.main([*options, "--data", config.train_data_dir])
    assert hint not in capsys.readouterr().out


def test_storing_decisions_leaves_everything_else_as_it_was(runs, checkpoint):
    before, after = (read_checkpoint(path) for path in (runs[1][0]["best_checkpoint"], checkpoint))
    assert before.keys() == after.keys()
    assert all(torch.equal(after["state_dict"][k], v) for k, v in before["state_dict"].items())
    for key in before.keys() - {"state_dict", "mabe_lit"}:
        assert repr(before[key]) == repr(after[key])
    ours, theirs = ({**each["mabe_lit"], "decisions": None} for each in (before, after))
    assert ours == theirs
    assert load_classifier(checkpoint).decisions == ALWAYS_OTHER


def test_checkpoint_without_decisions_decides_for_the_most_probable(checkpoint):
    content = dict(read_checkpoint(checkpoint))
    del content["mabe_lit"]["decisions"]
    torch.save(content, checkpoint)
    assert load_classifier(checkpoint).decisions == Decisions.identity(4)


def test_checkpoint_with_damaged_decisions_is_one_line(runs, checkpoint, tmp_path, capsys):
    content = dict(read_checkpoint(checkpoint))
    content["mabe_lit"]["decisions"]["log_weights"] = [0.0]
    torch.save(content, checkpoint)
    options = ("--data", runs[0][0].val_data_dir, "--output", tmp_path / "out")
    message = fails(evaluate_command, capsys, "--checkpoint", checkpoint, *options)
    assert f"{checkpoint}: does not fit this release of mabe_lit (Expected a log weight" in message


def test_run_killed_before_its_result_fits_the_same_decisions(runs, tmp_path):
    (whole, _), (result, _) = runs
    config = config_with_several_recordings(tmp_path, run="s0", seed=0)

    def kill_after_decisions():
        best = config.run_dir / "best.ckpt"
        if best.exists() and read_checkpoint(best)["mabe_lit"]["decisions"]["fitted_on"]:
            raise Killed

    with pytest.raises(Killed):
        fit(config, kill_after_decisions)
    assert not (config.run_dir / "result.json").exists()
    assert fit(config)["decisions"] == result["decisions"]
    for name in ("best.ckpt", "last.ckpt"):
        ours, theirs = (read_checkpoint(each.run_dir / name) for each in (config, whole))
        assert ours["mabe_lit"]["decisions"] == theirs["mabe_lit"]["decisions"]
        assert all(torch.equal(v, theirs["state_dict"][k]) for k, v in ours["state_dict"].items())


@pytest.fixture
def poses(tmp_path):
    folder = tmp_path / "poses"
    folder.mkdir()
    write_deeplabcut(folder / "1DLC.csv", simulate_recordings(1, 300, 5)[0])
    return str(folder)


def test_predict_uses_decisions_and_raw_does_not(checkpoint, poses, tmp_path):
    tables = {}
    for raw in (False, True):
        out = str(tmp_path / f"out-{raw}")
        frames, _ = predict(checkpoint=str(checkpoint), poses=poses, output=out, raw=raw)
        tables[raw] = pd.read_csv(frames)
    assert set(tables[False]["predicted"]) == {"other"}
    columns = [f"p_{name}" for name in CLASS_NAMES]
    most_probable = np.array(CLASS_NAMES)[tables[True][columns].to_numpy().argmax(1)]
    assert tables[True]["predicted"].tolist() == most_probable.tolist()
    pd.testing.assert_frame_equal(tables[False][columns], tables[True][columns])


def test_several_checkpoints_predict_the_mean_probability(runs, poses, tmp_path):
    paths = [result["best_checkpoint"] for result in runs[1]]
    tables = []
    for checkpoints in ([paths[0]], [paths[1]], paths, paths[::-1]):
        out = tmp_path / f"out-{len(tables)}"
        predict_command.main(["--checkpoint", *checkpoints, "--poses", poses, "--output", str(out)])
        tables.append(pd.read_csv(out / "1.frames.csv"))
    columns = [f"p_{name}" for name in CLASS_NAMES]
    one, other, both, reverse = (table[columns].to_numpy() for table in tables)
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-5)
    np.testing.assert_allclose(both, reverse, atol=1e-5)
    assert tables[2]["predicted"].tolist() == tables[3]["predicted"].tolist()


def test_several_checkpoints_can_be_evaluated(runs, tmp_path):
    (config, _), results = runs
    evaluate_command.main(
        [
            *("--checkpoint", *(result["best_checkpoint"] for result in results)),
            *("--data", config.val_data_dir, "--output", str(tmp_path / "out"), "--raw"),
        ]
    )
    scores = json.loads((tmp_path / "out/metrics.json").read_text())
    assert 0 <= scores["macro_f1"] <= 1


def test_several_checkpoints_must_agree_and_the_other_one_is_named(runs, poses, tmp_path, capsys):
    source = simulate_recordings(1, 500, 3)[0]
    source.labels[:250] = 0
    animals, points, classes = names_of(source)
    for kind, names in (
        ("classes", (animals, points, tuple("abcd"))),
        ("key points", (animals, tuple("ABCDEFG"), classes)),
    ):
        folder = tmp_path / kind
        for split in ("train", "val"):
            recording = replace(
                source,
                name=split,
                animal_names=names[0],
                keypoint_names=names[1],
                class_names=names[2],
            )
            write_dataset([recording], folder / "data" / split)
        result = fit(tiny_config(folder, dataset="recordings", epochs=1))
        paths = (runs[1][0]["best_checkpoint"], result["best_checkpoint"])
        options = ("--checkpoint", *paths, "--poses", poses, "--output", tmp_path / "out")
        message = fails(predict_command, capsys, *options)
        assert message.startswith(f"error: --checkpoint {paths[1]}: has the {kind} ")
        assert f"but {paths[0]} has " in message
        assert not (tmp_path / "out").exists()


def test_ensemble_of_one_is_its_classifier(checkpoint):
    assert load_ensemble(str(checkpoint), raw=False).decisions == ALWAYS_OTHER
    assert load_ensemble([str(checkpoint)], raw=True).decisions == Decisions.identity(4)
