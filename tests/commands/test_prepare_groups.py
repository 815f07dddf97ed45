"""What recordings have in common: groups by a table or by folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import deeplabcut, frame_labels, told_by_prepare

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
