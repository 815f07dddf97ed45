"""Poses of JABS: whose slot is whose, in each version of the format, and its labels."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from pose_files import csv_text, jabs_arrays, table, write_jabs

from mabe_lit.prepare import prepare
from mabe_lit.readers import (
    PoseOptions,
    find_pose_files,
    list_annotation_files,
    read_annotations,
    read_poses,
)
from mabe_lit.shell import InputError, InputWarning

pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")

LABELS = {
    "file": "v1.avi",
    "num_frames": 6,
    "labels": {"0": {"rear": [{"start": 1, "end": 2, "present": True}]}},
}


def walk(frames: int = 6, mice: int = 2) -> np.ndarray:
    """Each coordinate differs: mice are 200 px apart and walk 1 px a frame, y is x + 1000."""
    frame, mouse, point = np.ogrid[:frames, :mice, :12]
    x = 10.0 + frame + 200 * mouse + 5 * point
    return np.stack([x, x + 1000], axis=-1)


def read(path, mice, version, *, options=None, **changes):
    arrays = jabs_arrays(mice, version=version)
    for name, change in changes.items():
        arrays[name] = change(arrays[name])
    return read_poses(write_jabs(path / "v1_pose_est_v5.h5", arrays, version), options=options)


def at(place, value):
    def change(array):
        array[place] = value
        return array

    return change


@pytest.mark.parametrize("version", [4, 5, 6, 8])
def test_slots_go_to_their_identity_and_x_comes_first(tmp_path, version):
    recording = read(tmp_path, walk(), version)
    assert recording.name == "v1"
    assert recording.animal_names == ("mouse0", "mouse1")
    assert recording.keypoint_names[0] == "nose"
    assert recording.keypoint_names[9:] == ("base_tail", "mid_tail", "tip_tail")
    np.testing.assert_array_equal(recording.keypoints, walk())
    assert (recording.likelihood == np.float32(0.9)).all()


def test_points_of_confidence_0_are_lost_and_the_recording_keeps_its_length(tmp_path):
    mice = walk()
    mice[2, 0, 3] = np.nan
    mice[3, 1] = np.nan
    mice[[0, 5]] = np.nan
    recording = read(tmp_path, mice, 5)
    np.testing.assert_array_equal(recording.keypoints, mice)
    assert not recording.may_go_on
    assert np.isnan(recording.likelihood[3, 1]).all()


def test_confidence_0_is_lost_whatever_likelihood_is_asked_for(tmp_path):
    mice = walk()
    mice[2, 0, 3] = np.nan
    arrays = jabs_arrays(mice)
    arrays["points"][2] += 50  # coordinates that were not found need not be 0
    path = write_jabs(tmp_path / "v1.h5", arrays)
    assert np.isnan(read_poses(path, likelihood_below=0).keypoints[2, 0, 3]).all()


def test_version_2_is_one_mouse(tmp_path):
    mice = walk(mice=1)
    mice[1, 0, 4] = np.nan
    recording = read(tmp_path, mice, 2)
    assert recording.animal_names == ("mouse0",)
    np.testing.assert_array_equal(recording.keypoints, mice)


def test_version_3_has_an_animal_a_track_where_none_breaks_off(tmp_path):
    recording = read(tmp_path, walk(), 3)
    assert recording.animal_names == ("track_0", "track_1")
    np.testing.assert_array_equal(recording.keypoints, walk())


def test_version_3_joins_fragments_where_the_number_of_animals_is_given(tmp_path):
    def broken(tracks):
        tracks[3:][tracks[3:] == 1] = 7
        return tracks

    with pytest.raises(InputError, match=r"3 tracks \(track_0, track_1, track_7\).*--animals"):
        read(tmp_path, walk(), 3, instance_track_id=broken)
    options = PoseOptions(animal_count=2)
    with pytest.warns(InputWarning, match="3 tracks are 2 animals"):
        recording = read(tmp_path, walk(), 3, options=options, instance_track_id=broken)
    assert recording.animal_names == ("animal1", "animal2")
    np.testing.assert_array_equal(recording.keypoints, walk())


def test_version_3_counts_a_track_0_but_no_empty_slot(tmp_path):
    mice = walk()
    mice[4, 0] = np.nan  # both slots after the only mouse say track 0
    np.testing.assert_array_equal(read(tmp_path, mice, 3).keypoints, mice)


def test_instances_without_an_identity_are_left_out_and_told(tmp_path):
    mice = walk()
    with pytest.warns(InputWarning, match=r"1 of 12 instances without an identity.*in frame 2"):
        recording = read(tmp_path, mice, 5, id_mask=at((2, 0), True))
    mice[2, 0] = np.nan  # after two turns each mouse is in its own slot again
    np.testing.assert_array_equal(recording.keypoints, mice)


def test_identity_0_is_no_mouse_even_where_it_is_not_masked(tmp_path):
    mice = walk()
    with pytest.warns(InputWarning, match=r"1 of 12 instances without an identity"):
        recording = read(tmp_path, mice, 5, instance_embed_id=at((2, 1), 0))
    mice[2, 1] = np.nan
    np.testing.assert_array_equal(recording.keypoints, mice)


def test_identity_that_is_in_no_frame_is_left_out_and_told(tmp_path):
    mice = walk(mice=3)
    mice[:, 1] = np.nan
    with pytest.warns(InputWarning, match="identities that are in no frame, left out: mouse1"):
        recording = read(tmp_path, mice, 5)
    assert recording.animal_names == ("mouse0", "mouse2")
    np.testing.assert_array_equal(recording.keypoints, mice[:, [0, 2]])


@pytest.mark.parametrize(
    ("version", "changes", "message"),
    [
        (5, {"instance_embed_id": at((4, slice(2)), 2)}, "frame 4 has mouse1 in two slots"),
        (3, {"instance_track_id": at((3, slice(2)), 1)}, "frame 3 has track_1 in two slots"),
        (
            5,
            {"instance_embed_id": at((4, 1), 9)},
            "frame 4, slot 1 has identity 9, .* 1 to 2 where",
        ),
        (5, {"id_mask": at((), True)}, "no slot of any frame has a mouse, by poseest/id_mask"),
        (3, {"instance_count": at((2,), 9)}, "frame 2 has an instance_count of 9, expected 0 to 3"),
        (3, {"instance_count": at((), 0)}, "no slot of any frame has a mouse"),
        (5, {"confidence": lambda a: a[:3]}, r"confidence has shape \(3, 3, 12\), .* \(6, 3, 12\)"),
        (5, {"points": lambda a: a[:, :, :9]}, r"points has shape .*9, 2\), expected .*12, 2\)"),
        (5, {"points": lambda a: a[:, 0]}, r"\(6, 12, 2\), expected \(frames, slots, 12, 2\)$"),
        (2, {"points": lambda a: a[0]}, r"\(12, 2\), expected .* or \(frames, 12, 2\)$"),
        (5, {"points": lambda a: np.float32(3)}, r"points has shape \(\), expected"),
        (5, {"points": lambda a: a.astype("S3")}, "points is of type |S3, expected numbers"),
        (5, {"instance_embed_id": lambda a: a / 2}, "of type float64, expected whole numbers"),
        (2, {"confidence": lambda a: a[..., None]}, r"confidence has shape \(6, 12, 1\)"),
    ],
)
def test_contradictions_are_an_error_that_says_where(tmp_path, version, changes, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, walk(mice=1 if version == 2 else 2), version, **changes)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("version", "name"),
    [(v, name) for v in (2, 3, 5) for name in ("points", "confidence")]
    + [(5, "instance_embed_id"), (5, "id_mask"), (3, "instance_track_id"), (3, "instance_count")],
)
def test_missing_array_is_named(tmp_path, version, name):
    arrays = jabs_arrays(walk(), version=version)
    del arrays[name]
    with pytest.raises(InputError, match=f"is not what JABS writes: has no poseest/{name}$"):
        read_poses(write_jabs(tmp_path / "v1.h5", arrays, version))


def test_more_tracks_than_memory_holds_are_refused(tmp_path):
    frames = 4000
    arrays = {
        "points": np.ones((frames, 1, 12, 2), np.uint16),
        "confidence": np.ones((frames, 1, 12), np.float32),
        "instance_count": np.ones(frames, np.uint8),
        "instance_track_id": np.arange(frames, dtype=np.uint32)[:, None],
    }
    with pytest.raises(InputError, match=r"has 4000 tracks in 4000 frames, expected at most 2796"):
        read_poses(write_jabs(tmp_path / "v1.h5", arrays, 3))


def test_an_hour_of_three_mice_is_read_in_two_seconds(tmp_path):
    frames = 108_000
    shape = (frames, 3)
    ids = (np.arange(frames)[:, None] + np.arange(3)) % 3
    arrays = {
        "points": (1 + ids[..., None, None] + np.zeros((12, 2))).astype(np.uint16),
        "confidence": np.full((*shape, 12), 0.9, np.float32),
        "instance_embed_id": (ids + 1).astype(np.uint32),
        "id_mask": np.zeros(shape, bool),
    }
    path = write_jabs(tmp_path / "v1.h5", arrays)
    start = time.process_time()
    recording = read_poses(path)
    assert time.process_time() - start < 2
    for mouse in range(3):
        assert (recording.keypoints[:, mouse] == mouse + 1).all()


def test_latest_version_of_a_recording_counts_and_is_told(tmp_path):
    for version in (2, 10, 5):
        write_jabs(tmp_path / f"v1_pose_est_v{version}.h5", jabs_arrays(walk()))
    found = find_pose_files(tmp_path)
    assert [file.name for file in found.files] == ["v1_pose_est_v10.h5"]
    assert "JABS's latest version before earlier ones" in found.notes[0]


def test_what_jabs_keeps_beside_its_poses_is_no_recording(tmp_path):
    write_jabs(tmp_path / "v1_pose_est_v5.h5", jabs_arrays(walk()))
    for folder in ("predictions", "cache", "features/v1/0"):
        (tmp_path / "jabs" / folder).mkdir(parents=True)
        write_jabs(tmp_path / "jabs" / folder / "v1.h5", {})
    (tmp_path / "jabs/v1.json").write_text(json.dumps(LABELS))
    (tmp_path / "jabs/project.json").write_text("{}")
    assert find_pose_files(tmp_path).names == ("v1",)


@pytest.mark.parametrize("indent", [None, 2])
def test_labels_of_single_animals_are_not_taken_for_the_scenes(tmp_path, indent):
    poses = write_jabs(tmp_path / "v1_pose_est_v5.h5", jabs_arrays(walk()))
    labels = tmp_path / "v1.json"
    labels.write_text(json.dumps(LABELS, indent=indent))
    (tmp_path / "project.json").write_text("{}")
    assert list_annotation_files(tmp_path) == [labels]
    message = r"v1\.json: its labels are of single animals; --subjects each tells them apart"
    for given in (labels, tmp_path):
        with pytest.raises(InputError, match=message):
            prepare(
                poses=str(poses),
                annotations=str(given),
                output=str(tmp_path / "out"),
                classes=["rear", "other"],
            )
    assert not (tmp_path / "out").exists()


def test_json_of_another_kind_is_no_annotation(tmp_path):
    (tmp_path / "v1.json").write_text('{"labels": [1], "boxes": []}')
    with pytest.raises(InputError, match=r"none of its 1 files is .*such as v1\.json"):
        list_annotation_files(tmp_path)
    with pytest.raises(InputError, match=r"is a file that begins with '\{\"labels\""):
        read_annotations(tmp_path / "v1.json")


def test_json_of_another_kind_beside_poses_is_left_out_without_a_word(tmp_path):
    (tmp_path / "v1.csv").write_text(csv_text(table()))
    (tmp_path / "camera.json").write_text('{"fps": 30}')
    (tmp_path / "empty.json").write_text("")
    assert find_pose_files(tmp_path, with_empty=True).names == ("v1",)
