"""compare, on result files as the commands write them."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from mabe_lit import compare as command
from mabe_lit.compare import compare, describe_output, format_comparison
from mabe_lit.scores import score_recordings
from mabe_lit.scores.curves import plot_compared_curves
from mabe_lit.shell import InputError, InputWarning

CLASSES = ("attack", "mount", "other")


def scores_of(predicted, classes=CLASSES, labels=(0, 0, 1, 1, 2, 2)):
    probabilities = np.eye(len(classes), dtype=np.float32)[list(predicted)]
    return score_recordings([probabilities], [np.array(labels)], classes).to_dict()


def write_run(folder, scores, file="result.json", **more):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(json.dumps(scores | more))
    return str(folder)


@pytest.fixture
def three(tmp_path):
    """Folders of a network, boosted trees and an evaluation, and the best is in the middle."""
    return [
        write_run(
            tmp_path / "net", scores_of([0, 1, 1, 1, 2, 2]), train_seconds=75.4, parameters=1234567
        ),
        write_run(tmp_path / "trees", scores_of([0, 0, 1, 1, 2, 2]), train_seconds=40.0),
        write_run(tmp_path / "evaluation", scores_of([2, 2, 2, 2, 2, 2]), "metrics.json"),
    ]


def test_runs_are_sorted_by_macro_f1(three, tmp_path):
    found = compare(runs=three, output=str(tmp_path / "out"))
    assert [run.name for run in found] == ["trees", "net", "evaluation"]
    assert found[0].macro_f1 == 1.0
    assert found[1].f1 == {"attack": pytest.approx(2 / 3), "mount": pytest.approx(0.8), "other": 1}


def test_table_has_a_column_for_each_class_and_a_dash_for_what_is_not_known(three, tmp_path):
    lines = format_comparison(compare(runs=three, output=str(tmp_path / "out"))).splitlines()
    assert lines[0].split("  ")[0] == "run"
    titles = [title.strip() for title in lines[0].split("  ") if title]
    assert titles == [
        *("run", "macro F1", "MAP", "F1@50"),
        *("F1 attack", "F1 mount", "F1 other"),
        *("train seconds", "parameters"),
    ]
    assert lines[1].split() == ["trees", *["1.000"] * 6, "40", "-"]
    assert lines[2].split()[-2:] == ["75", "1,234,567"]
    assert lines[3].split()[-2:] == ["-", "-"]


def test_runs_of_agents_have_columns_of_whom_they_name(three, tmp_path):
    label = np.array([[1, 0, 0], [1, 1, 0]], np.int8)
    truth, found = [label, 0 * label], [1 - label, label == 1]
    who = [(0, 0, 1), (0, 1, 0)]
    probabilities = [np.abs(each - 0.1) for each in found]
    scores = score_recordings(probabilities, truth, CLASSES, predicted=found, who=who).to_dict()
    run = write_run(tmp_path / "pairs", scores)
    (alone,) = compare(runs=[run], output=str(tmp_path / "out"))
    # Attack in both frames and mount in frame 1 are found, but of the other animal.
    assert alone.agents == {"which agent": 0.0, "which target": 0.0}
    header = (tmp_path / "out/comparison.csv").read_text().splitlines()[0]
    assert header.endswith("F1 other,which agent,which target,train seconds,parameters")
    with pytest.warns(InputWarning, match="other frames"):
        both = format_comparison(compare(runs=[run, three[0]], output=str(tmp_path / "out")))
    assert both.splitlines()[1].split()[-4:] == ["-", "-", "75", "1,234,567"]


def test_table_and_figure_are_written(three, tmp_path):
    compare(runs=three, output=str(tmp_path / "out"))
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "comparison.csv",
        "comparison.png",
    ]
    assert (tmp_path / "out/comparison.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "out/comparison.csv").read_text().splitlines()))
    assert [row["run"] for row in rows] == ["trees", "net", "evaluation"]
    assert (
        float(rows[1]["macro F1"])
        == json.loads((tmp_path / "net/result.json").read_text())["macro_f1"]
    )
    assert rows[0]["parameters"] == ""


def write_metrics(folder, macro_f1):
    rows = [f"{number},0.5,{value}" for number, value in enumerate(macro_f1, start=1)]
    text = "\n".join(["epoch,val_loss,val_macro_f1", *rows])
    Path(folder, "metrics.csv").write_text(text)


def test_curves_are_those_of_the_runs_that_have_epochs(three, tmp_path, capsys, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "mabe_lit.scores.curves.plot_compared_curves",
        lambda runs: drawn.update(runs) or plot_compared_curves(runs),
    )
    write_metrics(three[0], [0.2, 0.4])
    command.main([*three, "--output", str(tmp_path / "out")])
    assert {
        name: [epoch["val_macro_f1"] for epoch in epochs] for name, epochs in drawn.items()
    } == {"net": [0.2, 0.4]}
    assert (tmp_path / "out/curves.png").read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"table and figures: {tmp_path}/out; "
        "without a metrics.csv, so not in curves.png: trees, evaluation"
    )


def test_curves_of_an_earlier_comparison_do_not_stay(three, tmp_path):
    out = str(tmp_path / "out")
    write_metrics(three[0], [0.2, 0.4])
    assert describe_output(compare(runs=three[:1], output=out), out) == f"table and figures: {out}"
    assert (tmp_path / "out/curves.png").exists()
    assert describe_output(compare(runs=three[1:], output=out), out) == f"table and figure: {out}"
    assert not (tmp_path / "out/curves.png").exists()


def test_damaged_epochs_are_an_error_and_nothing_is_written(three, tmp_path):
    write_metrics(three[0], ["high"])
    with pytest.raises(InputError, match=r"net/metrics.csv: line 2: val_macro_f1 is 'high'"):
        compare(runs=three, output=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_of_a_result_and_an_evaluation_the_result_counts(tmp_path):
    folder = write_run(tmp_path / "run", scores_of([0, 0, 1, 1, 2, 2]))
    write_run(tmp_path / "run", scores_of([2] * 6), "metrics.json")
    (run,) = compare(runs=[folder], output=str(tmp_path / "out"))
    assert run.macro_f1 == 1.0


def test_runs_of_the_same_name_are_told_apart_by_their_paths(tmp_path):
    runs = [write_run(tmp_path / where / "seed1", scores_of([0, 0, 1, 1, 2, 2])) for where in "ab"]
    found = compare(runs=[*runs, runs[0]], output=str(tmp_path / "out"))
    assert [run.name for run in found] == runs


def test_a_class_that_does_not_occur_has_no_score(tmp_path):
    folder = write_run(tmp_path / "run", scores_of([0, 2, 2], labels=[0, 2, 2]))
    found = compare(runs=[folder], output=str(tmp_path / "out"))
    assert found[0].f1["mount"] is None
    assert format_comparison(found).splitlines()[1].split()[5] == "-"


@pytest.mark.parametrize("spelling", [[], ["--runs"]])
def test_command_takes_runs_with_and_without_their_option(three, tmp_path, capsys, spelling):
    command.main([*spelling, *three, "--output", str(tmp_path / "out")])
    out = capsys.readouterr().out
    assert out.splitlines()[1].startswith("trees")
    assert out.endswith(f"table and figure: {tmp_path / 'out'}\n")


def test_scores_on_other_frames_are_warned_of(three, tmp_path, capsys):
    other = write_run(tmp_path / "short", scores_of([0, 1, 2], labels=[0, 1, 2]))
    command.main([three[0], other, "--output", str(tmp_path / "out")])
    assert capsys.readouterr().err == (
        f"warning: {other} was scored on other frames than {three[0]}\n"
    )


def make_other_classes(folder):
    write_run(folder / "bad", scores_of([0, 0, 1, 1, 2, 2], ("attack", "mount", "freeze")))


def make_file(folder):
    (folder / "bad").write_text("{}")


def make_json(text):
    def make(folder):
        (folder / "bad").mkdir()
        (folder / "bad/result.json").write_text(text)

    return make


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "bad: no such folder"),
        (make_file, "bad: is a file, expected the folder of a run"),
        (lambda folder: (folder / "bad").mkdir(), "holds neither result.json nor metrics.json"),
        (make_json("{"), "result.json: is not valid JSON"),
        (make_json("[]"), "result.json: does not hold the scores of a run"),
        (make_json('{"macro_f1": 1}'), "does not hold the scores of a run (KeyError: 'per_class')"),
        (make_other_classes, "bad: has the classes attack, mount, freeze, but"),
    ],
)
def test_a_wrong_run_is_named_in_one_line(three, tmp_path, capsys, make, message):
    make(tmp_path)
    with pytest.raises(SystemExit) as end:
        command.main([*three, str(tmp_path / "bad"), "--output", str(tmp_path / "out")])
    captured = capsys.readouterr()
    assert end.value.code == 2
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("error: ")
    assert message in captured.err
    assert captured.out == ""
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: give --runs; see --help"),
        (["--runs"], "error: runs: has no value; expected a list of names"),
        (["a", "--ouput", "b"], "error: --ouput: no such key; did you mean output?"),
    ],
)
def test_wrong_arguments_are_named_in_one_line(capsys, arguments, message):
    with pytest.raises(SystemExit) as end:
        command.main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err == f"{message}\n"
