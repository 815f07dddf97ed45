"""Where in the tracking labels lie, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.readers import Event, Events, LabelOptions, Video, read_videos
from mabe_lit.readers.labels.readings import Findings
from mabe_lit.readers.labels.scheme import Scheme
from mabe_lit.readers.labels.scored import label_tracks, lost_frames
from mabe_lit.readers.labels.time_base import (
    cut_clip,
    place_labels,
)
from mabe_lit.shell import InputError

CLASSES = ("a", "b")


def tracking(frames: int, fps: float = 30.0) -> Recording:
    keypoints = np.arange(frames * 4, dtype=np.float32).reshape(frames, 1, 2, 2) + 1
    return Recording.unscored("v1", keypoints, fps, ("m",), ("nose", "tail"))


def table(frames: int, first: int = 0, **more: Any) -> Events:
    """Half of the frames a, the others b."""
    half = first + frames // 2
    bouts = [Event(first, half, "a", 2), Event(half, first + frames, "b", 3)]
    return Events.of(Path("v1.csv"), bouts, "frames", watched=(0.0, first + frames), **more)


def placed(
    recording: Recording, events: Events, video: Video | None = None, **options: Any
) -> tuple[list[int], list[str]]:
    """Labels, and what was found."""
    video = video or Video()
    findings = Findings()
    chosen = LabelOptions(CLASSES, **options)
    recording = cut_clip(recording, events, video, chosen)
    annotation = place_labels(recording, events, video, chosen, findings)
    scheme = Scheme.of({"v1": events}, chosen, is_independent=False)
    (track,) = label_tracks(recording, annotation, events, video, scheme, findings)
    return track.labels.tolist(), findings.lines()


def test_labels_as_long_as_the_tracking_need_no_word():
    assert placed(tracking(100), table(100)) == ([0] * 50 + [1] * 50, [])


def test_labels_half_a_second_past_the_tracking_are_cut():
    labels, lines = placed(tracking(100), table(115))
    assert (len(labels), lines) == (100, [])


def test_labels_further_past_the_tracking_are_an_error_with_both_lengths():
    match = r"v1\.csv: its labels are of 116 frames .*tracking of 'v1' has 100 .*--videos tells"
    with pytest.raises(InputError, match=match):
        placed(tracking(100), table(116))


def test_every_second_frame_is_recognised_and_what_fits_is_told():
    with pytest.raises(InputError, match=r"only every second frame .*--fps 15 --label_fps 30"):
        placed(tracking(60), table(120))
    labels, lines = placed(tracking(60, fps=15.0), table(120), label_fps=30.0)
    assert labels == [0] * 30 + [1] * 30
    assert lines == []


def test_every_third_frame_of_labels_in_seconds():
    bouts = [Event(0.0, 2.0, "a", 2), Event(2.0, 9.0, "b", 3)]
    events = Events.of(Path("v1.csv"), bouts, "seconds")
    with pytest.raises(InputError, match=r"only every third frame .*--fps 10 is"):
        placed(tracking(90), events)
    assert placed(tracking(90, fps=10.0), events)[0] == [0] * 20 + [1] * 70


def test_unlearnt_behavior_may_run_a_hundredth_past():
    bouts = [Event(0, 50, "a", 2), Event(50, 10_090, "base", 3)]
    events = Events.of(Path("v1.csv"), bouts, "frames")
    labels, _ = placed(tracking(10_000), events)
    assert labels[:50] == [0] * 50
    assert set(labels[50:]) == {UNSCORED}
    with pytest.raises(InputError, match="its labels are of 10102 frames"):
        placed(tracking(10_000), Events.of(Path("v1.csv"), [Event(0, 10_102, "base", 2)], "frames"))


def test_labels_of_fewer_frames_are_taken_from_the_first_and_told():
    labels, (line,) = placed(tracking(300), table(120))
    assert labels == [0] * 60 + [1] * 60 + [UNSCORED] * 180
    assert "taken from its first frame on" in line
    assert line.endswith("v1 (120 of 300 frames)")


def test_clip_begins_where_the_table_of_videos_says():
    video = Video(first_frame=90)
    whole = tracking(300)
    clip = cut_clip(whole, table(120), video, LabelOptions(CLASSES))
    assert np.array_equal(clip.keypoints, whole.keypoints[90:210])
    assert placed(whole, table(120), video) == ([0] * 60 + [1] * 60, [])


def test_clip_that_begins_past_the_tracking_is_an_error():
    with pytest.raises(InputError, match="first_frame is 300, but its tracking has 300 frames"):
        placed(tracking(300), table(120), Video(first_frame=300))


def test_what_nobody_watched_is_unscored_and_never_background():
    bouts = [Event(1.0, 2.0, "a", 2)]
    events = Events.of(Path("v1.csv"), bouts, "seconds", watched=(0.0, 4.0))
    labels, (line,) = placed(tracking(240), events, background="b")
    assert labels == [1] * 30 + [0] * 30 + [1] * 60 + [UNSCORED] * 120
    assert line.endswith("v1 (120 of 240 frames)")


def test_video_says_in_which_seconds_somebody_watched():
    labels, _ = placed(tracking(120), table(120), Video(scored_start_s=1.0, scored_stop_s=3.0))
    assert labels == [UNSCORED] * 30 + [0] * 30 + [1] * 30 + [UNSCORED] * 30


@pytest.mark.parametrize(
    ("frames", "count_from", "expected", "words"),
    [
        (100, None, [0] * 50 + [1] * 50, ["numbered from 1, since the last one"]),
        (120, None, [UNSCORED] + [0] * 50 + [1] * 50 + [UNSCORED] * 19, ["as they stand", "fewer"]),
        (120, 0, [UNSCORED] + [0] * 50 + [1] * 50 + [UNSCORED] * 19, ["fewer"]),
        (120, 1, [0] * 50 + [1] * 50 + [UNSCORED] * 20, ["fewer"]),
    ],
)
def test_frames_numbered_from_one(frames, count_from, expected, words):
    events = table(100, first=1, counts_from_one=True)
    labels, lines = placed(tracking(frames), events, count_from=count_from)
    assert labels == expected
    assert len(lines) == len(words)
    assert all(word in line for word, line in zip(words, lines, strict=True))


def test_what_was_watched_is_numbered_from_one_as_well():
    bouts = [Event(11, 21, "a", 2)]
    more = {"watched": (1.0, 101.0), "counts_from_one": True}
    events = Events.of(Path("v1.csv"), bouts, "frames", **more)
    labels, _ = placed(tracking(120), events, count_from=1, background="b")
    assert labels == [1] * 10 + [0] * 10 + [1] * 80 + [UNSCORED] * 20


def test_state_that_never_stops_is_an_error_or_lasts_to_the_end():
    events = Events.of(Path("v1.csv"), [Event(1.0, float("inf"), "a", 7)], "seconds")
    with pytest.raises(InputError, match=r"line 7: a has a START without STOP; --open_until_end"):
        placed(tracking(60), events)
    assert placed(tracking(60), events, open_until_end=True)[0] == [UNSCORED] * 30 + [0] * 30


def test_labels_at_another_rate_than_the_tracking_are_converted():
    labels, _ = placed(tracking(50, fps=25.0), table(100, rate=50.0))
    assert labels == [0] * 25 + [1] * 25


def test_scored_frames_without_a_tracked_point_are_counted():
    recording = tracking(10)
    recording.keypoints[:4] = np.nan
    tracks = [LabelTrack(np.array([0] * 6 + [UNSCORED] * 4))]
    assert lost_frames(recording, tracks) == (4, 6)
    recording.keypoints[:] = np.nan
    with pytest.raises(InputError, match="not one of its 6 scored frames has a tracked point"):
        lost_frames(recording, tracks)


def write(folder: Path, text: str) -> Path:
    path = folder / "videos.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_table_of_videos_may_be_silent(tmp_path):
    path = write(tmp_path, "name;fps;first_frame\nv1;25;\nday1/v2;;90\n")
    assert read_videos(path, ["v1", "day1/v2", "v3"]) == {
        "v1": Video(fps=25.0),
        "day1/v2": Video(first_frame=90.0),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fps\n30\n", "has no column name; allowed are name, fps, label_fps"),
        ("name,fbs\nv1,30\n", "has unknown columns fbs"),
        ("name,fps\nv9,30\n", "line 2: no recording is called 'v9'; there are v1"),
        ("name,fps\nv1,30\nv1,25\n", "line 3: 'v1' has a row already"),
        ("name,fps\nv1,0\n", "line 2: fps is '0', expected a number above 0"),
        ("name,first_frame\nv1,1.5\n", "line 2: first_frame is '1.5', expected a whole number"),
        ("name,scored_start_s,scored_stop_s\nv1,5,5\n", "scored_stop_s is 5, not after 5"),
        ("name,fps\nv1\n", "line 2: has 1 cells, the header has 2"),
    ],
)
def test_bad_table_of_videos_is_named_with_its_problem(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_videos(write(tmp_path, text), ["v1"])
