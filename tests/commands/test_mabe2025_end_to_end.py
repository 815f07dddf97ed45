"""MABe 2025 from simulated labs to a submission, on a training of a moment."""

import json
import shutil
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tiny import fails, tiny_config

from mabe_lit import predict as predict_command
from mabe_lit.data import open_dataset
from mabe_lit.data.folds import open_fold
from mabe_lit.evaluate import evaluate
from mabe_lit.evaluate import main as evaluate_main
from mabe_lit.fit import fit
from mabe_lit.inference import load_ensemble
from mabe_lit.predict import predict
from mabe_lit.prepare import prepare
from mabe_lit.runs.checkpoints import store_decisions
from mabe_lit.runs.folder import format_result
from mabe_lit.runs.submission import at_rate
from mabe_lit.scores import LabThresholds
from mabe_lit.scores.lab_thresholds import NEVER, ActionThresholds
from mabe_lit.scores.mabe2025 import score_mabe2025
from mabe_lit.shell import InputWarning
from mabe_lit.simulate import simulate
from mabe_lit.writers.mabe2025_check import check_submission, read_looked_for

QUIET = pytest.mark.filterwarnings("ignore::mabe_lit.shell.errors.InputWarning")
"""Simulated labs name mice without tracks, and do not look for each action in each video."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four labs with six videos of seconds, and a test video each."""
    folder = tmp_path_factory.mktemp("mabe") / "labs"
    simulate(output=str(folder), labs=4, videos=6, test_videos=1, minutes=0.3)
    return folder


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """A training, and its result; its decisions are made so that each lab predicts something."""
    work = tmp_path_factory.mktemp("run")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)
        prepare(mabe2025=str(folder), output=str(work / "set"))
    config = tiny_config(
        work,
        train_data_dir=str(work / "set"),
        val_data_dir="not opened",
        dataset="recordings",
        features="social",
        model_type="tcn",
        group_embedding=True,
        folds=2,
        fold=1,
        epochs=1,
    )
    result = fit(config)
    best = result["best_checkpoint"]
    classifier = load_ensemble(best, raw=False)
    fitted, C = classifier.decisions, len(classifier.class_names)
    keen = LabThresholds(ActionThresholds((0.05,) * C, (0.0,) * C), fitted_on=("made up",))
    shutil.copy(best, work / "keen.ckpt")
    store_decisions(work / "keen.ckpt", keen, None)
    return {"config": config, "result": result, "fitted": fitted, "keen": str(work / "keen.ckpt")}


def submit(run, folder, output, **options):
    return predict(checkpoint=run["keen"], mabe2025=str(folder), output=str(output), **options)


@pytest.fixture(scope="module")
def submission(run, folder, tmp_path_factory):
    file = tmp_path_factory.mktemp("submission") / "new" / "submission.csv"
    assert submit(run, folder, file) == [file]
    return file


def test_training_fits_thresholds_of_labs(run):
    assert isinstance(run["fitted"], LabThresholds)
    decisions = run["result"]["decisions"]
    assert 0 <= decisions["mabe2025_cross_fitted"] <= 1
    told = f"score of MABe 2025, cross-fitted: {decisions['mabe2025_cross_fitted']:.3f}"
    assert told in format_result(run["result"])


@pytest.mark.slow
def test_folds_share_thresholds_that_are_fitted_to_all_their_held_out_videos(run, tmp_path):
    changes = {"fold": None, "folds": 2, "run": "cross", "checkpoint_dir": str(tmp_path)}
    config = replace(run["config"], **changes)
    result = fit(config)
    one, two = (
        load_ensemble(str(config.run_dir / f"fold-{fold}" / "best.ckpt"), raw=False).decisions
        for fold in (1, 2)
    )
    assert one == two
    dataset = open_dataset(config.train_data_dir)
    train, val = open_fold(dataset, replace(config, fold=1))
    assert one.were_fitted_on(train.all_labels())
    assert one.were_fitted_on(val.all_labels())
    assert not one.is_identity
    assert f"score of MABe 2025, cross-fitted: {result['mabe2025_cross_fitted']:.3f}" in (
        format_result(result)
    )


def test_submission_is_one_that_would_be_taken(submission, folder, capsys):
    assert check_submission(submission, folder) == []
    predict(mabe2025=str(folder), check=str(submission))
    assert capsys.readouterr().out == f"{submission}: would be taken\n"


def test_submission_holds_what_thresholds_of_labs_say_of_each_test_video(
    submission, run, folder, tmp_path
):
    """The same by another way: the test videos prepared, evaluated as a dataset, and scored."""
    prepare(mabe2025=str(folder), output=str(tmp_path / "test"), split="test")
    dataset = open_dataset(tmp_path / "test")
    classifier = load_ensemble(run["keen"], raw=False)
    listed = read_looked_for(folder)
    theirs = pd.read_csv(submission)
    found = classifier.predict_probabilities(dataset, device="cpu")
    rows = 0
    for track, probabilities in zip(dataset.tracks, found, strict=True):
        entry = dataset.entry_of(track)
        names = dataset.animals_of(entry)
        video = int(entry.name.split("/")[1])
        who = names[track.agent], "self" if track.target is None else names[track.target]
        allowed = [(*who, name) in listed[video] for name in dataset.class_names]
        expected = classifier.decisions.apply(probabilities * allowed, entry.fps, entry.group)
        keypoints = dataset.keypoints[entry.first_frame :][: entry.frames]
        expected[: (~np.isnan(keypoints)).any(axis=(1, 2, 3)).argmax()] = False
        decided = np.zeros_like(expected)
        is_own = (theirs[["video_id", "agent_id", "target_id"]] == [video, *who]).all(axis=1)
        for row in theirs[is_own].itertuples():
            decided[row.start_frame : row.stop_frame, dataset.class_names.index(row.action)] = True
            rows += 1
        np.testing.assert_array_equal(decided, expected)
    assert rows == len(theirs) > 10


def test_submission_is_scored_against_the_truth_of_the_test_videos(submission, folder):
    truth = pd.read_csv(folder / "test_truth.csv")
    scores = score_mabe2025(truth, pd.read_csv(submission), read_looked_for(folder))
    assert scores.not_looked_for == 0
    assert 0 < scores.score < 1


def test_several_checkpoints_answer_together(run, folder, tmp_path):
    several = [run["keen"], run["keen"]]
    options = {"mabe2025": str(folder), "output": str(tmp_path / "s.csv")}
    predict(checkpoint=several, **options)
    assert check_submission(tmp_path / "s.csv", folder) == []


def test_submission_without_a_bout_is_refused(run, folder, tmp_path):
    shutil.copy(run["keen"], tmp_path / "never.ckpt")
    C = len(load_ensemble(run["keen"], raw=False).class_names)
    never = LabThresholds(ActionThresholds((NEVER,) * C, (0.0,) * C))
    store_decisions(tmp_path / "never.ckpt", never, None)
    options = {"mabe2025": str(folder), "output": str(tmp_path / "s.csv")}
    with pytest.raises(ValueError, match="nothing is predicted"):
        predict(checkpoint=str(tmp_path / "never.ckpt"), **options)
    assert not (tmp_path / "s.csv").exists()


def test_evaluation_tells_the_score_of_each_labs_actions(run, tmp_path, capsys):
    arguments = ["--checkpoint", run["keen"], "--data", run["config"].train_data_dir]
    evaluate_main([*arguments, "--output", str(tmp_path), "--device", "cpu"])
    written = json.loads((tmp_path / "metrics.json").read_text())["mabe2025"]
    assert f"score of MABe 2025: {written['score']:.3f} (" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "mabe2025.csv", keep_default_na=False)
    assert list(table) == ["lab", "action", "TP", "FP", "FN", "F", "threshold"]
    assert set(table["threshold"]) == {0.05}
    f1 = 2 * table["TP"] / (2 * table["TP"] + table["FP"] + table["FN"])
    np.testing.assert_allclose(f1, table["F"], atol=1e-6)
    of_labs = f1.groupby(table["lab"]).mean()
    assert of_labs.to_dict() == pytest.approx(written["labs"], abs=1e-6)
    assert written["score"] == pytest.approx(of_labs.mean(), abs=1e-6)
    assert len(of_labs) == 4
    assert (tmp_path / "mabe2025.png").read_bytes().startswith(b"\x89PNG")


def test_evaluation_of_other_data_has_no_such_score(run, tmp_path):
    dataset = tmp_path / "set"
    shutil.copytree(run["config"].train_data_dir, dataset)
    index = json.loads((dataset / "dataset.json").read_text())
    del index["source"]["mabe2025"], index["checksum"]
    (dataset / "dataset.json").write_text(json.dumps(index))
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "mabe2025.csv").write_text("of an earlier evaluation")
    result = evaluate(checkpoint=run["keen"], data=str(dataset), output=str(tmp_path / "o"))
    assert "mabe2025" not in result
    assert not list((tmp_path / "o").glob("mabe2025*"))


def test_faults_of_a_submission_are_told_in_a_line_each_and_with_the_exit_status(
    submission, folder, tmp_path, capsys
):
    table = pd.read_csv(submission)
    table.loc[0, "start_frame"] = table.loc[0, "stop_frame"] + 1
    table.loc[1, "action"] = "dance"
    table.to_csv(tmp_path / "wrong.csv", index=False)
    with pytest.raises(SystemExit) as end:
        predict_command.main(["--mabe2025", str(folder), "--check", str(tmp_path / "wrong.csv")])
    assert end.value.code == 2
    said = capsys.readouterr()
    kinds = [line.split(":")[0] for line in said.out.splitlines()]
    assert kinds == ["refused", "ignored"]
    assert (
        said.err
        == f"error: {tmp_path / 'wrong.csv'}: would be refused, for 1 of the faults above\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--mabe2025", "DIR"], "give --checkpoint, --output beside --mabe2025, or --check"),
        (
            ["--mabe2025", "DIR", "--check", "a", "--output", "b"],
            "--output does not go with --check",
        ),
        (
            ["--mabe2025", "DIR", "--checkpoint", "a", "--output", "b", "--fps", "30"],
            "--fps does not go with --mabe2025",
        ),
        (["--mabe2025", "DIR", "--checkpoint", "CKPT", "--output", "DIR"], "is a folder, expected"),
        (["--check", "a"], "give --checkpoint, --poses, --output"),
        (
            ["--check", "a", "--checkpoint", "b", "--poses", "c", "--output", "d"],
            "--check goes with --mabe2025 alone",
        ),
        (["--mabe2025", "nowhere", "--checkpoint", "CKPT", "--output", "b.csv"], "nowhere"),
    ],
)
def test_options_that_do_not_go_together_are_errors(options, message, run, folder, capsys):
    places = {"DIR": str(folder), "CKPT": run["keen"]}
    assert message in fails(predict_command, capsys, *(places.get(o, o) for o in options))


def test_labs_and_actions_that_training_had_not_are_told(run, folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    table = pd.read_csv(other / "test.csv", dtype=str, keep_default_na=False)
    lab, mouse = table.loc[0, "lab_id"], "mouse1,self,dance"
    labeled = json.loads(table.loc[0, "behaviors_labeled"])
    table.loc[0, "behaviors_labeled"] = json.dumps([*labeled, mouse])
    table.loc[1, "lab_id"], old = "NewLab", table.loc[1, "lab_id"]
    (other / "test_tracking" / old).rename(other / "test_tracking" / "NewLab")
    table.to_csv(other / "test.csv", index=False)
    with pytest.warns(InputWarning) as told:
        submit(run, other, tmp_path / "s.csv")
    lines = [str(warning.message) for warning in told]
    assert any(line.startswith("training had no videos of NewLab;") for line in lines)
    (unlearnt,) = (line for line in lines if line.startswith("nobody looked in training for"))
    assert f"dance in {lab}" in unlearnt
    assert (tmp_path / "s.csv").is_file()


def test_frames_are_those_at_which_a_labs_annotations_count(run, folder, tmp_path, capsys):
    """Those of AdaptableSnail's videos of 25 frames/s count as if at 30."""
    # A bout from frame 5 to 10 of 15 is one from 6 to 12 of 18.
    actions = np.repeat([-1, 0, -1], 5)
    assert at_rate(actions, 30 / 25).tolist() == np.repeat([-1, 0, -1], 6).tolist()
    assert at_rate(actions, 1.0) is actions
    tables = {}
    for lab in ("AdaptableSnail", "OtherSnail"):
        other = tmp_path / lab
        shutil.copytree(folder, other)
        table = pd.read_csv(other / "test.csv", dtype=str, keep_default_na=False)[:1]
        (other / "test_tracking" / table.loc[0, "lab_id"]).rename(other / "test_tracking" / lab)
        table.loc[0, ["lab_id", "frames_per_second"]] = [lab, "25.0"]
        table.to_csv(other / "test.csv", index=False)
        with pytest.warns(InputWarning, match=f"training had no videos of {lab}"):
            submit(run, other, tmp_path / f"{lab}.csv")
        tables[lab] = pd.read_csv(tmp_path / f"{lab}.csv")
        is_told = "are written at the rate at which" in capsys.readouterr().out
        assert is_told == (lab == "AdaptableSnail")
    start = tables["OtherSnail"]["start_frame"]
    assert len(start) > 10
    assert tables["AdaptableSnail"]["start_frame"].tolist() == [
        int(frame * 1.2 + 0.5) for frame in start
    ]


@QUIET
def test_video_that_cannot_be_read_is_named_or_skipped(run, folder, tmp_path, capsys):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    damaged = sorted((other / "test_tracking").rglob("*.parquet"))[0]
    damaged.write_bytes(b"PAR1")
    options = ("--checkpoint", run["keen"], "--mabe2025", other, "--output", tmp_path / "s.csv")
    with pytest.raises(SystemExit):
        predict_command.main([str(each) for each in options])
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: {damaged}: is a damaged")
    assert not (tmp_path / "s.csv").exists()
    predict_command.main([*(str(each) for each in options), "--skip_bad"])
    assert damaged.stem not in (tmp_path / "s.csv").read_text()
    assert "1 videos left out" in capsys.readouterr().err


def test_checkpoint_of_another_task_is_refused(tmp_path, folder):
    result = fit(tiny_config(tmp_path, epochs=1))
    with pytest.raises(ValueError, match="--checkpoint: labels one class a frame"):
        predict(
            checkpoint=result["best_checkpoint"], mabe2025=str(folder), output=str(tmp_path / "s")
        )
