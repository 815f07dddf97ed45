"""Files for Bento, parsed as its own program does, and the names that it can hold."""

import re
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mabe_lit.shell import InputWarning
from mabe_lit.writers import Prediction, TrackPrediction, bento, write_prediction


def parse_by_lines(text):
    """Bento's way: a channel's lines by place, a behaviour ended by an empty line."""
    lines = [*text.removesuffix("\n").split("\n"), ""]
    (start,) = [number for number, line in enumerate(lines) if "----------" in line]
    found, number = {}, start + 3
    behavior = lines[start + 1][1:]
    while number < len(lines):
        if lines[number]:
            found.setdefault(behavior, []).append([int(n) for n in lines[number].split("\t")])
            number += 1
        else:
            found.setdefault(behavior, [])
            behavior = lines[number + 1][1:]
            number += 3
    return lines[start][:-10], {name: rows for name, rows in found.items() if name}


def write(folder, labels, classes, background=None):
    probabilities = np.full((len(labels), len(classes)), 1 / len(classes), np.float32)
    track = TrackPrediction(probabilities, np.array(labels))
    prediction = Prediction("m", [track], classes, 29.97, background)
    (file,) = write_prediction(folder, prediction, ["bento"])
    return file.read_text()


def test_rows_are_frames_from_one_with_both_ends_and_their_number(tmp_path):
    text = write(tmp_path, [0, 0, 2, 1, 0], ["attack", "mount", "rest"], "rest")
    assert parse_by_lines(text) == ("Ch1", {"attack": [[1, 2, 2], [5, 5, 1]], "mount": [[4, 4, 1]]})


def test_behaviour_that_never_happens_has_an_empty_block(tmp_path):
    text = write(tmp_path, [1, 1], ["attack", "mount", "rest"], "rest")
    assert parse_by_lines(text) == ("Ch1", {"attack": [], "mount": [[1, 2, 2]]})
    text = write(tmp_path, [0, 2], ["attack", "mount", "rest"], "rest")
    assert parse_by_lines(text) == ("Ch1", {"attack": [[1, 1, 1]], "mount": []})


def test_head_tells_range_rate_channels_and_names(tmp_path):
    head = write(tmp_path, [0, 1], ["attack", "rest"], "rest").split("Ch1-----")[0]
    assert head.startswith("Bento annotation file\nMovie file(s): m.mp4\n\n")
    for line in ("start frame: 1", "stop frame: 2", "framerate: 29.97"):
        assert f"\nAnnotation {line}\n" in head
    assert "\nList of channels:\nCh1\n\nList of annotations:\nattack\n\n" in head


def test_names_that_bento_can_hold_stay_and_are_no_news():
    names = ["attack", "mount_2", "X" * 63]
    assert bento.bento_names(names) == {name: name for name in names}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        bento.check(names)


def test_other_names_are_replaced_and_told():
    with pytest.warns(InputWarning, match="'social contact' is written as social_contact, 'évas"):
        bento.check(["attack", "social contact", "évasion"])
    names = bento.bento_names(["a b", "a_b", "a-b", "évasion", "2nd", "攻撃", "\n"])
    assert names["a_b"] == "a_b"
    assert names["a b"] == "a_b_2"
    assert names["a-b"] == "a_b_3"
    assert names["évasion"] == "evasion"
    assert names["2nd"] == "behavior_2nd"


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=8))
def test_names_are_matlab_variables_and_no_two_alike(behaviors):
    names = bento.bento_names(behaviors)
    assert list(names) == behaviors
    assert len(set(names.values())) == len(behaviors)
    assert all(re.fullmatch(r"[A-Za-z]\w{0,62}", name, re.ASCII) for name in names.values())
