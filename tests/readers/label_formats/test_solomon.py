"""Solomon Coder's text: a row a step, a column a group of behaviours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import labels, rows, spans, write

from mabe_lit.readers.label_formats import solomon
from mabe_lit.shell import InputError, InputWarning


def read(folder, text, **options):
    (events,) = solomon.read(write(folder, text, **options))
    return events


TEXT = rows(
    "Time\tPosture\tGaze\tComments",
    "0.0\tlies\t\t",
    "0.2\tlies\tfood\tnow",
    "0.4\t\tfood\t",
    "0.6\tsits\t\t",
    "0.8\t\t\t",
)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TEXT, "utf-8"),
        (TEXT.replace("\t", ","), "utf-8"),
        (TEXT.replace(".", ",").replace("\t", ";"), "utf-16"),
    ],
)
def test_cell_is_a_behavior_for_a_step(tmp_path, text, encoding):
    assert solomon.matches(text)
    events = read(tmp_path, text, encoding=encoding)
    assert events.unit == "seconds"
    assert spans(events) == [(0, 0.4, "lies"), (0.2, 0.6, "food"), (0.6, 0.8, "sits")]
    assert events.watched == pytest.approx((0, 1.0))


def test_step_without_behavior_was_looked_at(tmp_path):
    events = read(tmp_path, TEXT)
    found = labels(events, 6, ["lies", "sits", "rest"], "rest", fps=5)
    assert found == [0, 0, -100, 1, 2, -100]


def test_empty_cell_of_the_only_column_is_told(tmp_path):
    text = rows("Time,Behaviour", "0.0,rest", "0.2,", "0.4,")
    assert solomon.matches(text)
    with pytest.warns(InputWarning, match="empty cells of 'Behaviour' are taken for no behaviour"):
        events = read(tmp_path, text)
    assert labels(events, 3, ["rest", "none"], "none", fps=5) == [0, 1, 1]


@pytest.mark.parametrize(
    "head",
    [
        "Time,Behavior,Status\n0.1,a,START\n",
        "Time,label\n0.1,a\n",
        "time,posture,gaze\n0.1,a,b\n",
        "Time,attack,mount\n0.1,0,1\n",
        "Time\n0.1\n",
    ],
)
def test_other_tables_are_not_taken_for_it(head):
    assert not solomon.matches(head)


BAD = {
    "number": (TEXT.replace("sits", "3"), "line 5, column Posture: found '3', expected a behav"),
    "time": (TEXT.replace("0.6", "later"), "line 5, column Time: found 'later', expected a number"),
    "back": (TEXT.replace("0.6", "0.3"), r"line 5: time 0\.3 follows time 0\.4"),
    "whole": (rows("Time,Posture,Gaze", "0,lies,", "1,,food"), "column Time holds whole numbers"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_text_is_named_with_its_problem(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, text)


def test_there_are_no_channels(tmp_path):
    with pytest.raises(InputError, match="has no channel 'S3'"):
        solomon.read(write(tmp_path, TEXT), channel="S3")


@given(st.lists(st.sampled_from(["", "lies", "sits"]), min_size=2, max_size=40))
def test_steps_round_trip(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("round")
    lines = (f"{step / 5:.1f},{name},food" for step, name in enumerate(names))
    events = read(folder, rows("Time,Posture,Gaze", *lines))
    found = labels(events, len(names), ["lies", "sits"], fps=5)
    index = {"lies": 0, "sits": 1, "": -100}
    assert np.array_equal(found, [index[name] for name in names])
