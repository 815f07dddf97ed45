"""Names of recordings, and which recording an annotation file is named after."""

from __future__ import annotations

from pathlib import Path

import pytest

from mabe_lit.readers.names import is_doubtful, owner_of, parse_pose_name, recording_name
from mabe_lit.shell import InputError

NETWORK = "DLC_resnet50_openfieldOct30shuffle1_100000"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("11DLC_dlcrnetms5_DLC_ratJan24shuffle1_5000_el_filtered.csv", "11"),
        ("mouse_3_DLC_resnet50.h5", "mouse_3"),
        ("mouse_3DeepCut_resnet50_reachingAug30shuffle1_1030000.h5", "mouse_3"),
        (f"projectDLC_mouse1{NETWORK}.csv", "projectDLC_mouse1"),
        ("DLC3.csv", "DLC3"),
        ("v1_superanimal_topviewmouse_hrnet_w32_fasterrcnn_resnet50_fpn_v2_.h5", "v1"),
        ("v1_superanimal_quadruped_hrnet_w32_fasterrcnn_resnet50_fpn_v2__filtered.csv", "v1"),
        ("v_superanimal.csv", "v_superanimal"),
        ("clip.predictions.analysis.h5", "clip"),
        ("clip.mp4.predictions.analysis.h5", "clip"),
        ("clip.mp4.predictions.slp", "clip"),
        ("clip.predictions.csv", "clip"),
        ("labels.v001.000_clip.analysis.h5", "clip"),
        ("labels.v001.012_clip_3.analysis.csv", "clip_3"),
        ("labels.v001.000_exp.001_m1.analysis.csv", "exp.001_m1"),
        ("exp.001_m1.predictions.slp", "exp.001_m1"),
        ("me\u0301lie.csv", "m\u00e9lie"),
        ("me\u0301lieDLC_resnet50_x.csv", "m\u00e9lie"),
        ("clip.001_a.csv", "clip.001_a"),
        ("clip.v2.csv", "clip.v2"),
        ("clip_3_pose_est_v6.h5", "clip_3"),
        ("clip_pose_est_v12_pose_est_v4.h5", "clip_pose_est_v12"),
        ("_pose_est_v6.h5", "_pose_est_v6"),
        ("clip_pose_est.h5", "clip_pose_est"),
    ],
)
def test_recording_name_is_the_stem_up_to_the_tracker(file, name):
    assert recording_name(Path(file)) == name
    assert not parse_pose_name(Path(file)).is_guess


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("ratDLCtest1.csv", "rat"),
        ("projectDLC_mouse1DLC_net.csv", "project"),
        ("exp.001_m1.analysis.csv", "m1"),
    ],
)
def test_cut_that_may_be_wrong_is_a_guess(file, name):
    found = parse_pose_name(Path(file))
    assert (found.recording, found.is_guess) == (name, True)


def test_filtered_and_unfiltered_tracks_are_of_one_run():
    plain, filtered = (parse_pose_name(Path(f"v1{NETWORK}{end}.h5")) for end in ("", "_filtered"))
    assert (plain.run, plain.is_filtered) == (NETWORK, False)
    assert (filtered.run, filtered.is_filtered) == (NETWORK, True)


def test_name_until_cuts_where_a_name_has_it():
    assert recording_name(Path("v1_tracked_by_us.csv"), "_tracked") == "v1"
    assert recording_name(Path("v2DLC_net.csv"), "_tracked") == "v2"
    with pytest.raises(InputError, match=r"--name_until v1: nothing is left of v1_x\.csv"):
        recording_name(Path("v1_x.csv"), "v1")


ROOT = Path("labels")


@pytest.mark.parametrize(
    ("file", "names", "owner"),
    [
        ("1_annot.txt", ["1", "11"], "1"),
        ("11.txt", ["1", "11"], "11"),
        ("1-2.txt", ["1", "1-2"], "1-2"),
        ("2.txt", ["1"], None),
        ("me\u0301lie_a.csv", ["m\u00e9lie"], "m\u00e9lie"),
        ("m\u00e9lie_a.csv", ["me\u0301lie"], "me\u0301lie"),
        ("me\u0301.csv", ["me"], None),
        ("x\u0304.csv", ["x"], None),  # an accent that no character has with its letter
        ("e\u0301/v.csv", ["\u00e9/v", "a/v"], "\u00e9/v"),
        ("day1/video_labels.csv", ["day1/video", "day2/video"], "day1/video"),
        ("day1/labels/video.csv", ["day1/video", "day2/video"], "day1/video"),
        ("day1/labels/video.csv", ["day1/poses/video", "day2/poses/video"], "day1/poses/video"),
        ("video_2.csv", ["day1/video_1", "day2/video_2"], "day2/video_2"),
        ("all/video_2.csv", ["video_1", "video_2"], "video_2"),
        # In day2 there are recordings, but none of this name: not that of another day.
        ("day2/video.csv", ["day1/video", "day2/other"], None),
        ("day2/video.csv", ["video", "day2/other"], None),
        ("day3/video.csv", ["day1/video"], None),
        ("video.csv", ["video", "day1/video"], "video"),
    ],
)
def test_annotation_is_of_the_recording_that_is_nearest(file, names, owner):
    assert owner_of(ROOT / file, names, ROOT) == owner


@pytest.mark.parametrize("root", [ROOT, None])
def test_annotation_that_may_be_of_several_folders_is_an_error(root):
    with pytest.raises(InputError, match=r"video\.csv: may be of any of .* day1/video, day2/video"):
        owner_of(ROOT / "video.csv", ["day1/video", "day2/video"], root)


@pytest.mark.parametrize(
    ("file", "name", "doubtful"),
    [
        ("trial1_2_labels.csv", "trial1", True),
        ("v1_2024-01-01_labels.csv", "day1/v1", True),
        ("v1 (2).csv", "v1", True),
        ("me\u0301 2.csv", "m\u00e9", True),
        ("trial1.csv", "trial1", False),
        ("trial1_labels_2.csv", "trial1", False),
        ("trial1_2_labels.csv", "trial1_2", False),
    ],
)
def test_annotation_with_a_number_behind_the_name_is_doubtful(file, name, doubtful):
    assert is_doubtful(Path(file), name) is doubtful
