"""Whose label is it: the recording of each observation."""

from __future__ import annotations

from pathlib import Path

import pytest

from mabe_lit.readers import Event, Events, Medium
from mabe_lit.readers.labels.attribution import attribute
from mabe_lit.readers.labels.doubts import is_elsewhere
from mabe_lit.readers.names import owner_of
from mabe_lit.shell import InputError


def events_of(
    *spans: tuple[float, float], media: tuple[Medium, ...] = (), file: str = "x.csv", name: str = ""
) -> Events:
    bouts = [Event(start, stop, "attack", line) for line, (start, stop) in enumerate(spans, 2)]
    return Events.of(Path(file), bouts, "seconds", media=media, observation=name)


def attributed(names: list[str], *observed: Events, lengths: dict[str, float] | None = None):
    return attribute(
        observed,
        names,
        owner_of_file=lambda file: owner_of(file, names),
        seconds_of=(lengths or {}).__getitem__,
    )


def times(events: Events) -> list[tuple[float, float]]:
    return [(event.start, event.stop) for event in events.events]


TWO = (Medium("v1.mp4", 4.0), Medium("v2.mp4", 3.0))


def test_times_of_the_second_video_count_from_its_start():
    found = attributed(["v1", "v2"], events_of((1, 2), (5, 6.5), media=TWO))
    assert times(found.events["v1"]) == [(1, 2)]
    assert times(found.events["v2"]) == [(1, 2.5)]
    assert found.events["v1"].watched == (0, 4)
    assert found.events["v2"].watched == (0, 3)


def test_bout_over_the_cut_between_videos_is_in_both():
    found = attributed(["v1", "v2"], events_of((3, 5), media=TWO))
    assert times(found.events["v1"]) == [(3, 4)]
    assert times(found.events["v2"]) == [(0, 1)]


def test_state_that_never_stops_stays_open_in_each_video():
    found = attributed(["v1", "v2"], events_of((3, float("inf")), media=TWO))
    assert times(found.events["v1"]) == [(3, float("inf"))]
    assert times(found.events["v2"]) == [(0, float("inf"))]


def test_length_that_is_not_told_is_that_of_the_tracking():
    media = (Medium("v1.mp4"), Medium("v2.mp4"))
    found = attributed(["v1", "v2"], events_of((5, 6), media=media), lengths={"v1": 4.5})
    assert times(found.events["v2"]) == [(0.5, 1.5)]


def test_length_that_nothing_tells_is_an_error():
    media = (Medium("gone.mp4"), Medium("v2.mp4"))
    with pytest.raises(InputError, match=r"the length of gone\.mp4 is not told"):
        attributed(["v2"], events_of((5, 6), media=media))


def test_video_without_poses_moves_the_next_one_all_the_same():
    found = attributed(["v2"], events_of((5, 6), media=TWO))
    assert times(found.events["v2"]) == [(1, 2)]


def test_video_decides_against_the_name_of_the_file():
    found = attributed(["v1", "v2"], events_of((1, 2), media=(Medium("v2.mp4"),), file="v1.csv"))
    assert list(found.events) == ["v2"]


@pytest.mark.parametrize("name", ["C:\\lab\\V1.MP4", "/data/v1.avi", "v1"])
def test_video_is_known_by_its_file_name(name):
    assert list(attributed(["v1", "v11"], events_of((1, 2), media=(Medium(name),))).events) == [
        "v1"
    ]


def test_video_of_another_name_is_matched_by_the_file_and_told():
    one = events_of((1, 2), media=(Medium("GOPR0012.mp4", None, 50.0),), file="v1_annot.csv")
    found = attributed(["v1"], one)
    assert list(found.events) == ["v1"]
    assert found.renamed == {"v1": "GOPR0012.mp4"}
    assert found.fps == {"v1": 50.0}


def test_video_of_the_same_name_and_more_is_no_other_one():
    one = events_of((1, 2), media=(Medium("v1_reencode.avi"),), file="v1_annot.csv")
    found = attributed(["v1"], one)
    assert list(found.events) == ["v1"]
    assert found.renamed == {}


def test_several_videos_of_other_names_are_not_guessed():
    media = (Medium("a.mp4", 4.0), Medium("b.mp4", 4.0))
    with pytest.raises(InputError, match=r"is of 2 videos, none of which is a recording here: a"):
        attributed(["v1"], events_of((1, 2), media=media, file="v1.csv"))


def test_observations_without_videos_are_known_by_their_names():
    found = attributed(["v1", "v2"], events_of((1, 2), name="v2"), events_of((3, 4), name="v1"))
    assert times(found.events["v1"]) == [(3, 4)]
    assert times(found.events["v2"]) == [(1, 2)]


def test_file_of_several_observations_is_not_taken_by_its_own_name():
    both = [events_of((1, 2), name=name, file="v1.csv") for name in ("o1", "o2")]
    found = attributed(["v1"], *both)
    assert not found.events
    assert found.unused == ("observation 'o1' of v1.csv", "observation 'o2' of v1.csv")


def test_observation_and_file_that_name_two_recordings_are_an_error():
    with pytest.raises(InputError, match="named after recording 'v1', but its observation is"):
        attributed(["v1", "v2"], events_of((1, 2), name="v2", file="v1.csv"))


def test_same_name_in_two_folders_is_told_apart_by_the_folder():
    names = ["day1/v", "day2/v"]
    one = events_of((1, 2), media=(Medium("D:/lab/day2/v.mp4"),), file="all.csv")
    assert list(attributed(names, one).events) == ["day2/v"]
    with pytest.raises(InputError, match="may be any of the recordings day1/v, day2/v"):
        attributed(names, events_of((1, 2), media=(Medium("v.mp4"),), file="all.csv"))
    beside = events_of((1, 2), media=(Medium("v.mp4"),), file="labels/day1/all.csv")
    assert list(attributed(names, beside).events) == ["day1/v"]


def test_same_content_in_two_files_is_one_annotation():
    both = [events_of((1, 2), media=TWO, file=file) for file in ("v1.csv", "v2.csv")]
    assert times(attributed(["v1", "v2"], *both).events["v1"]) == [(1, 2)]


def test_two_annotations_that_differ_are_an_error():
    both = [events_of((1, stop), file=file) for file, stop in (("v1.csv", 2), ("v1_b.csv", 3))]
    with pytest.raises(InputError, match=r"'v1' has 2 annotations that differ: v1\.csv, v1_b\.csv"):
        attributed(["v1"], *both)


def test_other_camera_without_poses_is_no_leftover():
    cameras = [events_of((1, 2), media=(Medium(name),), name="o") for name in ("v1.mp4", "s.mp4")]
    assert attributed(["v1"], *cameras).unused == ()


def test_video_of_another_recordings_folder_is_not_that_of_this_one():
    names = ["day1/video", "day2/other"]
    one = events_of((1, 2), media=(Medium("D:\\exp\\day2\\video.mp4"),), file="all.csv")
    assert not attributed(names, one).events
    same = events_of((1, 2), media=(Medium("D:\\exp\\day1\\video.mp4"),), file="all.csv")
    assert list(attributed(names, same).events) == ["day1/video"]


@pytest.mark.parametrize(
    ("name", "medium", "expected"),
    [
        ("day1/video", "D:\\exp\\day1\\video.mp4", False),
        ("day1/video", "D:/exp/2024-01-15/video.mp4", True),
        ("day1/video", "video.mp4", False),
        ("video", "D:/exp/day1/video.mp4", False),
    ],
)
def test_folder_of_another_name_is_noticed(name, medium, expected):
    assert is_elsewhere(name, Medium(medium)) is expected


def test_dot_in_a_name_is_no_ending():
    one = events_of((1, 2), media=(Medium("rat.1"),), file="all.csv")
    assert not attributed(["rat"], one).events
    assert list(attributed(["rat", "rat.1"], one).events) == ["rat.1"]
