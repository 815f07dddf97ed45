"""Files for BORIS: what BORIS itself asks of a project, and what it exports as a table."""

import json

import numpy as np
import pandas as pd
import pytest

from mabe_lit.shell import InputError
from mabe_lit.writers import Prediction, TrackPrediction, boris, write_prediction


@pytest.fixture
def written(tmp_path):
    """Attack from frame 1 to 3 and 6 to 8, mount from 3 to 4, of 10 frames at 4 a second."""
    labels = np.array([2, 0, 0, 1, 2, 2, 0, 0, 2, 2])
    probabilities = np.full((10, 3), 1 / 3, np.float32)
    track = TrackPrediction(probabilities, labels)
    prediction = Prediction("mouse", [track], ["attack", "môunt", "rest"], 4.0, "rest")
    write_prediction(tmp_path, prediction, ["boris"])
    return tmp_path


SWITCHES = [
    (0.25, "attack", "START"),
    (0.75, "attack", "STOP"),
    (0.75, "môunt", "START"),
    (1.0, "môunt", "STOP"),
    (1.5, "attack", "START"),
    (2.0, "attack", "STOP"),
]


def test_table_has_the_columns_of_an_export_and_a_row_a_switch(written):
    table = pd.read_csv(written / "mouse.boris.csv", keep_default_na=False)
    assert table.columns.tolist() == [
        "Observation id",
        "Observation date",
        "Description",
        "Observation duration",
        "Observation type",
        "Source",
        "Time offset (s)",
        "Media duration (s)",
        "FPS",
        "Subject",
        "Behavior",
        "Behavioral category",
        "Behavior type",
        "Time",
        "Media file name",
        "Image index",
        "Image file path",
        "Comment",
    ]
    rows = table[["Time", "Behavior", "Behavior type"]].itertuples(index=False, name=None)
    assert list(rows) == SWITCHES
    assert set(table["Media duration (s)"]) == {2.5}
    assert set(table["FPS"]) == {4.0}
    assert set(table["Source"]) == {"player #1:mouse.mp4"}
    assert pd.to_datetime(table["Observation date"]).notna().all()


def test_project_has_the_keys_that_boris_opens(written):
    project = json.loads((written / "mouse.boris").read_text())
    assert project.keys() == {
        "time_format",
        "project_date",
        "project_name",
        "project_description",
        "project_format_version",
        "subjects_conf",
        "behaviors_conf",
        "observations",
        "behavioral_categories",
        "behavioral_categories_config",
        "independent_variables",
        "coding_map",
        "behaviors_coding_map",
        "converters",
    }
    (observation,) = project["observations"].values()
    assert observation["file"]["1"] == list(observation["media_info"]["length"]) == ["mouse.mp4"]
    assert observation["media_info"]["length"] == {"mouse.mp4": 2.5}
    assert observation["media_info"]["fps"] == {"mouse.mp4": 4.0}


def test_project_events_pair_as_boris_pairs_them(written):
    """BORIS: an event is a STOP where an odd number of the same went before it."""
    project = json.loads((written / "mouse.boris").read_text())
    kinds = {each["code"]: each["type"] for each in project["behaviors_conf"].values()}
    assert kinds == {"attack": "State event", "môunt": "State event"}
    events = project["observations"]["mouse"]["events"]
    assert all(len(event) == 5 for event in events)
    assert events == sorted(events, key=lambda event: event[0])
    codes = [event[2] for event in events]
    states = ["STOP" if codes[:n].count(code) % 2 else "START" for n, code in enumerate(codes)]
    assert list(zip((e[0] for e in events), codes, states, strict=True)) == SWITCHES


def test_project_is_ascii_whatever_the_locale(written):
    assert (written / "mouse.boris").read_bytes().isascii()


@pytest.mark.parametrize("name", ["two\nlines", "two\u2028lines", " "])
def test_name_that_is_no_line_is_refused(name):
    with pytest.raises(InputError, match=r"--format boris: class .* expected a name on one line"):
        boris.check(["attack", name])
