"""Annotation files are told apart by what they begin with."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from label_files import rows, write

from mabe_lit.readers import ANNOTATION_FORMATS, list_annotation_files, owner_of, read_annotations
from mabe_lit.readers.files import read_head
from mabe_lit.shell import InputError

BEGINNINGS = {
    "Caltech Behavior Annotator text": ["Caltech Behavior Annotator - Annotation File"],
    "Bento annotation": ["Bento annotation file"],
    "The Observer's event log": [
        "Observation;Time_Relative_sf;Subject;Behavior;Event_Type",
        "Date_Time_Absolute_dmy_hmsf;Time_Relative_hmsf;Duration_sf;Behavior;Event_Type;Comment",
    ],
    "Solomon Coder's text": ["Time;Posture;Gaze\n0.0;lies;", "Time,Behaviour\n0.0,rest"],
    "CSV of frame labels": [
        "frame,label",
        "frame,time_s,predicted,p_a,p_b",
        "time_s;behavior",
        "label",
    ],
    "BORIS events": [
        "Observation id,Subject,Behavior,Behavior type,Time",
        "Subject,Behavior,Behavior type,Start (s),Stop (s),Duration (s)",
        "Observation id,one\n\nTime,Media file path,FPS,Subject,Behavior,Status",
    ],
    "table of bouts": [
        "behavior,start_frame,stop_frame,start_s,stop_s,duration_s,mean_probability",
        "Label;Start;End",
        "event,onset,duration",
        ",behavior,start_s,stop_s\n0,a,1.0,2.0",
        "index,behavior,start_frame,stop_frame\n0,a,30,60",
        "Unnamed: 0,label,start_s,duration_s\n0,a,1.0,1.0",
        "Frame,Behavior,Start,Stop\n0,a,1.0,2.0",
        "t,behavior,start_s,stop_s\n0.5,a,1.0,2.0",
    ],
    "table of 0/1 columns": ["frame,attack\n0,1", ",background,attack\n0,1,0"],
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, texts in BEGINNINGS.items() for text in texts]
)
def test_format_is_known_by_how_it_begins(tmp_path, name, text):
    head = read_head(write(tmp_path, text + "\n"))
    first = next(format for format, module in ANNOTATION_FORMATS.items() if module.matches(head))
    assert first == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("scorer,net\n", "is DeepLabCut or Lightning Pose CSV, expected Caltech"),
        ("hello\n", "is a file that begins with 'hello', expected Caltech"),
        (rows("name,first_frame", "v1,0", "v2,1"), "is a file that begins with 'name,first_frame'"),
    ],
)
def test_what_is_no_annotation_is_named(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read_annotations(path)
    assert str(path) in str(caught.value)


def test_folder_of_poses_is_no_folder_of_annotations(tmp_path):
    write(tmp_path, "scorer,net\n")
    with pytest.raises(InputError, match=r"none of its 1 files is Caltech.*DeepLabCut"):
        list_annotation_files(tmp_path)


def test_annotation_belongs_to_the_longest_name_before_a_separator():
    names = ["1", "1-2", "11"]
    files = ["1_annot.txt", "1-2.annot", "11_annot.txt", "12.csv"]
    assert [owner_of(Path(file), names) for file in files] == ["1", "1-2", "11", None]


def test_lines_of_an_old_mac_are_a_table_like_any(tmp_path):
    path = write(tmp_path, "behavior,start_s,stop_s\ra,1.0,2.0\r")
    (events,) = read_annotations(path)
    assert [(event.start, event.stop) for event in events.events] == [(1, 2)]


def test_format_that_cannot_split_a_file_does_not_match(tmp_path, monkeypatch):
    def fail(head):
        raise csv.Error("new-line character seen in unquoted field")

    monkeypatch.setattr(ANNOTATION_FORMATS["Bento annotation"], "matches", fail)
    assert list_annotation_files(write(tmp_path, "behavior,start_s,stop_s\na,1.0,2.0\n"))
    with pytest.raises(InputError, match="is a file that begins with 'x', expected"):
        read_annotations(write(tmp_path, "x\ry\r"))
