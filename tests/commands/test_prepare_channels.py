"""Several channels of an annotation, each watched for behaviours of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import deeplabcut, spans_of_track, told_by_prepare

from mabe_lit.shell import InputError

ALLOWED = {"channel": ["S1", "S2"], "overlap": "allowed"}
NO = "frames without a bout of a behaviour are taken as looked at and 'no'"
WORDS = "where words stand that are not among --classes, nobody is taken to have looked"


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    folder.mkdir()
    return folder


def caltech(**channels: list[tuple[int, int, str]]) -> str:
    """Blocks of rows ``first, last, type``, frames from 1."""
    blocks = (
        f"{name}:\tstart\tend\ttype\n-----\n" + "".join(f"\t{a}\t{b}\t{t}\n" for a, b, t in rows)
        for name, rows in channels.items()
    )
    head = "Caltech Behavior Annotator - Annotation File\n\nConfiguration file:\nbase\tz\n\n"
    return head + "\n".join(blocks)


def put(lab: Path, name: str, text: str, frames: int = 120) -> None:
    (lab / f"{name}DLC_net.csv").write_text(deeplabcut(frames))
    (lab / f"{name}_annot.txt").write_text(text)


SOCIAL = [(1, 30, "base"), (31, 90, "social"), (91, 120, "base")]
THREAT = [(1, 40, "base"), (41, 60, "threat"), (61, 120, "base")]


def test_behaviours_of_two_channels_happen_at_once(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    found, told = told_by_prepare(lab, "social", "threat", **ALLOWED, none_words=["S2=base"])
    assert spans_of_track(found["v1"], "") == {
        "social": [(30, 90)],
        "threat": [(40, 60)],
        "no threat": [(0, 40), (60, 120)],
    }
    assert [line.split(" (")[0] for line in told] == [
        f"{NO}: v1",
        "where words stand that are not among --classes, nobody is taken to have looked for the "
        "behaviours of their channel",
    ]
    assert told[1].endswith(": v1 (S1=base)")


def test_word_that_is_no_class_hides_the_behaviours_of_its_channel_alone(lab):
    put(lab, "v1", caltech(S1=[(1, 30, "base"), (61, 90, "social")], S2=[(11, 20, "threat")]))
    found, _ = told_by_prepare(lab, "social", "threat", **ALLOWED)
    spans = spans_of_track(found["v1"], "")
    assert spans["no social"] == [(30, 60), (90, 120)]
    assert spans["no threat"] == [(0, 10), (20, 120)]


def test_channel_that_a_recording_lacks_was_watched_by_nobody(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    put(lab, "v2", caltech(S1=SOCIAL))
    put(lab, "v3", caltech(S1=SOCIAL))
    found, told = told_by_prepare(lab, "social", "threat", **ALLOWED, none_words=["base"])
    assert spans_of_track(found["v2"], "") == {
        "social": [(30, 90)],
        "no social": [(0, 30), (90, 120)],
    }
    assert told[1] == (
        "a channel is not in the file, so nobody looked for its behaviours: v2 (without S2: "
        "threat) and 1 more recording"
    )


def test_channel_without_bouts_was_watched(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    put(lab, "v2", caltech(S1=SOCIAL, S2=[]))
    found, _ = told_by_prepare(lab, "social", "threat", **ALLOWED)
    assert spans_of_track(found["v2"], "")["no threat"] == [(0, 120)]


def test_recording_with_none_of_the_channels_is_an_error(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    put(lab, "v2", caltech(S3=SOCIAL))
    with pytest.raises(InputError, match=r"v2_annot\.txt: has no channel 'S1', only S3"):
        told_by_prepare(lab, "social", "threat", **ALLOWED)


def test_channel_that_no_recording_has_is_an_error(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    with pytest.raises(InputError, match="--channel: no annotation has S3, S4"):
        told_by_prepare(lab, "social", channel=["S1", "S3", "S4"])


def test_channels_that_exclude_each_other_are_one_class_a_frame(lab):
    put(lab, "v1", caltech(S1=[(31, 60, "social")], S2=[(61, 90, "threat")]))
    put(lab, "v2", caltech(S1=[(31, 60, "social")]))
    options = {"channel": ["S1", "S2"], "background": "other"}
    found, (line,) = told_by_prepare(lab, "social", "threat", **options)
    spans = {"social": [(30, 60)], "threat": [(60, 90)], "other": [(0, 30), (90, 120)]}
    assert spans_of_track(found["v1"], "") == spans
    assert spans_of_track(found["v2"], "") == {"social": [(30, 60)]}
    assert found["v2"].tracks[0].looked_for == ("social", "other")
    assert "so frames without a behaviour are unscored and not 'other'" in line
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    with pytest.raises(InputError, match="threat overlaps social at frame 40"):
        told_by_prepare(lab, "social", "threat", **options)


def test_channels_of_bento_are_read_together(lab):
    text = "Bento annotation file\n\nList of channels:\nCh1\nCh2\n\n"
    text += "Ch1----------\n>attack\nStart\tStop\tDuration\n31\t60\t30\n\n"
    text += "Ch2----------\n>mount\nStart\tStop\tDuration\n46\t90\t45\n"
    put(lab, "v1", text)
    options = {"channel": ["Ch1", "Ch2"], "overlap": "allowed", "fps": 30}
    found, _ = told_by_prepare(lab, "attack", "mount", **options)
    assert spans_of_track(found["v1"], "") == {
        "attack": [(30, 60)],
        "no attack": [(0, 30), (60, 120)],
        "mount": [(45, 90)],
        "no mount": [(0, 45), (90, 120)],
    }


@pytest.mark.parametrize(
    ("word", "match"),
    [
        ("S3=base", r"--none_words S3=base: no annotation has it in channel 'S3' \(none\)"),
        ("rest", r"--none_words rest: no annotation has it \(base, social, threat\)"),
        ("social", "--none_words social: is one of --classes"),
    ],
)
def test_none_words_are_checked(lab, word, match):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "social", "threat", **ALLOWED, none_words=[word])


def test_none_words_say_nothing_of_one_class_a_frame(lab):
    put(lab, "v1", caltech(S1=SOCIAL))
    with pytest.raises(InputError, match="--none_words says nothing where behaviours exclude"):
        told_by_prepare(lab, "social", none_words=["base"])


def test_class_of_a_channel_that_is_not_chosen_is_an_error(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    match = "^--channel: class 'threat' is only in channel S2, which is not chosen"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "social", "threat", channel="S1")


def test_class_of_one_file_in_a_channel_that_is_chosen_in_another_is_none(lab):
    put(lab, "v1", caltech(S1=SOCIAL, S2=THREAT))
    put(lab, "v2", caltech(S1=[(1, 10, "threat")]))
    found, _ = told_by_prepare(lab, "social", "threat", channel="S1")
    assert spans_of_track(found["v2"], "") == {"threat": [(0, 10)]}
