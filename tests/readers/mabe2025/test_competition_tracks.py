"""Labels of MABe 2025: who was looked at for what, and faults with and without their rules."""

from __future__ import annotations

import inspect

import pytest
from mabe2025_files import Folder, rows_of

from mabe_lit.prepare import prepare
from mabe_lit.readers.mabe2025 import RULES, rate_of_annotation
from mabe_lit.shell import InputError

NO = [0] * 10
UNSCORED = [-100] * 10


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "mabe")


def columns(recording):
    """Labels by track and action."""
    return {
        (track.name, action): track.labels[:, index].tolist()
        for track in recording.tracks
        for index, action in enumerate(recording.class_names)
    }


def test_labels_are_yes_no_or_nobody_looked(folder):
    recording = folder.add().one()
    assert recording.class_names == ("attack", "rear")
    assert columns(recording) == {
        ("mouse1", "attack"): UNSCORED,
        ("mouse1", "rear"): [1, 1, 0, 0, 0, 0, 0, 0, 0, 0],
        ("mouse1 to mouse2", "attack"): [0, 0, 0, 1, 1, 1, 0, 0, 0, 0],
        ("mouse1 to mouse2", "rear"): UNSCORED,
    }
    assert {track.labels.dtype.name for track in recording.tracks} == {"int8"}


@pytest.mark.parametrize(
    "labeled",
    [
        '["mouse1,mouse2,attack", "mouse1,self,rear"]',
        """["'mouse1','mouse2','attack'", "'mouse1','self','rear'"]""",
        """["mouse1,mouse2,attack","mouse1,'self','rear'"]""",
    ],
)
def test_behaviours_in_quotes_of_their_own_are_the_same(folder, labeled):
    recording = folder.add(labeled=labeled).one()
    assert [track.name for track in recording.tracks] == ["mouse1", "mouse1 to mouse2"]
    assert recording.class_names == ("attack", "rear")


def test_several_actions_may_happen_at_once_and_touch(folder):
    labeled = '["mouse2,mouse1,attack", "mouse2,mouse1,sniff"]'
    bouts = [(2, 1, "attack", 1, 3), (2, 1, "attack", 3, 4), (2, 1, "sniff", 0, 10)]
    found = columns(folder.add(labeled=labeled, bouts=bouts).one())
    assert found["mouse2 to mouse1", "attack"] == [0, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert found["mouse2 to mouse1", "sniff"] == [1] * 10


def test_classes_are_those_of_all_videos(folder):
    folder.add(number=1, labeled='["mouse1,mouse2,attack"]', bouts=[])
    folder.add(number=2, labeled='["mouse2,mouse1,sniff"]', bouts=[])
    recordings, _ = folder.read()
    first, second = (columns(recording) for recording in recordings.values())
    assert first == {
        ("mouse1 to mouse2", "attack"): NO,
        ("mouse1 to mouse2", "sniff"): UNSCORED,
    }
    assert second == {
        ("mouse2 to mouse1", "attack"): UNSCORED,
        ("mouse2 to mouse1", "sniff"): NO,
    }


def test_mice_that_are_named_without_tracking_are_told(folder):
    labeled = '["mouse1,mouse2,attack", "mouse1,mouse3,attack", "mouse4,self,rear"]'
    bouts = [(1, 2, "attack", 0, 1), (1, 3, "attack", 2, 5), (4, 4, "rear", 0, 2)]
    recordings, notes = folder.add(labeled=labeled, bouts=bouts).read()
    (recording,) = recordings.values()
    assert [track.name for track in recording.tracks] == ["mouse1 to mouse2"]
    assert recording.tracks[0].labels[:, 0].tolist() == [1] + [0] * 9
    assert notes == [
        "behaviors_labeled of 1 videos names mice that have no tracking (mouse3, mouse4), such as "
        "LyricalHare/7; what they do and what is done to them has no label track"
    ]


def test_video_in_which_no_tracked_mouse_is_looked_at_is_left_out(folder):
    folder.add(number=1).add(number=2, labeled='["mouse3,self,rear"]', bouts=[])
    recordings, notes = folder.read()
    assert list(recordings) == ["LyricalHare/1"]
    assert "1 videos left out, as no mouse that is looked at has tracking: LyricalHare/2" in notes


@pytest.mark.parametrize("empty", ["", "nan", "[]"])
def test_video_that_nobody_scored_is_left_out_unless_asked_for(folder, empty):
    folder.add(number=1).add(number=2, labeled=empty, bouts=None)
    recordings, notes = folder.read()
    assert list(recordings) == ["LyricalHare/1"]
    assert notes == ["1 videos that nobody scored are left out; --unscored true takes them"]
    recordings, notes = folder.read(unscored=True)
    assert notes == []
    found = columns(recordings["LyricalHare/2"])
    assert set(map(tuple, found.values())) == {tuple(UNSCORED)}
    names = [track.name for track in recordings["LyricalHare/2"].tracks]
    assert names == ["mouse1", "mouse1 to mouse2", "mouse2", "mouse2 to mouse1"]


def test_test_video_has_the_tracks_that_are_asked_for_unscored(tmp_path):
    recording = Folder(tmp_path / "mabe", "test").add().one()
    assert columns(recording) == dict.fromkeys(
        [(track, c) for track in ("mouse1", "mouse1 to mouse2") for c in ("attack", "rear")],
        UNSCORED,
    )


@pytest.mark.parametrize(
    ("bout", "message"),
    [
        ((5, 1, "attack", 1, 2), "row 0: agent_id is 5, expected 1 to 4"),
        ((1, 0, "attack", 1, 2), "row 0: target_id is 0, expected 1 to 4"),
        ((1, 2, "attack", -1, 2), "start_frame is -1 and stop_frame 2, expected 0 or more"),
        ((1, 2, "attack", 3, 2), "start_frame is 3 and stop_frame 2"),
        ((1, 2, None, 1, 2), "row 0: action is empty, expected a name"),
        ((1, 2, "attack", None, 2), "row 0: start_frame is empty, expected a whole number"),
    ],
)
def test_wrong_bout_is_one_line_with_its_row(folder, bout, message):
    folder.add(bouts=[bout])
    with pytest.raises(InputError, match=message) as caught:
        folder.read()
    assert str(caught.value).startswith(f"{folder.annotation}: ")
    folder.add(number=8)
    assert list(folder.read(skip_bad=True)[0]) == ["LyricalHare/8"]


# Each rule: what it makes of the fault, what it tells, and that without it the fault is refused.


def test_bout_past_the_tracking_is_cut_by_its_rule(folder):
    folder.add(bouts=[(1, 2, "attack", 8, 12), (1, 2, "attack", 11, 14)])
    recordings, notes = folder.read()
    assert columns(recordings["LyricalHare/7"])["mouse1 to mouse2", "attack"] == [0] * 8 + [1, 1]
    rule = RULES["outside_tracking"]
    assert notes == [f"outside_tracking: {rule}; 2 bouts of 1 videos, such as LyricalHare/7"]
    match = "attack from 8 to 12 lies outside of the tracking, which runs from 0 to 10; --mend out"
    with pytest.raises(InputError, match=match):
        folder.read(mend=False)


def test_bout_before_the_tracking_is_cut_by_its_rule(folder):
    folder.add(rows=rows_of(range(4, 10)), bouts=[(1, 2, "attack", 2, 6)])
    recordings, notes = folder.read(mend=["outside_tracking"])
    labels = columns(recordings["LyricalHare/7"])["mouse1 to mouse2", "attack"]
    assert labels == [-100] * 4 + [1, 1, 0, 0, 0, 0]
    assert len(notes) == 1


@pytest.mark.parametrize(("stop", "is_far"), [(40, False), (41, True)])
def test_bout_more_than_a_second_past_the_tracking_is_refused(folder, stop, is_far):
    folder.add(bouts=[(1, 2, "attack", 8, stop)])
    if is_far:
        with pytest.raises(InputError, match=r"which runs from 0 to 10, by 1\.0 s"):
            folder.read()
        with pytest.raises(InputError, match="no video is left"):
            folder.read(skip_bad=True)
    else:
        assert len(folder.read()[0]) == 1


def test_bout_without_a_frame_is_left_out_by_its_rule(folder):
    folder.add(bouts=[(1, 2, "attack", 4, 4)])
    recordings, notes = folder.read()
    assert columns(recordings["LyricalHare/7"])["mouse1 to mouse2", "attack"] == NO
    assert "empty_bouts" in notes[0]
    with pytest.raises(InputError, match="attack from 4 to 4 has no frame; --mend empty_bouts"):
        folder.read(mend=["outside_tracking"])


def test_bout_that_nobody_looked_for_is_left_out_by_its_rule(folder):
    folder.add(bouts=[(2, 1, "attack", 4, 6), (1, 2, "rear", 4, 6)])
    recordings, notes = folder.read()
    found = columns(recordings["LyricalHare/7"])
    assert ("mouse2 to mouse1", "attack") not in found
    assert found["mouse1 to mouse2", "rear"] == UNSCORED
    assert "2 bouts of 1 videos" in notes[0]
    match = "mouse2,mouse1,attack from 4 to 6 is not in its behaviors_labeled; --mend unlisted_bou"
    with pytest.raises(InputError, match=match):
        folder.read(mend=["none"])


@pytest.mark.parametrize(
    ("lab", "fps", "start", "stop"),
    [
        # Frames 12 to 24 at 30 frames/s are 0.4 to 0.8 s, at 25 frames/s frames 10 to 20.
        ("AdaptableSnail", "25.0", 10, 20),
        ("AdaptableSnail", "30.0", 12, 24),
        ("LyricalHare", "25.0", 12, 24),
    ],
)
def test_snails_of_25_frames_count_at_30(folder, lab, fps, start, stop):
    folder.add(lab, fps=fps, rows=rows_of(range(30)), bouts=[(1, 2, "attack", 12, 24)])
    recordings, notes = folder.read()
    (recording,) = recordings.values()
    labels = recording.tracks[1].labels[:, 0]
    assert labels.nonzero()[0].tolist() == list(range(start, stop))
    is_mended = start == 10
    assert [note.partition(":")[0] for note in notes] == ["snail_rate"] * is_mended
    recordings, notes = folder.read(mend=["empty_bouts"])
    assert recordings[f"{lab}/7"].tracks[1].labels[:, 0].nonzero()[0].tolist() == [*range(12, 24)]
    assert notes == []


def test_short_bout_of_a_snail_keeps_a_frame(folder):
    # Frame 2 at 30 frames/s begins at 1.67 of 25 frames/s and ends at 2.5: frame 2 alone.
    rows = rows_of(range(30))
    folder.add("AdaptableSnail", fps="25.0", rows=rows, bouts=[(1, 2, "attack", 2, 3)])
    (recording,) = folder.read()[0].values()
    assert recording.tracks[1].labels[:, 0].nonzero()[0].tolist() == [2]


def test_rate_of_annotation_is_30_for_snails_of_25_alone():
    assert rate_of_annotation("AdaptableSnail", 25.0) == 30.0
    assert rate_of_annotation("AdaptableSnail", 30.0) == 30.0
    assert rate_of_annotation("LyricalHare", 25.0) == 25.0


def test_unknown_rule_names_those_there_are(folder):
    folder.add()
    with pytest.raises(InputError, match="no rule rates; expected all, none, or any of snail"):
        folder.read(mend=["rates", "empty_bouts"])
    assert len(folder.read(mend=["all"])[0]) == 1


def test_help_of_prepare_names_all_rules():
    documentation = " ".join(inspect.getdoc(prepare).split())
    assert f"or any of {', '.join(RULES)}." in documentation
