"""What is written is read as the same frames, at any rate and length, by whatever names."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mabe_lit import UNSCORED
from mabe_lit.readers import label_frames, read_annotations
from mabe_lit.writers import FORMATS, Prediction, TrackPrediction, write_prediction
from mabe_lit.writers.bento import bento_names

TEN_HOURS_S = 36_000
NAMES = (
    "attack",
    "rear, left",
    'say "now"',
    "social contact",
    "évasion",
    "攻撃",
    "a;b",
    "2nd",
    "#",
)
FILES = {"boris": (".boris", ".boris.csv"), "bento": (".annot",)}


def prediction_of(labels, classes, fps, background=None, name="one"):
    probabilities = np.broadcast_to(np.float32(1 / len(classes)), (len(labels), len(classes)))
    track = TrackPrediction(probabilities, np.asarray(labels))
    return Prediction(name, [track], classes, fps, background)


def names_in(tool, prediction):
    """What the classes are called in a tool's files."""
    if tool != "bento":
        return list(prediction.class_names)
    written = bento_names(prediction.behaviors)
    return [written.get(name, name) for name in prediction.class_names]


def read_back(file, tool, prediction):
    """Labels ``(N,)`` of a file, at the rate that the file itself tells if it tells one."""
    (events,) = read_annotations(file)
    told = [medium.fps for medium in events.media] if events.media else [events.rate]
    fps = told[0] or prediction.fps
    return label_frames(
        events.in_frames(fps), len(prediction), names_in(tool, prediction), prediction.background
    )


@pytest.mark.parametrize("tool", ["boris", "bento"])
@given(
    runs=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), min_size=1, max_size=30),
    fps=st.sampled_from([29.97, 30_000 / 1001, 25.3, 12.5, 1000 / 33]) | st.floats(1, 120),
    before_s=st.sampled_from([0, TEN_HOURS_S]),
    classes=st.permutations(NAMES).map(lambda names: names[:4]),
    background=st.integers(0, 3) | st.none(),
)
@example([(1, 1), (0, 1), (1, 1)], 30_000 / 1001, TEN_HOURS_S, list(NAMES[:4]), 0)
@settings(max_examples=60, deadline=None)
def test_frames_are_the_same_after_reading_back(tool, runs, fps, before_s, classes, background):
    values, lengths = zip((0, round(before_s * fps)), *runs, strict=True)
    labels = np.repeat(np.array(values, np.int16), lengths)
    named = None if background is None else classes[background]
    prediction = prediction_of(labels, classes, fps, named)
    with tempfile.TemporaryDirectory() as folder:
        write_prediction(Path(folder), prediction, [tool])
        for suffix in FILES[tool]:
            file = Path(folder, f"one{suffix}")
            if suffix == ".boris.csv" and not prediction.events_of(prediction.tracks[0]):
                continue  # a table without a row does not tell how long somebody watched
            assert np.array_equal(read_back(file, tool, prediction), labels)


@pytest.mark.parametrize("tool", ["boris", "bento"])
def test_background_is_no_bout_and_no_behaviour(tmp_path, tool):
    prediction = prediction_of([0, 1, 1, 0, 2], ["rest", "attack", "mount"], 10.0, "rest")
    for file in write_prediction(tmp_path, prediction, [tool]):
        (events,) = read_annotations(file)
        assert "rest" not in file.read_text()
        assert [event.behavior for event in events.events] == ["attack", "mount"]
        without = label_frames(events.in_frames(10.0), 5, ["rest", "attack", "mount"])
        assert without.tolist() == [UNSCORED, 1, 1, UNSCORED, 2]


@pytest.mark.parametrize("tool", ["boris", "bento"])
def test_without_known_background_all_classes_are_bouts(tmp_path, tool):
    prediction = prediction_of([0, 1, 1, 0, 0], ["rest", "attack"], 10.0)
    for file in write_prediction(tmp_path, prediction, [tool]):
        (events,) = read_annotations(file)
        assert label_frames(events.in_frames(10.0), 5, ["rest", "attack"]).tolist() == [
            0,
            1,
            1,
            0,
            0,
        ]


@pytest.mark.parametrize("tool", FORMATS)
def test_recording_named_by_folder_is_written_in_that_folder(tmp_path, tool):
    prediction = prediction_of([0, 1], ["rest", "attack"], 10.0, name="day1/video.2")
    files = write_prediction(tmp_path, prediction, [tool])
    assert sorted(tmp_path.rglob("*.*")) == sorted(files)
    assert {file.parent for file in files} == {tmp_path / "day1"}
    assert all(file.name.startswith("video.2.") for file in files)
    if tool == "boris":  # the video that is named must be that of the recording
        (events,) = read_annotations(files[0])
        assert [medium.name for medium in events.media] == ["video.2.mp4"]
