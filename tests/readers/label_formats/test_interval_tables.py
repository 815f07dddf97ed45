"""Tables of bouts: the frames or seconds they mean, and what is refused."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from label_files import labels, rows, spans, write

from mabe_lit.readers.label_formats import interval_tables
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.writers import TrackPrediction
from mabe_lit.writers.tables import tabulate_bouts


def read(folder, text, channel=None):
    (events,) = interval_tables.read(write(folder, text), channel=channel)
    return events


OWN = "behavior,start_frame,stop_frame,start_s,stop_s,duration_s,mean_probability"
A = "a,0,50,0.0,1.666667,1.666667,0.9"
B = "b,50,120,1.666667,4.0,2.333333,0.8"
FRAMES = [(0, 50, "a"), (50, 120, "b")]


@pytest.mark.parametrize(
    "text",
    [
        rows(OWN, A, B),
        rows(OWN, B, A),
        rows(OWN, A, "b,50,120,,,,"),
        rows("behavior,start_frame,stop_frame", "a,0,50", "b,50,120"),
        rows("behavior,start_frame,duration_frames", "a,0,50", "b,50,70"),
        rows("behavior,start_frame,duration", "a,0,50", "b,50,70"),
        rows("Behaviour;StartFrame;StopFrame;start_s;stop_s", "a;0;50;0,0;1,67", "b;50;120;1,67;4"),
        rows("label,start,stop,start_s,stop_s", "a,0,50,0.0,1.667", "b,50,120,1.667,4.0"),
        rows("label,start_frame,end_frame", "a,0,49", "b,50,119"),
        rows("label,start_frame,end_frame,start_s,end_s", "a,0,49,0,1.6667", "b,50,119,1.6667,4"),
        rows("label,start (frame),last frame", "a,0,49", "b,50,119"),
        rows("label,onset_frame,offset_frame", "a,0,50", "b,50,120"),
        rows("label,onset_frame,offset_frame", "a,0,49", "b,50,119"),
        rows("label,onset_frame,offset_frame,duration_frames", "a,0,50,50"),
    ],
)
def test_bouts_in_frames(tmp_path, text):
    events = read(tmp_path, text)
    assert events.unit == "frames"
    assert sorted(spans(events)) == FRAMES[: len(events.events)]


SECONDS = [(0, 1.5, "a"), (1.5, 4, "b")]


@pytest.mark.parametrize(
    "text",
    [
        rows("behavior,start_s,stop_s", "a,0,1.5", "b,1.5,4"),
        rows("action,start_s,duration_s", "a,0,1.5", "b,1.5,2.5"),
        rows("class,Start,End", "a,0,1.5", "b,1.5,4"),
        rows("trial_type,onset,duration", "a,0,1.5", "b,1.5,2.5"),
        rows("type\tstart_time\tend_time", "a\t0,0\t1,5", "b\t1,5\t4,0"),
        rows("label,start_s,stop", "a,0,1.5", "b,1.5,4"),
        rows("label,start_ms,stop_ms", "a,0,1500", "b,1500,4000"),
        rows("label,Start [s],Stop [s],note", "a,0.0,1.5,x", "b,1.5,4.0,", ",,,"),
    ],
)
def test_bouts_in_seconds(tmp_path, text):
    events = read(tmp_path, text)
    assert events.unit == "seconds"
    assert spans(events) == SECONDS


@pytest.mark.parametrize(
    ("told", "is_one"),
    [("a,1,50", True), ("a,2,50", True), ("a,0,50", False)],
)
def test_plain_frame_numbers_could_count_from_one(tmp_path, told, is_one):
    assert read(tmp_path, rows(FRAME_HEADER, "b,70,90", told)).numbering is is_one


def test_seconds_and_predicted_frames_do_not_count_from_one(tmp_path):
    assert not read(tmp_path, rows("label,start_s,stop_s", "a,0.5,1.5")).numbering
    assert not read(tmp_path, rows(OWN, B)).numbering


RATES = [15.0, 24.0, 25.0, 29.97, 30.0, 31.25, 59.94, 120.0]


@pytest.mark.parametrize("fps", RATES)
def test_frames_beside_seconds_tell_the_rate(tmp_path, fps):
    edges = [0, 50, 70, 120]
    lines = (f"a,{a},{b},{a / fps:.6f},{b / fps:.6f}" for a, b in pairwise(edges))
    text = rows("label,start_frame,stop_frame,start_s,stop_s", *lines)
    assert read(tmp_path, text).rate == fps


@pytest.mark.parametrize(
    "text",
    [
        rows("label,start_frame,stop_frame", "a,0,50"),
        rows("label,start_frame,stop_frame,start_s,stop_s", "a,0,50,0,2.2"),
        rows("label,start_frame,stop_frame,start_s,stop_s", "a,0,8,0,0.3", "a,8,12,0.3,0.4"),
    ],
)
def test_rate_that_is_not_told_or_told_badly_is_none(tmp_path, text):
    assert read(tmp_path, text).rate is None


def test_row_of_seconds_alone_is_taken_at_the_rate_of_the_others_and_told(tmp_path):
    with pytest.warns(InputWarning, match=r"1 rows tell seconds alone \(line 4\).* 30 frames/s"):
        events = read(tmp_path, rows(OWN, A, B, "c,,,5.0,6.0,,"))
    assert spans(events)[-1] == (150, 180, "c")


@pytest.mark.parametrize(
    ("header", "row"), [("label,onset,offset", "a,1,2"), ("label,start,stop", "a,1.0,2.0")]
)
def test_whole_numbers_that_are_taken_for_seconds_are_told(tmp_path, header, row):
    with pytest.warns(InputWarning, match="are whole numbers and are taken for seconds; rename"):
        events = read(tmp_path, rows(header, row))
    assert events.unit == "seconds"


def test_stop_frame_that_rows_prove_is_told(tmp_path):
    with pytest.warns(InputWarning, match="end_frame is taken for the first frame after.*line 3"):
        events = read(tmp_path, rows("label,start_frame,end_frame", "a,0,50", "b,50,120"))
    assert spans(events) == FRAMES


def test_end_frame_that_no_row_proves_is_told(tmp_path):
    with pytest.warns(InputWarning, match="end_frame is taken for the last frame of a bout, thou"):
        events = read(tmp_path, rows("label,start_frame,end_frame", "a,0,49", "b,70,119"))
    assert spans(events) == [(0, 50, "a"), (70, 120, "b")]


def test_last_frame_may_touch_the_next_bouts_first(tmp_path):
    text = rows("label,start_frame,last_frame", "a,0,50", "b,50,119")
    assert spans(read(tmp_path, text)) == [(0, 51, "a"), (50, 120, "b")]


def test_subjects_and_targets_are_kept_and_chosen(tmp_path):
    text = rows("behavior,subject,target,start_frame,stop_frame", "sniff,m1,m2,0,5", "rear,m2,,1,3")
    events = read(tmp_path, text)
    assert [(e.subject, e.target) for e in events.events] == [("m1", "m2"), ("m2", "")]
    assert spans(read(tmp_path, text, channel="m2")) == [(1, 3, "rear")]
    with pytest.raises(InputError, match="has no subject 'm3', only m1, m2"):
        read(tmp_path, text, channel="m3")


@pytest.mark.parametrize("column", ["annotator", "Coder", "rater", "observer", "trial"])
def test_bouts_of_two_annotators_are_not_united(tmp_path, column):
    text = rows(f"{column},behavior,start_s,stop_s", "p,a,0.5,2", "q,b,0.7,3")
    with pytest.raises(InputError, match=f"line 3, column {column}: .*: p, q; choose one with"):
        read(tmp_path, text)
    assert spans(read(tmp_path, text, channel="q")) == [(0.7, 3, "b")]
    assert len(read(tmp_path, text.replace("q", "p")).events) == 2


def test_each_video_may_have_its_own_annotator(tmp_path):
    text = rows("video,rater,behavior,start_s,stop_s", "v1,p,a,0.5,2", "v2,q,b,0.7,3")
    one, two = interval_tables.read(write(tmp_path, text))
    assert (spans(one), spans(two)) == ([(0.5, 2, "a")], [(0.7, 3, "b")])


@pytest.mark.parametrize("column", ["fps", "frame_rate"])
def test_column_of_rates_tells_each_videos(tmp_path, column):
    text = rows(f"video,label,start_frame,stop_frame,{column}", "v1,a,0,9,25", "v2,a,0,9,30")
    one, two = interval_tables.read(write(tmp_path, text))
    assert (one.rate, two.rate) == (25, 30)
    with pytest.raises(InputError, match=f"line 3, column {column}: is 30, in line 2 25; expected"):
        read(tmp_path, text.replace("v2", "v1"))


def test_rate_that_frames_and_seconds_contradict_is_refused(tmp_path):
    text = rows("label,start_frame,stop_frame,start_s,stop_s,fps", "a,30,90,1.0,3.0,25")
    with pytest.raises(InputError, match=r"line 2: tells 25 frames/s, but .* counts 30"):
        read(tmp_path, text)


def test_each_video_of_a_table_has_its_own_events(tmp_path):
    text = rows("video,label,start_s,stop_s", "v1.mp4,a,0.5,1", "v2.mp4,a,2,3", "v1.mp4,b,1,2")
    one, two = interval_tables.read(write(tmp_path, text))
    assert [medium.name for medium in (*one.media, *two.media)] == ["v1.mp4", "v2.mp4"]
    assert spans(one) == [(0.5, 1, "a"), (1, 2, "b")]
    assert spans(two) == [(2, 3, "a")]
    assert two.behaviors == {"a", "b"}  # who scored one video looked for it in the other


@pytest.mark.parametrize(("column", "name"), [("video", "v"), ("observation", "o")])
def test_row_that_does_not_tell_its_video_is_refused(tmp_path, column, name):
    text = rows(f"{column};label;start_s;stop_s", f"{name};a;1,0;2,0", ";a;2,5;3,0", "w;a;2,0;3,0")
    with pytest.raises(InputError, match=f"line 3, column {column}: is empty"):
        interval_tables.read(write(tmp_path, text))


def test_video_that_no_row_tells_is_the_files(tmp_path):
    events = read(tmp_path, rows("video,label,start_s,stop_s", ",a,0.5,1"))
    assert events.media == ()


def test_comment_of_several_lines_is_read(tmp_path):
    text = rows("label,start_s,stop_s,note", 'a,0.5,1,"one', 'two, ""three"""', "b,2.5,x,")
    with pytest.raises(InputError, match="line 4, column stop_s: found 'x'"):
        read(tmp_path, text)
    assert spans(read(tmp_path, text.replace("x", "3"))) == [(0.5, 1, "a"), (2.5, 3, "b")]


def test_predicted_bouts_tell_of_all_frames(tmp_path):
    assert read(tmp_path, rows(OWN, A, B)).watched == (0, 120)
    assert read(tmp_path, rows(OWN, A)).watched == (0, 50)
    assert read(tmp_path, rows(OWN, B)).watched == (0, math.inf)
    assert read(tmp_path, rows(FRAME_HEADER, "a,0,50")).watched == (0, math.inf)


def test_bouts_of_no_length_are_counted(tmp_path):
    with pytest.warns(InputWarning, match="1 bouts of no length are left out"):
        events = read(tmp_path, rows("label,start_s,stop_s", "a,0.5,1", "b,2,2"))
    assert spans(events) == [(0.5, 1, "a")]


def test_table_without_rows_says_that_nothing_happened(tmp_path):
    assert read(tmp_path, "label,start,stop\n").events == ()


def test_gapless_frames_from_one_stand_and_are_told(tmp_path):
    header = "label,start_frame,last_frame"
    assert read(tmp_path, rows(header, "a,1,50", "b,51,120")).counts_from_one
    assert not read(tmp_path, rows(header, "a,0,50", "b,51,120")).counts_from_one
    assert not read(tmp_path, rows(header, "a,1,50", "b,71,120")).counts_from_one


FRAME_HEADER = "label,start_frame,stop_frame"
BAD = {
    "edited frame": (
        rows(OWN, A, B.replace("120", "130")),
        r"line 3: stop_frame 130 and stop_s 4 contradict each other: at the 30 frames/s of most "
        "rows, 4 s is frame 120; correct one, or delete the columns start_s stop_s duration_s",
    ),
    "edited by one frame": (rows(OWN, A, B.replace("120", "121")), "line 3: stop_frame 121 and"),
    "edited seconds": (
        rows(OWN, A.replace("0.0,1.666667,1.666667", "0.0,1.0,1.0"), B),
        "line 2: stop_frame 50 and stop_s 1 contradict each other",
    ),
    "edited in one row": (
        rows(OWN, B.replace("120", "130")),
        "line 2: .* contradict each other",
    ),
    "edited boundary of two bouts": (
        rows(OWN, A.replace("50", "55"), B.replace("50", "55")),
        "line 2: stop_frame 55 and stop_s 1.66667 contradict each other: at the 30 frames/s of "
        "other rows, 1.66667 s is frame 50",
    ),
    "edited duration": (
        rows(OWN, A, B.replace("2.333333", "2.5")),
        "line 3: duration_s is 2.5, but start_s and stop_s make 2.33333; correct one, or delete",
    ),
    "frames here, seconds there": (
        rows(OWN, "a,0,50,,,,", "b,,,2.0,4.0,,"),
        "line 3: tells seconds alone, other rows frames",
    ),
    "whole numbers": (
        rows("label,start,stop", "a,0,50"),
        "start and stop hold whole numbers only, which may be frames or seconds; rename the "
        "columns start_frame and stop_frame, or start_s and stop_s",
    ),
    "no stop": (rows(FRAME_HEADER, "a,5,"), "line 2: a has no start or no stop, expected both"),
    "stop before start": (rows(FRAME_HEADER, "a,5,3"), "line 2: a runs from frame 5 to 3"),
    "negative": (rows("label,start_s,stop_s", "a,-1,3.5"), "line 2: a runs from second -1 to 3.5"),
    "no name": (rows(FRAME_HEADER, ",5,7"), "line 2: has no label, expected its name"),
    "broken frame": (
        rows(FRAME_HEADER, "a,5.5,7"),
        "line 2, column start_frame: found 5.5, expected a whole number of frames",
    ),
    "no number": (rows(FRAME_HEADER, "a,x,7"), "line 2, column start_frame: found 'x', expected"),
    "clock": (
        rows("label,start_time,stop_time", "a,00:00:01,00:00:02"),
        "column start_time: found '00:00:01', expected a number",
    ),
    "short row": (rows(FRAME_HEADER, "a,5"), "line 2: has 2 cells, the header has 3"),
    "last frames called stop_frame": (
        rows(FRAME_HEADER, "a,0,49", "b,50,119"),
        "line 3: stop_frame is expected to be the first frame after a bout, but by this row it is "
        "the last one of it; add 1 to each, or rename the column last_frame",
    ),
    "bout of one frame called stop_frame": (
        rows(FRAME_HEADER, "a,7,7"),
        "line 2: stop_frame is expected to be the first frame after",
    ),
    "rows that contradict each other": (
        rows("label,start_frame,end_frame", "a,0,50", "b,50,100", "c,101,120"),
        "column end_frame: line 3 starts at the stop of the bout before, line 4 one frame later",
    ),
    "rows of both kinds": (
        rows("label,start_frame,end_frame", "a,0,50", "b,50,100", "c,107,107"),
        "column end_frame: by line 3 it is the first frame after a bout, by line 4 the last",
    ),
    "nothing tells": (
        rows("label,onset_frame,offset_frame", "a,0,50", "b,70,90"),
        "column offset_frame may hold the last frame of a bout or the first one after it",
    ),
    "two starts": (
        rows("label,start_frame,onset_frame,stop_frame", "a,0,0,50"),
        "columns start_frame and onset_frame both tell the start in frames; delete one",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_table_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    assert interval_tables.matches(text)
    with pytest.raises(InputError, match=message) as caught:
        interval_tables.read(path)
    assert str(path) in str(caught.value)


def test_channel_needs_a_column_of_subjects(tmp_path):
    with pytest.raises(InputError, match="has no column of subjects, so no channel 'm1'"):
        read(tmp_path, rows(FRAME_HEADER, "a,5,7"), channel="m1")


@pytest.mark.parametrize(
    "header",
    ["name,scored_start_s,scored_stop_s", "label,start_video,stop_video", "frame,label", "a,start"],
)
def test_other_tables_are_not_taken_for_bouts(header):
    assert not interval_tables.matches(header + "\n")


@pytest.mark.parametrize("decimals", [1, 2, 3])
@pytest.mark.parametrize("made", [np.round, np.floor])
def test_readings_that_differ_by_rounding_alone_agree(tmp_path, decimals, made):
    edges_s = np.cumsum(np.random.default_rng(0).uniform(0.5, 4, 80)).round(decimals)
    edges = made(edges_s * 29.97).astype(int)
    lines = (f"a,{edges[n]},{edges[n + 1]},{edges_s[n]},{edges_s[n + 1]}" for n in range(79))
    text = rows("label,start_frame,stop_frame,start_s,stop_s", *lines)
    assert [span[:2] for span in spans(read(tmp_path, text))] == list(pairwise(edges))


CLASSES = ["a", "b", "c"]


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=80),
    st.sampled_from([15.0, 24.0, 25.0, 29.97, 30.0, 59.94, 120.0]),
)
def test_predicted_bouts_round_trip(tmp_path_factory, predicted, fps):
    path = tmp_path_factory.mktemp("round") / "v1.bouts.csv"
    probabilities = np.eye(3, dtype=np.float32)[predicted]
    table = tabulate_bouts(TrackPrediction(probabilities, np.array(predicted)), CLASSES, fps)
    table.round(6).to_csv(path, index=False)
    (events,) = interval_tables.read(path)
    assert labels(events, len(predicted), CLASSES, fps=fps) == predicted


@given(st.lists(st.integers(0, 2), min_size=1, max_size=80), st.sampled_from([25.0, 29.97, 30.0]))
def test_predicted_seconds_alone_round_trip(tmp_path_factory, predicted, fps):
    path = tmp_path_factory.mktemp("round") / "v1.bouts.csv"
    probabilities = np.eye(3, dtype=np.float32)[predicted]
    table = tabulate_bouts(TrackPrediction(probabilities, np.array(predicted)), CLASSES, fps)
    pd.DataFrame(table[["behavior", "start_s", "stop_s"]].round(6)).to_csv(path, index=False)
    (events,) = interval_tables.read(path)
    assert labels(events, len(predicted), CLASSES, fps=fps) == predicted


@given(
    st.lists(st.integers(0, 2), min_size=3, max_size=80),
    st.integers(2, 20),
    st.data(),
)
def test_any_edited_stop_frame_is_refused(tmp_path_factory, predicted, by, data):
    path = tmp_path_factory.mktemp("round") / "v1.bouts.csv"
    probabilities = np.eye(3, dtype=np.float32)[predicted]
    table = tabulate_bouts(
        TrackPrediction(probabilities, np.array(predicted)), CLASSES, 29.97
    ).round(6)
    assume(len(table) > 1)  # frames and seconds of a single bout fit at some rate
    row = data.draw(st.integers(0, len(table) - 1))
    table.loc[row, "stop_frame"] += by
    table.to_csv(path, index=False)
    with pytest.raises(InputError, match="contradict each other"):
        interval_tables.read(path)
