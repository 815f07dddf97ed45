"""The submission of MABe 2025, and what its check tells."""

import csv

import numpy as np
import pytest

from mabe_lit.pose.mabe2025_labels import parse_labeled
from mabe_lit.shell import InputError
from mabe_lit.writers.mabe2025 import PairActions, write_submission
from mabe_lit.writers.mabe2025_check import check_submission, read_looked_for

CLASSES = ("attack", "mount", "rear")
LOOKED_FOR = {
    7: parse_labeled('["mouse1,mouse2,attack", "mouse1,mouse2,mount", "mouse1,self,rear"]'),
    9: parse_labeled('["mouse1,mouse2,attack", "mouse3,mouse1,attack"]'),
}
HEADER = "row_id,video_id,agent_id,target_id,action,start_frame,stop_frame"


@pytest.fixture
def videos_csv(tmp_path):
    file = tmp_path / "test.csv"
    with file.open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(["lab_id", "video_id", "behaviors_labeled"])
        for video, labeled in LOOKED_FOR.items():
            quoted = ", ".join(f"\"'{a}','{t}','{action}'\"" for a, t, action in labeled)
            writer.writerow(["one", video, f"[{quoted}]"])
        writer.writerow(["one", 8, ""])
    return file


def pair(video=7, agent=1, target=2, actions=(-1, 0, 0, 1, -1), first_frame=0):
    return PairActions(video, agent, target, np.array(actions), first_frame)


def test_submission_has_a_row_a_bout(tmp_path):
    pairs = [
        pair(first_frame=100),
        pair(target="self", actions=[2, 2, -1, -1, 2]),
        pair(video=9, agent="mouse3", target="mouse1", actions=[0]),
    ]
    assert write_submission(tmp_path / "new" / "s.csv", pairs, CLASSES, LOOKED_FOR) == 5
    assert (tmp_path / "new" / "s.csv").read_text().splitlines() == [
        HEADER,
        "0,7,mouse1,mouse2,attack,101,103",
        "1,7,mouse1,mouse2,mount,103,104",
        "2,7,mouse1,self,rear,0,2",
        "3,7,mouse1,self,rear,4,5",
        "4,9,mouse3,mouse1,attack,0,1",
    ]


def test_submission_that_was_written_has_no_fault(tmp_path, videos_csv):
    rng = np.random.default_rng(0)
    pairs = [
        pair(actions=rng.integers(-1, 2, 200), first_frame=5),
        pair(agent="mouse1", target="mouse1", actions=np.where(rng.random(200) < 0.5, 2, -1)),
        pair(video=9, actions=rng.integers(-1, 1, 50)),
    ]
    write_submission(tmp_path / "s.csv", pairs, CLASSES, LOOKED_FOR)
    mice = {7: ("mouse1", "mouse2"), 9: ("mouse1", "mouse2")}
    assert check_submission(tmp_path / "s.csv", videos_csv, mice) == []


def test_bouts_that_nobody_looked_for_are_left_out_with_a_warning(tmp_path):
    pairs = [pair(), pair(video=9)]
    with pytest.warns(UserWarning, match="1 bouts .*: mount of mouse1 to mouse2 in video 9"):
        write_submission(tmp_path / "s.csv", pairs, CLASSES, LOOKED_FOR)
    assert (tmp_path / "s.csv").read_text().count("\n") == 4


def test_submission_of_nothing_is_refused_and_leaves_the_earlier_one(tmp_path):
    (tmp_path / "s.csv").write_text("earlier")
    with pytest.raises(InputError, match="nothing is predicted, expected at least one bout"):
        write_submission(tmp_path / "s.csv", [pair(actions=[-1])], CLASSES, LOOKED_FOR)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["earlier"]


def test_pair_that_comes_twice_is_refused(tmp_path):
    with pytest.raises(ValueError, match="'mouse1', 'mouse2'\\) twice"):
        write_submission(tmp_path / "s.csv", [pair(), pair(agent="mouse1")], CLASSES, LOOKED_FOR)


@pytest.mark.parametrize("label", [-2, 3])
def test_action_without_a_name_is_refused(tmp_path, label):
    with pytest.raises(ValueError, match=f"from -1 to 2 but got {label}"):
        write_submission(tmp_path / "s.csv", [pair(actions=[label])], CLASSES, LOOKED_FOR)


@pytest.fixture
def check(tmp_path, videos_csv):
    """Faults of rows as text; ``row_id`` is put before them."""

    def checked(*rows, header=HEADER, mice=None):
        numbered = [f"{number},{row}" for number, row in enumerate(rows)]
        (tmp_path / "s.csv").write_text("\n".join([header, *numbered, ""]))
        return [str(fault) for fault in check_submission(tmp_path / "s.csv", tmp_path, mice)]

    return checked


GOOD = "7,mouse1,mouse2,attack,0,10"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("7,mouse1,mouse2,mount,0,10", "refused: rows 0, 1: two actions of one pair in a frame void"
         " it all (first: 0 and 1: mouse1 does both attack and mount to mouse2 in frame 0 of video"
         " 7)"),
        ("7,mouse1,mouse2,mount,10,10", "doubtful: row 1: start_frame is stop_frame: no frame, but "
         "its action counts as predicted (first: mount at 10 in video 7)"),
        ("7,mouse1,mouse2,mount,11,10", "refused: row 1: start_frame is after stop_frame (first: 11"
         " and 10)"),
        ("7,mouse1,mouse2,mount,10.0,12", "refused: row 1: start_frame is no whole number (first: "
         "'10.0')"),
        ("7,mouse1,mouse2,mount,10,9999999999", "refused: row 1: stop_frame is no frame of a video "
         "(first: '9999999999')"),
        ("7,mouse1,mouse2,mount,10,nan", "refused: row 1: stop_frame is empty (first: 'nan')"),
        ("x,mouse1,mouse2,mount,10,12", "refused: row 1: video_id is no whole number (first: 'x')"),
        ("7,mouse1,mouse2,,10,12", "refused: row 1: action is empty (first: '')"),
        ("77,mouse1,mouse2,attack,10,12", "ignored: row 1: the video is not in test.csv (first: "
         "77)"),
        ("7,1,2,attack,10,12", "ignored: row 1: mice are written mouse1, mouse2, ... and self "
         "(first: '1' to '2', expected mouse1 to mouse2)"),
        ("7,mouse1,mouse1,rear,10,12", "ignored: row 1: mice are written mouse1, mouse2, ... and "
         "self (first: 'mouse1' to 'mouse1', expected mouse1 to self)"),
        ("7,self,mouse1,rear,10,12", "ignored: row 1: agent_id or target_id is no mouse (first: "
         "'self' to 'mouse1')"),
        ("7,mouse1,mouse2,atack,10,12", "ignored: row 1: nobody looked for the action in any video "
         "(first: 'atack', perhaps attack)"),
        ("7,mouse4,mouse2,attack,10,12", "ignored: row 1: the mouse is not in its video (first: "
         "mouse4 in video 7)"),
        ("7,mouse2,mouse1,attack,10,12", "ignored: row 1: nobody looked for the action of this pair"
         " in its video (first: attack of mouse2 to mouse1 in video 7)"),
        ("8,mouse1,self,rear,10,12", "ignored: row 1: the mouse is not in its video (first: mouse1"
         " in video 8)"),
    ],
)  # fmt: skip
def test_check_tells_what_is_wrong_with_a_row(check, row, fault):
    assert check(GOOD, row) == [fault]


def test_check_has_nothing_to_tell_of_a_good_submission(check):
    touching = "7,mouse1,mouse2,mount,10,20"
    assert check(GOOD, touching, "7,mouse1,self,rear,-5,10", GOOD.replace("7", "9", 1)) == []


@pytest.mark.parametrize("row", [GOOD, "7,mouse1,mouse2,attack,9,12"])
def test_check_tells_of_frames_that_are_repeated(check, row):
    start, stop = row.split(",")[-2:]
    assert check("9,mouse1,mouse2,attack,0,10", GOOD, row) == [
        "doubtful: row 2: frames of another row of the same action and pair again; they count once "
        f"(first: attack of mouse1 to mouse2 in {start} to {stop} of video 7)"
    ]
    assert check(GOOD, "7,mouse1,mouse2,attack,10,12") == []


def test_check_tells_of_mice_without_a_track(check):
    row = "9,mouse3,mouse1,attack,0,10"
    assert check(row) == []
    assert check(row, mice={9: ("mouse1", "mouse2")}) == [
        "doubtful: row 0: the mouse has no track in its video (first: mouse3 in video 9)"
    ]


def test_conflict_with_a_row_that_does_not_count_is_none(check):
    (fault,) = check("9,mouse1,mouse2,attack,0,10", "9,mouse1,mouse2,mount,0,10")
    assert fault.startswith("ignored: row 1: nobody looked for the action of this pair")


def test_check_tells_each_fault_once_and_the_worst_first(check):
    late = "7,mouse1,mouse2,mount,20,20"
    rows = [late, *["77,mouse1,self,rear,0,1"] * 7, "7,mouse1,mouse2,mount,5,4"]
    assert [fault.partition(" (")[0] for fault in check(*rows)] == [
        "refused: row 8: start_frame is after stop_frame",
        "ignored: rows 1, 2, 3, 4, 5 and 2 more: the video is not in test.csv",
        "doubtful: row 0: start_frame is stop_frame: no frame, but its action counts as predicted",
    ]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", [f"refused: column {HEADER.replace(',', ', ')} is missing", "refused: there are no"]),
        (HEADER, ["refused: there are no rows, expected a row a bout"]),
        (f"{HEADER[7:]}\n{GOOD}", ["refused: column row_id is missing, expected row_id, video_"]),
        (f"{HEADER},p\n0,{GOOD},1", ["doubtful: column 'p' is unknown, expected row_id, video_id"]),
        (f"{HEADER},action\n0,{GOOD},a", ["refused: column action is there twice, expected row"]),
        (f"{HEADER}\n0,{GOOD},1", ["refused: row 0: not as many cells as the header, which has"]),
        (f"{HEADER}\n1,{GOOD}", ["refused: row 0: row_id does not count 0, 1, 2, ... (first: '1'"]),
    ],
    ids=["empty", "header", "missing", "extra", "twice", "cells", "row_id"],
)  # fmt: skip
def test_check_tells_what_is_wrong_with_the_table(tmp_path, videos_csv, text, faults):
    (tmp_path / "s.csv").write_text(text)
    found = [str(fault) for fault in check_submission(tmp_path / "s.csv", videos_csv)]
    assert [one[: len(other)] for one, other in zip(found, faults, strict=True)] == faults


def test_looked_for_is_read_from_a_file_or_its_folder(tmp_path, videos_csv):
    assert read_looked_for(videos_csv) == read_looked_for(tmp_path) == {**LOOKED_FOR, 8: ()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file"),
        ("video_id,lab\n7,one\n", "column behaviors_labeled is missing, found video_id, lab"),
        ("video_id,behaviors_labeled\nx,\n", "row 0, video_id: found 'x', expected a whole number"),
        ("video_id,behaviors_labeled\n7,rear\n", "row 0, behaviors_labeled: found 'rear', expect"),
        ("video_id,behaviors_labeled\n7\n", "row 0: has 1 cells, the header has 2"),
    ],
)
def test_table_of_videos_that_is_wrong_is_refused(tmp_path, text, message):
    if text is not None:
        (tmp_path / "test.csv").write_text(text)
    with pytest.raises(InputError, match=f"test.csv: {message}"):
        read_looked_for(tmp_path / "test.csv")
