"""What recordings have in common: groups by a table or by folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import deeplabcut, frame_labels, spans_of_track, told_by_prepare

from mabe_lit.shell import InputError


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """``lab1/day1/v`` and ``lab2/day1/v``."""
    folder = tmp_path / "lab"
    for name in ("lab1", "lab2"):
        (folder / name / "day1").mkdir(parents=True)
        (folder / name / "day1" / "vDLC_net.csv").write_text(deeplabcut())
        (folder / name / "day1" / "v_labels.csv").write_text(frame_labels())
    return folder


def groups(lab: Path, **options: object) -> dict[str, str]:
    found, _ = told_by_prepare(lab, "a", "b", **options)
    return {name: recording.group for name, recording in found.items()}


def table(lab: Path, *rows: str) -> str:
    path = lab.parent / "videos.csv"
    path.write_text("\n".join(("name,group", *rows)) + "\n")
    return str(path)


def test_recordings_have_no_group_unless_it_is_told(lab):
    assert groups(lab) == {"lab1/day1/v": "", "lab2/day1/v": ""}


def test_folder_of_a_recordings_name_is_its_group(lab):
    assert groups(lab, group_folder=1) == {"lab1/day1/v": "lab1", "lab2/day1/v": "lab2"}
    assert groups(lab, group_folder=2) == {"lab1/day1/v": "day1", "lab2/day1/v": "day1"}
    with pytest.raises(InputError, match="--group_folder 3: recording 'lab1/day1/v' lies in 2 fol"):
        groups(lab, group_folder=3)
    with pytest.raises(InputError, match="--group_folder is 0, expected 1 or more"):
        groups(lab, group_folder=0)


def test_table_of_videos_tells_the_group(lab):
    videos = table(lab, "lab1/day1/v,rater 1")
    assert groups(lab, videos=videos) == {"lab1/day1/v": "rater 1", "lab2/day1/v": ""}


def test_table_and_folder_that_contradict_each_other_are_an_error(lab):
    videos = table(lab, "lab1/day1/v,lab1")
    assert groups(lab, videos=videos, group_folder=1)["lab1/day1/v"] == "lab1"
    videos = table(lab, "lab1/day1/v,lab3")
    match = "recording 'lab1/day1/v': --videos has group 'lab3', but --group_folder 1 is 'lab1'"
    with pytest.raises(InputError, match=match):
        groups(lab, videos=videos, group_folder=1)


def bouts(lab: Path) -> None:
    """Lab 1 scores a and b, lab 2 scores a alone."""
    (lab / "lab1/day1/v_labels.csv").write_text("behavior,start_s,stop_s\na,1.0,2.0\nb,2.0,3.0\n")
    (lab / "lab2/day1/v_labels.csv").write_text("behavior,start_s,stop_s\na,1.0,2.0\n")


def test_class_that_no_recording_of_a_group_has_was_looked_for_by_nobody_there(lab):
    bouts(lab)
    found, told = told_by_prepare(lab, "a", "b", overlap="allowed", group_folder=1)
    of_a = {"a": [(30, 60)], "no a": [(0, 30), (60, 120)]}
    assert spans_of_track(found["lab2/day1/v"], "") == of_a
    of_b = {"b": [(60, 90)], "no b": [(0, 60), (90, 120)]}
    assert spans_of_track(found["lab1/day1/v"], "") == of_a | of_b
    assert [line for line in told if "group" in line] == [
        "no annotation of group lab2 has a class that other groups have, so nobody is taken to "
        "have looked for it there: lab2/day1/v (without b)"
    ]


def test_background_where_a_group_has_not_all_classes_is_unscored(lab):
    bouts(lab)
    found, told = told_by_prepare(lab, "a", "b", background="other", group_folder=1)
    assert spans_of_track(found["lab2/day1/v"], "") == {"a": [(30, 60)]}
    assert found["lab2/day1/v"].tracks[0].looked_for == ("a", "other")
    assert spans_of_track(found["lab1/day1/v"], "")["other"] == [(0, 30), (90, 120)]
    (line,) = [line for line in told if "group" in line]
    assert "so frames without a behaviour are unscored and not 'other': lab2/day1/v" in line


def test_recordings_without_a_group_were_watched_for_all_classes(lab):
    bouts(lab)
    found, _ = told_by_prepare(lab, "a", "b", overlap="allowed")
    assert spans_of_track(found["lab2/day1/v"], "")["no b"] == [(0, 120)]


def test_columns_of_a_group_tell_what_was_looked_for(lab):
    bouts(lab)
    (lab / "lab2/day1/v_labels.csv").write_text("frame,a,b\n0,1,0\n1,0,0\n2,1,0\n")
    found, _ = told_by_prepare(lab, "a", "b", overlap="allowed", group_folder=1)
    assert spans_of_track(found["lab2/day1/v"], "")["no b"] == [(0, 3)]
