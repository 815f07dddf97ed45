"""Key points by name, agreed on for all recordings, and what is told of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pose_files import csv_text, table

from mabe_lit.readers import PoseOptions, PoseReader, find_pose_files
from mabe_lit.shell import InputError, InputWarning


def write(folder, **parts):
    """A recording of each name with key points at values that say which column they are from."""
    values = {}
    for name, points in parts.items():
        values[name] = table(points=len(points))
        (folder / f"{name}.csv").write_text(csv_text(values[name], parts=points))
    return values


def reader(folder, union=False, **options):
    chosen = replace(PoseOptions.of(**options), union=union)
    return PoseReader(find_pose_files(folder), chosen)


def test_points_of_another_order_are_matched_by_name(tmp_path, recwarn):
    values = write(tmp_path, v1=("nose", "tail"), v2=("tail", "nose"))
    poses = reader(tmp_path)
    second = poses.read("v2", 30.0)
    assert second.keypoint_names == poses.read("v1", 30.0).keypoint_names == ("nose", "tail")
    np.testing.assert_array_equal(second.keypoints, values["v2"][:, :, ::-1, :2])
    assert not recwarn.list


def test_points_that_not_all_have_are_left_out_by_name(tmp_path):
    parts = {"v1": ("nose", "ear", "tail"), "v2": ("tip", "tail", "nose")}
    values = write(tmp_path, **parts, v3=("nose", "tail", "ear"))
    with pytest.warns(InputWarning) as warned:
        poses = reader(tmp_path)
    assert str(warned[0].message) == (
        "key points that not all recordings have are left out: ear (not in v2); tip (only in v2)"
    )
    assert poses.options.keypoints == ("nose", "tail")
    np.testing.assert_array_equal(poses.read("v2", 30.0).keypoints, values["v2"][:, :, [2, 1], :2])


def test_union_takes_points_that_any_recording_has(tmp_path):
    values = write(tmp_path, v1=("nose", "ear", "tail"), v2=("tail", "tip", "nose"))
    with pytest.warns(InputWarning) as warned:
        poses = reader(tmp_path, union=True)
    assert str(warned[0].message) == (
        "key points that not all recordings have are never tracked in the others: ear (only in "
        "v1); tip (only in v2)"
    )
    first, second = (poses.read(name, 30.0) for name in ("v1", "v2"))
    assert first.keypoint_names == second.keypoint_names == ("nose", "ear", "tail", "tip")
    assert first.has_point.tolist() == [[True, True, True, False]] * 2
    assert second.has_point.tolist() == [[True, False, True, True]] * 2
    np.testing.assert_array_equal(
        second.keypoints[:, :, [0, 2, 3]], values["v2"][:, :, [2, 0, 1], :2]
    )
    assert np.isnan(second.keypoints[:, :, 1]).all()
    assert np.isnan(second.likelihood[:, :, 1]).all()
    assert (first.missing_share, second.missing_share) == (0, 0)


def test_tracks_that_break_off_lack_the_same_points_when_joined(tmp_path):
    rows = [f"track_{n // 10},{n},0.9,{n + 1},5,0.9,{n + 9},9,0.9" for n in range(30)]
    header = "track,frame_idx,instance.score,nose.x,nose.y,nose.score,ear.x,ear.y,ear.score"
    (tmp_path / "v1.csv").write_text("\n".join((header, *rows)) + "\n")
    (tmp_path / "v2.csv").write_text("\n".join((header.replace("ear", "tail"), *rows)) + "\n")
    with pytest.warns(InputWarning, match="are never tracked in the others"):
        poses = reader(tmp_path, union=True, animals=["1"])
    recording = poses.read("v2", 30.0)
    assert recording.keypoint_names == ("nose", "ear", "tail")
    assert recording.has_point.tolist() == [[True, False, True]]
    assert not np.isnan(recording.keypoints[:, 0, [0, 2]]).any()


def test_wanted_points_may_lack_in_a_union(tmp_path):
    write(tmp_path, v1=("nose", "ear"), v2=("tail", "nose"))
    with pytest.warns(InputWarning, match=r"never tracked in the others: ear \(only in v1\)"):
        poses = reader(tmp_path, union=True, keypoints=["ear", "nose"])
    assert poses.read("v2", 30.0).has_point.tolist() == [[False, True]] * 2
    assert poses.read("v1", 30.0).has_point is None
    with pytest.raises(InputError, match="--keypoints: tip is in no recording"):
        reader(tmp_path, union=True, keypoints=["tip"])


@pytest.mark.parametrize(
    ("first", "other"),
    [("tailbase", "tail_base"), ("tailbase", "TailBase"), ("ear_left", "left_ear")],
)
def test_points_that_may_be_one_are_proposed(tmp_path, first, other):
    write(tmp_path, v1=("nose", first), v2=("nose", other))
    with pytest.warns(InputWarning) as warned:
        reader(tmp_path)
    assert str(warned[1].message).endswith(f"--rename {first}={other} joins them")


def test_renamed_points_are_one(tmp_path, recwarn):
    values = write(tmp_path, v1=("nose", "hip"), v2=("side", "nose"))
    poses = reader(tmp_path, rename=["side=hip"])
    np.testing.assert_array_equal(poses.read("v2", 30.0).keypoints, values["v2"][:, :, ::-1, :2])
    assert poses.options.keypoints == ("nose", "hip")
    assert not recwarn.list


def test_rename_of_a_point_that_is_nowhere_is_an_error(tmp_path):
    write(tmp_path, v1=("nose", "hip"))
    with pytest.raises(InputError, match="--rename: no recording has hipp; there are hip, nose"):
        reader(tmp_path, rename=["hipp=side"])


def test_rename_that_makes_one_of_two_is_an_error(tmp_path):
    write(tmp_path, v1=("nose", "hip"))
    with pytest.raises(InputError, match=r"v1\.csv: --rename makes 'hip' of nose and of hip"):
        reader(tmp_path, rename=["nose=hip"])


def test_chosen_points_are_taken_in_their_order(tmp_path, recwarn):
    values = write(tmp_path, v1=("nose", "ear", "tail"), v2=("tail", "nose"))
    poses = reader(tmp_path, keypoints=["tail", "nose"])
    np.testing.assert_array_equal(poses.read("v1", 30.0).keypoints, values["v1"][:, :, [2, 0], :2])
    assert not recwarn.list


def test_chosen_point_that_is_missing_is_named_with_its_recordings(tmp_path):
    write(tmp_path, v1=("nose", "ear"), v2=("nose", "tail"))
    with pytest.raises(
        InputError,
        match="--keypoints: ear is missing in v2, tip is in no recording; v1 has nose, e",
    ):
        reader(tmp_path, keypoints=["nose", "ear", "tip"])


def test_points_that_each_two_recordings_share_but_not_all_are_an_error(tmp_path):
    write(tmp_path, v1=("nose", "ear"), v2=("ear", "tail"), v3=("nose", "tail"))
    with pytest.raises(InputError, match="no key point is in all recordings: v1 has nose, ear"):
        reader(tmp_path)


def test_recordings_without_a_point_in_common_are_an_error(tmp_path):
    write(tmp_path, v1=("nose",), v2=("tail",))
    with pytest.raises(InputError, match=r"no key point is in all .* v1 has nose, but v2 has tail"):
        reader(tmp_path)


def test_animals_of_another_order_are_put_in_that_of_the_first(tmp_path):
    values = table()
    (tmp_path / "v1.csv").write_text(csv_text(values))
    (tmp_path / "v2.csv").write_text(csv_text(values, ("intruder", "resident")))
    poses = reader(tmp_path)
    poses.read("v1", 30.0)
    second = poses.read("v2", 30.0)
    assert second.animal_names == ("resident", "intruder")
    np.testing.assert_array_equal(second.keypoints, values[:, ::-1, :, :2])


def test_bad_file_is_told_when_it_is_read_and_does_not_keep_the_others(tmp_path):
    write(tmp_path, v1=("nose", "tail"), v3=("tail", "nose"))
    (tmp_path / "v2DLC_net.csv").write_text("scorer,net\nbodyparts,nose\n")
    (tmp_path / "v4.analysis.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    poses = reader(tmp_path)
    assert poses.options.keypoints == ("nose", "tail")
    assert poses.read("v3", 25.0).fps == 25.0
    for name, message in (("v2", "header rows are"), ("v4", "damaged or incomplete|need h5py")):
        with pytest.raises(InputError, match=message):
            poses.read(name, 30.0)


def test_what_is_true_of_several_recordings_is_told_once(tmp_path):
    for name in ("v1", "v2", "v3", "v4", "v5"):
        start = 0 if name == "v2" else 1000
        (tmp_path / f"{name}.csv").write_text(csv_text(table(), first_frame=start))
    poses = reader(tmp_path)
    for name in poses.files:
        assert len(poses.read(name, 30.0)) == (3 if name == "v2" else 1003)
        poses.read(name, 30.0)
    with pytest.warns(InputWarning) as warned:
        poses.warn()
    (line,) = [str(warning.message) for warning in warned]
    assert line.startswith("v1, v3, v4 and 1 more: the first row is frame 1000; rows are placed at")


def test_first_row_is_placed_where_the_user_says(tmp_path, recwarn):
    values = table()
    (tmp_path / "v1.csv").write_text(csv_text(values, first_frame=1000))
    recording = reader(tmp_path, tracking_starts=2).read("v1", 30.0)
    assert np.isnan(recording.keypoints[:2]).all()
    np.testing.assert_array_equal(recording.keypoints[2:], values[..., :2])
    assert not recwarn.list


def test_tracks_numbered_otherwise_are_the_same_animals_by_their_number(tmp_path):
    header = "track,frame_idx,instance.score,nose.x,nose.y,nose.score"
    for name, tracks in (("v1", (0, 1)), ("v2", (1, 5))):
        rows = [f"track_{track},0,0.9,{10 + track},20,0.9" for track in tracks]
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n")
    poses = reader(tmp_path, animals=["2"])
    first, second = poses.read("v1", 30.0), poses.read("v2", 30.0)
    assert first.animal_names == second.animal_names == ("animal1", "animal2")
    assert second.keypoints[0, :, 0, 0].tolist() == [11, 15]
