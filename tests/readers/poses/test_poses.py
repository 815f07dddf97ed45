"""Pose files: what is read, where it lands, and what is refused."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from pose_files import ANIMALS, PARTS, csv_text, table

from mabe_lit.readers import PoseOptions, find_pose_files, read_poses
from mabe_lit.shell import InputError, InputWarning


def write(folder: Path, text: str, name: str = "m1DLC_net.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_multi_animal_csv_keeps_animals_and_key_points_in_file_order(tmp_path):
    values = table()
    recording = read_poses(write(tmp_path, csv_text(values)), fps=25.0)
    assert recording.name == "m1"
    assert recording.fps == 25.0
    assert recording.animal_names == ANIMALS
    assert recording.keypoint_names == PARTS
    assert recording.keypoints.dtype == np.float32
    np.testing.assert_array_equal(recording.keypoints, values[..., :2])
    assert (recording.labels == -100).all()


def test_key_points_of_another_order_are_matched_by_name(tmp_path):
    lines = csv_text(table()).splitlines()
    lines[2] = lines[2].replace("nose,nose,nose,tail,tail,tail", "tail,tail,tail,nose,nose,nose", 1)
    recording = read_poses(write(tmp_path, "\n".join(lines)))
    assert recording.keypoint_names == ("tail", "nose")
    np.testing.assert_array_equal(recording.keypoints[:, 1], table()[:, 1, ::-1, :2])


def test_three_header_rows_are_one_animal(tmp_path):
    values = table(animals=1)
    recording = read_poses(write(tmp_path, csv_text(values, ("mouse",)), "clip.csv"))
    assert recording.name == "clip"
    assert recording.animal_names == ("animal",)
    np.testing.assert_array_equal(recording.keypoints, values[..., :2])


@pytest.mark.filterwarnings("ignore:.*the first row is frame 2")
def test_likelihood_is_kept_at_its_frame_whatever_it_leads_to(tmp_path):
    values = table()
    values[1, 0, 1, 2] = 0.05
    values[2, 1, 0, 2] = np.nan
    recording = read_poses(write(tmp_path, csv_text(values, first_frame=2)))
    assert np.isnan(recording.likelihood[:2]).all()
    np.testing.assert_array_equal(recording.likelihood[2:], values[..., 2].astype(np.float32))


def test_unlikely_empty_and_origin_points_are_untracked(tmp_path):
    values = table(4)
    values[0, 0, 0, 2] = 0.099
    values[1, 0, 0, 2] = 0.1
    values[1, 1, 0, :2] = 0
    values[2, 0, 1, 0] = np.nan
    values[3, 1, 1, 2] = np.nan  # no likelihood says nothing against the point
    values[3, 0, 0, :2] = (0, 5)
    values[0, 1, 1, :2] = -1
    values[2, 1, 0, :2] = (-1, -2)
    missing = np.isnan(read_poses(write(tmp_path, csv_text(values))).keypoints)
    assert sorted(map(tuple, np.argwhere(missing[..., 0]).tolist())) == [
        (0, 0, 0),
        (0, 1, 1),
        (1, 1, 0),
        (2, 0, 1),
    ]
    np.testing.assert_array_equal(missing[..., 0], missing[..., 1])


@pytest.mark.filterwarnings("ignore:.*the first row is frame 2")
def test_frames_without_a_row_are_untracked(tmp_path):
    lines = csv_text(table(5), first_frame=2).splitlines()
    del lines[6]  # frame 4
    recording = read_poses(write(tmp_path, "\r\n".join(lines) + "\r\n\r\n"))
    untracked = np.isnan(recording.keypoints).all(axis=(1, 2, 3))
    assert untracked.tolist() == [True, True, False, False, True, False, False]
    np.testing.assert_array_equal(recording.keypoints[5], table(5)[3, ..., :2])


def test_points_of_no_animal_are_left_out_with_a_warning(tmp_path):
    lines = csv_text(table()).splitlines()
    extra = ["net,net", "single,single", "corner,corner", "x,y"] + ["1,2"] * 3
    text = "\n".join(f"{line},{more}" for line, more in zip(lines, extra, strict=True))
    with pytest.warns(InputWarning, match="'single', which is no animal"):
        recording = read_poses(write(tmp_path, text))
    assert recording.animal_names == ANIMALS


@pytest.mark.filterwarnings("ignore:.*the first row is frame")
@settings(max_examples=30, deadline=None)
@given(
    values=npst.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.just(2), st.just(2), st.just(2)),
        elements=st.floats(0.0078125, 4096, width=32) | st.just(np.float32("nan")),
    ),
    first_frame=st.integers(0, 50),
)
def test_csv_round_trip_returns_every_point(tmp_path_factory, values, first_frame):
    values[-1] = 7  # no animal is missing throughout
    likely = np.ones((*values.shape[:3], 1), np.float32)
    path = tmp_path_factory.mktemp("round") / "a.csv"
    path.write_text(csv_text(np.concatenate([values, likely], -1), first_frame=first_frame))
    keypoints = read_poses(path).keypoints
    expected = np.where(np.isnan(values).any(-1, keepdims=True), np.nan, values)
    assert np.isnan(keypoints[:first_frame]).all()
    np.testing.assert_array_equal(keypoints[first_frame:], expected)


def test_csv_of_15000_frames_is_read_in_well_under_a_second(tmp_path):
    path = write(tmp_path, csv_text(np.random.default_rng(0).random((15_000, 2, 2, 3)) + 1))
    read_poses(path)  # imports pandas
    start = time.perf_counter()
    assert len(read_poses(path)) == 15_000
    assert time.perf_counter() - start < 1


def damage(text: str, line: int, old: str, new: str) -> str:
    lines = text.splitlines()
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    return "\n".join(lines) + "\n"


GOOD = csv_text(table())
BAD_POSES = {
    "empty file": ("", "is empty"),
    "blank file": (" \n\n", "is empty"),
    "zero frames": ("\n".join(GOOD.splitlines()[:4]), "has no frames"),
    "no coords row": ("\n".join(GOOD.splitlines()[:3]) + "\n0,1", "header rows are scorer, "),
    "no scorer row": ("\n".join(GOOD.splitlines()[1:]), "header rows are individuals, bodyparts"),
    "five header rows": (damage(GOOD, 2, "individuals", "scorer"), "expected scorer, bodyparts"),
    "cut-off row": (GOOD[:-9], r"line 7: has 1\d cells, the first row has 13"),
    "long row": (damage(GOOD, 6, "1,", "1,7,"), "line 6: has 14 cells, the first row has 13"),
    "short header row": (damage(GOOD, 3, "nose,", ""), "line 3: has 12 cells"),
    "non-numeric cell": (
        damage(GOOD, 6, "10.0", "lost"),
        r"line 6, column 3 \(resident nose y\): found 'lost', expected a number",
    ),
    "non-numeric frame": (damage(GOOD, 5, "0,", "img0.png,"), r"line 5, column 1 \(frame number\)"),
    "empty frame number": (damage(GOOD, 6, "1,", ","), "line 6: frame number is nan"),
    "fractional frame": (damage(GOOD, 6, "1,", "0.5,"), "line 6: frame number is 0.5"),
    "negative frame": (damage(GOOD, 5, "0,", "-1,"), "line 5: frame number is -1"),
    "duplicate frame": (damage(GOOD, 7, "2,", "1,"), "line 7: frame 1 follows frame 1"),
    "decreasing frame": (damage(GOOD, 7, "2,", "0,"), "line 7: frame 0 follows frame 1"),
    "absurd frame": (damage(GOOD, 7, "2,", "20000000000,"), "line 7: frame number is 2e"),
    "infinite coordinate": (damage(GOOD, 5, "1.0", "inf"), "line 5: a coordinate is infinite"),
    "column twice": (damage(GOOD, 4, "x,y", "x,x"), "column resident nose x is there twice"),
    "no y": (damage(GOOD, 4, "x,y", "x,why"), "expected x, y and, if known, likelihood"),
    "three dimensions": (damage(GOOD, 4, "likelihood", "z"), "has columns x, y, z"),
    "other key points": (
        damage(GOOD, 3, "nose", "ear").replace(",ear,nose,nose", ",ear,ear,ear"),
        "animal 'intruder' has key points tail, nose, but 'resident' has ear, tail; name the",
    ),
    "unknown table": ("a,b\n1,2\n", "begins with 'a,b', expected DeepLabCut"),
    "an annotation": ("Bento annotation file\n", "is Bento annotation, expected DeepLabCut"),
}


@pytest.mark.parametrize(("text", "message"), BAD_POSES.values(), ids=BAD_POSES.keys())
def test_bad_pose_file_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        read_poses(path)
    assert str(path) in str(caught.value)


def test_animal_that_is_never_tracked_is_named(tmp_path):
    values = table()
    values[:, 1, 0, :2] = np.nan
    values[:, 1, 1, 2] = 0.05
    with pytest.raises(InputError, match="animal 'intruder' is never tracked"):
        read_poses(write(tmp_path, csv_text(values)))


def test_slots_that_are_never_filled_are_left_out_by_the_number_of_animals(tmp_path):
    slots = ("animal0", "animal1", "animal2")
    values = table(animals=3)
    values[:, [0, 2], :, :2] = -1
    path = write(tmp_path, csv_text(values, slots))
    hint = "animals 'animal0', 'animal2' are never tracked: .*; --animals 1 takes .*: animal1$"
    with pytest.raises(InputError, match=hint):
        read_poses(path)
    with pytest.warns(InputWarning, match="without any point, left out: animal0, animal2"):
        recording = read_poses(path, options=PoseOptions.of(animals=["1"]))
    assert recording.animal_names == ("animal1",)
    np.testing.assert_array_equal(recording.keypoints, values[:, [1], :, :2])
    # In another recording another slot is filled, and the animal is called the same.
    values = values[:, [1, 0, 2]]
    path = write(tmp_path, csv_text(values, slots))
    with pytest.warns(InputWarning, match="left out: animal1, animal2"):
        other = read_poses(path, options=PoseOptions.of(animals=["1"]))
    assert other.animal_names == ("animal1",)
    np.testing.assert_array_equal(other.keypoints, recording.keypoints)


def test_chosen_animal_that_is_never_tracked_leads_to_the_others_by_name(tmp_path):
    values = table(animals=3)
    values[:, 1, :, :2] = -1
    path = write(tmp_path, csv_text(values, ("a", "b", "c")))
    with pytest.raises(InputError, match=r"'b' is never .*; --animals a takes those"):
        read_poses(path, options=PoseOptions.of(animals=["a", "b"]))
    with pytest.warns(InputWarning, match="left out: b, c"):
        assert read_poses(path, options=PoseOptions.of(animals=["a"])).animal_names == ("a",)


def test_text_that_is_not_utf8_is_named_with_its_line(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(damage(GOOD, 6, "10.0", "§").encode("latin1"))
    with pytest.raises(InputError, match="line 6: is not UTF-8 text \\(found byte 0xa7\\)"):
        read_poses(path)


def test_folder_lists_poses_without_annotations_and_twins(tmp_path):
    for name in ("b.csv", "aDLC.csv"):
        write(tmp_path, GOOD, name)
    (tmp_path / "aDLC.h5").write_bytes(b"\x89HDF\r\n\x1a\n...")
    (tmp_path / "aDLC_meta.pickle").write_bytes(b"")
    write(tmp_path, "frame,label\n0,rest\n", "a_labels.csv")
    assert [path.name for path in find_pose_files(tmp_path).files] == ["aDLC.csv", "b.csv"]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", "\u00a0\n".encode()], ids=["bom", "blank"])
def test_file_without_text_is_empty(tmp_path, content):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.csv: is empty"):
        find_pose_files(tmp_path)
    assert find_pose_files(tmp_path, with_empty=True).files == (tmp_path / "a.csv",)


def test_folder_says_what_it_leaves_out(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, "about these data", "README.txt")
    with pytest.warns(InputWarning, match=r"neither poses nor annotations, left out: README\.txt"):
        assert len(find_pose_files(tmp_path)) == 1


def test_folder_without_poses_says_what_it_holds(tmp_path):
    write(tmp_path, "frame,label\n0,rest\n", "a.csv")
    with pytest.raises(InputError, match=r"none of its 1 files is DeepLabCut.*CSV of frame labels"):
        find_pose_files(tmp_path)


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(InputError, match="nowhere: no such file or folder"):
        find_pose_files(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"holds no file that ends in \.csv"):
        find_pose_files(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_poses(tmp_path / "nowhere.csv")
