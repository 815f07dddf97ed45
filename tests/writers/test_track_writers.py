"""Files of who does what to whom, several behaviours at once."""

import json

import numpy as np
import pandas as pd
import pytest
from test_bento_writer import parse_by_lines

from mabe_lit.readers import read_annotations
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.writers import Prediction, TrackPrediction, check_names, write_prediction

CLASSES = ("attack", "mount", "rear")


def yes(frames, *bouts):
    """``(N, 3)`` of bouts ``(class, start, stop)``."""
    happens = np.zeros((frames, 3), bool)
    for c, start, stop in bouts:
        happens[start:stop, c] = True
    return happens


@pytest.fixture
def overlapping():
    """Ten frames at 4 a second: m1 attacks and mounts m2 at once, meanwhile m1 and m2 rear."""
    pair, own = ("attack", "mount"), ("rear",)

    def track(agent, target, looked_for, *bouts):
        happens = yes(10, *bouts)
        return TrackPrediction(happens.astype(np.float32) * 0.8, happens, agent, target, looked_for)

    tracks = [
        track("m1", None, own, (2, 3, 5)),
        track("m2", None, own, (2, 4, 8)),
        track("m1", "m2", pair, (0, 2, 6), (1, 4, 8), (0, 9, 10)),
        track("m2", "m1", pair),
    ]
    return Prediction("day1/one", tracks, CLASSES, 4.0)


@pytest.fixture
def exclusive():
    """Two agents; attack is of pairs, rear their own, rest of all."""
    classes = ("attack", "rear", "rest")
    tracks = [
        TrackPrediction(
            np.full((4, 3), 0.5, np.float32), np.array([2, 1, 1, 2]), "m1", None, ("rear", "rest")
        ),
        TrackPrediction(
            np.full((4, 3), 0.5, np.float32), np.array([0, 0, 2, 2]), "m1", "m2", ("attack", "rest")
        ),
    ]
    return Prediction("one", tracks, classes, 4.0, "rest")


def read_csv(file):
    return pd.read_csv(file, keep_default_na=False, dtype=str)


def test_frames_of_overlapping_behaviours_are_yes_no_or_empty(overlapping, tmp_path):
    frames, _ = write_prediction(tmp_path, overlapping, ["csv"])
    table = read_csv(frames)
    named = ["frame", "time_s", "agent", "target", *CLASSES]
    assert table.columns.tolist() == [*named, "p_attack", "p_mount", "p_rear"]
    assert len(table) == 40
    assert table["agent"].tolist() == ["m1"] * 10 + ["m2"] * 10 + ["m1"] * 10 + ["m2"] * 10
    assert table.iloc[3].tolist() == ["3", "0.75", "m1", "", "", "", "1", "", "", "0.8"]
    assert table.iloc[25].tolist() == ["5", "1.25", "m1", "m2", "1", "1", "", "0.8", "0.8", ""]
    assert "".join(table["attack"][20:30]) == "0011110001"


def test_bouts_of_overlapping_behaviours_are_those_that_happen(overlapping, tmp_path):
    _, bouts = write_prediction(tmp_path, overlapping, ["csv"])
    table = read_csv(bouts)
    columns = ["behavior", "agent", "target", "start_frame", "stop_frame"]
    assert table.columns[:5].tolist() == columns
    assert table[columns].values.tolist() == [
        ["rear", "m1", "", "3", "5"],
        ["rear", "m2", "", "4", "8"],
        ["attack", "m1", "m2", "2", "6"],
        ["mount", "m1", "m2", "4", "8"],
        ["attack", "m1", "m2", "9", "10"],
    ]
    assert set(table["mean_probability"]) == {"0.8"}


def test_frames_and_bouts_of_classes_that_exclude_each_other(exclusive, tmp_path):
    frames, bouts = write_prediction(tmp_path, exclusive, ["csv"])
    table = read_csv(frames)
    assert table.columns.tolist() == [
        *("frame", "time_s", "agent", "target", "predicted"),
        *("p_attack", "p_rear", "p_rest"),
    ]
    assert (
        table["predicted"].tolist()
        == ["rest", "rear", "rear", "rest"] + ["attack"] * 2 + ["rest"] * 2
    )
    assert table.iloc[0].tolist() == ["0", "0.0", "m1", "", "rest", "", "0.5", "0.5"]
    assert read_csv(bouts)["behavior"].tolist() == ["rest", "rear", "rest", "attack", "rest"]


def test_table_of_tracks_has_one_header(overlapping, tmp_path):
    for file in write_prediction(tmp_path, overlapping, ["csv"]):
        assert file.read_text().count("target") == 1


@pytest.mark.parametrize("name", ["frame", "target", "p_attack"])
def test_behaviour_called_as_another_column_is_refused(name):
    with pytest.raises(InputError, match=f"--format csv: class '{name}' cannot be a column"):
        check_names(["csv"], ["attack", name], None, is_independent=True)
    check_names(["csv"], ["attack", name], None)


def test_independent_behaviours_have_no_background_to_miss():
    check_names(["csv", "boris", "bento"], CLASSES, None, is_independent=True)


def test_boris_project_has_agents_as_subjects_and_targets_as_modifiers(overlapping, tmp_path):
    write_prediction(tmp_path, overlapping, ["boris"])
    project = json.loads((tmp_path / "day1" / "one.boris").read_text())
    assert [subject["name"] for subject in project["subjects_conf"].values()] == ["m1", "m2"]
    sets = {each["code"]: each["modifiers"] for each in project["behaviors_conf"].values()}
    assert sets["rear"] == {}
    assert sets["attack"] == sets["mount"]
    assert sets["attack"] == {"0": {"name": "target", "type": 0, "values": ["m1", "m2"]}}
    assert project["observations"]["day1/one"]["events"] == [
        [0.5, "m1", "attack", "m2", ""],
        [0.75, "m1", "rear", "", ""],
        [1.0, "m2", "rear", "", ""],
        [1.0, "m1", "mount", "m2", ""],
        [1.25, "m1", "rear", "", ""],
        [1.5, "m1", "attack", "m2", ""],
        [2.0, "m2", "rear", "", ""],
        [2.0, "m1", "mount", "m2", ""],
        [2.25, "m1", "attack", "m2", ""],
        [2.5, "m1", "attack", "m2", ""],
    ]


def test_boris_table_tells_subject_and_modifier(overlapping, tmp_path):
    write_prediction(tmp_path, overlapping, ["boris"])
    table = read_csv(tmp_path / "day1" / "one.boris.csv")
    before = table.columns.get_loc("Behavioral category")
    assert table.columns[before + 1] == "Modifier #1"
    rows = table[["Subject", "Behavior", "Modifier #1", "Behavior type", "Time"]].values.tolist()
    assert rows[:3] == [
        ["m1", "attack", "m2", "START", "0.500000"],
        ["m1", "rear", "", "START", "0.750000"],
        ["m2", "rear", "", "START", "1.000000"],
    ]
    assert len(rows) == 10


@pytest.mark.parametrize("suffix", [".boris", ".boris.csv"])
def test_boris_bouts_pair_by_subject_and_modifier(overlapping, tmp_path, suffix):
    write_prediction(tmp_path, overlapping, ["boris"])
    (events,) = read_annotations(tmp_path / "day1" / f"one{suffix}")
    found = {(e.subject, e.behavior, e.modifiers[:1], e.start, e.stop) for e in events.events}
    assert found == {
        ("m1", "rear", (), 0.75, 1.25),
        ("m2", "rear", (), 1.0, 2.0),
        ("m1", "attack", ("m2",), 0.5, 1.5),
        ("m1", "attack", ("m2",), 2.25, 2.5),
        ("m1", "mount", ("m2",), 1.0, 2.0),
    }


def test_boris_leaves_the_background_out_of_every_track(exclusive, tmp_path):
    write_prediction(tmp_path, exclusive, ["boris"])
    project = json.loads((tmp_path / "one.boris").read_text())
    assert project["observations"]["one"]["events"] == [
        [0.0, "m1", "attack", "m2", ""],
        [0.25, "m1", "rear", "", ""],
        [0.5, "m1", "attack", "m2", ""],
        [0.75, "m1", "rear", "", ""],
    ]


def test_boris_modifier_has_no_sign_that_separates_and_says_so(tmp_path):
    track = TrackPrediction(np.ones((2, 3), np.float32), yes(2, (0, 0, 1)), "a", "b (old)")
    with pytest.warns(InputWarning, match=r"one: --format boris: .*'b \(old\)' is written as b _o"):
        write_prediction(tmp_path, Prediction("one", [track], CLASSES, 4.0), ["boris"])
    project = json.loads((tmp_path / "one.boris").read_text())
    assert project["observations"]["one"]["events"][0] == [0.0, "a", "attack", "b _old_", ""]


def test_bento_has_a_channel_a_track(overlapping, tmp_path):
    (file,) = write_prediction(tmp_path, overlapping, ["bento"])
    text = file.read_text()
    assert "\nList of channels:\nm1\nm2\nm1_to_m2\nm2_to_m1\n\n" in text
    head, *channels = text.split("----------")
    names = [part.splitlines()[-1] for part in (head, *channels[:-1])]
    blocks = [f"{name}----------{part}" for name, part in zip(names, channels, strict=True)]
    found = {}
    for block, following in zip(blocks, [*names[1:], ""], strict=True):
        channel, rows = parse_by_lines(block.removesuffix(following))
        found[channel] = rows
    assert found == {
        "m1": {"rear": [[4, 5, 2]]},
        "m2": {"rear": [[5, 8, 4]]},
        "m1_to_m2": {"attack": [[3, 6, 4], [10, 10, 1]], "mount": [[5, 8, 4]]},
        "m2_to_m1": {"attack": [], "mount": []},
    }


def test_bento_channel_is_read_by_its_name(overlapping, tmp_path):
    (file,) = write_prediction(tmp_path, overlapping, ["bento"])
    (events,) = read_annotations(file, channel="m1_to_m2")
    assert [(e.behavior, e.start, e.stop) for e in events.events] == [
        ("attack", 2, 6),
        ("attack", 9, 10),
        ("mount", 4, 8),
    ]


def test_bento_channels_are_names_that_matlab_can_hold(tmp_path):
    track = TrackPrediction(np.ones((2, 3), np.float32), yes(2), "1", "Ratte ä")
    (file,) = write_prediction(tmp_path, Prediction("one", [track], CLASSES, 4.0), ["bento"])
    assert "\ntrack_1_to_Ratte_a----------\n" in file.read_text()
