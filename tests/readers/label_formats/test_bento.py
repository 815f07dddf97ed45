"""Annotations of Bento and MARS: the frames or seconds they mean, and what is refused."""

from __future__ import annotations

import math

import pytest
from label_files import labels, spans, write

from mabe_lit.readers.label_formats import bento
from mabe_lit.shell import InputError

BENTO = """Bento annotation file
Movie file(s): a.avi

Stimulus name: male
Annotation start frame: 1
Annotation stop frame: 100
Annotation framerate: 30.000000

List of channels:
Ch1

List of annotations:
attack
mount

Ch1----------
>attack
Start\tStop\tDuration
1\t3\t3
10\t10\t1

>mount
Start\tStop\tDuration
"""


def read(folder, text, channel=None):
    (events,) = bento.read(write(folder, text, "a.annot"), channel=channel)
    return events


def test_whole_numbers_are_frames_from_one(tmp_path):
    events = read(tmp_path, BENTO)
    assert events.unit == "frames"
    assert spans(events) == [(0, 3, "attack"), (9, 10, "attack")]
    assert events.behaviors == {"attack", "mount"}
    assert events.rate == 30


def test_channel_is_named_without_its_rule(tmp_path):
    two = BENTO + "\n--my-Ch2 ---------\n>mount\n5\t6\t2\n"
    assert spans(read(tmp_path, two, "Ch1")) == [(0, 3, "attack"), (9, 10, "attack")]
    assert spans(read(tmp_path, two, "--my-Ch2")) == [(4, 6, "mount")]


def test_decimal_numbers_are_seconds(tmp_path):
    text = BENTO.replace("1\t3\t3", "0.1\t0.2\t0.1").replace("10\t10\t1", "1.0\t2.0\t1.0")
    events = read(tmp_path, text)
    assert events.unit == "seconds"
    assert spans(events) == [(0.1, 0.2, "attack"), (1.0, 2.0, "attack")]
    assert events.rate is None


def test_whole_seconds_among_decimals_are_seconds(tmp_path):
    text = BENTO.replace("1\t3\t3", "1.5\t2.5\t1").replace("10\t10\t1", "12\t14\t2")
    assert spans(read(tmp_path, text)) == [(1.5, 2.5, "attack"), (12, 14, "attack")]


SECONDS = BENTO.replace("1\t3\t3", "0.1\t0.2\t0.1").replace("10\t10\t1", "0.3\t0.3\t0.0")


def with_settings(text: str, *lines: str) -> str:
    head, rest = text.split("Annotation start frame")
    rest = rest.split("framerate: 30.000000\n")[1]
    return head + "".join(f"Annotation {line}\n" for line in lines) + rest


@pytest.mark.parametrize(
    ("lines", "fps"),
    [
        (("start frame: 2", "stop frame: 11", "framerate: 30"), 30),
        (("start frame: 3", "stop frame: 22", "framerate: 60"), 30),
        (("start time: 0.0333", "stop time: 0.3667", "framerate: 0"), 30),
    ],
)
def test_what_was_not_annotated_is_unscored(tmp_path, lines, fps):
    events = read(tmp_path, with_settings(SECONDS, *lines))
    found = labels(events, 13, ["attack", "rest"], "rest", fps=fps)
    assert found == [-100, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, -100, -100]


@pytest.mark.parametrize(
    ("lines", "watched", "rate"),
    [
        (("start frame: 2", "stop frame: 11", "framerate: 30"), (1, 11), 30),
        (("start time: 0.5", "stop time: 2", "framerate: 30"), (15, 60), 30),
        (("framerate: 0",), (0, math.inf), None),
        ((), (0, math.inf), None),
    ],
)
def test_frames_are_watched_from_start_to_stop(tmp_path, lines, watched, rate):
    events = read(tmp_path, with_settings(BENTO, *lines))
    assert events.watched == watched
    assert events.rate == rate


BAD = {
    "stop before start": (BENTO.replace("1\t3\t3", "5\t3\t3"), "line 19: attack runs from 5"),
    "damaged row": (BENTO.replace("1\t3\t3", "1"), "line 19: found '1', expected start"),
    "no behavior": (BENTO.replace(">attack\n", ""), "line 18: an interval without a behav"),
    "no rate": (BENTO.replace("30.0", "fast"), "line 7: found .*fast.*expected a number"),
    "no channel": (BENTO.split("Ch1---")[0], "has no channel: expected a line such as"),
    "start of another unit": (
        with_settings(SECONDS, "start frame: 2", "stop frame: 9"),
        "counts seconds, but tells its start or stop as frame and no framerate",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_bento_text_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        bento.read(path)
    assert str(path) in str(caught.value)


def test_channel_that_is_not_there_lists_those_that_are(tmp_path):
    with pytest.raises(InputError, match="has no channel 'S3', only Ch1"):
        read(tmp_path, BENTO, channel="S3")
