"""Pose tables that a spreadsheet saved, and SimBA's."""

from __future__ import annotations

import numpy as np
import pytest
from pose_files import csv_text, table

from mabe_lit.readers import POSE_FORMATS, PoseOptions, read_poses
from mabe_lit.shell import InputError, InputWarning


def decimal_values():
    values = table(4)
    values[..., :2] += 0.25
    values[1, 0, 0, :2] = np.nan
    return values


def saved(delimiter=";", decimal=",", behind="", line_end="\r\n"):
    """The table as a spreadsheet saves it."""
    text = csv_text(decimal_values()).replace(",", "\0").replace(".", decimal)
    lines = text.replace("\0", delimiter).splitlines()
    return line_end.join(line + behind for line in lines) + line_end


def check(path):
    recording = read_poses(path)
    np.testing.assert_array_equal(recording.keypoints, decimal_values()[..., :2])
    assert recording.animal_names == ("resident", "intruder")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [
        saved(),
        saved(decimal="."),
        saved("\t"),
        saved(",", "."),
        saved(behind=";;"),
        saved(",", ".", behind=","),
        saved(behind=";;") + ";;;;;;;;;;;;;;;\r\n",
        saved(behind=";;").replace("0,25;1,0;;", "0,25;1,0"),
    ],
    ids=["de", "points", "tabs", "us", "empty columns", "us, empty columns", "empty row", "ragged"],
)
def test_table_that_a_spreadsheet_saved_is_read_as_it_is(tmp_path, text, encoding):
    (tmp_path / "v1.csv").write_bytes(text.encode(encoding))
    check(tmp_path / "v1.csv")


@pytest.mark.parametrize("cell", ["1.234,5", "1.25", "1,2,5", "01. Mrz"])
def test_number_that_a_spreadsheet_may_have_changed_is_refused_with_its_line(tmp_path, cell):
    text = saved().replace("\r\n1;", "\r\n1;1,5;", 1).replace(";;;", f";{cell};", 1)
    (tmp_path / "v1.csv").write_text(text)
    with pytest.raises(InputError, match=rf"line 6, column 3 .*: found '{cell}', expected a num"):
        read_poses(tmp_path / "v1.csv")


def test_row_that_is_longer_than_the_header_is_an_error(tmp_path):
    lines = saved(behind=";;").splitlines()
    lines[5] += ";7"
    (tmp_path / "v1.csv").write_text("\n".join(lines))
    with pytest.raises(InputError, match="line 6: has 16 cells, the first row has 13"):
        read_poses(tmp_path / "v1.csv")


def simba_text(points, frames=3, index=True, more=("Movement_x", "Attack")):
    columns = [f"{point}_{axis}" for point in points for axis in "xyp"] + list(more)
    lines = [",".join(["", *columns] if index else columns)]
    for frame in range(frames):
        numbers = [100 * frame + 1 + i for i in range(2 * len(points))]
        cells = []
        for k in range(len(points)):
            cells += [numbers[2 * k], numbers[2 * k + 1], 0.98]
        cells += [0.5] * (len(more) - 1) + [frame % 2]
        lines.append(",".join(map(str, [frame, *cells] if index else cells)))
    return "\n".join(lines) + "\n"


def simba_values(points, frames=3):
    values = 100 * np.arange(frames)[:, None] + 1 + np.arange(2 * points)
    return values.reshape(frames, points, 2)


TWO_MICE = ("Nose_1", "Tail_base_1", "Nose_2", "Tail_base_2")


@pytest.mark.parametrize("index", [True, False])
def test_simba_table_is_read_by_the_numbers_of_its_animals(tmp_path, index, recwarn):
    path = tmp_path / "v1.csv"
    path.write_text(simba_text(TWO_MICE, index=index))
    recording = read_poses(path)
    assert recording.animal_names == ("animal1", "animal2")
    assert recording.keypoint_names == ("Nose", "Tail_base")
    expected = simba_values(4).reshape(3, 2, 2, 2)
    np.testing.assert_array_equal(recording.keypoints, expected)
    assert (recording.likelihood == np.float32(0.98)).all()
    assert not recwarn.list


@pytest.mark.parametrize(
    ("points", "keypoints"),
    [
        (("Nose", "Tail_base"), ("Nose", "Tail_base")),
        (("Nose_1", "Tail_base_1"), ("Nose", "Tail_base")),
        (("Nose", "Tail_1", "Tail_2"), ("Nose", "Tail_1", "Tail_2")),
    ],
)
def test_simba_table_of_one_animal_is_one(tmp_path, points, keypoints):
    (tmp_path / "v1.csv").write_text(simba_text(points))
    recording = read_poses(tmp_path / "v1.csv")
    assert len(recording.animal_names) == 1
    assert recording.keypoint_names == keypoints
    np.testing.assert_array_equal(recording.keypoints[:, 0], simba_values(len(points)))


def test_simba_points_of_no_animal_are_left_out_with_a_warning(tmp_path):
    (tmp_path / "v1.csv").write_text(simba_text((*TWO_MICE, "Food")))
    with pytest.warns(InputWarning, match="key points of no animal, left out: Food"):
        recording = read_poses(tmp_path / "v1.csv")
    assert recording.animal_names == ("animal1", "animal2")


def test_simba_table_of_animals_that_are_named_is_split_by_their_names(tmp_path):
    path = tmp_path / "v1.csv"
    path.write_text(simba_text(("Black_Nose", "Black_Tail", "White_Nose", "White_Tail")))
    recording = read_poses(path, options=PoseOptions.of(animal_prefixes=["Black_", "White_"]))
    assert recording.animal_names == ("Black", "White")
    np.testing.assert_array_equal(recording.keypoints, simba_values(4).reshape(3, 2, 2, 2))


def test_simba_table_with_decimal_commas_is_read(tmp_path):
    text = simba_text(TWO_MICE).replace(",", ";").replace(".", ",")
    (tmp_path / "v1.csv").write_text(text)
    recording = read_poses(tmp_path / "v1.csv")
    np.testing.assert_array_equal(recording.keypoints, simba_values(4).reshape(3, 2, 2, 2))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("201,202", "201,lost", r"line 4, column 3 \(Nose_1_y\): found 'lost'"),
        ("101,102", "1.2.3,102", r"line 3, column 2 \(Nose_1_x\): found '1\.2\.3'"),
        (",0.98,0.5,0\n", ",0.98", "line 4: has 13 cells, the header has 15"),
        ("Nose_2_x", "Nose_1_x", "column Nose_1_x is there twice"),
    ],
)
def test_bad_simba_table_is_named_with_its_problem(tmp_path, old, new, message):
    before, _, after = simba_text(TWO_MICE).rpartition(old)
    (tmp_path / "v1.csv").write_text(before + new + after)
    with pytest.raises(InputError, match=message):
        read_poses(tmp_path / "v1.csv")


def test_table_of_features_alone_is_no_pose(tmp_path):
    (tmp_path / "v1.csv").write_text("frame,speed_x,speed_y,area_p\n0,1,2,3\n")
    with pytest.raises(InputError, match="begins with 'frame,speed_x"):
        read_poses(tmp_path / "v1.csv")


TABLES = {
    "deeplabcut": "scorer,n,n\nbodyparts,nose,nose\ncoords,x,y\n0,1,2\n1,3,4\n",
    "sleap": "track,frame_idx,nose.x,nose.y\na,0,1,2\na,1,3,4\n",
    "simba": "frame,nose_x,nose_y,nose_p\n0,1,2,1\n1,3,4,1\n",
}


@pytest.mark.parametrize("line_end", ["\r", "\r\n"])
@pytest.mark.parametrize("name", TABLES)
def test_lines_may_end_as_any_system_ends_them(tmp_path, name, line_end):
    path = tmp_path / "v1.csv"
    path.write_bytes(TABLES[name].replace("\n", line_end).encode())
    assert read_poses(path).keypoints[:, 0, 0].tolist() == [[1, 2], [3, 4]]


def test_text_whose_lines_end_in_returns_is_of_no_format():
    known = [name for name, module in POSE_FORMATS.items() if module.matches("hello\rworld\r")]
    assert not known


@pytest.mark.parametrize("name", ["sleap", "simba"])
def test_table_that_begins_with_an_empty_line_is_an_error(tmp_path, name):
    path = tmp_path / "v1.csv"
    path.write_text("\n" + TABLES[name])
    with pytest.raises(InputError, match=r"v1\.csv: line 1 is empty, expected the columns' names"):
        read_poses(path)
