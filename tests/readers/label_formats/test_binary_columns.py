"""Tables of a 0/1 column a behaviour: the frames they mean, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from label_files import frames_of, labels, rows, spans, write

from mabe_lit.readers.label_formats import binary_columns
from mabe_lit.shell import InputError, InputWarning


def read(folder, text):
    (events,) = binary_columns.read(write(folder, text))
    return events


def table(header: str, *columns: object) -> str:
    cells = zip(*(map(str, column) for column in columns), strict=True)
    return rows(header, *map(",".join, cells))


ATTACK = frames_of((1, 4), total=8)
MOUNT = frames_of((3, 6), total=8)
NEITHER = 1 - np.maximum(ATTACK, MOUNT)
BOTH = [(1, 4, "attack"), (3, 6, "mount")]


@pytest.mark.parametrize(
    "text",
    [
        table("frame,attack,mount", range(8), ATTACK, MOUNT),
        table("attack,mount", ATTACK, MOUNT),
        table("attack,frame,mount", ATTACK, range(8), MOUNT),
        table("frame,rater,attack,mount,comment", range(8), "abababab", ATTACK, MOUNT, "xyzxyzxy"),
        table("frame,attack,mount", range(8), ATTACK * 1.0, MOUNT == 1),
        table("frame,attack,mount", range(8), ATTACK, MOUNT).replace(",", ";"),
        table("frame,attack,mount,", range(8), ATTACK, MOUNT, [""] * 8),
    ],
)
def test_each_column_is_a_behavior_and_they_may_overlap(tmp_path, text):
    assert binary_columns.matches(text)
    events = read(tmp_path, text)
    assert spans(events) == BOTH
    assert events.watched == (0, 8)
    assert events.background is None


def test_behavior_that_never_happens_was_looked_for(tmp_path):
    events = read(tmp_path, table("frame,attack,rear", range(8), ATTACK, [0] * 8))
    assert events.behaviors == {"attack", "rear"}
    assert labels(events, 8, ["attack", "rest"], "rest") == (1 - ATTACK).tolist()


def test_column_without_any_value_was_not_looked_for(tmp_path):
    events = read(tmp_path, table("frame,attack,rear", range(8), ATTACK, [""] * 8))
    assert events.behaviors == {"attack"}
    assert labels(events, 8, ["attack", "rest"], "rest") == (1 - ATTACK).tolist()


def test_frame_with_an_empty_cell_is_no_background(tmp_path):
    text = "frame,attack,mount\n0,0,0\n1,,0\n2,,1\n3,,\n"
    events = read(tmp_path, text)
    assert labels(events, 4, ["attack", "mount", "rest"], "rest") == [2, -100, 1, -100]


def test_numbers_from_one_stand_and_are_told(tmp_path):
    events = read(tmp_path, table("frame,attack,mount", range(1, 9), ATTACK, MOUNT))
    assert events.counts_from_one
    assert spans(events) == [(start + 1, stop + 1, name) for start, stop, name in BOTH]


def test_times_are_instants_that_last_until_the_next(tmp_path):
    times = [f"{frame / 4:.2f}" for frame in range(8)]
    events = read(tmp_path, table("time_s,attack,mount", times, ATTACK, MOUNT))
    assert events.unit == "seconds"
    assert spans(events) == [(start / 4, stop / 4, name) for start, stop, name in BOTH]


def test_deepethogram_names_its_background(tmp_path):
    text = table(",background,attack,mount", range(8), NEITHER, ATTACK, MOUNT)
    events = read(tmp_path, text)
    assert events.background == "background"
    assert [span for span in spans(events) if span[2] != "background"] == BOTH
    found = labels(events, 8, ["attack", "background"], "background")
    assert found == np.where(ATTACK == 1, 0, np.where(MOUNT == 1, -100, 1)).tolist()


def test_deepethogram_frame_not_yet_labelled_is_unscored(tmp_path):
    text = ",background,attack\n0,1,0\n1,-1,-1\n2,0,1\n"
    events = read(tmp_path, text)
    assert labels(events, 3, ["attack", "background"], "background") == [1, -100, 0]


@pytest.mark.parametrize("untold", ["-1", ""])
def test_background_beside_a_cell_that_nobody_filled_is_unscored(tmp_path, untold):
    text = rows(",background,a,b", "0,1,0,0", f"1,1,0,{untold}", f"2,0,1,{untold}", "3,0,0,1")
    found = labels(read(tmp_path, text), 4, ["a", "b", "background"], "background")
    assert found == [2, -100, 0, 1]


SPEED = np.linspace(0.1, 0.9, 8).round(2)


def test_numbers_between_behaviors_hide_none_and_are_told(tmp_path):
    text = table("frame,attack,velocity,mount", range(8), ATTACK, SPEED, MOUNT)
    assert binary_columns.matches(text)
    with pytest.warns(InputWarning, match="taken for no behaviours: velocity"):
        assert spans(read(tmp_path, text)) == BOTH


@pytest.mark.parametrize("first", ["x,y", "x,y,p", "nose_x,nose_y"])
def test_measures_before_behaviors_do_not_make_a_table_simbas(tmp_path, first):
    measures = [SPEED] * len(first.split(","))
    text = table(f"frame,{first},attack,speed,mount", range(8), *measures, ATTACK, SPEED, MOUNT)
    assert binary_columns.matches(text)
    with pytest.warns(InputWarning, match="taken for no behaviours: speed"):
        assert spans(read(tmp_path, text)) == BOTH


def test_numbers_after_behaviors_are_told(tmp_path):
    text = table("frame,attack,mount,velocity", range(8), ATTACK, MOUNT, SPEED)
    assert binary_columns.matches(text)
    with pytest.warns(InputWarning, match="taken for no behaviours: velocity"):
        assert spans(read(tmp_path, text)) == BOTH


def test_column_of_rates_is_no_behavior(tmp_path):
    text = table("frame,attack,mount,fps", range(8), ATTACK, MOUNT, [25] * 8)
    assert binary_columns.matches(text)
    events = read(tmp_path, text)
    assert (spans(events), events.rate) == (BOTH, 25)


def test_measures_of_a_numbered_animal_are_no_labels():
    assert not binary_columns.matches("frame,id,x1,y1,speed\n0,1,5,6,7\n1,1,5,6,7\n")


def test_each_video_has_its_own_frames_and_columns(tmp_path):
    text = rows("video,frame,attack,rear", "v1,0,1,", "v1,1,0,", "v2,0,0,1", "v2,1,0,0")
    assert binary_columns.matches(text)
    one, two = binary_columns.read(write(tmp_path, text))
    assert [medium.name for medium in (*one.media, *two.media)] == ["v1", "v2"]
    assert (spans(one), one.behaviors) == ([(0, 1, "attack")], {"attack"})
    assert (spans(two), two.behaviors) == ([(0, 1, "rear")], {"attack", "rear"})


SIMBA = ",Nose_1_x,Nose_1_y,Nose_1_p,Movement,{features}Attack,Sniff"


def simba(features: dict[str, object] | None = None, frames: int = 8) -> str:
    features = features or {}
    noise = np.random.default_rng(0).random((frames, 2)).round(3) + 2
    header = SIMBA.format(features="".join(f"{name}," for name in features))
    pose = [range(frames), noise[:, 0], noise[:, 1], [1.0] * frames, noise[:, 0]]
    attack = frames_of((1, 4), total=frames)
    return table(header, *pose, *features.values(), attack, frames_of((3, 6), total=frames))


def test_simba_behaviors_are_the_last_columns_of_0_and_1(tmp_path):
    events = read(tmp_path, simba())
    assert spans(events) == [(1, 4, "Attack"), (3, 6, "Sniff")]
    assert events.behaviors == {"Attack", "Sniff"}


def test_simba_probability_between_behaviors_is_no_feature(tmp_path):
    header = "frame,Movement,Probability_A,A,Probability_B,B"
    columns = (range(4), [2.5] * 4, [0.5] * 4, [0, 1, 1, 0], [0.3] * 4, [1, 0, 0, 0])
    assert spans(read(tmp_path, table(header, *columns))) == [(0, 1, "B"), (1, 3, "A")]


def test_simba_feature_that_is_0_at_first_is_no_behavior(tmp_path):
    feature = [0] * 40_000 + [3.5] * 5_000
    text = simba({"Rank": feature}, frames=len(feature))
    assert text.index("3.5") > 1 << 16  # so that the head does not tell
    assert read(tmp_path, text).behaviors == {"Attack", "Sniff"}


def test_simba_column_with_few_other_numbers_is_told(tmp_path):
    feature = [0] * 45_000
    feature[44_000] = 7
    text = simba({"Odd": feature}, frames=len(feature))
    with pytest.warns(InputWarning, match=r"column 'Odd' is taken for a feature.*line 44002 has"):
        assert read(tmp_path, text).behaviors == {"Attack", "Sniff"}


@pytest.mark.parametrize(
    "head",
    [
        "scorer,net,net,net\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n0,1,1,1\n",
        "scorer,net,net,net\nbodyparts,a,a,a\ncoords,x,y,likelihood\n" + "0,1,1,1\n" * 9,
        "track,frame_idx,instance.score,nose.x,nose.y,nose.score\nt,0,1,0,0,1\nt,1,1,1,1,1\n",
        "name,first_frame\nv1,0\nv2,1\n",
        ",Nose_1_x,Nose_1_y,Nose_1_p\n0,1,1,1\n1,1,1,1\n",
        "frame,label\n0,a\n1,b\n",
        "0,1\n1,0\n",
        "frame,attack\n",
    ],
)
def test_other_tables_are_not_taken_for_labels(head):
    assert not binary_columns.matches(head)


BAD = {
    "two": ("frame,a,b\n0,0,1\n1,0,2\n2,0,0\n", "line 3, column b: found '2', expected 0, 1"),
    "word": ("frame,a,b\n0,0,1\n1,x,0\n2,0,0\n", "line 3, column a: found 'x', expected 0, 1"),
    "not labelled": ("frame,a\n0,0\n1,-1\n2,0\n", "line 3, column a: found '-1'"),
    "both": (
        ",background,a\n0,1,0\n1,1,1\n",
        "line 3: the frame is background and a behaviour as well",
    ),
    "neither": (",background,a\n0,0,0\n1,1,0\n", "line 2: the frame is neither background nor any"),
    "order": ("frame,a\n1,0\n0,1\n", "line 3: frame 0 follows frame 1"),
    "blank": ("a,b\n0,1\n\n1,0\n", "line 3: is blank, expected a frame in each line"),
    "short": ("frame,a,b\n0,0,1\n1,0\n", "line 3: has 2 cells, the header has 3"),
    "last of SimBA's": (simba().replace(",0,1\n", ",0,2\n", 1), "column Sniff: found '2'"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_table_is_named_with_its_problem(tmp_path, text, message):
    path = write(tmp_path, text)
    assert binary_columns.matches(text)
    with pytest.raises(InputError, match=message) as caught:
        binary_columns.read(path)
    assert str(path) in str(caught.value)


def test_there_are_no_channels(tmp_path):
    with pytest.raises(InputError, match="has no channel 'S3'"):
        binary_columns.read(write(tmp_path, "frame,a\n0,0\n"), channel="S3")


@given(hnp.arrays(np.int8, st.tuples(st.integers(1, 40), st.just(3)), elements=st.integers(0, 1)))
def test_columns_round_trip(tmp_path_factory, flags):
    folder = tmp_path_factory.mktemp("round")
    text = table("frame,a,b,c", range(len(flags)), *flags.T)
    events = read(folder, text)
    for column, name in zip(flags.T, "abc", strict=True):
        found = labels(events, len(flags), [name])
        assert [label == 0 for label in found] == [bool(flag) for flag in column]


@given(st.lists(st.sampled_from(["0", "1", ""]), min_size=1, max_size=40))
def test_scored_frames_round_trip(tmp_path_factory, cells):
    if not any(cells):
        cells = [*cells, "0"]
    folder = tmp_path_factory.mktemp("round")
    events = read(folder, table("frame,a", range(len(cells)), cells))
    expected = [{"1": 0, "0": 1, "": -100}[cell] for cell in cells]
    assert labels(events, len(cells), ["a", "rest"], "rest") == expected
