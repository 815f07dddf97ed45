"""HDF5 pose files: SLEAP's layout, DeepLabCut's two, and payloads that must not run."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

from mabe_lit.readers import read_poses
from mabe_lit.shell import InputError

h5py = pytest.importorskip("h5py", reason="HDF5 files need the extra hdf5")

COLUMNS = [
    ("net", animal, part, coord)
    for animal in ("resident", "intruder")
    for part in ("nose", "tail")
    for coord in ("x", "y", "likelihood")
]


def pose_table(frames: int = 4) -> np.ndarray:
    table = np.arange(1.0, 1 + frames * 12).reshape(frames, 2, 2, 3)
    table[..., 2] = 1
    table[0, 0, 0, 2] = 0.01
    return table


def expected_keypoints() -> np.ndarray:
    keypoints = pose_table()[..., :2]
    keypoints[0, 0, 0] = np.nan
    return keypoints


class Payload:
    def __reduce__(self):
        return exec, ("import mabe_lit; mabe_lit.was_run = True",)


def write_pandas_table(path: Path, column_names: object) -> None:
    """The layout of ``DataFrame.to_hdf(path, key="df_with_missing", format="table")``."""
    rows = np.zeros(4, np.dtype([("index", "<i8"), ("values_block_0", "<f8", (12,))]))
    rows["index"] = np.arange(4)
    rows["values_block_0"] = pose_table().reshape(4, 12)
    with h5py.File(path, "w") as file:
        group = file.create_group("df_with_missing")
        group.attrs["pandas_type"] = np.bytes_(b"frame_table")
        group["table"] = rows
        group["table"].attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(column_names, 0))


def write_sleap(path: Path, points: np.ndarray, track_names: list[str], *, dims: bool) -> None:
    """``points (N, A, K, 2)`` as SLEAP writes it, or in the order that newer files declare."""
    scores = np.ones(points.shape[:3])
    scores[0, 0, 0] = 0.01
    with h5py.File(path, "w") as file:
        file["node_names"] = [b"nose", b"tail"]
        file["track_names"] = np.array(track_names, "S")
        file["track_occupancy"] = np.ones(points.shape[:2])
        file["tracks"] = points if dims else points.transpose(1, 3, 2, 0)
        file["point_scores"] = scores if dims else scores.transpose(1, 2, 0)
        if dims:
            file["tracks"].attrs["dims"] = json.dumps(["frame", "track", "node", "xy"])
            file["point_scores"].attrs["dims"] = json.dumps(["frame", "track", "node"])


@pytest.mark.parametrize("dims", [False, True])
def test_sleap_analysis_is_read_in_either_order(tmp_path, dims):
    path = tmp_path / "clip.analysis.h5"
    write_sleap(path, pose_table()[..., :2], ["resident", "intruder"], dims=dims)
    recording = read_poses(path)
    assert recording.name == "clip"
    assert recording.animal_names == ("resident", "intruder")
    assert recording.keypoint_names == ("nose", "tail")
    np.testing.assert_array_equal(recording.keypoints, expected_keypoints())
    assert recording.likelihood[0, 0, 0] == np.float32(0.01)
    assert (recording.likelihood == 1).sum() == 4 * 2 * 2 - 1
    assert recording.may_go_on  # it ends with the last frame that has an animal


def test_sleap_project_without_tracks_has_one_numbered_animal(tmp_path):
    write_sleap(tmp_path / "a.h5", pose_table()[:, :1, :, :2], [], dims=False)
    assert read_poses(tmp_path / "a.h5").animal_names == ("animal1",)


def test_sleap_names_that_do_not_fit_the_tracks_are_an_error(tmp_path):
    write_sleap(tmp_path / "a.h5", pose_table()[..., :2], ["one"], dims=False)
    with pytest.raises(InputError, match=r"shape \(2, 2, 2, 4\), but 1 tracks and 2 nodes"):
        read_poses(tmp_path / "a.h5")


def test_deeplabcut_table_is_read_without_pandas(tmp_path):
    path = tmp_path / "m1DLC_net.h5"
    write_pandas_table(path, COLUMNS)
    recording = read_poses(path)
    assert recording.name == "m1"
    assert recording.animal_names == ("resident", "intruder")
    np.testing.assert_array_equal(recording.keypoints, expected_keypoints())


@pytest.mark.filterwarnings("ignore:.*the first row is frame 1")
@pytest.mark.parametrize("format_name", ["table", "fixed"])
@pytest.mark.parametrize("animals", [1, 2])
def test_deeplabcut_hdf5_equals_its_csv_twin(tmp_path, format_name, animals):
    pytest.importorskip("tables", reason="pandas needs PyTables to write the file")
    import pandas as pd

    columns = COLUMNS if animals == 2 else [(c[0], *c[2:]) for c in COLUMNS[:6]]
    names = ["scorer", "individuals", "bodyparts", "coords"]
    index = pd.MultiIndex.from_tuples(
        columns, names=names if animals == 2 else [names[0], *names[2:]]
    )
    values = pose_table()[:, :animals].reshape(4, -1)
    frame = pd.DataFrame(values, columns=index, index=range(1, 5))
    frame.to_hdf(tmp_path / "a.h5", key="df_with_missing", format=format_name, mode="w")
    frame.to_csv(tmp_path / "a.csv")
    twin, recording = read_poses(tmp_path / "a.csv"), read_poses(tmp_path / "a.h5")
    assert recording.animal_names == twin.animal_names
    assert recording.keypoint_names == twin.keypoint_names
    np.testing.assert_array_equal(recording.keypoints, twin.keypoints)
    assert len(recording) == 5


@pytest.mark.parametrize("names", [Payload(), [Payload()], [("net", Payload())]])
def test_payload_in_the_column_names_is_refused_and_not_run(tmp_path, names):
    import mabe_lit

    write_pandas_table(tmp_path / "a.h5", names)
    with pytest.raises(InputError, match=r"column names are not plain text.*use its CSV twin"):
        read_poses(tmp_path / "a.h5")
    assert not hasattr(mabe_lit, "was_run")


def test_damaged_column_names_are_an_error(tmp_path):
    write_pandas_table(tmp_path / "a.h5", COLUMNS)
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        attributes = file["df_with_missing/table"].attrs
        attributes["values_block_0_kind"] = np.bytes_(attributes["values_block_0_kind"][:50])
    with pytest.raises(InputError, match="column names are not plain text"):
        read_poses(tmp_path / "a.h5")


def test_table_that_is_no_pose_is_an_error(tmp_path):
    write_pandas_table(tmp_path / "a.h5", ["weight"] * 12)
    with pytest.raises(InputError, match="is not a table of poses"):
        read_poses(tmp_path / "a.h5")


def test_hdf5_of_another_kind_says_what_it_holds(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["poseest"] = [1]
    with pytest.raises(InputError, match="holds poseest, expected SLEAP's tracks"):
        read_poses(tmp_path / "a.h5")


def test_truncated_hdf5_is_an_error(tmp_path):
    path = tmp_path / "a.h5"
    write_sleap(path, pose_table()[..., :2], ["one", "two"], dims=False)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match="is a damaged or incomplete HDF5 file"):
        read_poses(path)


def test_missing_h5py_says_how_to_install_it(tmp_path, monkeypatch):
    write_sleap(tmp_path / "a.h5", pose_table()[..., :2], ["one", "two"], dims=False)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(InputError, match=r"pip install 'mabe_lit\[hdf5\]'"):
        read_poses(tmp_path / "a.h5")
