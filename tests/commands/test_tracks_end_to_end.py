"""Who does what to whom, from files to predictions and back, on trainings of a moment."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pose_files import write_deeplabcut
from two_labs import ABOUT, CLASSES, without_ears

from mabe_lit import UNSCORED
from mabe_lit.baseline import baseline
from mabe_lit.compare import compare
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.evaluate import evaluate
from mabe_lit.predict import predict
from mabe_lit.prepare import prepare
from mabe_lit.simulation import simulate_group
from mabe_lit.simulation.group import GROUP_CLASS_NAMES

MICE = ("mouse1", "mouse2", "mouse3")
OWN = [(name, "") for name in MICE]
PAIRS = [(a, b) for a in MICE for b in MICE if a != b]
QUIET = pytest.mark.filterwarnings("ignore::mabe_lit.shell.errors.InputWarning")
"""Trainings of a moment predict few behaviours, and readers tell of those that never happen."""


@pytest.fixture(scope="module")
def poses(tmp_path_factory):
    """Pose files of two recordings of three mice."""
    folder = tmp_path_factory.mktemp("poses")
    for recording in simulate_group(2, 200, 5, animals=3):
        write_deeplabcut(folder / f"{recording.name}DLC_net.csv", recording)
    return folder


def predicted(run, poses, folder, **options):
    if "labs" in run[0].train_data_dir:
        options = {"group": "lab A"} | options
    return predict(
        checkpoint=run[1]["best_checkpoint"], poses=str(poses), output=str(folder), **options
    )


def read(file):
    return pd.read_csv(file, keep_default_na=False, dtype=str)


def test_evaluation_gives_the_score_that_fit_reported_and_tells_of_agents(acting_run, tmp_path):
    config, result = acting_run
    evaluate(
        checkpoint=result["best_checkpoint"],
        data=config.val_data_dir,
        output=str(tmp_path),
        raw=True,
    )
    written = json.loads((tmp_path / "metrics.json").read_text())
    for key in ("macro_f1", "segmental", "agents", "confusion_matrix"):
        assert written[key] == json.loads(json.dumps(result[key]))
    names = ["confusion_matrix", "ethogram", "precision_recall", "who_to_whom"]
    assert sorted(file.stem for file in tmp_path.glob("*.png")) == names


def test_evaluation_takes_the_decisions_that_were_fitted(acting_run, tmp_path):
    config, result = acting_run
    scores = evaluate(
        checkpoint=result["best_checkpoint"], data=config.val_data_dir, output=str(tmp_path)
    )
    told = {"macro_f1_cross_fitted", "f1_cross_fitted", "segmental_cross_fitted"}
    fitted = {key: value for key, value in result["decisions"].items() if key not in told}
    assert scores["decisions"].pop("fitted_on_this_data") == (
        "macro_f1_cross_fitted" in result["decisions"]
    )
    assert scores["decisions"] == fitted


def test_every_track_has_a_row_a_frame_and_the_classes_that_it_is_about(lab_run, poses, tmp_path):
    frames = read(predicted(lab_run, poses, tmp_path)[0])
    assert frames.columns.tolist() == [
        *("frame", "time_s", "agent", "target", "predicted"),
        *(f"p_{name}" for name in CLASSES),
    ]
    whose = list(zip(frames["agent"], frames["target"], strict=True))
    assert whose == [who for who in (*OWN, *PAIRS) for _ in range(200)]
    for kind, rows in (("own", frames["target"] == ""), ("pair", frames["target"] != "")):
        about = ABOUT["lab A"][kind]
        assert set(frames["predicted"][rows]) <= {*about}
        p = frames.loc[rows, [f"p_{name}" for name in about]].astype(float)
        np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
        others = [f"p_{name}" for name in CLASSES if name not in about]
        assert (frames.loc[rows, others] == "").all(axis=None)


def test_independent_behaviours_are_yes_where_they_are_probable(group_run, poses, tmp_path):
    frames = read(predicted(group_run, poses, tmp_path, raw=True)[0])
    for name in GROUP_CLASS_NAMES:
        rows = (frames["target"] == "") == (name in ("rear", "groom"))
        assert set(frames[name][~rows]) == set(frames[f"p_{name}"][~rows]) == {""}
        is_yes = frames.loc[rows, f"p_{name}"].astype(float) >= 0.5
        assert (frames[name][rows] == is_yes.astype(int).astype(str)).all()


def test_summary_has_a_row_a_track_and_behaviour(acting_run, poses, tmp_path):
    predicted(acting_run, poses, tmp_path)
    summary = read(tmp_path / "summary.csv")
    assert summary.columns[:4].tolist() == ["recording", "agent", "target", "behavior"]
    is_group = "groom" in open_dataset(acting_run[0].val_data_dir).class_names
    own, pair = (2, 4) if is_group else (2, 3)
    assert len(summary) == 2 * (3 * own + 6 * pair)
    transitions = read(tmp_path / "transitions.csv")
    assert transitions.columns[:5].tolist() == ["recording", "agent", "target", "from", "to"]
    bouts = pd.concat([read(file).assign(r=file.name) for file in tmp_path.glob("*.bouts.csv")])
    assert summary["bouts"].astype(int).sum() == len(bouts)


@QUIET
@pytest.mark.parametrize("suffix", [".frames.csv", ".bouts.csv"])
def test_tables_are_read_back_as_the_labels_that_were_predicted(
    acting_run, poses, tmp_path, suffix
):
    files = predicted(acting_run, poses, tmp_path / "out", raw=True)
    is_exclusive = "labs" in acting_run[0].train_data_dir
    (tmp_path / "labels").mkdir()
    for file in files:
        if file.name.endswith(suffix):
            shutil.copy(file, tmp_path / "labels" / file.name)
    prepare(
        poses=str(poses),
        annotations=str(tmp_path / "labels"),
        output=str(tmp_path / "set"),
        classes=list(CLASSES if is_exclusive else GROUP_CLASS_NAMES),
        background="other" if is_exclusive else None,
        subjects="each",
        overlap="forbidden" if is_exclusive else "allowed",
    )
    dataset = open_dataset(tmp_path / "set")
    assert dataset.is_independent == (not is_exclusive)
    happens = 0
    for recording in dataset:
        frames = read(tmp_path / "out" / f"{recording.name}.frames.csv")
        expected = dict(list(frames.groupby(["agent", "target"])))
        found = {(track.agent, track.target or ""): track.labels for track in recording.tracks}
        if suffix == ".frames.csv" or is_exclusive:  # a list of bouts tells no track without one
            assert list(found) == [*OWN, *PAIRS]
        for who, table in expected.items():
            if is_exclusive:
                assert [CLASSES[label] for label in found[who]] == table["predicted"].tolist()
                happens += (table["predicted"] != "other").sum()
                continue
            for column, name in enumerate(GROUP_CLASS_NAMES):
                values = table[name].replace("", str(UNSCORED)).astype(int).to_numpy()
                happens += (values == 1).sum()
                if who not in found:
                    assert (values < 1).all()
                elif suffix == ".frames.csv" or (values >= 0).all():
                    assert (found[who][:, column] == values).all()
    assert happens > 20, "there is something to tell apart"


def test_tables_of_lists_and_of_frames_say_the_same(acting_run, poses, tmp_path):
    frames, bouts = map(read, predicted(acting_run, poses, tmp_path)[:2])
    is_exclusive = "predicted" in frames
    for who, table in frames.groupby(["agent", "target"]):
        of_track = bouts[(bouts["agent"] == who[0]) & (bouts["target"] == who[1])]
        for name in CLASSES if is_exclusive else GROUP_CLASS_NAMES:
            of_class = of_track[of_track["behavior"] == name]
            happens = np.zeros(len(table), int)
            for start, stop in zip(of_class["start_frame"], of_class["stop_frame"], strict=True):
                happens[int(start) : int(stop)] += 1
            expected = table["predicted"] == name if is_exclusive else table[name] == "1"
            assert (happens == expected).all()


@QUIET
@pytest.mark.parametrize("suffix", [".boris", ".boris.csv"])
def test_boris_files_are_read_back_as_what_was_predicted(lab_run, poses, tmp_path, suffix):
    predicted(lab_run, poses, tmp_path / "out", raw=True, format=["csv", "boris"])
    (tmp_path / "labels").mkdir()
    for file in (tmp_path / "out").glob(f"*{suffix}"):
        shutil.copy(file, tmp_path / "labels" / file.name)
    prepare(
        poses=str(poses),
        annotations=str(tmp_path / "labels"),
        output=str(tmp_path / "set"),
        classes=list(CLASSES),
        background="other",
        subjects="each",
    )
    for recording in open_dataset(tmp_path / "set"):
        frames = read(tmp_path / "out" / f"{recording.name}.frames.csv")
        assert {(track.agent, track.target) for track in recording.tracks} >= {*PAIRS}
        for track in recording.tracks:
            rows = (frames["agent"] == track.agent) & (frames["target"] == (track.target or ""))
            expected = frames["predicted"][rows].tolist()
            assert [CLASSES[label] for label in track.labels] == expected


def test_bento_file_has_a_channel_a_track(acting_run, poses, tmp_path):
    files = predicted(acting_run, poses, tmp_path, format="bento")
    lines = files[0].read_text().splitlines()
    start = lines.index("List of channels:") + 1
    channels = lines[start : lines.index("", start)]
    assert channels == [a if not b else f"{a}_to_{b}" for a, b in (*OWN, *PAIRS)]


def test_baseline_and_training_are_compared_on_the_same_labels(acting_run, tmp_path, monkeypatch):
    """Few trees on short pieces, for they take long; the table has who was taken for whom."""
    monkeypatch.setattr("mabe_lit.models.boosted_trees.ROUNDS", 5)
    config, _ = acting_run
    for split in ("train", "val"):
        parts = [
            replace(recording.frames_between(0, 150), name=f"{split} {recording.name}")
            for recording in open_dataset(getattr(config, f"{split}_data_dir"))
        ]
        write_dataset(parts, tmp_path / split)
    checkpoint = str(config.run_dir / "best.ckpt")
    evaluate(checkpoint=checkpoint, data=str(tmp_path / "val"), output=str(tmp_path / "network"))
    result = baseline(
        train=str(tmp_path / "train"),
        val=str(tmp_path / "val"),
        output=str(tmp_path / "trees"),
        features="coordinates",
    )
    assert result["train_frames"] == open_dataset(tmp_path / "train").runs.places
    network = json.loads((tmp_path / "network/metrics.json").read_text())
    ours, theirs = (
        {name: score["support"] for name, score in each["per_class"].items()}
        for each in (result, network)
    )
    assert ours == theirs
    compare(
        runs=[str(tmp_path / "trees"), str(tmp_path / "network")], output=str(tmp_path / "both")
    )
    table = read(tmp_path / "both/comparison.csv")
    assert {"which agent", "which target"} <= {*table.columns}
    assert (tmp_path / "trees/who_to_whom.png").exists()


def test_two_checkpoints_predict_the_mean_of_both(acting_run, poses, tmp_path):
    config, _ = acting_run
    checkpoints = [str(config.run_dir / name) for name in ("best.ckpt", "last.ckpt")]
    group = {"group": "lab A"} if "labs" in config.train_data_dir else {}
    tables = []
    for number, checkpoint in enumerate((*checkpoints, checkpoints)):
        files = predict(
            checkpoint=checkpoint,
            poses=str(poses),
            output=str(tmp_path / f"{number}"),
            raw=True,
            **group,
        )
        table = pd.read_csv(files[0])
        tables.append(table[[name for name in table if name.startswith("p_")]].to_numpy())
    first, second, both = tables
    np.testing.assert_allclose(both, (first + second) / 2, atol=2e-6)


def test_recording_that_lacks_points_is_predicted_and_told(lab_run, tmp_path):
    (recording,) = simulate_group(1, 100, 6, animals=4)
    write_deeplabcut(tmp_path / "bDLC_net.csv", without_ears(recording))
    with pytest.warns(match="b: key points that are not tracked here: left_ear, right_ear"):
        frames, _ = predicted(lab_run, tmp_path / "bDLC_net.csv", tmp_path / "out", group="lab B")
    table = read(frames)
    assert len(table) == 12 * 100, "pairs alone, which lab B looks at"
    assert set(table["predicted"]) <= {*ABOUT["lab B"]["pair"]}
