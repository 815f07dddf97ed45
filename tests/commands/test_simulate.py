"""``python -m mabe_lit.simulate``: files as MABe 2025 has them, and back again."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mabe2025_files import ANNOTATION_TYPES, HEADER, TRACKING_TYPES
from tiny import fails

from mabe_lit import prepare as prepare_command
from mabe_lit import simulate as simulate_command
from mabe_lit.data import open_dataset
from mabe_lit.pose.mabe2025_labels import parse_labeled
from mabe_lit.scores.mabe2025 import score_mabe2025
from mabe_lit.simulation.lab_videos import simulate_videos
from mabe_lit.simulation.labs import draw_lab

LABS, VIDEOS, MINUTES, SEED = 6, 4, 0.4, 5
OPTIONS = f"--labs {LABS} --videos {VIDEOS} --minutes {MINUTES} --seed {SEED} --test_videos 1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "mabe"
    simulate_command.main([*OPTIONS.split(), "--output", str(folder)])
    return folder


@pytest.fixture(scope="module")
def videos():
    """What was simulated, by name."""
    labs = [draw_lab(SEED, index) for index in range(LABS)]
    return {
        f"{lab.name}/{video.number}": video
        for lab in labs
        for video in simulate_videos(lab, VIDEOS, MINUTES, SEED)
    }


def test_files_are_those_of_the_data_set(folder, videos):
    scored = {name for name, video in videos.items() if video.labeled}
    assert len(videos) - len(scored) == 3

    def names(part):
        return {
            path.relative_to(folder / part).with_suffix("").as_posix()
            for path in (folder / part).rglob("*.parquet")
        }

    assert {path.name for path in folder.iterdir()} == {
        *("train.csv", "test.csv", "sample_submission.csv", "test_truth.csv"),
        *("train_tracking", "train_annotation", "test_tracking"),
    }
    assert names("train_tracking") == videos.keys()
    assert names("train_annotation") == scored
    assert len(names("test_tracking")) == LABS


def test_tables_have_the_columns_of_the_data_set(folder, videos):
    for split in ("train", "test"):
        lines = (folder / f"{split}.csv").read_text().splitlines()
        assert lines[0] == HEADER
    table = pd.read_csv(folder / "train.csv")
    assert table.video_id.dtype == np.int64
    assert table.frames_per_second.dtype == np.float64
    assert set(table.frames_per_second) == {25.0, 30.0, 30.3}
    assert table.behaviors_labeled.isna().sum() == 3
    for cell in table.body_parts_tracked:
        assert "tail_base" in json.loads(cell)
    quoted = table.behaviors_labeled.dropna().str.contains(
        "'mouse1','mouse2','attack'", regex=False
    )
    assert 0 < quoted.sum() < len(quoted)
    submission = "row_id,video_id,agent_id,target_id,action,start_frame,stop_frame"
    sample = (folder / "sample_submission.csv").read_text().splitlines()
    assert sample[0] == submission
    assert len(sample) == 1 + LABS


def test_truth_of_the_test_is_a_submission_that_could_not_be_better(folder):
    truth, table = pd.read_csv(folder / "test_truth.csv"), pd.read_csv(folder / "test.csv")
    submission = "row_id,video_id,agent_id,target_id,action,start_frame,stop_frame"
    assert ",".join(truth.columns) == f"{submission},lab_id"
    assert truth.row_id.tolist() == list(range(len(truth)))
    assert (truth.start_frame < truth.stop_frame).all()
    assert set(truth.lab_id) == set(table.lab_id)
    looked_for = {
        int(video): parse_labeled(cell)
        for video, cell in zip(table.video_id, table.behaviors_labeled, strict=True)
    }
    scores = score_mabe2025(truth, truth.drop(columns="lab_id"), looked_for)
    assert scores.score == 1
    assert scores.not_looked_for == 0
    assert len(scores.labs) == LABS


def test_parquet_columns_have_the_types_of_the_data_set(folder):
    tracking = pq.read_schema(next((folder / "train_tracking").rglob("*.parquet")))
    assert dict(zip(tracking.names, tracking.types, strict=True)) == TRACKING_TYPES
    annotation = pq.read_schema(next((folder / "train_annotation").rglob("*.parquet")))
    assert dict(zip(annotation.names, annotation.types, strict=True)) == ANNOTATION_TYPES


def test_some_lost_points_have_rows_and_some_first_frames_are_late(folder):
    tables = [pq.read_table(path) for path in (folder / "train_tracking").rglob("*.parquet")]
    nulls = [np.isnan(table["x"].to_numpy()).any() for table in tables]
    starts = [table["video_frame"].to_numpy().min() for table in tables]
    assert set(nulls) == {False, True}
    assert min(starts) == 0 < max(starts)


@pytest.mark.filterwarnings("ignore:.*nobody scored are left out")
@pytest.mark.filterwarnings("ignore:.*mice that have no tracking")
@pytest.mark.filterwarnings("ignore:class .* has no frame")
def test_prepared_dataset_is_what_was_simulated(folder, videos, tmp_path):
    prepare_command.prepare(mabe2025=str(folder), output=str(tmp_path / "set"))
    dataset = open_dataset(tmp_path / "set")
    assert {entry.name for entry in dataset.entries} == {
        name for name, video in videos.items() if video.labeled
    }
    ones = 0
    for recording in dataset:
        video = videos[recording.name]
        lab, first = video.lab, video.first_frame
        N, A, _, _ = video.keypoints.shape
        assert recording.fps == lab.fps
        assert recording.group == lab.name
        assert len(recording) == first + N
        points = [recording.keypoint_names.index(name) for name in lab.keypoints]
        seen = recording.keypoints[first:, :, points][video.is_tracked]
        np.testing.assert_array_equal(seen, video.keypoints[video.is_tracked])
        assert np.isnan(recording.keypoints[first:][~video.is_tracked]).all()
        assert np.isnan(recording.keypoints[:first]).all()

        expected = {}
        for agent, target, action in video.labeled:
            if max(agent, target) <= A:
                labels = np.full(first + N, -100)
                labels[first:] = 0
                expected[agent, target, action] = labels
        for bout in video.bouts:
            if (key := (bout.agent, bout.target, bout.action)) in expected:
                expected[key][bout.start : bout.stop] = 1
        found = {}
        for track in recording.tracks:
            agent = int(track.agent[-1])
            target = agent if track.target is None else int(track.target[-1])
            for index, action in enumerate(recording.class_names):
                if (track.labels[:, index] != -100).any():
                    found[agent, target, action] = track.labels[:, index]
        assert found.keys() == expected.keys()
        for key, labels in expected.items():
            np.testing.assert_array_equal(found[key], labels)
            ones += (labels == 1).sum()
    assert ones > 1000


def test_test_videos_are_prepared_without_labels(folder, tmp_path, capsys):
    options = ["--mabe2025", folder, "--split", "test", "--output", tmp_path / "set"]
    prepare_command.main(list(map(str, options)))
    dataset = open_dataset(tmp_path / "set")
    assert len(dataset.entries) == LABS
    assert all((labels == -100).all() for labels in dataset.all_labels())
    assert dataset.source["split"] == "test"


def test_simulated_folder_is_the_same_for_the_same_seed(folder, tmp_path):
    again = tmp_path / "again"
    simulate_command.main([*OPTIONS.split(), "--output", str(again)])
    for path in folder.rglob("*.*"):
        assert path.read_bytes() == (again / path.relative_to(folder)).read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--labs 0", "labs: must be 1 to 1,000, got 0"),
        ("--videos -1", "videos: must be 1 to 10,000, got -1"),
        ("--test_videos -1", "test_videos: must be 0 to 10,000, got -1"),
        ("--minutes 0", "minutes: must be above 0 to 600, got 0"),
        ("--minutes nan", "minutes: expected a number, got nan"),
        ("--seed -1", "seed: must be 0 to 2^32 - 1, got -1"),
        ("--layout calms21", "layout: expected one of mabe2025"),
    ],
)
def test_wrong_option_is_one_line(options, message, tmp_path, capsys):
    output = tmp_path / "out"
    found = fails(simulate_command, capsys, "--output", output, *options.split())
    assert message in found
    assert not output.exists()


def test_folder_that_holds_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    found = fails(simulate_command, capsys, "--output", tmp_path)
    assert "holds files, expected a new or an empty folder" in found
    assert "is a file, expected a folder" in fails(
        simulate_command, capsys, "--output", tmp_path / "file"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
