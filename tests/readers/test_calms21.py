"""CalMS21's JSON: axes, names, labels, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from pose_files import sequence, write_calms21

from mabe_lit.readers import read_calms21
from mabe_lit.shell import InputError


def test_axes_become_frame_animal_key_point_xy(tmp_path):
    (recording,) = read_calms21(write_calms21(tmp_path, sequence()))
    assert recording.keypoints.shape == (3, 2, 7, 2)
    assert recording.keypoints[1, 0, 4].tolist() == [2115, 2125]
    assert recording.keypoints[2, 1, 6].tolist() == [3217, 3227]


def test_names_labels_and_rate_are_those_of_the_data_set(tmp_path):
    recordings = read_calms21(write_calms21(tmp_path, sequence(), sequence(2)))
    assert [recording.name for recording in recordings] == ["mouse001", "mouse002"]
    assert recordings[0].class_names == ("attack", "investigation", "mount", "other")
    assert recordings[0].labels.tolist() == [3, 0, 2]
    assert recordings[0].animal_names == ("resident", "intruder")
    assert recordings[0].keypoint_names[0] == "nose"
    assert recordings[0].keypoint_names[6] == "tail base"
    assert recordings[0].fps == 30


def test_points_of_a_low_score_are_untracked(tmp_path):
    scores = np.ones((3, 2, 7))
    scores[2, 1, 5] = 0.2
    path = write_calms21(tmp_path, sequence(scores=scores.tolist()))
    (recording,) = read_calms21(path, likelihood_below=0.3)
    assert np.argwhere(np.isnan(recording.keypoints[..., 0])).tolist() == [[2, 1, 5]]
    np.testing.assert_array_equal(recording.likelihood, scores.astype(np.float32))


def test_sequence_without_annotations_is_unscored(tmp_path):
    content = sequence()
    del content["annotations"]
    (recording,) = read_calms21(write_calms21(tmp_path, content))
    assert recording.labels.tolist() == [-100] * 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keypoints": [[1, 2]]}, r"'task1/train/mouse001': keypoints have shape \(1, 2\)"),
        ({"keypoints": None}, "mouse001"),
        ({"scores": [[1]]}, r"scores have shape \(1, 1\), keypoints have \(3, 2, 2, 7\)"),
        ({"annotations": [0, 1]}, r"3 frames but labels of shape \(2,\)"),
        ({"annotations": [0, 1, 70_000]}, "not all numbers of classes"),
        ({"annotations": [0, 1, 0.7]}, "not all numbers of classes"),
        ({"annotations": [0, 1, 10**30]}, "not all numbers of classes"),
        ({"annotations": [0, 1, "mount"]}, "not all numbers of classes"),
        ({"annotations": [0, 1, 4]}, "labels run from 0 to 4, allowed are 0 to 3"),
        ({"metadata": {"vocab": {"attack": 1}}}, "expected the numbers 0, 1, 2"),
        ({"metadata": 5}, "mouse001"),
    ],
)
def test_damaged_sequence_is_named(tmp_path, changes, message):
    path = write_calms21(tmp_path, sequence(**changes))
    with pytest.raises(InputError, match=message) as caught:
        read_calms21(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not valid JSON"),
        ('{"annotator": {"a": {"keyp', "is not valid JSON"),
        ("[1, 2]", "expected CalMS21's JSON"),
        ('{"annotator": 3}', "'annotator' holds no sequences"),
        ('{"annotator": {}}', "holds no sequence"),
        ('{"annotator": {"a": {"metadata": {}}}}', "'a': 'keypoints' is missing"),
        ('{"annotator": {"a": 3}}', "sequence 'a'"),
    ],
)
def test_file_of_another_layout_is_an_error(tmp_path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_calms21(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.json: no such file"):
        read_calms21(tmp_path / "nowhere.json")
