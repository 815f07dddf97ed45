"""BORIS: tables of events, one observation or many, and project files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mabe_lit.readers import Events, Medium, label_frames, read_annotations
from mabe_lit.shell import InputError, InputWarning

BORIS = """Observation id,one,,,,,,,
,,,,,,,,
Media file(s),,,,,,,,
,,,,,,,,
Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Comment,Status
0.100,a.avi,190.0,30.0,adult,attack,,,START
0.200,a.avi,190.0,30.0,adult,bark,,,POINT
0.300,a.avi,190.0,30.0,adult,attack,,"a, b",STOP
0.667,a.avi,190.0,30.0,pup,rest,,,START
1.000,a.avi,190.0,30.0,pup,rest,,,STOP
"""
NEW_BORIS = """Observation id\tObservation type\tFPS\tSubject\tBehavior\tBehavior type\tTime
one\tMedia file\t25.0\tadult\tattack\tSTART\t0.4
one\tMedia file\t25.0\tadult\tattack\tSTOP\t1.0
"""
AGGREGATED = """Observation id,Subject,Behavior,Behavior type,Start (s),Stop (s),Duration (s)
one,adult,attack,STATE,0.1,0.3,0.2
one,adult,bark,POINT,0.2,0.2,NA
"""


HEADER = (
    "Observation id,Source,Media duration (s),FPS,Subject,Behavior,Modifier #1,Behavior type,"
    "Time,Media file name\n"
)


def write(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read_one(folder: Path, text: str, **options: Any) -> Events:
    (events,) = read_annotations(write(folder, text), **options)
    return events


def spans(events: Events, fps: float = 30) -> list[tuple[int, int, str]]:
    intervals = events.in_frames(fps).intervals
    return [(i.start_frame, i.stop_frame, i.behavior) for i in intervals if i.answer]


def bout(start: float, stop: float, *, source: str, length: str, medium: str) -> str:
    """Two rows of a new export, of subject m1 toward m2."""
    rows = ((start, "START"), (stop, "STOP"))
    return "".join(
        f"o1,{source},{length},30,m1,sniff,m2,{status},{time},{medium}\n" for time, status in rows
    )


def test_start_and_stop_are_paired_and_points_counted(tmp_path):
    with pytest.warns(InputWarning, match="1 POINT events have no duration"):
        events = read_one(tmp_path, BORIS)
    assert spans(events) == [(3, 9, "attack"), (20, 30, "rest")]


def test_channel_is_a_subject(tmp_path):
    with pytest.warns(InputWarning, match="1 POINT events have no duration"):
        events = read_one(tmp_path, BORIS, channel="pup")
    assert spans(events) == [(20, 30, "rest")]


def test_subject_that_is_not_there_lists_those_that_are(tmp_path):
    with pytest.raises(InputError, match="has no subject 'cat', only adult, pup"):
        read_annotations(write(tmp_path, BORIS), channel="cat")


def test_new_export_is_read(tmp_path):
    assert spans(read_one(tmp_path, NEW_BORIS), fps=25) == [(10, 25, "attack")]


def test_aggregated_events_are_read(tmp_path):
    with pytest.warns(InputWarning, match="1 POINT events"):
        assert spans(read_one(tmp_path, AGGREGATED)) == [(3, 9, "attack")]


OFFSETS = {
    "old": (BORIS.replace("Media file(s),", "Time offset (s),0.1", 1), (0, 6)),
    "new": (
        "\n".join(
            f"{line}\t{cell}"
            for line, cell in zip(
                NEW_BORIS.splitlines(), ["Time offset (s)", "0.4", "0.4"], strict=True
            )
        ),
        (0, 18),
    ),
    "aggregated": (
        "\n".join(
            f"{line},{cell}"
            for line, cell in zip(
                AGGREGATED.splitlines(), ["Time offset (s)", "0.1004", "0.1004"], strict=True
            )
        ),
        (0, 6),
    ),
}


@pytest.mark.filterwarnings("ignore:.*POINT events")
@pytest.mark.parametrize("line", ["Time offset (s)", "Time offset (s),", "Time offset (s),NA"])
def test_time_offset_that_is_not_told_is_none(tmp_path, line):
    events = read_one(tmp_path, BORIS.replace("Media file(s)", line, 1))
    assert spans(events)[0] == (3, 9, "attack")


@pytest.mark.filterwarnings("ignore:.*POINT events")
@pytest.mark.parametrize(("text", "expected"), OFFSETS.values(), ids=OFFSETS.keys())
def test_time_offset_is_taken_off(tmp_path, text, expected):
    assert spans(read_one(tmp_path, text))[0] == (*expected, "attack")


def test_behavior_with_two_modifiers_at_once(tmp_path):
    rows = [("A", "START", 0.0), ("B", "START", 0.1), ("A", "STOP", 0.2), ("B", "STOP", 0.3)]
    text = "Time,Subject,Behavior,Modifiers,Status\n" + "".join(
        f"{time},adult,touch,{modifier},{status}\n" for modifier, status, time in rows
    )
    events = read_one(tmp_path, text)
    assert spans(events, fps=10) == [(0, 2, "touch"), (1, 3, "touch")]
    assert [event.modifiers for event in events.events] == [("A",), ("B",)]
    assert label_frames(events.in_frames(10), 4, ["touch"]).tolist() == [0, 0, 0, -100]


def test_subject_that_is_none_is_nobody(tmp_path):
    text = HEADER + bout(1, 2, source="player #1:v1.mp4", length="4", medium="v1.mp4")
    assert read_one(tmp_path, text).events[0].subject == "m1"
    (nobody,) = read_one(tmp_path, text.replace("m1,", "No focal subject,")).events
    assert nobody.subject == ""


@pytest.mark.parametrize(
    ("length", "fps", "expected"),
    [("4", "30", (4.0, 30.0)), ("4.000", "29.970", (4.0, 29.97)), ("NA", "NA", (None, None))],
)
def test_medium_has_its_length_and_rate(tmp_path, length, fps, expected):
    text = HEADER + bout(1, 2, source="player #1:v1.mp4", length=length, medium="v1.mp4")
    events = read_one(tmp_path, text.replace(",30,", f",{fps},"))
    assert events.media == (Medium("v1.mp4", *expected),)
    assert events.watched == (0.0, expected[0] or float("inf"))


@pytest.mark.parametrize(
    "sources",
    [("player #1:b.mp4;a.mp4", "player #1:b.mp4;a.mp4"), ("player #1:b.mp4", "player #1:a.mp4")],
    ids=["all told in each row", "a row tells its own"],
)
def test_media_one_after_the_other_keep_their_order(tmp_path, sources):
    first = bout(1, 2, source=sources[0], length="4;5", medium="b.mp4")
    second = bout(5, 6.5, source=sources[1], length="4;5", medium="a.mp4")
    events = read_one(tmp_path, HEADER + first + second)
    assert events.media == (Medium("b.mp4", 4.0, 30.0), Medium("a.mp4", 5.0, 30.0))
    assert events.watched == (0.0, 9.0)


def test_medium_without_events_keeps_its_place(tmp_path):
    text = HEADER + bout(5, 6, source="player #1:b.mp4", length="4;5;6", medium="b.mp4")
    names = [medium.name for medium in read_one(tmp_path, text).media]
    assert names == ["", "b.mp4", ""]


def test_medium_that_times_do_not_place_is_an_error(tmp_path):
    text = HEADER + bout(3, 6, source="player #1:b.mp4", length="4;5", medium="b.mp4")
    with pytest.raises(InputError, match=r"2 videos of 4; 5 s, and the times of b\.mp4's events"):
        read_annotations(write(tmp_path, text))


def test_row_that_names_another_video_than_its_time_tells_is_an_error(tmp_path):
    source = "player #1:lab/v1.mp4;lab/v2.mp4"
    right = bout(1, 2, source=source, length="4;4", medium="v1.mp4")
    right += bout(4, 8, source=source, length="4;4", medium="v2.mp4")
    assert len(read_one(tmp_path, HEADER + right).events) == 2
    wrong = bout(1, 2, source=source, length="4;4", medium="v2.mp4")
    with pytest.raises(InputError, match=r"at 1 s is said to be of v2\.mp4, .* 4 to 8 s"):
        read_annotations(write(tmp_path, HEADER + wrong))


def test_another_camera_has_the_same_events(tmp_path):
    source = "player #1:top.mp4|player #2:side.mp4"
    text = HEADER + bout(1, 2, source=source, length="4|4", medium="top.mp4")
    top, side = read_annotations(write(tmp_path, text))
    assert (top.media[0].name, side.media[0].name) == ("top.mp4", "side.mp4")
    assert top.events == side.events


def test_old_export_tells_one_length_for_its_video(tmp_path):
    with pytest.warns(InputWarning, match="POINT"):
        events = read_one(tmp_path, BORIS)
    assert events.media == (Medium("a.avi", 190.0, 30.0),)


def test_observations_of_one_file_are_told_apart(tmp_path):
    first = bout(1, 2, source="player #1:a.mp4", length="4", medium="a.mp4")
    second = first.replace("o1,", "o2,").replace("a.mp4", "b.mp4")
    observed = read_annotations(write(tmp_path, HEADER + first + second))
    assert [(one.observation, one.media[0].name) for one in observed] == [
        ("o1", "a.mp4"),
        ("o2", "b.mp4"),
    ]


BAD = {
    "no start": (BORIS.replace("START", "STOP", 1), "line 6: attack has a STOP without START"),
    "start twice": (BORIS.replace("STOP", "START", 1), "line 8: attack starts twice"),
    "stop before start": (BORIS.replace("0.300", "0.050"), "line 6: attack runs from 0.1 to"),
    "time": (BORIS.replace("0.100", "00:00:01"), "line 6, column Time: found '00:00:01'"),
    "status": (BORIS.replace("START", "BEGIN", 1), "status is 'BEGIN', expected START, STOP"),
    "truncated": (BORIS[:-12], "line 10: has 6 cells, the header has 9"),
}


@pytest.mark.filterwarnings("ignore:.*POINT events")
@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_table_is_named_with_its_problem(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_annotations(write(tmp_path, text))


def test_state_that_never_stops_is_open(tmp_path):
    with pytest.warns(InputWarning, match="POINT"):
        events = read_one(tmp_path, BORIS[: BORIS.index("1.000")])
    assert events.events[1].stop == float("inf")


def project(**changes: Any) -> dict[str, Any]:
    """Two videos of 4 s, one after the other; attack from 1 s to 2 s and from 5 s to 6.5 s."""
    observation = {
        "type": "MEDIA",
        "file": {"1": ["C:\\videos\\v1.mp4", "v2.mp4"], "2": []},
        "time offset": 0.0,
        "media_info": {
            "length": {"C:\\videos\\v1.mp4": 4.0, "v2.mp4": 4.0},
            "fps": {"C:\\videos\\v1.mp4": 30.0, "v2.mp4": 25.0},
        },
        "events": [
            [1.0, "m1", "attack", "", "", 30],
            [1.5, "m1", "bark", "", "", 45],
            [2.0, "m1", "attack", "", "", 60],
            [5.0, "m1", "attack", "m2|hard", "", 150],
            [6.5, "m1", "attack", "m2|hard", "", 195],
        ],
        "observation time interval": [0, 0],
    }
    return {
        "project_format_version": "7.0",
        "behaviors_conf": {
            "0": {"code": "attack", "type": "State event"},
            "1": {"code": "bark", "type": "Point event"},
            "2": {"code": "rest", "type": "State event with coding map"},
        },
        "observations": {"o1": observation | changes},
    }


def write_project(folder: Path, content: Any) -> Path:
    return write(folder, json.dumps(content), "lab.boris")


def test_project_is_read_without_an_export(tmp_path):
    with pytest.warns(InputWarning, match="1 point events"):
        (events,) = read_annotations(write_project(tmp_path, project()))
    assert spans(events) == [(30, 60, "attack"), (150, 195, "attack")]
    assert events.behaviors == {"attack", "rest"}
    assert events.observation == "o1"
    assert [(m.length_s, m.fps) for m in events.media] == [(4.0, 30.0), (4.0, 25.0)]
    assert [e.modifiers for e in events.events if not e.is_point][1] == ("m2", "hard")
    assert [e.behavior for e in events.events if e.is_point] == ["bark"]


@pytest.mark.filterwarnings("ignore:.*point events")
def test_project_was_watched_in_its_own_interval(tmp_path):
    content = project(**{"observation time interval": [0.5, 7.0]})
    (events,) = read_annotations(write_project(tmp_path, content))
    assert events.watched == (0.5, 7.0)


@pytest.mark.filterwarnings("ignore:.*point events")
def test_project_events_count_from_the_time_offset(tmp_path):
    (events,) = read_annotations(write_project(tmp_path, project(**{"time offset": 1.0})))
    assert spans(events)[0] == (0, 30, "attack")


@pytest.mark.filterwarnings("ignore:.*point events")
def test_camera_that_begins_later_is_left_out(tmp_path):
    content = project(file={"1": ["v1.mp4"], "2": ["v2.mp4"]})
    content["observations"]["o1"]["media_info"]["offset"] = {"1": 0.0, "2": 0.5}
    with pytest.warns(InputWarning, match=r"player 2 begins 0\.5 s apart .* left out: v2\.mp4"):
        (events,) = read_annotations(write_project(tmp_path, content))
    assert [medium.name for medium in events.media] == ["v1.mp4"]


BAD_PROJECTS = {
    "damaged": ('{"project_format_version": "7.0", "obs', "is not valid JSON"),
    "no observations": (
        json.dumps({"project_format_version": "7.0", "behaviors_conf": {}}),
        "behaviors_conf: is not what BORIS writes",
    ),
    "event without time": (
        json.dumps(project(events=[["soon", "m1", "attack", "", ""]])),
        "observation 'o1': is not what BORIS writes",
    ),
    "event before the start": (
        json.dumps(project(events=[[-1.0, "m1", "attack", "", ""]])),
        r"observation 'o1': event 1 \(attack\) is at -1 s",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD_PROJECTS.values(), ids=BAD_PROJECTS.keys())
def test_bad_project_is_named_with_its_problem(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_annotations(write(tmp_path, text, "lab.boris"))
