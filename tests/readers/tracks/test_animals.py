"""Whose points are whose: animals by name, and tables of one animal that hold several."""

from __future__ import annotations

import numpy as np
import pytest
from pose_files import csv_text, table

from mabe_lit.readers import PoseOptions, read_poses
from mabe_lit.readers.tracks.guess_animals import guess_marks
from mabe_lit.shell import InputError, InputWarning

BLACK_AND_WHITE = ("B_nose", "B_neck", "W_nose", "W_neck")


def write(folder, parts, animals=("mouse",)):
    values = table(animals=len(animals), points=len(parts))
    path = folder / "v1.csv"
    path.write_text(csv_text(values, animals, parts=parts))
    return path, values[..., :2]


def test_prefixes_make_animals_with_the_points_that_all_have(tmp_path):
    path, values = write(tmp_path, ("W_nose", "B_neck", "B_nose", "W_neck"))
    recording = read_poses(path, options=PoseOptions.of(animal_prefixes=["B_", "W_"]))
    assert recording.animal_names == ("B", "W")
    assert recording.keypoint_names == ("neck", "nose")
    np.testing.assert_array_equal(recording.keypoints[:, 0], values[:, 0, [1, 2]])
    np.testing.assert_array_equal(recording.keypoints[:, 1], values[:, 0, [3, 0]])
    assert (recording.likelihood == 1).all()


def test_suffixes_make_animals_too(tmp_path):
    path, values = write(tmp_path, ("nose_1", "nose_10", "tail_1", "tail_10"))
    recording = read_poses(path, options=PoseOptions.of(animal_prefixes=["_1", "_10"]))
    assert recording.animal_names == ("1", "10")
    np.testing.assert_array_equal(recording.keypoints[:, 1], values[:, 0, [1, 3]])


def test_points_of_no_animal_and_of_one_alone_are_named(tmp_path):
    path, _ = write(tmp_path, (*BLACK_AND_WHITE, "B_tip", "corner"))
    with pytest.warns(InputWarning) as warned:
        recording = read_poses(path, options=PoseOptions.of(animal_prefixes=["B_", "W_"]))
    assert recording.keypoint_names == ("nose", "neck")
    said = " ".join(str(warning.message) for warning in warned)
    assert "key points of no animal, left out: corner" in said
    assert "key points that not every animal has, left out: B_tip" in said


@pytest.mark.parametrize(
    ("parts", "prefixes", "message"),
    [
        (BLACK_AND_WHITE, ["B_", "X_"], "no key point begins or ends with 'X_'"),
        (("B_nose", "W_neck"), ["B_", "W_"], "no key point is on all animals"),
        (BLACK_AND_WHITE, ["B_", "B"], "expected a different letter or digit for each animal"),
    ],
)
def test_prefixes_that_make_no_animals_are_an_error(tmp_path, parts, prefixes, message):
    path, _ = write(tmp_path, parts)
    with pytest.raises(InputError, match=message):
        read_poses(path, options=PoseOptions.of(animal_prefixes=prefixes))


def test_prefixes_in_a_table_of_several_animals_are_an_error(tmp_path):
    path, _ = write(tmp_path, BLACK_AND_WHITE, ("m1", "m2"))
    with pytest.raises(InputError, match="has several animals already: m1, m2"):
        read_poses(path, options=PoseOptions.of(animal_prefixes=["B_", "W_"]))


def test_table_that_looks_like_two_animals_is_one_with_a_warning(tmp_path):
    path, _ = write(tmp_path, BLACK_AND_WHITE)
    with pytest.warns(InputWarning, match="--animal_prefixes B_ W_ makes them several"):
        recording = read_poses(path)
    assert recording.keypoint_names == BLACK_AND_WHITE


BODY = ("nose", "left_ear", "right_ear", "neck", "tail_base")


def prefixed(*marks):
    return [f"{mark}{part}" for mark in marks for part in BODY]


def suffixed(*marks):
    return [f"{part}{mark}" for part in BODY for mark in marks]


@pytest.mark.parametrize(
    ("points", "marks"),
    [
        (BLACK_AND_WHITE, ("B_", "W_")),
        (prefixed("resident-", "intruder-"), ("resident-", "intruder-")),
        (prefixed("Mouse_1_", "Mouse_2_", "Mouse_3_"), ("Mouse_1_", "Mouse_2_", "Mouse_3_")),
        ([*prefixed("B_", "W_"), "corner"], ("B_", "W_")),
        (suffixed("_1", "_2"), ("_1", "_2")),
        (suffixed("1", "2"), ("1", "2")),
        (suffixed("_black", "_white"), ("_black", "_white")),
    ],
)
def test_names_of_several_animals_are_known(points, marks):
    assert guess_marks(points) == marks


@pytest.mark.parametrize(
    "points",
    [
        BODY,
        ["left_ear", "left_hip", "right_ear", "right_hip"],
        ["ear_left", "ear_right", "hip_left", "hip_right", "nose", "tail"],
        ["front_left_paw", "front_right_paw", "hind_left_paw", "hind_right_paw"],
        ["left_nose", "left_neck", "right_nose", "right_neck"],  # two views of one animal
        ["L1_tibia", "L1_femur", "R1_tibia", "R1_femur"],
        ["FL_paw", "FL_knee", "HR_paw", "HR_knee"],
        ["spine1", "spine2", "spine3", "tail1", "tail2", "tail3", "nose"],
        ["spine_1", "spine_2", "tail_1", "tail_2"],
        ["tail_base", "tail_tip", "spine_base", "spine_tip"],
        ["leg1_knee", "leg1_back", "leg2_knee", "leg2_back"],
        ["nose_top", "neck_top", "nose_bot", "neck_bot"],
        ["cam1_nose", "cam1_tail", "cam2_nose", "cam2_tail"],
        ["nose"],
    ],
)
def test_one_body_is_not_taken_for_several_animals(points):
    assert guess_marks(points) == ()


def write_with_single(folder, extra=("net", "single", "corner")):
    lines = csv_text(table()).splitlines()
    head = [f"{level},{level}" for level in extra]
    more = [*head, "x,y", *["1,2", "3,4", "5,6"]]
    path = folder / "v1.csv"
    path.write_text("\n".join(f"{a},{b}" for a, b in zip(lines, more, strict=True)))
    return path


def test_animals_are_chosen_by_name_with_the_points_that_they_have(tmp_path):
    path = write_with_single(tmp_path)
    options = PoseOptions.of(animals=["single", "resident"])
    with pytest.warns(InputWarning) as warned:
        recording = read_poses(path, options=options)
    assert recording.animal_names == ("single", "resident")
    assert recording.keypoint_names == ("nose", "tail", "corner")
    np.testing.assert_array_equal(recording.keypoints[:, 0, 2], [[1, 2], [3, 4], [5, 6]])
    assert recording.has_point.tolist() == [[False, False, True], [True, True, False]]
    assert recording.missing_share == 0
    assert np.isnan(recording.keypoints[:, 0, :2]).all()
    assert np.isnan(recording.keypoints[:, 1, 2]).all()
    np.testing.assert_array_equal(recording.keypoints[:, 1, :2], table()[:, 0, :, :2])
    said = [str(warning.message).removeprefix(f"{path}: ") for warning in warned]
    assert said == [
        "animals that --animals does not name, left out: intruder",
        "animal 'single' has no nose, tail",
        "animal 'resident' has no corner",
    ]


def test_animal_that_is_not_there_is_an_error(tmp_path):
    path = write_with_single(tmp_path)
    with pytest.raises(InputError, match="has no animal 'cat', only resident, intruder, single"):
        read_poses(path, options=PoseOptions.of(animals=["resident", "cat"]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"animals": ["0"]}, "--animals is 0, expected 1 or more"),
        ({"animals": ["a", "a"]}, "--animals a a: names one twice"),
        ({"animal_prefixes": ["B_"]}, "--animal_prefixes B_: expected two or more"),
        ({"rename": ["a"]}, "--rename a: expected OLD=NEW"),
        ({"rename": ["a=b", "a=c"]}, "--rename a=b a=c: renames one twice"),
        ({"tracking_starts": -1}, "--tracking_starts is -1, expected 0 or more"),
    ],
)
def test_option_that_cannot_be_is_an_error(options, message):
    with pytest.raises(InputError, match=message):
        PoseOptions.of(**options)


def test_one_whole_number_is_how_many_animals_there_are():
    assert PoseOptions.of(animals=["3"]).animal_count == 3
    assert PoseOptions.of(animals=["3", "4"]).animals == ("3", "4")
