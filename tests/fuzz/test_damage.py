"""Damaged inputs: refused in one line, or used with nothing half-written and no NaN.

Try 417 is always the same damage; ``pytest -m "slow or not slow" tests/fuzz`` has 1,000, and
``MABE_LIT_DAMAGE_SEED=7`` makes them others.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from damage import damage
from inputs import ANNOTATIONS, FIT, write_inputs
from tiny import make_earlier

from mabe_lit import evaluate, predict, prepare
from mabe_lit import fit as fit_command
from mabe_lit.data import open_dataset
from mabe_lit.shell import check_archive

TRIES, SLOW_TRIES = 60, 1000
LABELS = ("label_starts.npy", "label_codes.npy", "label_sets.npy")
DATASET_FILES = ("keypoints.npy", *LABELS, "likelihood.npy", "dataset.json")
SEED = int(os.environ.get("MABE_LIT_DAMAGE_SEED", "2024"))
RUN_FILES = {"config.yaml", "best.ckpt", "last.ckpt", "metrics.csv", "result.json", "curves.png"}
EVALUATED = {"metrics.json", "confusion_matrix.png", "ethogram.png", "precision_recall.png"}


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    folder = tmp_path_factory.mktemp("right")
    write_inputs(folder)
    return folder


@pytest.fixture
def folder(right, tmp_path, monkeypatch):
    """A copy to damage, which commands run in."""
    shutil.copytree(right, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def run(command, capsys, *arguments):
    """Whether the command went well; it may only end in one line of error otherwise."""
    try:
        command.main([str(argument) for argument in arguments])
        status = 0
    except SystemExit as end:
        status = end.code
    captured = capsys.readouterr()
    lines = [line for line in captured.err.splitlines() if not line.startswith("warning: ")]
    assert "Traceback" not in captured.out
    if status == 0:
        assert lines == []
        return True
    assert status == 2
    (line,) = lines
    assert line.startswith("error: ")
    assert 10 < len(line) < 3000
    return False


def pick(rng, options):
    return options[int(rng.integers(len(options)))]


def check_tables(folder):
    """No number of a table is missing, or none at all."""
    for file in folder.rglob("*.csv"):
        # A behaviour that never happens has no mean duration.
        wrong = {"nan", "inf", "-inf"} | ({""} if file.name != "summary.csv" else set())
        with file.open(newline="") as stream:
            for row in csv.reader(stream):
                assert not {cell.lower() for cell in row} & wrong, file


def as_of_an_earlier_release(file, rng):
    """Take away what this release writes to notice damage, so that other checks are met.

    Returns the file that is to be damaged: a dataset may become one of the first release.
    """
    if file.suffix == ".ckpt":
        content = bytearray(file.read_bytes()[:-80])
        content[-2:] = b"\0\0"
        file.write_bytes(content)
        check_archive(file)
    if not (index_file := file.parent / "dataset.json").exists():
        return file
    if file.parent.parent.name == "data" and rng.random() < 0.5:  # it knew no animals that act
        make_earlier(file.parent)
        return file.with_name("labels.npy") if file.name in LABELS else file
    index = json.loads(index_file.read_text())
    del index["checksum"], index["files"]
    index_file.write_text(json.dumps(index))
    return file


def try_prepare(folder, rng, capsys):
    output = ("--output", "made/set")
    if rng.random() < 0.15:
        file = folder / "calms21.json"
        options = ("--calms21", file)
    else:
        pose = pick(rng, sorted((folder / "poses").iterdir()))
        pose = pose.rename(pose.with_stem("a"))
        annotation = folder / "annotations" / pick(rng, list(ANNOTATIONS))
        annotation = annotation.rename(annotation.with_stem("a"))
        file = pick(rng, [pose, annotation])
        options = ("--poses", pose, "--annotations", annotation, "--classes", "attack", "other")
    damage(file, rng)
    if run(prepare, capsys, *options, *output):
        dataset = open_dataset("made/set")
        assert all(len(dataset[index]) for index in range(len(dataset)))
    else:
        assert not list(Path("made").glob("*"))


def try_evaluate(folder, rng, capsys):
    of_data = [folder / "data/val" / name for name in DATASET_FILES]
    file = pick(rng, [folder / "best.ckpt", *of_data])
    is_earlier = bool(rng.random() < 0.5)
    if is_earlier:
        file = as_of_an_earlier_release(file, rng)
    before = file.read_bytes()
    kind = damage(file, rng)
    is_semantic = kind == "change_value_of_checkpoint"
    if file.read_bytes() == before:
        return
    options = ["--checkpoint", "best.ckpt", "--data", "data/val", "--output", "out/scores"]
    verify = ["--verify"] if rng.random() < 0.7 else []
    if not run(evaluate, capsys, *options, *verify):
        assert not Path("out").exists() or not list(Path("out").rglob("*"))
        return
    assert {each.name for each in Path("out/scores").iterdir()} == EVALUATED
    metrics = Path("out/scores/metrics.json").read_text()
    assert "NaN" not in metrics
    is_watched = verify if file.suffix != ".ckpt" else not is_earlier and not is_semantic
    if is_watched:
        assert metrics == Path("expected/metrics.json").read_text(), "damage without a word"


def try_predict(folder, rng, capsys):
    pose = folder / "poses" / pick(rng, ["a.csv", "sleap.h5", "table.h5", "fixed.h5"])
    file = pick(rng, [pose, folder / "best.ckpt"])
    if rng.random() < 0.5:
        file = as_of_an_earlier_release(file, rng)
    damage(file, rng)
    options = ("--checkpoint", "best.ckpt", "--poses", pose, "--output", "out/tables")
    if run(predict, capsys, *options):
        names = {each.name for each in Path("out/tables").iterdir()}
        tables = {f"{pose.stem}.bouts.csv", f"{pose.stem}.frames.csv"}
        assert names == {*tables, "summary.csv", "transitions.csv"}
        check_tables(Path("out/tables"))
    else:
        assert not Path("out").exists()


def try_fit(folder, rng, capsys):
    if rng.random() < 1 / 3:
        return try_resume(folder, rng, capsys)
    data = pick(rng, ["data", "acting"])
    of_data = [folder / data / split / name for split in ("train", "val") for name in DATASET_FILES]
    file = folder / "config.yaml" if rng.random() < 0.5 else pick(rng, of_data)
    if rng.random() < 0.5:
        file = as_of_an_earlier_release(file, rng)
    damage(file, rng)
    return check_run(folder, "new", file, fit_is_well(capsys, "new", epochs=1, data=data))


def try_resume(folder, rng, capsys):
    names = ["config.yaml", "result.json", "best.ckpt", "last.ckpt", "metrics.csv"]
    file = folder / "runs/done" / pick(rng, names)
    if rng.random() < 0.5:
        file = as_of_an_earlier_release(file, rng)
    damage(file, rng)
    if file.name != "result.json":
        (folder / "runs/done/result.json").unlink()
        if file.name != "last.ckpt" and rng.random() < 0.5:
            (folder / "runs/done/last.ckpt").unlink()
    check_run(folder, "done", file, fit_is_well(capsys, "done", epochs=2))


def fit_is_well(capsys, name, *, epochs, data="data"):
    folders = ("--train_data_dir", f"{data}/train", "--val_data_dir", f"{data}/val")
    options = ("--config", "config.yaml", *FIT, *folders, "--run", name, "--epochs", epochs)
    return run(fit_command, capsys, *options)


def check_run(folder, name, damaged, is_well):
    left = set((folder / "runs" / name).glob("*"))
    assert {file.name for file in left} <= RUN_FILES
    if is_well:
        assert {file.name for file in left} >= {"config.yaml", "best.ckpt", "result.json"}
        for file in left - {damaged}:
            if file.suffix == ".ckpt":
                check_archive(file)
        if damaged.name != "metrics.csv":  # that of a complete run is read by nobody
            check_tables(folder / "runs" / name)


COMMANDS = (try_prepare, try_evaluate, try_predict, try_fit)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(n, marks=[pytest.mark.slow] if n >= TRIES else [], id=f"{n}")
        for n in range(SLOW_TRIES)
    ],
)
def test_damaged_input_is_refused_or_leaves_nothing_half_done(number, folder, capsys):
    rng = np.random.default_rng((SEED, number))
    COMMANDS[number % len(COMMANDS)](folder, rng, capsys)
