"""Annotations of the Caltech Behavior Annotator: the frames they mean, and what is refused."""

from __future__ import annotations

import pytest
from label_files import spans, write

from mabe_lit.readers.label_formats import caltech
from mabe_lit.shell import InputError

CALTECH = """Caltech Behavior Annotator - Annotation File

Configuration file:
base\tz
attack\ta
freeze\tf

S1:\tstart\tend\ttype
-----------------------------
   \t1\t3\tbase
   \t4\t4\tattack
   \t5\t8\tbase

S2:\tstart\tend\ttype
-----------------------------
   \t1\t8\tbase
"""
ONE_CHANNEL = CALTECH.split("S2:", maxsplit=1)[0]


def read(folder, text, channel=None):
    (events,) = caltech.read(write(folder, text, "a.txt"), channel=channel)
    return events


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_caltech_counts_from_one_with_both_ends(tmp_path, newline):
    events = read(tmp_path, CALTECH.replace("\n", newline), channel="S1")
    assert events.unit == "frames"
    assert spans(events) == [(0, 3, "base"), (3, 4, "attack"), (4, 8, "base")]
    assert events.behaviors == {"base", "attack", "freeze"}


def test_only_channel_needs_no_name(tmp_path):
    assert len(read(tmp_path, ONE_CHANNEL).events) == 3


BAD = {
    "empty": ("", "is empty"),
    "several channels": (CALTECH, "has channels S1, S2; choose one with --channel"),
    "stop before start": (
        ONE_CHANNEL.replace("4\t4", "4\t3"),
        "line 11: attack runs from frame 4 to 3, expected 1 <= start <= stop",
    ),
    "frame zero": (ONE_CHANNEL.replace("1\t3", "0\t3"), "line 10: base runs from frame 0 to 3"),
    "damaged row": (ONE_CHANNEL.replace("4\t4\ta", "4\ta"), "line 11: found '4.*expected start"),
    "no block": (ONE_CHANNEL.split("S1:")[0], "has no block of intervals"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_caltech_text_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(InputError, match=message) as caught:
        caltech.read(path)
    assert str(path) in str(caught.value)


def test_channel_that_is_not_there_lists_those_that_are(tmp_path):
    with pytest.raises(InputError, match="has no channel 'S3', only S1, S2"):
        read(tmp_path, CALTECH, channel="S3")
