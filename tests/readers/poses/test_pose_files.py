"""Folders as trackers leave them: each recording once, by a rule that is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pose_files import csv_text, table

from mabe_lit.readers import find_pose_files, list_annotation_files
from mabe_lit.shell import InputError, InputWarning

GOOD = csv_text(table())
HDF5 = b"\x89HDF\r\n\x1a\n..."


def write(folder: Path, *names: str) -> None:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(HDF5 if file.suffix in (".h5", ".slp") else GOOD.encode())


def found(folder: Path, **options: str) -> dict[str, str]:
    files = find_pose_files(folder, **options)
    return {
        name: file.relative_to(folder).as_posix()
        for name, file in zip(files.names, files.files, strict=True)
    }


def test_folder_of_deeplabcut_gives_each_recording_once(tmp_path):
    for video in ("v2", "v10"):
        run = f"{video}DLC_net_el"
        write(tmp_path, f"{run}.h5", f"{run}.csv", f"{run}_filtered.h5", f"{run}_filtered.csv")
        write(tmp_path, f"{run}_skeleton.csv", f"{run}.pickle", f"{video}.mp4")
        write(tmp_path, f"{video}DLC_net_meta.pickle", f"{video}DLC_net_full.pickle")
    assert found(tmp_path) == {
        "v2": "v2DLC_net_el_filtered.csv",
        "v10": "v10DLC_net_el_filtered.csv",
    }
    left, rule = find_pose_files(tmp_path).notes
    assert left.endswith("left out: v2DLC_net_el_skeleton.csv, v10DLC_net_el_skeleton.csv")
    assert rule.startswith("2 of 2 recordings have several files of one run")
    assert "v2: v2DLC_net_el_filtered.csv, not v2DLC_net_el.csv, v2DLC_net_el.h5" in rule


def test_filtered_hdf5_counts_before_a_csv_that_is_not(tmp_path):
    write(tmp_path, "v1DLC_net.csv", "v1DLC_net_filtered.h5")
    assert found(tmp_path) == {"v1": "v1DLC_net_filtered.h5"}


def test_plain_names_that_end_in_filtered_are_of_the_recording_beside_them(tmp_path):
    write(tmp_path, "v1.csv", "v1_filtered.csv", "only_filtered.csv")
    assert found(tmp_path) == {"v1": "v1_filtered.csv", "only_filtered": "only_filtered.csv"}


@pytest.mark.parametrize(
    "other", ["v1DLC_resnet101.csv", "v1DLC_net_sk.csv", "v1.csv", "v1_superanimal_bird_x.csv"]
)
def test_files_of_several_runs_are_an_error_that_a_pattern_solves(tmp_path, other):
    write(tmp_path, "v1DLC_net_el.csv", other)
    with pytest.raises(InputError, match="recording 'v1' has several pose files: v1") as error:
        find_pose_files(tmp_path)
    assert other in str(error.value)
    assert "--pose_pattern" in str(error.value)
    assert found(tmp_path, pose_pattern="*_el.csv") == {"v1": "v1DLC_net_el.csv"}


def test_pattern_may_name_folders_and_must_fit_something(tmp_path):
    write(tmp_path, "a/v1DLC_x.csv", "b/v1DLC_x.csv")
    assert found(tmp_path, pose_pattern="b/*") == {"b/v1": "b/v1DLC_x.csv"}
    with pytest.raises(InputError, match=r"--pose_pattern \*\.h5: fits none of v1DLC_x\.csv"):
        find_pose_files(tmp_path, pose_pattern="*.h5")


def test_names_of_other_tools_are_cut_where_the_user_says(tmp_path):
    write(tmp_path, "m1_cam_a.csv", "m2_cam_a.csv")
    assert list(found(tmp_path, name_until="_cam")) == ["m1", "m2"]
    with pytest.raises(InputError, match="--name_until _kam: is in none of the names m1_cam_a"):
        find_pose_files(tmp_path, name_until="_kam")


def test_two_files_that_get_one_name_are_an_error(tmp_path):
    write(tmp_path, "m_cam_a.csv", "m_cam_b.csv", "projectDLC_1.csv", "projectDLC_2.csv")
    with pytest.raises(InputError, match=r"'project' has several .*1\.csv, .*2\.csv.*--name_until"):
        find_pose_files(tmp_path)
    with pytest.raises(InputError, match=r"'m' has several pose files: m_cam_a\.csv, m_cam_b\.csv"):
        find_pose_files(tmp_path, name_until="_cam", pose_pattern="m_*")


def test_name_that_may_be_cut_wrong_is_told(tmp_path):
    write(tmp_path, "ratDLCtest.csv")
    (note,) = find_pose_files(tmp_path).notes
    assert "such as rat of ratDLCtest.csv" in note


def test_name_after_a_project_of_sleap_that_may_be_none_is_told(tmp_path):
    write(tmp_path, "exp.001_m1.analysis.h5", "exp.002_m2.analysis.h5", "labels.v001.000_a.slp")
    (note,) = find_pose_files(tmp_path, pose_pattern="exp*").notes
    assert note.startswith("2 names are taken to begin with SLEAP's project and a number")
    assert "such as m1 of exp.001_m1.analysis.h5; --name_until .analysis" in note
    names = list(found(tmp_path, pose_pattern="exp*", name_until=".analysis"))
    assert names == ["exp.001_m1", "exp.002_m2"]


def test_accents_are_the_same_however_they_are_written(tmp_path):
    write(tmp_path, "e\u0301/ve\u0301_a\u0301.csv", "x/v.csv")
    chosen = {"pose_pattern": "\u00e9/*", "name_until": "_\u00e1"}
    assert list(find_pose_files(tmp_path, **chosen).names) == ["\u00e9/v\u00e9"]


def test_project_of_sleap_counts_where_nothing_was_exported(tmp_path):
    write(tmp_path, "a.predictions.slp", "b.predictions.slp", "b.predictions.analysis.h5")
    write(tmp_path, "labels.v001.slp", "labels.v001.000_c.analysis.h5")
    assert found(tmp_path) == {
        "a": "a.predictions.slp",
        "b": "b.predictions.analysis.h5",
        "c": "labels.v001.000_c.analysis.h5",
    }


def test_folders_are_searched_and_name_their_recordings(tmp_path):
    write(tmp_path, "day2/videoDLC_net.csv", "day10/am/videoDLC_net.csv", "videoDLC_net.csv")
    write(tmp_path, ".hidden/xDLC_net.csv", "._day2DLC_net.csv")
    assert found(tmp_path) == {
        "day2/video": "day2/videoDLC_net.csv",
        "day10/am/video": "day10/am/videoDLC_net.csv",
        "video": "videoDLC_net.csv",
    }


def test_folders_that_this_package_wrote_are_left_alone(tmp_path):
    write(tmp_path, "v1.csv", "data/v1.csv", "runs/a/v1.csv", "settings/v2.csv")
    (tmp_path / "data/dataset.json").touch()
    for name in ("config.yaml", "last.ckpt"):
        (tmp_path / "runs/a" / name).touch()
    (tmp_path / "settings/config.yaml").touch()
    assert list(found(tmp_path)) == ["settings/v2", "v1"]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_folder_that_links_to_its_parent_is_searched_once(tmp_path):
    write(tmp_path, "day1/v1.csv")
    (tmp_path / "day1/up").symlink_to(tmp_path)
    assert list(found(tmp_path)) == ["day1/v1"]


def test_file_that_a_tracker_named_is_listed_whatever_it_holds(tmp_path):
    write(tmp_path, "v1DLC_net.csv")
    (tmp_path / "v2DLC_net.csv").write_text("garbage\n")
    (tmp_path / "v3.analysis.h5").write_bytes(b"")
    (tmp_path / "about.txt").write_text("notes on these data\n")
    with pytest.warns(InputWarning, match=r"left out: about\.txt$"):
        assert list(found(tmp_path)) == ["v1", "v2", "v3"]


def test_labelled_images_alone_are_no_recording(tmp_path):
    write(tmp_path, "CollectedData_me.csv")
    with pytest.raises(InputError, match=r"holds no tracks, but CollectedData_me\.csv"):
        find_pose_files(tmp_path)


def test_annotations_in_folders_are_found_and_poses_are_not_among_them(tmp_path):
    write(tmp_path, "day1/v1DLC_net.csv")
    for file in ("day1/v1_annot.txt", "v0_annot.txt"):
        (tmp_path / file).write_text("Caltech Behavior Annotator - Annotation File\n")
    (tmp_path / "day1/v2DLC_net.csv").write_bytes(b"")
    files = list_annotation_files(tmp_path)
    assert [file.name for file in files] == ["v1_annot.txt", "v0_annot.txt"]
