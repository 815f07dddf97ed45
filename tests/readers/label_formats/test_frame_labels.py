"""Tables of a label a row: the frames they mean, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import labels, rows, spans, write

from mabe_lit.readers.files import read_head
from mabe_lit.readers.label_formats import frame_labels
from mabe_lit.shell import InputError, InputWarning


def read(folder, text, **options):
    (events,) = frame_labels.read(write(folder, text, **options))
    return events


def test_predicted_frames_are_frame_labels(tmp_path):
    table = "frame,time_s,predicted,p_a,p_b\n0,0.0,a,0.9,0.1\n1,0.033333,b,0.2,0.8\n"
    assert spans(read(tmp_path, table)) == [(0, 1, "a"), (1, 2, "b")]


@pytest.mark.parametrize(
    "text",
    [
        "frame,label\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "Frame Number,Behaviour\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "frame;time;behavior\n0;0;a\n1;0;a\n2;0;\n3;0;b\n5;0;b\n",
        ",label\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "sep=;\nframe;label\n0;a\n1; a\n2;\n3;b \n5;b\n",
        'frame,label\n0,"a"\n1,a\n2,""\n3,b\n5,b\n\n\n',
        "label\na\na\n\nb\n\nb\n\n",
    ],
)
def test_frame_table_leaves_empty_and_absent_frames_unscored(tmp_path, text):
    events = read(tmp_path, text)
    assert events.behaviors == {"a", "b"}
    assert labels(events, 7, ["a", "b", "rest"], "rest") == [0, 0, -100, 1, -100, 1, -100]


def test_frames_before_the_first_row_are_unscored(tmp_path):
    events = read(tmp_path, "frame,label\n2,a\n3,b\n")
    assert labels(events, 6, ["a", "rest"], "rest") == [-100, -100, 0, -100, -100, -100]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encoding_is_told_by_its_mark(tmp_path, encoding):
    events = read(tmp_path, "frame\tlabel\r\n0\tfüttern\r\n", encoding=encoding)
    assert spans(events) == [(0, 1, "füttern")]


def test_numbers_from_one_stand_and_are_told(tmp_path):
    events = read(tmp_path, "frame,label\n1,a\n2,b\n")
    assert events.counts_from_one
    assert spans(events) == [(1, 2, "a"), (2, 3, "b")]
    assert not read(tmp_path, "frame,label\n0,a\n1,b\n").counts_from_one


@pytest.mark.parametrize(
    "text",
    [
        "time,label\n0.0,a\n0.1,a\n0.2,b\n0.4,\n",
        "time_s;behaviour\n0,0;a\n0,1;a\n0,2;b\n0,4;\n",
        "time_ms,label\n0,a\n100,a\n200,b\n400,\n",
        "label,Time [ms]\na,0\na,100\nb,200\n,400\n",
    ],
)
def test_instant_lasts_until_the_next_and_the_last_a_median_step(tmp_path, text):
    events = read(tmp_path, text)
    assert events.unit == "seconds"
    assert events.watched == pytest.approx((0.0, 0.5))
    assert [span[2] for span in spans(events)] == ["a", "b", ""]
    assert np.array([span[:2] for span in spans(events)]) == pytest.approx(
        np.array([(0.0, 0.2), (0.2, 0.4), (0.4, 0.5)])
    )


def test_whole_times_that_are_taken_for_seconds_are_told(tmp_path):
    with pytest.warns(InputWarning, match="column time holds whole numbers and is taken for seco"):
        events = read(tmp_path, "time,label\n0.0,a\n1.0,b\n")
    assert spans(events) == [(0, 1, "a"), (1, 2, "b")]


def test_hole_in_regular_times_is_told(tmp_path):
    times = [*range(20), *range(40, 60)]
    text = rows("time_s,label", *(f"{time / 10},a" for time in times))
    with pytest.warns(InputWarning, match=r"line 22: 2\.1 s lie between"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        ("frame,label\n", True),
        ("time_s,label\n", True),
        ("label\n", True),
        ("label,comment\n", False),
        ("Time,Behavior,Status\n", False),
        ("scorer,net\n", False),
    ],
)
def test_table_is_known_by_its_header(head, is_one):
    assert frame_labels.matches(head) is is_one


BAD = {
    "frame twice": ("frame,label\n0,a\n0,b\n", "line 3: frame 0 follows frame 0"),
    "frame number": ("frame,label\nx,a\n", "line 2, column frame: found 'x', expected a number"),
    "broken frame": ("frame,label\n0.5,a\n", r"line 2: frame number is 0\.5, expected 0, 1, 2"),
    "negative frame": ("frame,label\n-1,a\n", "line 2: frame number is -1"),
    "cell missing": ("frame,label\n0\n", "line 2: has 1 cells, the header has 2"),
    "cell too much": ("frame,label\n0,a,b\n", "line 2: has 3 cells, the header has 2"),
    "open quote": ('frame,label\n0,"a\n1,b\n', "line 2: has a quote that does not end"),
    "no frames": ("frame,label\n", "has no frames"),
    "column twice": ("frame,label,label\n0,a,b\n", "line 1: column 'label' is there twice"),
    "time back": ("time_s,label\n0.2,a\n0.1,b\n", r"line 3: time 0\.1 follows time 0\.2"),
    "one instant": ("time_s,label\n0.2,a\n", "has one row, and so no step"),
    "whole times": (
        "time,label\n0,a\n1,b\n",
        "column time holds whole numbers only.*rename it frame, time_s or time_ms",
    ),
    "not text": ("frame,label\n0,a\udcff\n", "line 2: is not UTF-8 text"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_table_is_named_with_its_problem(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=message) as caught:
        frame_labels.read(path)
    assert str(path) in str(caught.value)


def test_there_are_no_channels(tmp_path):
    with pytest.raises(InputError, match="has no channel 'S3'"):
        frame_labels.read(write(tmp_path, "frame,label\n0,a\n"), channel="S3")


@given(st.lists(st.sampled_from(["", "attack", "mount"]), min_size=1, max_size=60))
def test_frame_table_round_trip(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("round")
    text = rows("frame,label", *(f"{frame},{name}" for frame, name in enumerate(names)))
    classes = ["attack", "mount"]
    found = labels(read(folder, text), len(names), classes)
    assert [classes[label] if label >= 0 else "" for label in found] == names


@given(
    st.lists(st.sampled_from(["", "attack", "mount"]), min_size=2, max_size=60),
    st.sampled_from([5.0, 24.0, 25.0, 29.97, 30.0, 59.94]),
)
def test_time_table_round_trip(tmp_path_factory, names, fps):
    folder = tmp_path_factory.mktemp("round")
    text = rows("time_s,label", *(f"{n / fps:.4f},{name}" for n, name in enumerate(names)))
    classes = ["attack", "mount"]
    found = labels(read(folder, text), len(names), classes, fps=fps)
    assert [classes[label] if label >= 0 else "" for label in found] == names


def test_head_of_utf16_is_read(tmp_path):
    path = write(tmp_path, "frame\tlabel\n0\ta\n", encoding="utf-16")
    assert frame_labels.matches(read_head(path))
