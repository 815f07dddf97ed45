"""Annotation files: the frames they mean, and what is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mabe_lit.readers import (
    Annotation,
    Interval,
    label_frames,
    list_annotation_files,
    match_annotations,
    read_annotation,
)
from mabe_lit.shell import InputError

CALTECH = """Caltech Behavior Annotator - Annotation File

Configuration file:
base\tz
attack\ta
freeze\tf

S1:\tstart\tend\ttype
-----------------------------
   \t1\t3\tbase
   \t4\t4\tattack
   \t5\t8\tbase

S2:\tstart\tend\ttype
-----------------------------
   \t1\t8\tbase
"""
ONE_CHANNEL = CALTECH.split("S2:", maxsplit=1)[0]
BENTO = """Bento annotation file
Movie file(s): a.avi

Stimulus name: male
Annotation start frame: 1
Annotation stop frame: 100
Annotation framerate: 30.000000

List of channels:
Ch1

List of annotations:
attack
mount

Ch1----------
>attack
Start\tStop\tDuration
1\t3\t3
10\t10\t1

>mount
Start\tStop\tDuration
"""


def write(folder: Path, text: str, name: str = "a.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def spans(annotation: Annotation) -> list[tuple[int, int, str]]:
    return [(i.start_frame, i.stop_frame, i.behavior) for i in annotation.intervals]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_caltech_counts_from_one_with_both_ends(tmp_path, newline):
    path = write(tmp_path, CALTECH.replace("\n", newline))
    annotation = read_annotation(path, fps=30, channel="S1")
    assert spans(annotation) == [(0, 3, "base"), (3, 4, "attack"), (4, 8, "base")]
    assert annotation.behaviors == {"base", "attack", "freeze"}


def test_only_channel_needs_no_name(tmp_path):
    assert len(read_annotation(write(tmp_path, ONE_CHANNEL), fps=30).intervals) == 3


def test_bento_whole_numbers_are_frames_from_one(tmp_path):
    annotation = read_annotation(write(tmp_path, BENTO), fps=30)
    assert spans(annotation) == [(0, 3, "attack"), (9, 10, "attack")]
    assert annotation.behaviors == {"attack", "mount"}


def test_bento_decimal_numbers_are_seconds(tmp_path):
    text = BENTO.replace("1\t3\t3", "0.1\t0.2\t0.1").replace("10\t10\t1", "1.0\t2.0\t1.0")
    annotation = read_annotation(write(tmp_path, text), fps=10)
    assert spans(annotation) == [(1, 2, "attack"), (10, 20, "attack")]


def test_bento_whole_seconds_among_decimals_are_seconds(tmp_path):
    text = BENTO.replace("1\t3\t3", "1.5\t2.5\t1").replace("10\t10\t1", "12\t14\t2")
    annotation = read_annotation(write(tmp_path, text), fps=30)
    assert spans(annotation) == [(45, 75, "attack"), (360, 420, "attack")]


def test_bento_rate_may_be_rounded(tmp_path):
    text = BENTO.replace("framerate: 30.000000", "framerate: 29.970030")
    assert spans(read_annotation(write(tmp_path, text), fps=29.97))[0] == (0, 3, "attack")


@pytest.mark.parametrize(
    ("lines", "fps"),
    [
        (("start frame: 2", "stop frame: 11", "framerate: 30"), 30),
        (("start frame: 3", "stop frame: 22", "framerate: 60"), 30),
        (("start time: 0.0333", "stop time: 0.3667", "framerate: 0"), 30),
    ],
)
def test_bento_frames_outside_what_was_annotated_are_unscored(tmp_path, lines, fps):
    head, rest = BENTO.split("Annotation start frame")
    settings = "".join(f"Annotation {line}\n" for line in lines)
    rest = rest.split("framerate: 30.000000\n")[1].replace("1\t3\t3", "0.1\t0.2\t0.1")
    rest = rest.replace("10\t10\t1", "0.3\t0.3\t0.0")
    annotation = read_annotation(write(tmp_path, head + settings + rest), fps=fps)
    labels = label_frames(annotation, 13, ["attack", "rest"], "rest")
    assert labels.tolist() == [-100, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, -100, -100]


def test_predicted_frames_are_frame_labels(tmp_path):
    table = "frame,time_s,predicted,p_a,p_b\n0,0.0,a,0.9,0.1\n1,0.033333,b,0.2,0.8\n"
    assert spans(read_annotation(write(tmp_path, table), fps=30)) == [(0, 1, "a"), (1, 2, "b")]


@pytest.mark.parametrize(
    "text",
    [
        "frame,label\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "frame;time;behavior\n0;0;a\n1;0;a\n2;0;\n3;0;b\n5;0;b\n",
        "label\na\na\n\nb\n\nb\n\n",
    ],
)
def test_frame_table_leaves_empty_and_absent_frames_unscored(tmp_path, text):
    annotation = read_annotation(write(tmp_path, text), fps=30)
    assert annotation.behaviors == {"a", "b"}
    labels = label_frames(annotation, 7, ["a", "b", "rest"], "rest")
    assert labels.tolist() == [0, 0, -100, 1, -100, 1, -100]


def annotation_of(*intervals: tuple[int, int, str]) -> Annotation:
    lines = [Interval(*interval, line) for line, interval in enumerate(intervals, 1)]
    return Annotation.of(Path("a.txt"), lines)


def test_uncovered_frames_are_background_or_unscored():
    annotation = annotation_of((1, 3, "attack"))
    assert label_frames(annotation, 4, ["attack"]).tolist() == [-100, 0, 0, -100]
    assert label_frames(annotation, 4, ["attack", "other"], "other").tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("order", [1, -1])
def test_unlisted_behaviors_are_unscored_except_where_a_class_overlaps(order):
    annotation = annotation_of(*[(0, 3, "groom"), (2, 4, "attack")][::order])
    labels = label_frames(annotation, 5, ["attack", "other"], "other")
    assert labels.tolist() == [-100, -100, 0, 0, 1]


def test_two_classes_in_one_frame_are_an_error():
    annotation = annotation_of((0, 5, "mount"), (4, 6, "attack"))
    with pytest.raises(InputError, match=r"a\.txt: line 2: attack overlaps mount at frame 4"):
        label_frames(annotation, 10, ["attack", "mount"])


def test_one_class_twice_in_one_frame_is_no_error():
    annotation = annotation_of((0, 3, "mount"), (2, 4, "mount"))
    assert label_frames(annotation, 4, ["mount"]).tolist() == [0] * 4


def test_what_runs_past_the_tracking_is_cut_and_counted():
    annotation = annotation_of((2, 9, "attack"), (20, 25, "base"))
    assert label_frames(annotation, 4, ["attack"]).tolist() == [-100, -100, 0, 0]
    assert annotation.frames_past(4) == 21
    assert annotation.frames_past(30) == 0


@given(st.lists(st.sampled_from([-100, 0, 1, 2]), min_size=1, max_size=60))
def test_labels_to_intervals_and_back_are_the_same(labels):
    names = {-100: "", 0: "attack", 1: "mount", 2: "other"}
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    runs = [(a, b, names[labels[a]]) for a, b in pairwise(edges)]
    annotation = annotation_of(*runs)
    assert label_frames(annotation, len(labels), ["attack", "mount", "other"]).tolist() == labels


@given(st.lists(st.sampled_from(["", "attack", "mount"]), min_size=1, max_size=60))
def test_frame_table_round_trip(tmp_path_factory, names):
    rows = "".join(f"{frame},{name}\n" for frame, name in enumerate(names))
    path = write(tmp_path_factory.mktemp("round"), "frame,label\n" + rows)
    annotation = read_annotation(path, fps=30)
    classes = ["attack", "mount"]
    labels = label_frames(annotation, len(names), classes).tolist()
    assert [classes[label] if label >= 0 else "" for label in labels] == names


BAD_ANNOTATIONS = {
    "empty": ("", "is empty"),
    "several channels": (CALTECH, "has channels S1, S2; choose one with --channel"),
    "stop before start": (
        ONE_CHANNEL.replace("4\t4", "4\t3"),
        "line 11: attack runs from frame 4 to 3, expected 1 <= start <= stop",
    ),
    "frame zero": (ONE_CHANNEL.replace("1\t3", "0\t3"), "line 10: base runs from frame 0 to 3"),
    "damaged row": (ONE_CHANNEL.replace("4\t4\ta", "4\ta"), "line 11: found '4.*expected start"),
    "no block": (ONE_CHANNEL.split("S1:")[0], "has no block of intervals"),
    "bento stop before start": (BENTO.replace("1\t3\t3", "5\t3\t3"), "line 19: attack runs from 5"),
    "bento damaged row": (BENTO.replace("1\t3\t3", "1"), "line 19: found '1', expected start"),
    "bento no behavior": (BENTO.replace(">attack\n", ""), "line 18: an interval without a behav"),
    "bento rate": (BENTO.replace("30.0", "1000.0"), "counts 1000 frames a second, but --fps is 30"),
    "bento no rate": (
        BENTO.replace("30.0", "fast"),
        "line 7: found .*fast.*expected a number",
    ),
    "bento no channel": (BENTO.split("Ch1---")[0], "has no channel: expected a line such as"),
    "frame twice": ("frame,label\n0,a\n0,b\n", "line 3: frame 0 follows frame 0"),
    "frame number": ("frame,label\nx,a\n", "line 2: found 'x,a', expected a frame number"),
    "frame cell missing": ("frame,label\n0\n", "line 2: found '0', expected a frame number"),
    "no frames": ("frame,label\n", "has no frames"),
    "poses": ("scorer,net\n", "is DeepLabCut or Lightning Pose CSV, expected Caltech"),
    "unknown": ("hello\n", "is a file that begins with 'hello', expected Caltech"),
}


@pytest.mark.filterwarnings("ignore:.*POINT events")
@pytest.mark.parametrize(("text", "message"), BAD_ANNOTATIONS.values(), ids=BAD_ANNOTATIONS.keys())
def test_bad_annotation_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read_annotation(path, fps=25 if text.startswith("Observation id\t") else 30)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CALTECH, "has no channel 'S3', only S1, S2"),
        (BENTO, "has no channel 'S3', only Ch1"),
        ("frame,label\n0,a\n", "has no channel 'S3'"),
    ],
)
def test_channel_that_is_not_there_lists_those_that_are(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_annotation(write(tmp_path, text), fps=30, channel="S3")


def test_annotation_belongs_to_the_longest_name_before_a_separator():
    files = [Path(name) for name in ("1_annot.txt", "1-2.annot", "11_annot.txt", "12.csv")]
    found = match_annotations(["1", "1-2", "11"], files)
    assert {name: file.name for name, file in found.items()} == {
        "1": "1_annot.txt",
        "1-2": "1-2.annot",
        "11": "11_annot.txt",
    }


def test_recording_without_annotation_is_named():
    with pytest.raises(InputError, match=r"'1' has no annotation file: .* found 11\.txt"):
        match_annotations(["1"], [Path("11.txt")])


def test_recording_with_several_annotations_names_them():
    with pytest.raises(InputError, match=r"'1' has 2 annotation files: 1\.txt, 1_b\.txt"):
        match_annotations(["1"], [Path("1.txt"), Path("1_b.txt")])


def test_folder_of_poses_is_no_folder_of_annotations(tmp_path):
    write(tmp_path, "scorer,net\n", "a.csv")
    with pytest.raises(InputError, match=r"none of its 1 files is Caltech.*DeepLabCut"):
        list_annotation_files(tmp_path)
