"""The tables of MABe 2025: which videos there are, and what is no such table."""

from __future__ import annotations

import pytest
from mabe2025_files import Folder, rows_of

from mabe_lit.shell import InputError


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "mabe")


def test_labs_are_chosen_by_name(folder):
    folder.add("LyricalHare", 1).add("SparklingTapir", 2).add("UppityFerret", 3)
    assert list(folder.read()[0]) == ["LyricalHare/1", "SparklingTapir/2", "UppityFerret/3"]
    found, _ = folder.read(labs=["UppityFerret", "LyricalHare"])
    assert list(found) == ["LyricalHare/1", "UppityFerret/3"]
    with pytest.raises(InputError, match="no videos of Hare; there are LyricalHare, Sparkl"):
        folder.read(labs=["Hare"])


def test_points_and_classes_are_those_of_the_chosen_labs(folder):
    rows = rows_of(range(10), parts=("tail_tip",))
    folder.add("LyricalHare", 1)
    folder.add("UppityFerret", 3, rows=rows, parts="", labeled='["mouse1,self,dig"]', bouts=[])
    recording = folder.one(labs=["UppityFerret"])
    assert recording.keypoint_names == ("tail_tip",)
    assert recording.class_names == ("dig",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",7,", ",seven,", "line 2: video_id is 'seven', expected a whole number"),
        (",30.0,0.33", ",,0.33", "line 2: frames_per_second is '', expected a number above 0"),
        (",30.0,0.33", ",0,0.33", "line 2: frames_per_second is '0', expected a number above 0"),
        (",30.0,0.33", ",nan,0.33", "line 2: frames_per_second is 'nan'"),
        ('""nose"", ', "nose, ", "line 2: body_parts_tracked is .*, expected a list such as"),
        ("mouse1,self,rear", "mouse1,rear", "line 2: behaviors_labeled: found 'mouse1,rear'"),
        ("mouse1,self,rear", "cat,self,rear", "line 2: behaviors_labeled: found mouse 'cat'"),
    ],
)
def test_wrong_cell_is_one_line_and_its_video_can_be_skipped(folder, old, new, message):
    folder.add()
    assert old in folder.lines[1]
    folder.lines[1] = folder.lines[1].replace(old, new)
    folder.add("SparklingTapir", 8)
    with pytest.raises(InputError, match=message) as caught:
        folder.read()
    assert str(caught.value).startswith(str(folder.path / "train.csv"))
    recordings, notes = folder.read(skip_bad=True)
    assert list(recordings) == ["SparklingTapir/8"]
    assert len(notes) == 1
    assert list(folder.read(labs=["SparklingTapir"])[0]) == ["SparklingTapir/8"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("LyricalHare,", "../LyricalHare,", "line 2: lab_id is '../LyricalHare', expected a name"),
        ("LyricalHare,", ",", "line 2: lab_id is '', expected a name"),
        (",MARS", "", "line 2: has 37 cells, the header has 38"),
        ("LyricalHare", '"LyricalHare', "line"),
    ],
)
def test_row_that_is_none_is_an_error(folder, old, new, message):
    folder.add()
    folder.lines[1] = folder.lines[1].replace(old, new, 1)
    folder.table()
    with pytest.raises(InputError, match=message):
        folder.read(skip_bad=True)


def test_video_that_is_there_twice_is_an_error(folder):
    folder.add().add()
    with pytest.raises(InputError, match="line 3: LyricalHare/7 is in line 2 as well"):
        folder.read()


def test_other_table_names_the_columns_that_lack(folder):
    folder.lines[0] = folder.lines[0].replace("behaviors_labeled", "behaviors")
    folder.add()
    with pytest.raises(InputError, match=r"train\.csv: has no column behaviors_labeled; expected"):
        folder.read()


def test_table_that_is_missing_or_holds_nothing_is_an_error(folder):
    with pytest.raises(InputError, match=r"train\.csv: no such file"):
        folder.read()
    folder.table()
    with pytest.raises(InputError, match="in none of its 0 videos somebody looked for a behaviour"):
        folder.read()
    folder.split = "val"
    with pytest.raises(InputError, match="--split is 'val', expected train or test"):
        folder.read()


def test_byte_order_mark_and_windows_line_ends_are_read(folder):
    folder.add()
    table = folder.path / "train.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes().replace(b"\n", b"\r\n"))
    assert folder.one().name == "LyricalHare/7"
