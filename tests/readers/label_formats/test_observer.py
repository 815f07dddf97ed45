"""The Observer's event log: states paired, points counted."""

from __future__ import annotations

import math

import pytest
from label_files import rows, spans, write

from mabe_lit.readers.label_formats import observer
from mabe_lit.shell import InputError, InputWarning

HEADER = "Observation;Time_Relative_sf;Duration_sf;Subject;Behavior;Modifier_1;Event_Type;Comment"
TEXT = rows(
    HEADER,
    '"o1";"0,5";"1,0";"m1";"sniff";"m2";"State start";""',
    '"o1";"0,7";"0";"m1";"bark";"";"Point";""',
    '"o1";"1,0";"2,0";"m2";"rear";"";"State start";"x; y"',
    '"o1";"1,5";"0";"m1";"sniff";"m2";"State stop";""',
    '"o1";"3,0";"0";"m2";"rear";"";"State stop";""',
    '"o2";"0,25";"0,5";"m1";"rear";"";"State start";""',
    '"o2";"0,75";"0";"m1";"rear";"";"State stop";""',
)


def read(folder, text, channel=None, **options):
    return observer.read(write(folder, text, **options), channel=channel)


@pytest.mark.filterwarnings("ignore:.*1 point events")
@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TEXT, "utf-8"),
        (TEXT, "utf-16"),
        (TEXT.replace('"', "").replace("; y", "").replace(",", ".").replace(";", ","), "utf-8"),
        (TEXT.replace("Time_Relative_sf", "Time_Relative_hmsf").replace(';"0,', ';"0:00:0,')
         .replace(';"1,', ';"0:00:01,').replace(';"3,', ';"00:00:3,')
         .replace('"0:00:01,0";"m1"', '"1,0";"m1"').replace('"0:00:0,5";"m1"', '"0,5";"m1"'),
         "utf-8"),
    ],
)  # fmt: skip
def test_states_are_paired_in_each_observation(tmp_path, text, encoding):
    assert observer.matches(text)
    one, two = read(tmp_path, text, encoding=encoding)
    assert (one.observation, two.observation) == ("o1", "o2")
    assert one.unit == "seconds"
    assert spans(one) == [(0.5, 1.5, "sniff"), (1, 3, "rear")]
    bouts = [e for e in one.events if not e.is_point]
    assert [(e.subject, e.modifiers) for e in bouts] == [("m1", ("m2",)), ("m2", ())]
    assert spans(two) == [(0.25, 0.75, "rear")]


def test_points_are_counted(tmp_path):
    with pytest.warns(InputWarning, match="1 point events have no duration and are left out"):
        read(tmp_path, TEXT)


@pytest.mark.filterwarnings("ignore:.*1 point events")
def test_channel_is_a_subject(tmp_path):
    one, two = read(tmp_path, TEXT, channel="m2")
    assert spans(one) == [(1, 3, "rear")]
    assert spans(two) == []
    with pytest.raises(InputError, match="has no subject 'm3', only m1, m2"):
        read(tmp_path, TEXT, channel="m3")


SHORT = "Time_Relative_sf,Behavior,Event_Type"


def test_state_that_never_stops_is_open(tmp_path):
    (one,) = read(tmp_path, rows(SHORT, "1.5,rest,State start"))
    assert spans(one) == [(1.5, math.inf, "rest")]


def test_start_alone_lasts_for_its_duration(tmp_path):
    text = rows(
        "Time_Relative_sf,Duration_sf,Behavior,Event_Type",
        "1.5,0.5,rest,State start",
        "2.0,1.5,rest,State start",
        "2.5,0.25,rear,State start",
    )
    (one,) = read(tmp_path, text)
    assert spans(one) == [(1.5, 2, "rest"), (2, 3.5, "rest"), (2.5, 2.75, "rear")]


def test_stop_without_modifiers_stops_the_only_one(tmp_path):
    text = rows(SHORT + ",Modifier_1", "1,sniff,State start,m2", "2,sniff,State stop,")
    (one,) = read(tmp_path, text)
    assert spans(one) == [(1, 2, "sniff")]


def test_log_without_rows_says_that_nothing_happened(tmp_path):
    (one,) = read(tmp_path, SHORT + "\n")
    assert one.events == ()


BAD = {
    "no start": (rows(SHORT, "1,a,State stop"), "line 2: a has a stop without a start"),
    "start twice": (
        rows(SHORT, "1,a,State start", "2,a,State start"),
        "line 3: a starts again without a stop since line 2",
    ),
    "stop before start": (
        rows(SHORT, "2,a,State start", "1,a,State stop"),
        "line 3: a runs from 2 to 1 s, expected start <= stop",
    ),
    "duration of another stop": (
        rows(
            "Time_Relative_sf,Duration_sf,Behavior,Event_Type",
            "1.5,2.0,a,State start",
            "2.5,0,a,State stop",
        ),
        "line 2: a has a duration of 2 s, but line 3 stops it after 1 s",
    ),
    "type": (rows(SHORT, "1,a,Begin"), "line 2: event type is 'Begin', expected State start"),
    "time": (rows(SHORT, "x,a,State start"), "line 2, column Time_Relative_sf: found 'x'"),
    "negative": (rows(SHORT, "-1,a,State start"), "line 2: time is -1 s, expected a number from 0"),
    "clock": (
        rows("Time_Relative_hmsf,Behavior,Event_Type", "1:5,a,State start"),
        "column Time_Relative_hmsf: found '1:5', expected hours:minutes:seconds",
    ),
    "no seconds": (
        rows("Time_Relative_f,Behavior,Event_Type", "15,a,State start"),
        "has no column Time_Relative_sf or Time_Relative_hmsf, found Time_Relative_f, Behavior",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_log_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        observer.read(path)
    assert str(path) in str(caught.value)
