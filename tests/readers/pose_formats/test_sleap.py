"""SLEAP's analysis CSV and its project, and animals whose tracks are not known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mabe_lit.readers import PoseOptions, read_poses
from mabe_lit.shell import InputError, InputWarning

HEADER = "track,frame_idx,instance.score,nose.x,nose.y,nose.score,tail.x,tail.y,tail.score"


def row(track, frame, x):
    return f"{track},{frame},0.9,{x},{x + 1},0.8,{x + 2},{x + 3},0.7"


def write_csv(folder, *rows, header=HEADER):
    path = folder / "v1.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def points(x):
    return [[x, x + 1], [x + 2, x + 3]]


def test_csv_puts_each_instance_at_its_frame_and_track(tmp_path):
    rows = [row("b", 2, 10), row("a", 2, 20), row("a", 4, 30), row("b", 5, 40), row("b", 4, 50)]
    recording = read_poses(write_csv(tmp_path, *rows))
    assert recording.animal_names == ("b", "a")
    assert recording.keypoint_names == ("nose", "tail")
    expected = np.full((6, 2, 2, 2), np.nan)
    expected[2] = points(10), points(20)
    expected[4] = points(50), points(30)
    expected[5, 0] = points(40)
    np.testing.assert_array_equal(recording.keypoints, expected)
    np.testing.assert_array_equal(recording.likelihood[2], np.float32([[0.8, 0.7], [0.8, 0.7]]))
    assert recording.may_go_on  # rows are there only where an animal is


def test_csv_of_one_animal_without_tracks_is_read(tmp_path):
    recording = read_poses(write_csv(tmp_path, row("", 0, 10), row("", 1, 20)))
    assert recording.animal_names == ("animal1",)
    np.testing.assert_array_equal(recording.keypoints[:, 0], [points(10), points(20)])


def test_csv_without_columns_of_tracks_and_scores_is_read(tmp_path):
    path = write_csv(tmp_path, "0,1,2", "1,3,4", header="frame_idx,nose.x,nose.y")
    recording = read_poses(path)
    np.testing.assert_array_equal(recording.keypoints[:, 0, 0], [[1, 2], [3, 4]])
    assert recording.likelihood is None


def test_csv_of_several_animals_without_tracks_is_an_error(tmp_path):
    path = write_csv(tmp_path, row("", 0, 10), row("", 1, 20), row("", 1, 30))
    with pytest.raises(InputError, match=r"line 4: frame 1 has several animals, .* no tracks"):
        read_poses(path)


def test_csv_instances_of_no_track_are_left_out_with_a_warning(tmp_path):
    path = write_csv(tmp_path, row("a", 0, 10), row("", 0, 90), row("", 1, 95), row("a", 1, 20))
    with pytest.warns(InputWarning, match=r"2 instances of no track, left out, first .*line 3"):
        recording = read_poses(path)
    np.testing.assert_array_equal(recording.keypoints[:, 0], [points(10), points(20)])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("a", 0, 1), row("a", 0, 2)], "line 3: frame 0 has track 'a' already"),
        ([row("a", 0, 1), "a,1,0.9,lost,2,0.8,3,4,0.7"], r"line 3, column 4 \(nose\.x\): found"),
        ([row("a", 0, 1), "a,1,0.9,5,2,0.8,3"], "line 3: has 7 cells, the header has 9"),
        ([row("a", 0, 1), row("a", 1, 1) + ",7"], "line 3: has 10 cells, the header has 9"),
        ([row("a", "", 1)], "line 2: frame_idx is empty"),
        ([row("a", 0.5, 1)], "frame number is 0.5"),
        ([], "has no frames"),
    ],
)
def test_bad_csv_is_named_with_its_problem(tmp_path, rows, message):
    path = write_csv(tmp_path, *rows)
    with pytest.raises(InputError, match=message) as error:
        read_poses(path)
    assert str(path) in str(error.value)


def test_csv_fragments_are_joined(tmp_path):
    rows = [row("a", frame, 10 + frame) for frame in range(10)]
    rows += [row("b", frame, 500) for frame in range(20)]
    rows += [row("c", frame, 10 + frame) for frame in range(10, 20)]
    path = write_csv(tmp_path, *rows)
    with pytest.raises(InputError, match="look like fragments"):
        read_poses(path)
    with pytest.warns(InputWarning, match="3 tracks are 2 animals"):
        recording = read_poses(path, options=PoseOptions.of(animals=["2"]))
    np.testing.assert_array_equal(recording.keypoints[:, 0, 0, 0], np.arange(10, 30))
    with pytest.warns(InputWarning, match="left out: a, c"):
        chosen = read_poses(path, options=PoseOptions.of(animals=["b"]))
    assert chosen.animal_names == ("b",)


INSTANCE = [
    ("instance_id", "i8"),
    ("instance_type", "u1"),
    ("frame_id", "u8"),
    ("skeleton", "u4"),
    ("track", "i4"),
    ("from_predicted", "i8"),
    ("score", "f4"),
    ("point_id_start", "u8"),
    ("point_id_end", "u8"),
]
POINT = [("x", "f8"), ("y", "f8"), ("visible", "?"), ("complete", "?")]
USER, PREDICTED = 0, 1


def write_project(path, instances, *, tracks=("a", "b"), frame_numbers=(3, 5), videos=(0, 0)):
    """``instances`` are (type, frame_id, track, from_predicted, x)."""
    h5py = pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")
    tables = {USER: [], PREDICTED: []}
    rows = []
    for number, (kind, frame_id, track, source, x) in enumerate(instances):
        start = len(tables[kind])
        for px, py in points(x):
            tables[kind].append((px, py, True, True) + ((0.6,) if kind == PREDICTED else ()))
        rows.append((number, kind, frame_id, 0, track, source, 0.9, start, start + 2))
    # Nodes of the project are sorted otherwise than those of the skeleton.
    about = {
        "nodes": [{"name": "tail"}, {"name": "nose"}],
        "skeletons": [{"nodes": [{"id": 1}, {"id": 0}]}],
    }
    with h5py.File(path, "w") as file:
        file.create_group("metadata").attrs["json"] = json.dumps(about)
        file["metadata"].attrs["format_id"] = 1.2
        file["instances"] = np.array(rows, INSTANCE)
        file["points"] = np.array(tables[USER], POINT)
        file["pred_points"] = np.array(tables[PREDICTED], [*POINT, ("score", "f4")])
        ids = range(len(frame_numbers))
        file["frames"] = np.array(
            list(zip(ids, videos, frame_numbers, strict=True)),
            [("frame_id", "u8"), ("video", "u4"), ("frame_idx", "u8")],
        )
        file["tracks_json"] = [json.dumps([0, name]) for name in tracks]
        file["videos_json"] = [
            json.dumps({"backend": {"filename": f"v{number}.mp4"}}) for number in set(videos)
        ]
    return path


def test_project_is_read_with_its_points_by_name(tmp_path):
    instances = [(PREDICTED, 0, 0, -1, 10), (PREDICTED, 0, 1, -1, 20), (PREDICTED, 1, 1, -1, 30)]
    recording = read_poses(write_project(tmp_path / "v1.predictions.slp", instances))
    assert recording.name == "v1"
    assert recording.animal_names == ("a", "b")
    assert recording.keypoint_names == ("nose", "tail")
    expected = np.full((6, 2, 2, 2), np.nan)
    expected[3] = points(10), points(20)
    expected[5, 1] = points(30)
    np.testing.assert_array_equal(recording.keypoints, expected)
    assert recording.may_go_on
    assert recording.likelihood[5, 1, 0] == np.float32(0.6)


def test_instances_by_hand_count_before_predicted_ones(tmp_path):
    instances = [
        (PREDICTED, 0, 0, -1, 10),
        (PREDICTED, 0, 1, -1, 20),
        (USER, 0, -1, 0, 11),  # mended from the first, without a track of its own
        (PREDICTED, 1, 0, -1, 30),
        (PREDICTED, 1, 1, -1, 40),
        (USER, 1, 1, -1, 41),
    ]
    recording = read_poses(write_project(tmp_path / "v1.slp", instances))
    np.testing.assert_array_equal(recording.keypoints[3], [points(11), points(20)])
    np.testing.assert_array_equal(recording.keypoints[5], [points(30), points(41)])
    assert np.isnan(recording.likelihood[3, 0]).all()


def test_project_without_tracks_is_one_animal_or_an_error(tmp_path):
    one = [(PREDICTED, 0, -1, -1, 10), (USER, 0, -1, -1, 11), (PREDICTED, 1, -1, -1, 20)]
    recording = read_poses(write_project(tmp_path / "v1.slp", one, tracks=()))
    np.testing.assert_array_equal(recording.keypoints[[3, 5], 0], [points(11), points(20)])
    two = [(PREDICTED, 0, -1, -1, 10), (PREDICTED, 0, -1, -1, 20)]
    with pytest.raises(InputError, match=r"instance 1: frame 3 has several animals.* no tracks"):
        read_poses(write_project(tmp_path / "v2.slp", two, tracks=()))


def test_project_of_several_videos_is_an_error(tmp_path):
    instances = [(PREDICTED, 0, 0, -1, 10), (PREDICTED, 1, 0, -1, 20)]
    path = write_project(tmp_path / "v1.slp", instances, videos=(0, 1))
    with pytest.raises(InputError, match=r"holds 2 videos \(v0\.mp4, v1\.mp4\), expected one"):
        read_poses(path)


def test_analysis_of_several_animals_without_tracks_is_an_error(tmp_path):
    h5py = pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")
    with h5py.File(tmp_path / "v1.analysis.h5", "w") as file:
        file["tracks"] = np.ones((2, 2, 1, 4))
        file["node_names"] = [b"nose"]
    with pytest.raises(InputError, match="frame 0 has 2 animals, but the file has no tracks"):
        read_poses(tmp_path / "v1.analysis.h5")
