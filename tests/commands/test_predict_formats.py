"""predict --format and the summaries, from a dataset with a background to labels of it again."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import torch
from pose_files import write_deeplabcut
from tiny import fails, tiny_config

from mabe_lit import predict as command
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.fit import fit
from mabe_lit.inference.ensemble import Ensemble, PredictedTrack
from mabe_lit.predict import predict
from mabe_lit.prepare import prepare
from mabe_lit.readers import ANNOTATION_FORMATS
from mabe_lit.readers.files import read_head
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.simulation import simulate_recordings
from mabe_lit.simulation.mice import CLASS_NAMES

BACKGROUND = "other"
BEHAVIORS = [name for name in CLASS_NAMES if name != BACKGROUND]
FORMATS = ["csv", "boris", "bento"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A checkpoint trained on recordings whose background is known, and two pose files."""
    folder = tmp_path_factory.mktemp("lab")
    recordings = simulate_recordings(3, 900, 3)
    for split, part in (("train", recordings[:2]), ("val", recordings[2:])):
        write_dataset(part, folder / "data" / split, source={"background": BACKGROUND})
    result = fit(tiny_config(folder, dataset="recordings", epochs=1))
    (folder / "poses").mkdir()
    for recording, name in zip(simulate_recordings(2, 777, 4), "ab", strict=True):
        write_deeplabcut(folder / f"poses/{name}DLC_net.csv", recording)
    return folder, result["best_checkpoint"]


def labels_of(recording):
    """Bouts of 1 to 30 frames of all classes, others for each recording."""
    random = np.random.default_rng(list(recording.name.encode()))
    lengths = random.integers(1, 31, len(recording))
    labels = np.repeat(random.integers(0, len(CLASS_NAMES), len(recording)), lengths)
    return labels[: len(recording)]


@pytest.fixture(autouse=True, scope="module")
def any_behavior():
    """A network that was trained for a moment knows one class; let it say all of them."""

    def predict_recording(self, recording, **_):
        labels = labels_of(recording)
        probabilities = np.eye(len(CLASS_NAMES), dtype=np.float32)[labels]
        yield PredictedTrack(probabilities, labels, agent=None, target=None, looked_for=None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ensemble, "predict_recording", predict_recording)
        yield


@pytest.fixture(scope="module")
def written(lab):
    """The folder of a prediction in all formats, and the files that it returned."""
    folder, checkpoint = lab
    files = predict(
        checkpoint=checkpoint,
        poses=str(folder / "poses"),
        output=str(folder / "out"),
        format=FORMATS,
    )
    return folder / "out", files


def test_checkpoint_knows_the_background_of_its_training(lab):
    trained_on = torch.load(lab[1], weights_only=True)["mabe_lit"]["trained_on"]
    assert trained_on["background"] == BACKGROUND


def test_predict_writes_each_format_and_the_summaries_once(written):
    folder, files = written
    suffixes = ("frames.csv", "bouts.csv", "boris", "boris.csv", "annot")
    assert files == [folder / f"{name}.{suffix}" for name in "ab" for suffix in suffixes]
    found = {file.name for file in folder.iterdir()}
    assert found == {*(file.name for file in files), "summary.csv", "transitions.csv"}


@pytest.mark.parametrize("suffix", ["boris", "boris.csv", "annot"])
def test_prepare_reads_the_predicted_frames_back(lab, written, tmp_path, suffix):
    (tmp_path / "labels").mkdir()
    for name in "ab":
        file = written[0] / f"{name}.{suffix}"
        (tmp_path / "labels" / file.name).write_bytes(file.read_bytes())
    prepare(
        poses=str(lab[0] / "poses"),
        annotations=str(tmp_path / "labels"),
        output=str(tmp_path / "set"),
        classes=BEHAVIORS,
        background=BACKGROUND,
    )
    dataset = open_dataset(tmp_path / "set")
    assert [entry.name for entry in dataset.entries] == ["a", "b"]
    for recording in dataset:
        assert recording.class_names == CLASS_NAMES
        assert np.array_equal(recording.labels, labels_of(recording))


def test_summary_is_that_of_the_bouts(written):
    summary = pd.read_csv(written[0] / "summary.csv", index_col=["recording", "behavior"])
    assert summary.index.tolist() == [(name, behavior) for name in "ab" for behavior in CLASS_NAMES]
    for name in "ab":
        bouts = pd.read_csv(written[0] / f"{name}.bouts.csv")
        of_behavior = bouts.groupby("behavior")["duration_s"]
        for behavior, durations in of_behavior:
            row = summary.loc[(name, behavior)]
            assert row["bouts"] == len(durations)
            assert row["total_s"] == pytest.approx(durations.sum(), abs=1e-4)
            assert row["mean_s"] == pytest.approx(durations.mean(), abs=1e-4)
        assert summary.loc[name]["share"].sum() == pytest.approx(1, abs=1e-5)


def test_transitions_are_those_of_the_bouts(written):
    transitions = pd.read_csv(written[0] / "transitions.csv")
    for name, of_one in transitions.groupby("recording"):
        bouts = pd.read_csv(written[0] / f"{name}.bouts.csv")["behavior"]
        expected = Counter(pairwise(bouts))
        found = {(r["from"], r["to"]): r["count"] for r in of_one.to_dict("records")}
        assert found == expected
    assert transitions["recording"].unique().tolist() == ["a", "b"]


@pytest.mark.parametrize("name", ["summary.csv", "transitions.csv"])
def test_summaries_are_not_taken_for_labels(written, name):
    head = read_head(written[0] / name)
    assert not [form for form, module in ANNOTATION_FORMATS.items() if module.matches(head)]


def test_summaries_cover_this_call_and_what_worked(lab, tmp_path):
    folder, checkpoint = lab
    output, poses = tmp_path / "out", tmp_path / "poses"
    poses.mkdir()
    about = {"checkpoint": checkpoint, "output": str(output)}
    predict(**about, poses=str(folder / "poses/aDLC_net.csv"))
    whole = (folder / "poses/bDLC_net.csv").read_text()
    (poses / "b.csv").write_text(whole)
    (poses / "c.csv").write_text(whole[:-40])
    with pytest.raises(InputError, match=r"c\.csv: line .*; the tables of 1 others are in"):
        predict(**about, poses=str(poses))
    assert (output / "a.bouts.csv").exists()
    assert pd.read_csv(output / "summary.csv")["recording"].unique().tolist() == ["b"]
    (poses / "b.csv").unlink()
    before = (output / "summary.csv").read_bytes()
    with pytest.raises(InputError):
        predict(**about, poses=str(poses))
    assert (output / "summary.csv").read_bytes() == before


def test_recordings_of_one_name_in_two_folders_stay_apart(lab, tmp_path):
    folder, checkpoint = lab
    text = (folder / "poses/aDLC_net.csv").read_text()
    for day in ("1", "2"):
        (tmp_path / "poses" / day).mkdir(parents=True)
        (tmp_path / "poses" / day / "aDLC_net.csv").write_text(text)
    about = {"checkpoint": checkpoint, "poses": str(tmp_path / "poses"), "format": FORMATS}
    files = predict(**about, output=str(tmp_path / "out"))
    assert {file.parent for file in files} == {tmp_path / "out/1", tmp_path / "out/2"}
    assert all(file.is_file() for file in files)
    summary = pd.read_csv(tmp_path / "out/summary.csv")
    assert summary["recording"].unique().tolist() == ["1/a", "2/a"]


def test_one_format_alone_writes_its_own_files(lab, tmp_path, capsys):
    folder, checkpoint = lab
    arguments = ["--checkpoint", checkpoint, "--poses", folder / "poses/aDLC_net.csv"]
    command.main([*map(str, arguments), "--output", str(tmp_path), "--format", "bento"])
    names = ["a.annot", "summary.csv", "transitions.csv"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    expected = f"1 files, summary.csv and transitions.csv are in {tmp_path}\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("formats", "message"),
    [
        (["xml"], "--format: 'xml' is unknown; expected one or more of csv, boris, bento"),
        (["csv", "csv"], "--format: 'csv' comes twice"),
    ],
)
def test_format_that_is_unknown_or_twice_is_refused(lab, tmp_path, capsys, formats, message):
    folder, checkpoint = lab
    options = ["--checkpoint", checkpoint, "--poses", folder / "poses", "--output", tmp_path / "o"]
    assert message in fails(command, capsys, *options, "--format", *formats)
    assert not (tmp_path / "o").exists()


def test_unknown_background_is_told_and_all_classes_are_bouts(lab, tmp_path):
    folder, checkpoint = lab
    content = torch.load(checkpoint, weights_only=True)
    content["mabe_lit"]["trained_on"]["background"] = None
    torch.save(content, tmp_path / "old.ckpt")
    with pytest.warns(InputWarning, match="does not tell which class is its background; all clas"):
        predict(
            checkpoint=str(tmp_path / "old.ckpt"),
            poses=str(folder / "poses/aDLC_net.csv"),
            output=str(tmp_path / "out"),
            format=["csv", "bento"],
        )
    bouts = pd.read_csv(tmp_path / "out/a.bouts.csv")
    rows = (tmp_path / "out/a.annot").read_text().split("Ch1-----")[1].count("\t")
    # Two tabs a bout, and two in the heading of each class.
    assert rows == 2 * (len(bouts) + len(CLASS_NAMES))
    assert BACKGROUND in set(bouts["behavior"])
