"""Tables of a label a row: the frames they mean, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import labels, rows, spans, write

from mabe_lit.readers import read_annotations
from mabe_lit.readers.files import read_head
from mabe_lit.readers.label_formats import frame_labels
from mabe_lit.shell import InputError, InputWarning


def read(folder, text, **options):
    (events,) = frame_labels.read(write(folder, text, **options))
    return events


def test_predicted_frames_are_frame_labels(tmp_path):
    table = "frame,time_s,predicted,p_a,p_b\n0,0.0,a,0.9,0.1\n1,0.033333,b,0.2,0.8\n"
    assert spans(read(tmp_path, table)) == [(0, 1, "a"), (1, 2, "b")]


@pytest.mark.parametrize(
    "text",
    [
        "frame,label\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "Frame Number,Behaviour\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "frame;time;behavior\n0;0;a\n1;0;a\n2;0;\n3;0;b\n5;0;b\n",
        ",label\n0,a\n1,a\n2,\n3,b\n5,b\n",
        "sep=;\nframe;label\n0;a\n1; a\n2;\n3;b \n5;b\n",
        'frame,label\n0,"a"\n1,a\n2,""\n3,b\n5,b\n\n\n',
        "label\na\na\n\nb\n\nb\n\n",
    ],
)
@pytest.mark.filterwarnings("ignore:.*have no row")
def test_frame_table_leaves_empty_and_absent_frames_unscored(tmp_path, text):
    events = read(tmp_path, text)
    assert events.behaviors == {"a", "b"}
    assert labels(events, 7, ["a", "b", "rest"], "rest") == [0, 0, -100, 1, -100, 1, -100]


def test_frames_before_the_first_row_are_unscored(tmp_path):
    events = read(tmp_path, "frame,label\n2,a\n3,b\n")
    assert labels(events, 6, ["a", "rest"], "rest") == [-100, -100, 0, -100, -100, -100]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encoding_is_told_by_its_mark(tmp_path, encoding):
    events = read(tmp_path, "frame\tlabel\r\n0\tfüttern\r\n", encoding=encoding)
    assert spans(events) == [(0, 1, "füttern")]


def test_numbers_from_one_stand_and_are_told(tmp_path):
    events = read(tmp_path, "frame,label\n1,a\n2,b\n")
    assert events.counts_from_one
    assert spans(events) == [(1, 2, "a"), (2, 3, "b")]
    assert not read(tmp_path, "frame,label\n0,a\n1,b\n").counts_from_one


@pytest.mark.parametrize(
    "text",
    [
        "time,label\n0.0,a\n0.1,a\n0.2,b\n0.4,\n",
        "time_s;behaviour\n0,0;a\n0,1;a\n0,2;b\n0,4;\n",
        "time_ms,label\n0,a\n100,a\n200,b\n400,\n",
        "label,Time [ms]\na,0\na,100\nb,200\n,400\n",
    ],
)
@pytest.mark.filterwarnings("ignore:.*times are irregular")
def test_instant_lasts_until_the_next_and_the_last_a_median_step(tmp_path, text):
    events = read(tmp_path, text)
    assert events.unit == "seconds"
    assert events.watched == pytest.approx((0.0, 0.5))
    assert [span[2] for span in spans(events)] == ["a", "b", ""]
    assert np.array([span[:2] for span in spans(events)]) == pytest.approx(
        np.array([(0.0, 0.2), (0.2, 0.4), (0.4, 0.5)])
    )


def test_whole_times_that_are_taken_for_seconds_are_told(tmp_path):
    with pytest.warns(InputWarning, match="column time holds whole numbers and is taken for seco"):
        events = read(tmp_path, "time,label\n0.0,a\n1.0,b\n")
    assert spans(events) == [(0, 1, "a"), (1, 2, "b")]


def test_hole_in_regular_times_is_told(tmp_path):
    times = [*range(20), *range(40, 60)]
    text = rows("time_s,label", *(f"{time / 10},a" for time in times))
    with pytest.warns(InputWarning, match=r"line 22: 2\.1 s lie between.*is unscored"):
        events = read(tmp_path, text)
    assert labels(events, 60, ["a"], fps=10) == [0] * 20 + [-100] * 20 + [0] * 20


@pytest.mark.parametrize("decimals", [2, 3, 4])
def test_hole_in_rounded_times_is_unscored(tmp_path, decimals):
    frames = [*range(40), *range(50, 120)]
    text = rows("time_s,label", *(f"{frame / 30:.{decimals}f},a" for frame in frames))
    with pytest.warns(InputWarning, match="line 42: .* is unscored"):
        events = read(tmp_path, text)
    assert labels(events, 120, ["a"]) == [0] * 40 + [-100] * 10 + [0] * 70


def test_times_that_begin_at_one_step_stand_and_are_told(tmp_path):
    text = rows("time_s,label", *(f"{(frame + 1) / 30:.4f},a" for frame in range(20)))
    with pytest.warns(InputWarning, match=r"begin at 0\.0333 s, one step, and are taken"):
        events = read(tmp_path, text)
    assert labels(events, 21, ["a"]) == [-100] + [0] * 20


def test_change_points_by_frame_are_told(tmp_path):
    with pytest.warns(InputWarning, match=r"117 of 120 frames \(98%\) have no row.*line 4"):
        events = read(tmp_path, "frame,label\n0,a\n50,b\n119,b\n")
    assert spans(events)[0] == (0, 1, "a")


def test_frames_that_are_thinned_are_told(tmp_path):
    text = rows("frame,label", *(f"{frame},a" for frame in range(0, 120, 2)))
    with pytest.warns(InputWarning, match=r"one frame in 2 has a row.*59 of 119 frames \(50%\)"):
        assert labels(read(tmp_path, text), 119, ["a"]) == [0, -100] * 59 + [0]


def test_absent_frames_are_told_from_5_percent_on(tmp_path):
    def lacking(count):
        kept = [*range(40), *range(40 + count, 100)]
        return rows("frame,label", *(f"{frame},a" for frame in kept))

    with pytest.warns(InputWarning, match=r"5 of 100 frames \(5%\) have no row.*before line 42"):
        read(tmp_path, lacking(5))
    assert read(tmp_path, lacking(4)).watched == (0, 100)


def test_irregular_times_are_told(tmp_path):
    text = rows("time_s,behavior", "0.5,a", "1.7,b", "2.1,a")
    with pytest.warns(InputWarning, match="each label is taken to last until the next row"):
        assert spans(read(tmp_path, text))[:2] == [(0.5, 1.7, "a"), (1.7, 2.1, "b")]


@pytest.mark.parametrize("fps", [25.0, 29.97, 30.0, 59.94, 60.0])
def test_regular_times_tell_the_rate(tmp_path, fps):
    times = [f"{frame / fps:.6f},a" for frame in range(60)]
    assert read(tmp_path, rows("time_s,label", *times)).rate == fps


def test_regular_times_that_are_rounded_too_much_tell_no_rate(tmp_path):
    times = [f"{frame / 30:.2f},a" for frame in range(60)]
    assert read(tmp_path, rows("time_s,label", *times)).rate is None


def test_times_prove_that_frame_1_is_the_first(tmp_path):
    lines = [f"{frame},{(frame - 1) / 30:.4f},{'ab'[frame > 40]}" for frame in range(1, 81)]
    events = read(tmp_path, rows("frame,time_s,label", *lines))
    assert spans(events) == [(0, 40, "a"), (40, 80, "b")]
    assert not events.counts_from_one
    assert not events.numbering


@pytest.mark.parametrize("first", [0, 1, 5])
def test_plain_frames_could_count_from_one_unless_there_is_a_0(tmp_path, first):
    text = rows("frame,label", *(f"{frame},a" for frame in range(first, 9)))
    assert read(tmp_path, text).numbering is (first > 0)
    assert not read(tmp_path, text.replace("label", "predicted")).numbering


def test_rows_without_numbers_count_from_0(tmp_path):
    assert not read(tmp_path, "label\na\nb\n").numbering


@pytest.mark.parametrize("fps", [15.0, 25.0, 29.97, 30.0, 31.25, 59.94])
def test_times_beside_frames_tell_the_rate(tmp_path, fps):
    lines = [f"{frame},{frame / fps:.6f},a" for frame in range(40)]
    assert read(tmp_path, rows("frame,time_s,label", *lines)).rate == fps
    assert read(tmp_path, rows("frame,time_s,label", *lines[:20], "20,9,a")).rate is None
    assert read(tmp_path, rows("frame,time_s,label", *lines[:20], "20,,a")).rate is None


def test_column_of_rates_tells_the_rate(tmp_path):
    assert read(tmp_path, rows("frame,label,fps", "0,a,25", "1,a,", "2,a,25.0")).rate == 25
    with pytest.raises(InputError, match="line 3, column fps: is 30, in line 2 25"):
        read(tmp_path, rows("frame,label,fps", "0,a,25", "1,a,30"))
    with pytest.raises(InputError, match="line 2, column fps: found '0', expected frames per"):
        read(tmp_path, rows("frame,label,fps", "0,a,0"))


def test_rate_by_few_rounded_times_is_none(tmp_path):
    assert read(tmp_path, rows("frame,time_s,label", "0,0.00,a", "1,0.03,a")).rate is None


LOGS = {
    "marks": ("time,behavior,event\n1.0,a,start\n2.0,a,stop\n", "column event says that beh"),
    "upper case": ("frame,behavior,state\n3,a,START\n6,a,STOP\n", "column state says that beh"),
    "of Time": ("Time,Behaviour,Event\n1.0,a,state start\n2.0,a,state stop\n", "column Event"),
    "duration": ("frame,behavior,duration\n30,a,30\n", "column duration tells the duration of"),
    "end": ("time_s,behavior,end_time\n1.0,a,2.0\n", "column end_time tells the stop of bouts"),
}


@pytest.mark.parametrize(("text", "message"), LOGS.values(), ids=LOGS.keys())
def test_log_of_events_is_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_annotations(write(tmp_path, text))


@pytest.mark.parametrize("axis", ["frame", "time_s"])
@pytest.mark.parametrize(
    ("column", "words"),
    [("light", "on off"), ("phase", "start end"), ("state", "Start Stop"), ("status", "on off")],
)
def test_column_of_marks_in_rows_of_all_frames_is_no_log(tmp_path, axis, column, words):
    places = [frame if axis == "frame" else frame / 10 for frame in range(120)]
    lines = [f"{place},{'ab'[n >= 60]},{words.split()[n >= 30]}" for n, place in enumerate(places)]
    text = rows(f"{axis},label,{column}", *lines)
    assert frame_labels.matches(text)
    assert labels(read(tmp_path, text), 120, ["a", "b"], fps=10) == [0] * 60 + [1] * 60


def test_log_of_regular_events_is_refused(tmp_path):
    lines = [f"{30 * n},a,{('start', 'stop')[n % 2]}" for n in range(20)]
    with pytest.raises(InputError, match="column phase says that behaviours start and stop"):
        read(tmp_path, rows("time_s,behavior,phase", *lines))


VIDEOS = "video,frame,behavior"


@pytest.mark.filterwarnings("ignore:.*have no row")
def test_each_video_has_its_own_frames(tmp_path):
    text = rows(VIDEOS, "v1.mp4,0,a", "v2.mp4,0,b", "v1.mp4,1,a", "v2.mp4,3,b")
    one, two = frame_labels.read(write(tmp_path, text))
    assert [medium.name for medium in (*one.media, *two.media)] == ["v1.mp4", "v2.mp4"]
    assert [one.observation, two.observation] == ["v1.mp4", "v2.mp4"]
    assert spans(one) == [(0, 2, "a")]
    assert spans(two) == [(0, 1, "b"), (1, 3, ""), (3, 4, "b")]
    assert one.behaviors == two.behaviors == {"a", "b"}


def test_labels_of_one_subject_are_chosen(tmp_path):
    text = rows("frame,subject,label", "0,m1,a", "1,m1,a", "0,m2,b", "1,m2,")
    path = write(tmp_path, text)
    (events,) = frame_labels.read(path, channel="m2")
    assert [(e.start, e.stop, e.behavior, e.subject) for e in events.events] == [
        (0, 1, "b", "m2"),
        (1, 2, "", "m2"),
    ]
    first, second = frame_labels.read(path)
    assert (first.whose, second.whose) == ({("m1", "")}, {("m2", "")})
    with pytest.raises(InputError, match="has no channel 'm3', only m1, m2"):
        frame_labels.read(path, channel="m3")


def test_subject_of_each_video_needs_no_choice(tmp_path):
    text = rows("frame,video,animal,label", "0,v1,m1,a", "0,v2,m2,b")
    one, two = frame_labels.read(write(tmp_path, text))
    assert [one.events[0].subject, two.events[0].subject] == ["m1", "m2"]
    (chosen,) = frame_labels.read(write(tmp_path, text), channel="m2")
    assert chosen.media[0].name == "v2"
    with pytest.raises(InputError, match="has no channel 'm3', only m1, m2"):
        frame_labels.read(write(tmp_path, text), channel="m3")


@pytest.mark.parametrize("other", ["predicted", "label2", "annotation"])
def test_column_of_labels_that_is_left_out_is_told(tmp_path, other):
    text = rows(f"frame,label,{other}", "0,a,a", "1,,b")
    with pytest.warns(InputWarning, match=f"taken from column label alone, not from {other}"):
        events = read(tmp_path, text)
    assert spans(events) == [(0, 1, "a"), (1, 2, "")]


def test_correction_of_a_prediction_may_differ_from_it(tmp_path):
    with pytest.warns(InputWarning, match="taken from column label alone, not from predicted"):
        events = read(tmp_path, rows("frame,predicted,label", "0,a,b", "1,b,b"))
    assert spans(events) == [(0, 2, "b")]


def test_column_of_labels_that_is_empty_is_not_told(tmp_path):
    assert spans(read(tmp_path, "frame,label,label_2\n0,a,\n")) == [(0, 1, "a")]


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        ("frame,label\n", True),
        ("time_s,label\n", True),
        ("label\n", True),
        ("label,comment\n", False),
        ("Time,Behavior,Status\n", False),
        ("scorer,net\n", False),
    ],
)
def test_table_is_known_by_its_header(head, is_one):
    assert frame_labels.matches(head) is is_one


BAD = {
    "frame twice": ("frame,label\n0,a\n0,b\n", "line 3: frame 0 follows frame 0"),
    "frame number": ("frame,label\nx,a\n", "line 2, column frame: found 'x', expected a number"),
    "broken frame": ("frame,label\n0.5,a\n", r"line 2: frame number is 0\.5, expected 0, 1, 2"),
    "negative frame": ("frame,label\n-1,a\n", "line 2: frame number is -1"),
    "cell missing": ("frame,label\n0\n", "line 2: has 1 cells, the header has 2"),
    "cell too much": ("frame,label\n0,a,b\n", "line 2: has 3 cells, the header has 2"),
    "open quote": ('frame,label\n0,"a\n1,b\n', "line 2: has a quote that does not end"),
    "no frames": ("frame,label\n", "has no frames"),
    "column twice": ("frame,label,label\n0,a,b\n", "line 1: column 'label' is there twice"),
    "time back": ("time_s,label\n0.2,a\n0.1,b\n", r"line 3: time 0\.1 follows time 0\.2"),
    "one instant": ("time_s,label\n0.2,a\n", "has one row, and so no step"),
    "whole times": (
        "time,label\n0,a\n1,b\n",
        "column time holds whole numbers only.*rename it frame, time_s or time_ms",
    ),
    "two labels": (
        rows("frame,behavior,annotation", "0,a,a", "1,a,b"),
        "line 3: behavior is 'a', but annotation is 'b'; delete or rename one",
    ),
    "no video": (rows(VIDEOS, "v1,0,a", "v1,1,a", ",2,a"), "line 4, column video: is empty"),
    "one numbering": (
        rows(VIDEOS, "v1,0,a", "v1,1,a", "v2,2,a"),
        "line 4: rows are numbered through all videos, v2 from 2 on",
    ),
    "not text": ("frame,label\n0,a\udcff\n", "line 2: is not UTF-8 text"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_table_is_named_with_its_problem(tmp_path, text, message):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=message) as caught:
        frame_labels.read(path)
    assert str(path) in str(caught.value)


def test_there_are_no_channels(tmp_path):
    with pytest.raises(InputError, match="has no channel 'S3'"):
        frame_labels.read(write(tmp_path, "frame,label\n0,a\n"), channel="S3")


@given(st.lists(st.sampled_from(["", "attack", "mount"]), min_size=1, max_size=60))
def test_frame_table_round_trip(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("round")
    text = rows("frame,label", *(f"{frame},{name}" for frame, name in enumerate(names)))
    classes = ["attack", "mount"]
    found = labels(read(folder, text), len(names), classes)
    assert [classes[label] if label >= 0 else "" for label in found] == names


@given(
    st.lists(st.sampled_from(["", "attack", "mount"]), min_size=2, max_size=60),
    st.sampled_from([5.0, 24.0, 25.0, 29.97, 30.0, 59.94]),
)
def test_time_table_round_trip(tmp_path_factory, names, fps):
    folder = tmp_path_factory.mktemp("round")
    text = rows("time_s,label", *(f"{n / fps:.4f},{name}" for n, name in enumerate(names)))
    classes = ["attack", "mount"]
    found = labels(read(folder, text), len(names), classes, fps=fps)
    assert [classes[label] if label >= 0 else "" for label in found] == names


def test_head_of_utf16_is_read(tmp_path):
    path = write(tmp_path, "frame\tlabel\n0\ta\n", encoding="utf-16")
    assert frame_labels.matches(read_head(path))
