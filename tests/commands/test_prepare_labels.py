"""Labels as labs have them: whose they are, in which words, at which frame."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab_files import (
    BORIS_HEADER,
    FRAMES,
    boris,
    deeplabcut,
    frame_labels,
    spans_of,
)

from mabe_lit.data import open_dataset
from mabe_lit.prepare import prepare
from mabe_lit.shell import InputError, InputWarning

A_AND_B = [(0, 50, "a"), (50, FRAMES, "b")]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    folder.mkdir()
    return folder


def put(folder: Path, **texts: str) -> None:
    """Files by name, ``__`` for the dot before the ending."""
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")


def prepared(lab: Path, *classes: str, **options: Any) -> tuple[dict[str, Any], list[str]]:
    """The labels of each recording, and the warnings."""
    output = lab.parent / "out"
    files = {"poses": str(lab), "annotations": str(lab), "output": str(output), "force": True}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepare(classes=list(classes), **files | options)
    return spans_of(output), [str(w.message) for w in caught if w.category is InputWarning]


def test_observation_over_two_videos_gives_each_its_own(lab):
    text = BORIS_HEADER
    text += boris([(1.0, 2.0, "a")], length="4;4") + boris(
        [(5.0, 6.5, "a")], medium="v2.mp4", length="4;4"
    )
    put(lab, v1DLC_net__csv=deeplabcut(), v2DLC_net__csv=deeplabcut(), v1__csv=text, v2__csv=text)
    found, told = prepared(lab, "a", background="other")
    assert found == {
        "v1": [(0, 30, "other"), (30, 60, "a"), (60, 120, "other")],
        "v2": [(0, 30, "other"), (30, 75, "a"), (75, 120, "other")],
    }
    assert told == []


def test_observation_over_videos_of_unknown_length_uses_that_of_the_tracking(lab):
    text = BORIS_HEADER + boris([(1.0, 2.0, "a")], length="NA")
    text += boris([(4.5, 6.0, "a")], medium="v2.mp4", length="NA")
    put(lab, v1DLC_net__csv=deeplabcut(), v2DLC_net__csv=deeplabcut(), all__csv=text)
    found, _ = prepared(lab, "a", background="other")
    assert found["v2"] == [(0, 15, "other"), (15, 60, "a"), (60, 120, "other")]


def test_one_export_for_all_videos_is_matched_by_the_videos_name(lab):
    text = BORIS_HEADER + boris([(1.0, 2.0, "a")], observation="x")
    text += boris([(0.5, 3.0, "a")], observation="y", medium="C:\\lab\\v2.mp4")
    put(lab, v1DLC_net__csv=deeplabcut(), v2DLC_net__csv=deeplabcut(), all_events__csv=text)
    found, _ = prepared(lab, "a", background="other")
    assert found["v1"][1] == (30, 60, "a")
    assert found["v2"][1] == (15, 90, "a")


def test_each_video_has_its_own_rate(lab):
    text = BORIS_HEADER + boris([(1.0, 2.0, "a")], fps="30.000")
    text += boris([(1.0, 2.0, "a")], medium="v2.mp4", observation="y", fps="25.000")
    put(lab, v1DLC_net__csv=deeplabcut(), v2DLC_net__csv=deeplabcut(100), all__csv=text)
    found, told = prepared(lab, "a", background="other")
    assert found["v1"][1] == (30, 60, "a")
    assert found["v2"][1] == (25, 50, "a")
    assert [recording.fps for recording in open_dataset(lab.parent / "out")] == [30.0, 25.0]
    assert told == []
    _, (line,) = prepared(lab, "a", background="other", fps=30)
    assert line == (
        "the annotation tells the frame rate, and it is taken rather than --fps 30: "
        "v2 (25 frames/s)"
    )


def test_table_of_videos_decides_before_the_annotation(lab):
    put(
        lab,
        v1DLC_net__csv=deeplabcut(200),
        v1_boris__csv=BORIS_HEADER + boris([(1.0, 2.0, "a")]),
    )
    table = lab.parent / "videos.csv"
    table.write_text("name,fps\nv1,50\n")
    found, _ = prepared(lab, "a", background="other", videos=str(table))
    assert found["v1"] == [(0, 50, "other"), (50, 100, "a"), (100, 200, "other")]


def test_project_needs_no_export(lab):
    project = {
        "project_format_version": "7.0",
        "behaviors_conf": {"0": {"code": "a", "type": "State event"}},
        "observations": {
            "x": {
                "file": {"1": ["v1.mp4", "v2.mp4"]},
                "media_info": {"length": {"v1.mp4": 4.0, "v2.mp4": 4.0}, "fps": {}},
                "events": [[1.0, "", "a", "", ""], [2.0, "", "a", "", ""], [5, "", "a", "", ""]],
            }
        },
    }
    put(lab, v1DLC_net__csv=deeplabcut(), v2DLC_net__csv=deeplabcut())
    put(lab, lab__boris=json.dumps(project))
    with pytest.raises(InputError, match=r"lab\.boris: line 3: a has a START without STOP; --open"):
        prepared(lab, "a", background="other")
    found, _ = prepared(lab, "a", background="other", open_until_end=True)
    assert found == {
        "v1": [(0, 30, "other"), (30, 60, "a"), (60, 120, "other")],
        "v2": [(0, 30, "other"), (30, 120, "a")],
    }


def test_video_that_ends_before_the_tracking_leaves_the_rest_unscored(lab):
    text = BORIS_HEADER + boris([(1.0, 2.0, "a")])
    put(lab, v1DLC_net__csv=deeplabcut(240), v1__csv=text)
    found, (line,) = prepared(lab, "a", background="other")
    assert found["v1"] == [(0, 30, "other"), (30, 60, "a"), (60, 120, "other"), (120, 240, "-")]
    assert line.startswith("the labels are of fewer frames than the tracking")


def test_two_subjects_are_taken_together_with_a_warning(lab):
    text = BORIS_HEADER + boris([(0.0, 1.0, "a")], subject="m1")
    text += boris([(2.0, 3.0, "b")], subject="m2")
    put(lab, v1DLC_net__csv=deeplabcut(), v1__csv=text)
    found, (line,) = prepared(lab, "a", "b")
    assert found["v1"] == [(0, 30, "a"), (30, 60, "-"), (60, 90, "b"), (90, 120, "-")]
    assert "such as v1 (m1, m2); they are taken together, --channel picks one" in line
    found, told = prepared(lab, "a", "b", channel="m1")
    assert found["v1"] == [(0, 30, "a"), (30, 120, "-")]
    assert not any("together" in line for line in told)


def test_every_word_is_accounted_for(lab, capsys):
    for number, word in enumerate(("attack", "Attack ", "atack", "groom"), 1):
        text = BORIS_HEADER + boris([(1.0, 2.0, word)], medium=f"v{number}.mp4")
        put(lab, **{f"v{number}DLC_net__csv": deeplabcut(), f"v{number}__csv": text})
    found, told = prepared(lab, "attack", background="other")
    learnt = [(0, 30, "other"), (30, 60, "attack"), (60, 120, "other")]
    unscored = [(0, 30, "other"), (30, 60, "-"), (60, 120, "other")]
    assert found == {"v1": learnt, "v2": learnt, "v3": unscored, "v4": unscored}
    assert told == [
        "'Attack' in the annotations is taken for class 'attack'",
        "'atack' resembles class 'attack' but is not taken for it: 1 bout of 30 frames are "
        "unscored; correct the annotations, or add it to --classes",
    ]
    printed = capsys.readouterr().out
    assert "  atack: 1 bout, 30 frames, in 1 recording\n" in printed
    assert "  groom: 1 bout, 30 frames, in 1 recording\n" in printed


def test_clip_of_a_long_video_begins_where_the_table_says(lab):
    put(lab, v1DLC_net__csv=deeplabcut(300), v1_labels__csv=frame_labels())
    table = lab.parent / "videos.csv"
    table.write_text("name,first_frame\nv1,90\n")
    found, told = prepared(lab, "a", "b", videos=str(table))
    assert found["v1"] == A_AND_B
    assert told == []
    clip = open_dataset(lab.parent / "out")[0]
    assert clip.keypoints[0, 0, 0].tolist() == [190.0, 190.0]
    found, (line,) = prepared(lab, "a", "b")
    assert found["v1"] == [*A_AND_B, (120, 300, "-")]
    assert line.endswith(
        "(--videos with first_frame says where they begin): v1 (120 of 300 frames)"
    )


def test_tracking_of_every_second_frame_is_an_error_that_says_what_would_do(lab):
    put(lab, v1DLC_net__csv=deeplabcut(60), v1_labels__csv=frame_labels())
    with pytest.raises(InputError, match=r"120 frames .* has 60 .*--fps 15 --label_fps 30"):
        prepared(lab, "a", "b")
    found, _ = prepared(lab, "a", "b", fps=15, label_fps=30)
    assert found["v1"] == [(0, 25, "a"), (25, 60, "b")]


def test_recording_without_labels_is_named_or_left_out(lab):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_labels__csv=frame_labels(), v2DLC_n__csv=deeplabcut())
    with pytest.raises(InputError, match=r"recording 'v2': no annotation file.*--skip_bad true"):
        prepared(lab, "a", "b")
    found, (line,) = prepared(lab, "a", "b", skip_bad=True)
    assert list(found) == ["v1"]
    assert line.startswith("left out: recording 'v2'")


def test_all_bad_files_are_told_each_once_or_left_out(lab):
    for number in range(1, 6):
        put(lab, **{f"v{number}DLC_net__csv": deeplabcut(), f"v{number}_l__csv": frame_labels()})
    for number in (2, 4):
        put(lab, **{f"v{number}DLC_net__csv": deeplabcut() + "120,1,2\n"})
    with pytest.raises(InputError, match=r"v2DLC_net.*line 125.*; .*v4DLC_net.*--skip_bad") as bad:
        prepared(lab, "a", "b")
    assert str(bad.value).count("v2DLC_net.csv") == 1
    found, (line,) = prepared(lab, "a", "b", skip_bad=True)
    assert list(found) == ["v1", "v3", "v5"]
    assert line.startswith("2 of 5 recordings left out: ")


def test_scored_frames_without_a_tracked_point_are_told(lab):
    put(lab, v1DLC_net__csv=deeplabcut(first=12), v1_labels__csv=frame_labels())
    _, told = prepared(lab, "a", "b")
    assert any("10.0 % of the scored frames have no tracked point" in line for line in told)


def test_labels_of_another_video_where_nothing_is_tracked_are_an_error(lab):
    put(lab, v1DLC_net__csv=deeplabcut(first=1000), v1_labels__csv=frame_labels())
    with pytest.raises(InputError, match="not one of its 120 scored frames has a tracked point"):
        prepared(lab, "a", "b")


def test_frames_are_the_same_in_the_dataset(lab):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_labels__csv=frame_labels())
    prepared(lab, "a", "b")
    recording = open_dataset(lab.parent / "out")[0]
    assert np.array_equal(recording.keypoints[:, 0, 0, 0], np.arange(FRAMES) + 100.0)


def test_rate_that_nothing_tells_is_told(lab, capsys):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_bouts__csv="behavior,start_s,stop_s\na,1.0,2.0\n")
    _, (line,) = prepared(lab, "a")
    assert line.startswith("labels are in seconds and nothing tells the frame rate; 30 frames/s is")
    assert "30 frames/s taken for 1, as no file tells; see --fps\n" in capsys.readouterr().out
    _, told = prepared(lab, "a", fps=30)
    assert told == []
    assert "as no file tells" not in capsys.readouterr().out


def test_bout_too_short_for_a_frame_is_told(lab):
    text = "behavior,start_s,stop_s\na,1.0,2.0\nb,2.5,2.51\n"
    put(lab, v1DLC_net__csv=deeplabcut(), v1_bouts__csv=text)
    _, told = prepared(lab, "a", "b", fps=30)
    assert told[0] == (
        "bouts that are too short to cover a frame are left out: v1 (1, such as b of line 3)"
    )


def test_open_state_lasts_as_long_as_somebody_watched(lab):
    rows = BORIS_HEADER + boris([(1.0, 2.0, "a")]).splitlines(keepends=True)[0]
    put(lab, v1DLC_net__csv=deeplabcut(240), v1__csv=rows)
    found, told = prepared(lab, "a", open_until_end=True)
    assert found["v1"] == [(0, 30, "-"), (30, 120, "a"), (120, 240, "-")]
    assert not any("run past" in line for line in told)


def test_clip_with_labels_from_one_asks_which_frame_that_is(lab):
    put(lab, v1DLC_net__csv=deeplabcut(300), v1_labels__csv=frame_labels(first=1))
    table = lab.parent / "videos.csv"
    table.write_text("name,first_frame\nv1.mp4,90\n")
    with pytest.raises(InputError, match=r"frame numbers begin at 1.*give --count_from 0 or 1"):
        prepared(lab, "a", "b", videos=str(table))
    found, _ = prepared(lab, "a", "b", videos=str(table), count_from=1)
    assert found["v1"] == A_AND_B


def test_label_file_that_is_bad_is_left_out_with_its_recording(lab):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_labels__csv=frame_labels())
    put(lab, v2DLC_net__csv=deeplabcut(), v2_labels__csv="frame,label\n0,a\n0,b\n")
    with pytest.raises(InputError, match=r"v2_labels\.csv: line 3: frame 0 follows frame 0"):
        prepared(lab, "a", "b")
    found, told = prepared(lab, "a", "b", skip_bad=True)
    assert list(found) == ["v1"]
    assert told[0].startswith("1 of 2 annotations left out: ")


def test_accents_are_the_same_however_they_are_composed(lab):
    text = BORIS_HEADER + boris([(1.0, 2.0, "le\u0301chage")])
    put(lab, v1DLC_net__csv=deeplabcut(), v1__csv=text)
    found, told = prepared(lab, "l\u00e9chage")
    assert found["v1"][1] == (30, 60, "l\u00e9chage")
    assert len(told) == 1


def test_export_that_a_spreadsheet_saved_has_decimal_commas(lab):
    text = (BORIS_HEADER + boris([("1,0", "2,5", "a")], length="4,0")).replace("1,0", "1:0")
    text = text.replace("2,5", "2:5").replace("4,0", "4:0").replace(",", ";").replace(":", ",")
    text = text.replace("player #1,", "player #1:")
    put(lab, v1DLC_net__csv=deeplabcut(), v1__csv=text)
    found, _ = prepared(lab, "a")
    assert found["v1"] == [(0, 30, "-"), (30, 75, "a"), (75, 120, "-")]


@pytest.mark.filterwarnings("ignore:the labels are of fewer frames")
def test_tracking_that_starts_late_is_told_also_where_it_is_refused(lab):
    put(lab, v1DLC_net__csv=deeplabcut(first=1000), v1_labels__csv=frame_labels())
    with (
        pytest.warns(InputWarning, match="--tracking_starts 0 places the first row at frame 0"),
        pytest.raises(InputError, match="not one of its 120 scored frames has a tracked point"),
    ):
        prepare(
            poses=str(lab),
            annotations=str(lab),
            classes=["a", "b"],
            output=str(lab.parent / "out"),
        )


def sleap_csv(frames: int) -> str:
    """Two animals, a row an instance."""
    rows = (
        f"track_{animal},{frame},0.9,{100 * animal + frame + 1},5,0.9,{100 * animal + frame},9,0.9"
        for frame in range(frames)
        for animal in range(2)
    )
    header = "track,frame_idx,instance.score,nose.x,nose.y,nose.score,tail.x,tail.y,tail.score"
    return "\n".join((header, *rows)) + "\n"


def test_animals_that_leave_before_the_end_do_not_shorten_the_video(lab):
    put(lab, v1__csv=sleap_csv(100), v1_labels__csv=frame_labels())
    found, (filled, lost) = prepared(lab, "a", "b")
    assert found["v1"] == A_AND_B
    assert filled.endswith("v1 (100 of 120 frames)")
    assert lost == "16.7 % of the scored frames have no tracked point"
    assert np.isnan(open_dataset(lab.parent / "out")[0].keypoints[100:]).all()
    put(lab, v1__csv=sleap_csv(60))
    with pytest.raises(InputError, match="only every second frame was tracked"):
        prepared(lab, "a", "b")


def test_number_behind_a_recordings_name_is_told(lab):
    put(lab, trial1DLC_net__csv=deeplabcut(), trial1_2_labels__csv=frame_labels())
    _, (line,) = prepared(lab, "a", "b")
    assert line.startswith("trial1_2_labels.csv is taken for the labels of 'trial1': a number")


def test_text_of_an_old_system_beside_the_files_is_no_fault(lab):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_labels__csv=frame_labels())
    (lab / "notes.txt").write_bytes(b"hello\rworld\r")
    found, (line,) = prepared(lab, "a", "b")
    assert found["v1"] == A_AND_B
    assert "neither poses nor annotations, left out: notes.txt" in line


def test_bouts_whose_frames_count_from_one_are_shifted_where_asked_for(lab):
    text = "start_frame,stop_frame,behavior\n11,41,a\n51,61,b\n"
    put(lab, v1DLC_net__csv=deeplabcut(), v1_bouts__csv=text)
    found, _ = prepared(lab, "a", "b")
    assert found["v1"][1] == (11, 41, "a")
    found, _ = prepared(lab, "a", "b", count_from=1)
    assert found["v1"][1] == (10, 40, "a")


def test_class_that_nobody_looked_for_leaves_no_background(lab):
    flags = "".join(f"{frame},{int(30 <= frame < 60)},0\n" for frame in range(FRAMES))
    put(lab, v1DLC_net__csv=deeplabcut(), v1_l__csv="frame,a,b\n" + flags)
    flags = "".join(f"{frame},{int(30 <= frame < 60)}\n" for frame in range(FRAMES))
    put(lab, v2DLC_net__csv=deeplabcut(), v2_l__csv="frame,a\n" + flags)
    found, told = prepared(lab, "a", "b", background="other")
    assert found["v1"] == [(0, 30, "other"), (30, 60, "a"), (60, 120, "other")]
    assert found["v2"] == [(0, 30, "-"), (30, 60, "a"), (60, 120, "-")]
    assert any(line.endswith("v2 (without b)") for line in told)


def test_rates_that_are_one_rate_count_frame_for_frame(lab):
    rows = "start_frame,stop_frame,start_s,stop_s,behavior\n90,105,3.0,3.5,a\n0,30,0.0,1.0,b\n"
    put(lab, v1DLC_net__csv=deeplabcut(), v1_bouts__csv=rows)
    table = lab.parent / "videos.csv"
    table.write_text("name,fps\nv1,29.97\n")
    found, _ = prepared(lab, "a", "b", videos=str(table))
    assert found["v1"] == [(0, 30, "b"), (30, 90, "-"), (90, 105, "a"), (105, 120, "-")]


def test_option_that_was_not_applied_is_told(lab):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_bouts__csv="behavior,start_frame,stop_frame\na,0,30\n")
    _, told = prepared(lab, "a", count_from=1)
    assert any("--count_from 1 was not applied" in line for line in told)
    put(lab, v1_bouts__csv="behavior,start_s,stop_s\na,0.5,1.5\n")
    _, told = prepared(lab, "a", label_fps=15, fps=30)
    assert any("--label_fps says nothing of labels that are in seconds" in line for line in told)


def test_table_of_videos_that_was_not_given_is_told(lab):
    put(lab, v1DLC_net__csv=deeplabcut(), v1_labels__csv=frame_labels())
    put(lab, videos__csv="name,fps\nv1,25\n")
    _, (line,) = prepared(lab, "a", "b")
    assert "holds videos.csv, a table of videos, which --videos reads; it was not given" in line
    _, told = prepared(lab, "a", "b", videos=str(lab / "videos.csv"))
    assert told == []
