"""Who does what to whom: labels of each animal and of pairs, from each kind of file."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab_files import (
    BORIS_HEADER,
    FRAMES,
    boris,
    deeplabcut,
    spans_of_track,
    told_by_prepare,
)

from mabe_lit.pose import Recording
from mabe_lit.readers.labels.readings import Findings
from mabe_lit.shell import InputError

THREE = ("m1", "m2", "m3")


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "v1DLC_net.csv").write_text(deeplabcut())
    return folder


def put(lab: Path, text: str, name: str = "v1.csv") -> None:
    (lab / name).write_text(text)


def of_mice(*bouts: tuple[str, str, str, float, float]) -> str:
    """A BORIS export of ``(subject, modifier, behavior, start_s, stop_s)``."""
    return BORIS_HEADER + "".join(
        boris([(start, stop, behavior)], subject=subject, modifier=modifier)
        for subject, modifier, behavior, start, stop in bouts
    )


SNIFF_AND_REAR = of_mice(
    ("m1", "m2", "sniff", 1.0, 3.0), ("m2", "", "rear", 1.5, 3.5), ("m1", "", "rear", 1.5, 2.0)
)


def names_of(recording: Recording) -> list[str]:
    return [track.name for track in recording.tracks]


def test_each_animal_and_each_pair_has_its_own_labels(lab):
    put(lab, SNIFF_AND_REAR)
    found, told = told_by_prepare(lab, "sniff", "rear", subjects="each")
    recording = found["v1"]
    assert names_of(recording) == ["m1", "m2", "m1 to m2", "m2 to m1"]
    assert spans_of_track(recording, "m1 to m2") == {"sniff": [(30, 90)]}
    assert spans_of_track(recording, "m2 to m1") == {}
    assert spans_of_track(recording, "m1") == {"rear": [(45, 60)]}
    assert spans_of_track(recording, "m2") == {"rear": [(45, 105)]}
    assert [track.looked_for for track in recording.tracks] == [("rear",)] * 2 + [("sniff",)] * 2
    assert told == [
        "labels of one class alone leave nothing to tell apart (--background NAME makes frames "
        "without a behaviour a class, --overlap allowed takes each behaviour as yes or no): v1 (of "
        "single animals: rear; of agents toward targets: sniff)"
    ]


@pytest.mark.parametrize("options", [{"background": "other"}, {"overlap": "allowed"}])
def test_classes_with_frames_without_them_are_to_be_told_apart(lab, options):
    put(lab, SNIFF_AND_REAR)
    _, told = told_by_prepare(lab, "sniff", "rear", subjects="each", **options)
    assert not any("nothing to tell apart" in line for line in told)


def test_background_is_a_class_of_every_track(lab):
    put(lab, SNIFF_AND_REAR)
    found, _ = told_by_prepare(lab, "sniff", "rear", subjects="each", background="other")
    recording = found["v1"]
    assert spans_of_track(recording, "m1") == {"rear": [(45, 60)], "other": [(0, 45), (60, 120)]}
    assert spans_of_track(recording, "m2 to m1") == {"other": [(0, 120)]}
    assert recording.tracks[0].looked_for == ("rear", "other")


def test_background_beside_what_is_done_to_another_animal_is_its_own(lab):
    """As predictions are written: rows of each animal by itself, in which nothing happens here."""
    bouts = [("m1", "", "rest", 0.0, 4.0), ("m1", "m2", "sniff", 1.0, 3.0)]
    put(lab, of_mice(*bouts))
    found, _ = told_by_prepare(lab, "sniff", "rear", subjects="each", background="rest")
    assert names_of(found["v1"]) == ["m1", "m2", "m1 to m2", "m2 to m1"]
    assert spans_of_track(found["v1"], "m1") == {"rest": [(0, 120)]}
    rest = [(0, 30), (90, 120)]
    assert spans_of_track(found["v1"], "m1 to m2") == {"sniff": [(30, 90)], "rest": rest}


def test_background_in_turn_with_what_is_done_to_another_animal_is_of_its_pairs(lab):
    bouts = [("m1", "", "rest", 0.0, 1.0), ("m1", "m2", "sniff", 1.0, 4.0)]
    put(lab, of_mice(*bouts))
    found, _ = told_by_prepare(lab, "sniff", subjects="each", background="rest")
    assert names_of(found["v1"]) == ["m1 to m2", "m2 to m1"]
    assert spans_of_track(found["v1"], "m1 to m2") == {"rest": [(0, 30)], "sniff": [(30, 120)]}


def test_pairs_in_which_nothing_but_background_happens_have_tracks(lab):
    put(lab, of_mice(("m1", "m2", "rest", 0.0, 4.0), ("m1", "", "rear", 1.0, 2.0)))
    found, _ = told_by_prepare(lab, "rear", subjects="each", background="rest")
    assert names_of(found["v1"]) == ["m1", "m2", "m1 to m2", "m2 to m1"]
    assert spans_of_track(found["v1"], "m1 to m2") == {"rest": [(0, 120)]}


def test_animals_that_do_nothing_to_each_other_have_no_pairs(lab):
    put(lab, of_mice(("m1", "", "rear", 1.5, 2.0)))
    found, _ = told_by_prepare(lab, "rear", subjects="each")
    assert names_of(found["v1"]) == ["m1", "m2"]
    assert found["v1"].tracks[0].looked_for is None


def test_labels_of_all_subjects_together_are_of_the_scene(lab):
    put(lab, SNIFF_AND_REAR)
    with pytest.raises(InputError, match=r"overlaps .*--overlap allowed.*--subjects each"):
        told_by_prepare(lab, "sniff", "rear")


def test_pairs_take_what_tells_no_target_for_toward_the_other(lab):
    put(lab, of_mice(("m1", "", "sniff", 1.0, 2.0), ("m2", "m1", "sniff", 2.0, 3.0)))
    found, (line, alone) = told_by_prepare(lab, "sniff", subjects="pairs")
    assert names_of(found["v1"]) == ["m1 to m2", "m2 to m1"]
    assert spans_of_track(found["v1"], "m1 to m2") == {"sniff": [(30, 60)]}
    assert spans_of_track(found["v1"], "m2 to m1") == {"sniff": [(60, 90)]}
    assert line == (
        "labels that tell no target are taken to be toward the other animal of two: v1 (such as "
        "sniff of line 2)"
    )
    assert alone.endswith(": v1 (of agents toward targets: sniff)")


def test_pairs_of_three_need_a_target(lab):
    (lab / "v1DLC_net.csv").write_text(deeplabcut(animals=THREE))
    put(lab, of_mice(("m1", "", "sniff", 1.0, 2.0)))
    with pytest.raises(InputError, match=r"line 2: sniff has no target.*m1, m2, m3; --subjects ea"):
        told_by_prepare(lab, "sniff", subjects="pairs")


def test_pairs_need_two_animals(lab):
    (lab / "v1DLC_net.csv").write_text(deeplabcut(animals=("m1",)))
    put(lab, of_mice(("m1", "", "sniff", 1.0, 2.0)))
    with pytest.raises(InputError, match="has one animal, animal, and so no pairs"):
        told_by_prepare(lab, "sniff", subjects="pairs")


def test_subject_that_is_no_animal_is_an_error_or_given(lab):
    put(lab, of_mice(("red", "blue", "sniff", 1.0, 2.0)))
    match = r"line 2: sniff has subject 'red', .* m1, m2; --subject_is 'red=ANIMAL'"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "sniff", subjects="each")
    found, _ = told_by_prepare(lab, "sniff", subjects="each", subject_is=["red=m2", "Blue=m1"])
    assert spans_of_track(found["v1"], "m2 to m1") == {"sniff": [(30, 60)]}
    with pytest.raises(InputError, match="no annotation has a subject or modifier 'green'"):
        told_by_prepare(lab, "sniff", subjects="each", subject_is=["green=m2"])


def test_names_of_animals_differ_by_habit(lab):
    put(lab, of_mice(("M1 ", "M2", "sniff", 1.0, 2.0)))
    found, _ = told_by_prepare(lab, "sniff", subjects="each")
    assert spans_of_track(found["v1"], "m1 to m2") == {"sniff": [(30, 60)]}


def test_labels_without_a_subject_are_the_only_animals_or_an_error(lab):
    put(lab, BORIS_HEADER + boris([(1.0, 2.0, "rear")]))
    with pytest.raises(InputError, match=r"line 2: rear has no subject.*m1, m2; --subjects scene"):
        told_by_prepare(lab, "rear", subjects="each")
    (lab / "v1DLC_net.csv").write_text(deeplabcut(animals=("m1",)))
    found, (line, _) = told_by_prepare(lab, "rear", subjects="each")
    assert spans_of_track(found["v1"], "animal") == {"rear": [(30, 60)]}
    assert line == (
        "labels that tell no subject are taken for those of the only animal: v1 (animal)"
    )


def test_behaviour_with_and_without_a_target_is_an_error(lab):
    put(lab, of_mice(("m1", "m2", "sniff", 1.0, 2.0), ("m2", "", "sniff", 2.0, 3.0)))
    with pytest.raises(InputError, match=r"line 4: sniff has no target, but in v1\.csv, line 2, "):
        told_by_prepare(lab, "sniff", subjects="each")


def test_modifiers_that_are_no_animals_say_nothing(lab):
    put(lab, of_mice(("m1", "hard|m2", "bite", 1.0, 2.0), ("m1", "high", "rear", 2.0, 3.0)))
    found, _ = told_by_prepare(lab, "bite", "rear", subjects="each")
    assert spans_of_track(found["v1"], "m1 to m2") == {"bite": [(30, 60)]}
    assert spans_of_track(found["v1"], "m1") == {"rear": [(60, 90)]}


def test_which_of_two_animals_is_the_target_is_told(lab):
    (lab / "v1DLC_net.csv").write_text(deeplabcut(animals=THREE))
    put(lab, of_mice(("m1", "m2|m3", "sniff", 1.0, 2.0)))
    with pytest.raises(InputError, match="modifiers m2 and m3, which are animals both; --target_m"):
        told_by_prepare(lab, "sniff", subjects="each")
    found, _ = told_by_prepare(lab, "sniff", subjects="each", target_modifier=2)
    assert spans_of_track(found["v1"], "m1 to m3") == {"sniff": [(30, 60)]}


def test_modifier_that_is_said_to_be_the_target_must_be_an_animal(lab):
    put(lab, of_mice(("m1", "None|m2x", "sniff", 1.0, 2.0)))
    with pytest.raises(InputError, match=r"has modifier 2 'm2x', which is none of .* m1, m2"):
        told_by_prepare(lab, "sniff", subjects="each", target_modifier=2)


def test_what_an_animal_does_to_itself_is_its_own(lab):
    put(lab, of_mice(("m1", "m1", "groom", 1.0, 2.0)))
    found, _ = told_by_prepare(lab, "groom", subjects="each")
    assert spans_of_track(found["v1"], "m1") == {"groom": [(30, 60)]}


def test_word_that_is_no_class_leaves_the_tracks_of_its_animals_unscored(lab):
    bouts = [("m1", "", "rear", 1.0, 2.0), ("m1", "", "groom", 2.0, 3.0)]
    bouts += [("m1", "m2", "sniff", 0.0, 1.0), ("No focal subject", "", "hidden", 3.0, 3.5)]
    put(lab, of_mice(*bouts))
    found, _ = told_by_prepare(lab, "rear", "sniff", subjects="each", background="other")
    other = [(0, 30), (90 + 15, 120)]
    assert spans_of_track(found["v1"], "m1") == {"rear": [(30, 60)], "other": other}
    other = [(30, 90), (105, 120)]
    assert spans_of_track(found["v1"], "m1 to m2") == {"sniff": [(0, 30)], "other": other}
    assert spans_of_track(found["v1"], "m2") == {"other": [(0, 90), (105, 120)]}


def test_class_that_never_happens_is_looked_for_in_all_tracks(lab):
    put(lab, SNIFF_AND_REAR)
    found, _ = told_by_prepare(lab, "sniff", "rear", "mate", subjects="each")
    looked_for = [track.looked_for for track in found["v1"].tracks]
    assert looked_for == [("rear", "mate")] * 2 + [("sniff", "mate")] * 2


def test_overlap_of_one_animal_is_an_error_or_allowed(lab):
    put(lab, of_mice(("m1", "m2", "sniff", 1.0, 2.0), ("m1", "m2", "follow", 1.5, 3.0)))
    match = "follow overlaps sniff at frame 45, expected one class a frame; --overlap allowed"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "sniff", "follow", subjects="each")
    options = {"subjects": "each", "overlap": "allowed"}
    found, (line,) = told_by_prepare(lab, "sniff", "follow", **options)
    assert spans_of_track(found["v1"], "m1 to m2") == {
        "sniff": [(30, 60)],
        "no sniff": [(0, 30), (60, 120)],
        "follow": [(45, 90)],
        "no follow": [(0, 45), (90, 120)],
    }
    assert line == (
        "frames without a bout of a behaviour are taken as looked at and 'no': v1 (v1.csv)"
    )


def test_own_behaviours_are_not_looked_for_in_pairs(lab):
    put(lab, SNIFF_AND_REAR)
    found, _ = told_by_prepare(lab, "sniff", "rear", subjects="each", overlap="allowed")
    assert spans_of_track(found["v1"], "m2 to m1") == {"no sniff": [(0, 120)]}
    assert set(spans_of_track(found["v1"], "m2")) == {"rear", "no rear"}


def test_bouts_with_agent_and_target_are_read_as_they_are_written(lab):
    rows = ["agent,target,behavior,start_frame,stop_frame", "m1,m2,sniff,30,90", "m2,,rear,45,105"]
    put(lab, "\n".join(rows) + "\n", "v1.bouts.csv")
    found, _ = told_by_prepare(lab, "sniff", "rear", subjects="each")
    assert spans_of_track(found["v1"], "m1 to m2") == {"sniff": [(30, 90)]}
    assert spans_of_track(found["v1"], "m2") == {"rear": [(45, 105)]}


def test_target_that_is_no_animal_is_an_error(lab):
    rows = ["agent,target,behavior,start_frame,stop_frame", "m1,box,sniff,30,90"]
    put(lab, "\n".join(rows) + "\n", "v1.bouts.csv")
    with pytest.raises(InputError, match="line 2: sniff has target 'box', which is none of"):
        told_by_prepare(lab, "sniff", subjects="each")


def frame_rows(agent: str, target: str, frames: range, label: str) -> str:
    return "".join(f"{agent},{target},{frame},{label}\n" for frame in frames)


@pytest.mark.parametrize("background", ["other", None])
def test_frame_labels_of_several_agents_are_taken_each(lab, background):
    text = "agent,target,frame,label\n" + frame_rows("m1", "m2", range(60), "sniff")
    text += frame_rows("m1", "m2", range(60, FRAMES), "other")
    text += frame_rows("m2", "", range(30, 90), "rear")
    put(lab, text, "v1.frames.csv")
    classes = ["sniff", "rear", *([] if background else ["other"])]
    found, _ = told_by_prepare(lab, *classes, subjects="each", background=background)
    recording = found["v1"]
    assert spans_of_track(recording, "m1 to m2") == {"sniff": [(0, 60)], "other": [(60, 120)]}
    assert spans_of_track(recording, "m2") == {"rear": [(30, 90)]}
    assert spans_of_track(recording, "m1") == {}  # no row is of it
    with pytest.raises(InputError, match="has channels m1 to m2, m2; choose one with --channel"):
        told_by_prepare(lab, *classes, background=background)


def test_columns_of_several_agents_are_taken_each(lab):
    rows = [f"m1,m2,{n},,{int(n < 60)}" for n in range(FRAMES)]
    rows += [f"m1,,{n},{int(n >= 90)}," for n in range(30, FRAMES)]
    put(lab, "\n".join(["agent,target,frame,rear,sniff", *rows]) + "\n", "v1_l.csv")
    found, _ = told_by_prepare(lab, "rear", "sniff", subjects="each", overlap="allowed")
    recording = found["v1"]
    expected = {"sniff": [(0, 60)], "no sniff": [(60, 120)]}
    assert spans_of_track(recording, "m1 to m2") == expected
    assert spans_of_track(recording, "m1") == {"rear": [(90, 120)], "no rear": [(30, 90)]}
    assert spans_of_track(recording, "m2") == spans_of_track(recording, "m2 to m1") == {}


def test_recordings_whose_subjects_are_unknown_are_left_out_where_asked_for(lab):
    put(lab, of_mice(("red", "", "rear", 1.0, 2.0)))
    (lab / "v2DLC_net.csv").write_text(deeplabcut())
    put(lab, of_mice(("m1", "", "rear", 1.0, 2.0)).replace("v1.mp4", "v2.mp4"), "v2.csv")
    with pytest.raises(InputError, match=r"subject 'red'.*; --skip_bad true goes on without them"):
        told_by_prepare(lab, "rear", subjects="each")
    found, (_, line) = told_by_prepare(lab, "rear", subjects="each", skip_bad=True)
    assert list(found) == ["v2"]
    assert line.startswith("1 of 2 recordings left out: ")


def test_frames_and_bouts_that_say_the_same_of_each_agent_are_one(lab):
    text = "agent,target,frame,label\n" + frame_rows("m1", "", range(FRAMES), "rear")
    text += frame_rows("m2", "", range(FRAMES), "groom")
    put(lab, text, "v1.frames.csv")
    rows = ["agent,target,behavior,start_frame,stop_frame,mean_probability"]
    rows += [f"m2,,groom,0,{FRAMES},1", f"m1,,rear,0,{FRAMES},1"]
    put(lab, "\n".join(rows) + "\n", "v1.bouts.csv")
    found, _ = told_by_prepare(lab, "rear", "groom", subjects="each")
    assert spans_of_track(found["v1"], "m2") == {"groom": [(0, FRAMES)]}
    rows[1] = f"m2,,groom,0,{FRAMES - 1},1"
    put(lab, "\n".join(rows) + "\n", "v1.bouts.csv")
    with pytest.raises(InputError, match="has 2 annotations that differ"):
        told_by_prepare(lab, "rear", "groom", subjects="each")


def flags(frames: int = FRAMES, **spans: tuple[int, int]) -> str:
    """A table of a 0/1 column a behaviour."""
    rows = (
        ",".join([str(n), *(str(int(a <= n < b)) for a, b in spans.values())])
        for n in range(frames)
    )
    return "\n".join([",".join(["frame", *spans]), *rows]) + "\n"


def test_columns_that_overlap_are_yes_or_no_each(lab):
    put(lab, flags(attack=(10, 40), mount=(30, 60)), "v1_l.csv")
    found, (line,) = told_by_prepare(lab, "attack", "mount")
    assert spans_of_track(found["v1"], "") == {
        "attack": [(10, 40)],
        "no attack": [(0, 10), (40, 120)],
        "mount": [(30, 60)],
        "no mount": [(0, 30), (60, 120)],
    }
    assert line.startswith("columns of 0 and 1 overlap, so each behaviour is taken as yes or no")
    assert line.endswith("v1 (attack and mount, line 32)")
    for options in ({"overlap": "forbidden"}, {"background": "other"}):
        with pytest.raises(InputError, match="mount overlaps attack at frame 30"):
            told_by_prepare(lab, "attack", "mount", **options)


def test_columns_that_do_not_overlap_are_one_class_a_frame(lab):
    put(lab, flags(attack=(10, 30), mount=(30, 60)), "v1_l.csv")
    found, told = told_by_prepare(lab, "attack", "mount")
    assert found["v1"].labels[[9, 10, 29, 30, 59, 60]].tolist() == [-100, 0, 0, 1, 1, -100]
    (line,) = told
    assert line.startswith("columns of 0 and 1 do not overlap, so they are taken as one class a")


def test_column_that_a_table_lacks_was_looked_for_by_nobody(lab):
    put(lab, flags(attack=(10, 40), mount=(30, 60)), "v1_l.csv")
    (lab / "v2DLC_net.csv").write_text(deeplabcut())
    put(lab, flags(attack=(10, 40)), "v2_l.csv")
    found, told = told_by_prepare(lab, "attack", "mount")
    assert set(spans_of_track(found["v2"], "")) == {"attack", "no attack"}
    assert any("has no column of a class" in t and t.endswith("v2 (without mount)") for t in told)


def test_empty_cell_of_a_column_was_looked_for_by_nobody(lab):
    text = flags(attack=(10, 40), mount=(30, 60)).replace("\n5,0,0\n", "\n5,,0\n")
    put(lab, text, "v1_l.csv")
    found, _ = told_by_prepare(lab, "attack", "mount")
    assert spans_of_track(found["v1"], "")["no attack"] == [(0, 5), (6, 10), (40, 120)]
    assert spans_of_track(found["v1"], "")["no mount"] == [(0, 30), (60, 120)]


def test_background_of_a_table_is_no_class_where_behaviours_overlap(lab):
    text = "".join(
        f"{n},{int(not 10 <= n < 60)},{int(10 <= n < 40)},{int(30 <= n < 60)}\n"
        for n in range(FRAMES)
    )
    put(lab, ",background,attack,sniff\n" + text, "v1_l.csv")
    found, _ = told_by_prepare(lab, "attack", "sniff")
    assert found["v1"].class_names == ("attack", "sniff")
    assert spans_of_track(found["v1"], "")["no attack"] == [(0, 10), (40, 120)]


def test_background_where_each_is_yes_or_no_is_an_error(lab):
    put(lab, SNIFF_AND_REAR)
    with pytest.raises(InputError, match="--background other: there is none where several"):
        told_by_prepare(lab, "sniff", "rear", overlap="allowed", background="other")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"subject_is": ["a=m1"]}, "--subject_is goes with --subjects each or pairs"),
        ({"subjects": "each", "subject_is": ["a"]}, "--subject_is a: expected NAME=ANIMAL"),
        ({"subjects": "each", "subject_is": ["a=m1", "A=m2"]}, "--subject_is: A is two animals"),
        ({"subjects": "each", "target_modifier": 0}, "--target_modifier is 0, expected 1 or more"),
    ],
)
def test_options_of_subjects_are_checked(lab, options, match):
    put(lab, SNIFF_AND_REAR)
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "rear", **options)


def test_points_that_an_animal_never_has_are_not_lost(lab):
    points = {"mouse": ("nose", "neck", "tailbase"), "single": ("front", "back")}
    columns = [(a, p, c) for a in points for p in points[a] for c in ("x", "y", "likelihood")]
    rows = [["scorer", *["net"] * len(columns)]]
    for title, level in (("individuals", 0), ("bodyparts", 1), ("coords", 2)):
        rows.append([title, *(column[level] for column in columns)])
    rows += [[str(n), *["5", "7", "0.99"] * 5] for n in range(FRAMES)]
    (lab / "v1DLC_net.csv").write_text("\n".join(",".join(row) for row in rows) + "\n")
    put(lab, of_mice(("mouse", "single", "hunt", 1.0, 2.0)))
    options = {"subjects": "each", "animals": ["mouse", "single"]}
    found, told = told_by_prepare(lab, "hunt", **options)
    recording = found["v1"]
    assert recording.has_point.tolist() == [[True] * 3 + [False] * 2, [False] * 3 + [True] * 2]
    assert recording.missing_share == 0
    assert spans_of_track(recording, "mouse to single") == {"hunt": [(30, 60)]}
    assert told[1:] == [
        "v1: animal 'mouse' has no front, back",
        "v1: animal 'single' has no nose, neck, tailbase",
    ]


def test_other_name_of_an_animal_goes_before_the_animal_that_is_called_so(lab):
    put(lab, of_mice(("m1", "m2", "sniff", 1.0, 2.0), ("M2", "", "rear", 3.0, 3.5)))
    swapped = ["m1=m2", "m2=m1"]
    found, _ = told_by_prepare(lab, "sniff", "rear", subjects="each", subject_is=swapped)
    assert spans_of_track(found["v1"], "m2 to m1") == {"sniff": [(30, 60)]}
    assert spans_of_track(found["v1"], "m1 to m2") == {}
    assert spans_of_track(found["v1"], "m1") == {"rear": [(90, 105)]}


def test_two_names_of_one_animal_in_one_recording_are_an_error(lab):
    put(lab, of_mice(("red", "", "rear", 1.0, 2.0), ("green", "", "rear", 3.0, 3.5)))
    match = r"--subject_is takes 'green' and 'red' both for m1, but both are in recording 'v1'"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "rear", subjects="each", subject_is=["red=m1", "green=m1"])


def test_other_name_beside_the_animals_own_is_told(lab):
    put(lab, of_mice(("red", "", "rear", 1.0, 2.0), ("m1", "", "rear", 3.0, 3.5)))
    found, told = told_by_prepare(lab, "rear", subjects="each", subject_is=["red=m1"])
    assert spans_of_track(found["v1"], "m1") == {"rear": [(30, 60), (90, 105)]}
    assert any("both are taken for this animal: v1 ('red' beside 'm1')" in line for line in told)


def test_modifier_that_is_a_subject_but_no_animal_is_an_error(lab):
    put(lab, of_mice(("m1", "Red", "sniff", 1.0, 2.0), ("red", "", "groom", 3.0, 3.5)))
    match = r"sniff has modifier 'Red', which is none of the animals m1, m2"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "sniff", subjects="each")


def test_modifiers_that_name_no_animal_are_told(lab):
    bouts = [("m1", "gentle", "sniff", 1.0, 2.0), ("m2", "strong", "sniff", 2.0, 3.0)]
    put(lab, of_mice(*bouts, ("m2", "left", "turn", 3.0, 3.5)))
    _, told = told_by_prepare(lab, "sniff", subjects="each")
    (line,) = [line for line in told if "modifiers are taken for no animal" in line]
    assert line.endswith(": v1 (gentle, strong)")


def test_modifier_that_no_behaviour_has_is_no_target(lab):
    put(lab, of_mice(("m1", "m2", "sniff", 1.0, 2.0)))
    match = "--target_modifier is 2, but no behaviour of the annotations has more than 1 modifier$"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "sniff", subjects="each", target_modifier=2)


@pytest.mark.parametrize("target", ["m1", "self"])
def test_pairs_take_what_an_animal_does_to_itself_for_an_error(lab, target):
    put(lab, f"behavior,start_s,stop_s,subject,target\nsniff,1.0,2.0,m1,{target}\n")
    with pytest.raises(InputError, match=r"line 2: sniff is done by m1 to itself; .* each"):
        told_by_prepare(lab, "sniff", subjects="pairs")


@pytest.mark.parametrize("channel", ["m1", ["m1"], ["m1", "m3"]])
def test_animals_that_are_not_chosen_are_unscored(lab, channel):
    (lab / "v1DLC_net.csv").write_text(deeplabcut(animals=THREE))
    bouts = [("m1", "m2", "sniff", 1.0, 2.0), ("m2", "m1", "sniff", 2.0, 3.0)]
    put(lab, of_mice(*bouts, ("m3", "m1", "sniff", 0.0, 1.0)))
    options = {"subjects": "each", "overlap": "allowed", "channel": channel}
    found, told = told_by_prepare(lab, "sniff", **options)
    no = {"no sniff": [(0, 30), (60, 120)], "sniff": [(30, 60)]}
    assert spans_of_track(found["v1"], "m1 to m2") == no
    assert spans_of_track(found["v1"], "m1 to m3") == {"no sniff": [(0, 120)]}
    assert spans_of_track(found["v1"], "m2 to m1") == {}
    of_third = {"no sniff": [(30, 120)], "sniff": [(0, 30)]} if "m3" in channel else {}
    assert spans_of_track(found["v1"], "m3 to m1") == of_third
    left = "m2" if "m3" in channel else "m2, m3"
    assert any(line.endswith(f"are unscored: v1 ({left})") for line in told)


def test_background_of_animals_that_are_not_chosen_is_unscored(lab):
    put(lab, SNIFF_AND_REAR)
    options = {"subjects": "each", "background": "other", "channel": "m2"}
    found, _ = told_by_prepare(lab, "rear", **options)
    assert spans_of_track(found["v1"], "m1") == {}
    assert spans_of_track(found["v1"], "m2") == {
        "rear": [(45, 105)],
        "other": [(0, 45), (105, 120)],
    }


def test_columns_of_predictions_whose_pairs_come_late_are_read(lab):
    """The first 64 KiB have no row of a pair, and so no probability of what is done to others."""
    frames = 900
    (lab / "v1DLC_net.csv").write_text(deeplabcut(frames, THREE))
    rows = ["frame,time_s,agent,target,sniff,rear,p_sniff,p_rear"]
    rows += [f"{n},{n / 30:.6f},{a},,,{int(n < 9)},,0.372154" for a in THREE for n in range(frames)]
    for agent in THREE:
        for target in sorted({*THREE} - {agent}):
            is_sniff = (agent, target) == ("m1", "m3")
            of_pair = (
                f"{agent},{target},{int(is_sniff and n < 60)},,0.019952," for n in range(frames)
            )
            rows += [f"{n},{n / 30:.6f},{row}" for n, row in enumerate(of_pair)]
    put(lab, "\n".join(rows) + "\n", "v1.frames.csv")
    assert sum(len(row) + 1 for row in rows[: 1 + 3 * frames]) > 1 << 16
    options = {"subjects": "each", "overlap": "allowed"}
    found, _ = told_by_prepare(lab, "sniff", "rear", **options)
    expected = {"sniff": [(0, 60)], "no sniff": [(60, 900)]}
    assert spans_of_track(found["v1"], "m1 to m3") == expected
    assert spans_of_track(found["v1"], "m3 to m1") == {"no sniff": [(0, 900)]}
    assert spans_of_track(found["v1"], "m2") == {"rear": [(0, 9)], "no rear": [(9, 900)]}


def points_of(text: str, line: int, time_s: float) -> str:
    """An export with a POINT event, at a time, copied from one of its lines."""
    lines = text.splitlines(keepends=True)
    start = [cell for cell in lines[line].split(",") if cell == "START"]
    assert start == ["START"]
    before, after = lines[line].split("START,")
    return text + before + "POINT," + f"{time_s}," + after.split(",", 1)[1]


def test_point_of_a_class_leaves_its_frame_unscored(lab):
    text = of_mice(("m1", "m2", "sniff", 1.0, 2.0), ("m1", "", "rear", 3.0, 3.5))
    put(lab, points_of(text, line=1, time_s=3.01))  # in frame 90
    found, told = told_by_prepare(lab, "sniff", "rear", subjects="each", overlap="allowed")
    of_sniff = {"sniff": [(30, 60)], "no sniff": [(0, 30), (60, 90), (91, 120)]}
    assert spans_of_track(found["v1"], "m1 to m2") == of_sniff
    assert spans_of_track(found["v1"], "m2 to m1") == {"no sniff": [(0, 120)]}
    of_rear = {"rear": [(90, 105)], "no rear": [(0, 90), (105, 120)]}
    assert spans_of_track(found["v1"], "m1") == of_rear
    assert any(
        line.endswith("1 POINT events have no duration and are left out: sniff") for line in told
    )
    assert any(line.endswith("nobody knows how long it lasts: v1 (sniff)") for line in told)


def test_point_of_another_word_leaves_nothing_unscored(lab):
    text = of_mice(("m1", "m2", "sniff", 1.0, 2.0), ("m1", "", "rear", 3.0, 3.5))
    put(lab, points_of(text, line=3, time_s=0.5))
    found, _ = told_by_prepare(lab, "sniff", subjects="each", overlap="allowed")
    of_sniff = {"sniff": [(30, 60)], "no sniff": [(0, 30), (60, 120)]}
    assert spans_of_track(found["v1"], "m1 to m2") == of_sniff


def test_point_of_one_class_a_frame_is_left_out(lab):
    text = of_mice(("m1", "m2", "sniff", 1.0, 2.0))
    put(lab, points_of(text, line=1, time_s=3.01))
    found, _ = told_by_prepare(lab, "sniff", subjects="each", background="other")
    of_sniff = {"sniff": [(30, 60)], "other": [(0, 30), (60, 120)]}
    assert spans_of_track(found["v1"], "m1 to m2") == of_sniff


def test_background_of_animals_and_pairs_that_is_taken_for_a_class_is_an_error(lab):
    text = "agent,target,frame,label\n" + frame_rows("m1", "m2", range(FRAMES), "other")
    put(lab, text + frame_rows("m1", "", range(FRAMES), "other"), "v1.frames.csv")
    with pytest.raises(InputError, match=r"other has no target.*; --background other, if it"):
        told_by_prepare(lab, "sniff", "other", subjects="each")


def test_block_of_a_mouse_that_is_not_tracked_is_told(lab):
    blocks = '{"start": 0, "end": 9, "present": true}, {"start": 20, "end": 29, "present": true}'
    put(
        lab,
        '{"file": "v1.mp4", "num_frames": 120, "labels": {"0": {"rear": [' + blocks + "]}}}",
        "v1.json",
    )
    with pytest.raises(InputError, match=r"v1\.json: block 1: rear has subject 'mouse0'"):
        told_by_prepare(lab, "rear", subjects="each")


def test_recordings_of_a_finding_are_counted_not_its_details():
    findings = Findings()
    for name, detail in (("v1", "a"), ("v1", "b"), ("v2", "a"), ("v2", "c")):
        findings.add("this was taken", name, detail)
    assert findings.lines() == ["this was taken: v1 (a; b) and 1 more recording"]


def bento(**channels: tuple[str, int, int]) -> str:
    """Channels with one bout each, of a behaviour, its first and its last frame from 1 on."""
    text = "Bento annotation file\n\nList of channels:\n" + "\n".join(channels) + "\n\n"
    return text + "".join(
        f"{name}----------\n>{behavior}\nStart\tStop\tDuration\n{first}\t{last}\t1\n\n\n"
        for name, (behavior, first, last) in channels.items()
    )


def test_channels_that_are_called_after_animals_are_theirs(lab):
    put(lab, bento(m1=("rear", 1, 30), m1_to_m2=("sniff", 31, 60), m2=("rear", 61, 90)), "v1.annot")
    options = {"subjects": "each", "overlap": "allowed", "fps": 30}
    found, _ = told_by_prepare(lab, "sniff", "rear", **options)
    assert spans_of_track(found["v1"], "m1") == {"rear": [(0, 30)], "no rear": [(30, 120)]}
    assert spans_of_track(found["v1"], "m2") == {
        "rear": [(60, 90)],
        "no rear": [(0, 60), (90, 120)],
    }
    of_pair = {"sniff": [(30, 60)], "no sniff": [(0, 30), (60, 120)]}
    assert spans_of_track(found["v1"], "m1 to m2") == of_pair
    assert spans_of_track(found["v1"], "m2 to m1") == {}  # it has no channel


def test_channels_of_other_names_of_animals_are_theirs(lab):
    put(lab, bento(red=("rear", 1, 30), red_to_m1=("sniff", 31, 60)), "v1.annot")
    options = {"subjects": "each", "overlap": "allowed", "fps": 30, "subject_is": ["red=m2"]}
    found, _ = told_by_prepare(lab, "sniff", "rear", **options)
    assert spans_of_track(found["v1"], "m2") == {"rear": [(0, 30)], "no rear": [(30, 120)]}
    assert spans_of_track(found["v1"], "m2 to m1")["sniff"] == [(30, 60)]


@pytest.mark.parametrize("names", [("m1", "Ch2"), ("m1", "M1"), ("m1_to_m2", "m1_to_m3")])
def test_channels_that_are_not_called_after_animals_are_chosen(lab, names):
    put(lab, bento(**dict.fromkeys(names, ("rear", 1, 30))), "v1.annot")
    match = f"has channels {', '.join(names)}; choose one with --channel, or several, or call each"
    with pytest.raises(InputError, match=match):
        told_by_prepare(lab, "rear", subjects="each", fps=30)


def test_channels_of_the_scene_are_chosen(lab):
    put(lab, bento(m1=("rear", 1, 30), m2=("rear", 1, 30)), "v1.annot")
    with pytest.raises(InputError, match="has channels m1, m2; choose one with --channel, or seve"):
        told_by_prepare(lab, "rear", fps=30)


def test_bout_of_no_length_leaves_its_frame_unscored(lab):
    rows = ["behavior,start_s,stop_s,subject", "rear,1.0,2.0,m1", "rear,3.01,3.01,m1"]
    put(lab, "\n".join(rows) + "\n")
    found, told = told_by_prepare(lab, "rear", subjects="each", overlap="allowed")
    of_rear = {"rear": [(30, 60)], "no rear": [(0, 30), (60, 90), (91, 120)]}
    assert spans_of_track(found["v1"], "m1") == of_rear
    assert any(line.endswith("1 bouts of no length are left out: rear") for line in told)
