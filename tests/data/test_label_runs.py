"""Labels as runs: nothing is lost, and what is asked of them is what the frames say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mabe_lit import UNSCORED
from mabe_lit.data import label_runs
from mabe_lit.data.label_runs import LabelRuns, runs_of
from mabe_lit.shell import InputError

CLASSES = 3


def held(values, shape):
    """Each of few values, for a few frames."""
    return arrays.arrays(np.int16, shape, elements=st.sampled_from(values))


@st.composite
def exclusive_tracks(draw):
    lengths = draw(st.lists(st.integers(1, 30), min_size=1, max_size=4))
    return [draw(held([0, 1, 2, UNSCORED], (n,))) for n in lengths]


@st.composite
def independent_tracks(draw):
    lengths = draw(st.lists(st.integers(1, 30), min_size=1, max_size=4))
    return [draw(held([0, 1, UNSCORED], (n, CLASSES))).astype(np.int8) for n in lengths]


def runs_and_tracks():
    return st.one_of(
        exclusive_tracks().map(lambda t: (runs_of(t, is_independent=False, classes=CLASSES), t)),
        independent_tracks().map(lambda t: (runs_of(t, is_independent=True, classes=CLASSES), t)),
    )


def edges_of(tracks):
    return np.cumsum([0, *map(len, tracks)])


@given(runs_and_tracks())
def test_runs_give_back_the_labels_of_each_track(given_runs):
    runs, tracks = given_runs
    edges = edges_of(tracks)
    assert runs.places == edges[-1]
    assert list(runs.problems()) == []
    for first, labels in zip(edges, tracks, strict=False):
        found = runs.labels(first, first + len(labels))
        assert found.dtype == labels.dtype
        np.testing.assert_array_equal(found, labels)


@given(runs_and_tracks())
def test_neighbouring_runs_of_a_track_differ(given_runs):
    runs, tracks = given_runs
    assert np.isin(edges_of(tracks)[:-1], runs.starts).all(), "a track begins with a run"
    inner = ~np.isin(runs.starts[1:], edges_of(tracks))
    assert (runs.codes[1:] != runs.codes[:-1])[inner].all()


@given(runs_and_tracks(), st.data())
def test_between_is_a_part_of_all_runs(given_runs, data):
    runs, tracks = given_runs
    stop = data.draw(st.integers(1, runs.places))
    start = data.draw(st.integers(0, stop - 1))
    starts, codes = runs.between(start, stop)
    assert starts[0] == start
    assert (np.diff(starts) > 0).all()
    assert starts[-1] < stop
    np.testing.assert_array_equal(runs.labels(start, stop), np.concatenate(tracks)[start:stop])
    each = np.repeat(codes, np.diff(starts, append=stop))
    np.testing.assert_array_equal(each, runs.codes_of(np.arange(start, stop)[None])[0])


@given(runs_and_tracks())
def test_count_is_of_frames_that_happen_and_that_somebody_looked_at(given_runs):
    runs, tracks = given_runs
    for first, labels in zip(edges_of(tracks), tracks, strict=False):
        happens, looked = runs.count(first, first + len(labels))
        for name in range(CLASSES):
            of_class = labels[:, name] if labels.ndim == 2 else labels
            yes = 1 if labels.ndim == 2 else name
            assert happens[name] == (of_class == yes).sum()
            assert looked[name] == (of_class != UNSCORED).sum()


@given(runs_and_tracks(), st.data())
def test_codes_of_any_windows_are_those_of_their_frames(given_runs, data):
    """Windows that skip frames, and whose padding repeats the first or the last one."""
    runs, tracks = given_runs
    T, gap = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4))
    begins = data.draw(st.lists(st.integers(-T, runs.places), min_size=1, max_size=6))
    places = np.array(begins)[:, None] + gap * np.arange(T)
    edges = edges_of(tracks)
    track = np.searchsorted(edges, places[:, T // 2].clip(0, runs.places - 1), side="right") - 1
    places = places.clip(edges[track][:, None], edges[track + 1][:, None] - 1)
    codes = runs.codes_of(places)
    labels = np.concatenate(tracks)[places]
    meaning = runs.sets if runs.is_independent else runs.classes_of_sets
    np.testing.assert_array_equal(meaning[codes], labels)


def test_memory_follows_the_bouts():
    labels = np.repeat(np.array([0, 2, UNSCORED, 0], np.int16), 250_000)
    runs = runs_of([labels, labels[:5]], is_independent=False, classes=CLASSES)
    assert runs.starts.tolist() == [0, 250_000, 500_000, 750_000, 1_000_000]
    assert runs.classes_of_sets[runs.codes].tolist() == [0, 2, UNSCORED, 0, 0]
    assert runs.places == 1_000_005


def test_independent_sets_are_those_that_occur():
    labels = np.array([[1, 1, 0], [1, 1, 0], [0, 0, UNSCORED], [1, 1, 0]], np.int8)
    runs = runs_of([labels], is_independent=True, classes=CLASSES)
    assert runs.starts.tolist() == [0, 2, 3]
    assert sorted(runs.sets.tolist()) == [[0, 0, UNSCORED], [1, 1, 0]]
    assert runs.codes[0] == runs.codes[2]


def runs_with(text):
    """A track of one class from a picture: ``x`` for scored, ``.`` for not."""
    labels = np.array([0 if mark == "x" else UNSCORED for mark in text], np.int16)
    return runs_of([labels], is_independent=False, classes=1)


@pytest.mark.parametrize(
    ("text", "least_gap", "expected"),
    [
        ("xxxx", 2, [(0, 4)]),
        ("....", 2, []),
        ("x..xxxx", 2, [(0, 1), (3, 7)]),  # a gap of two frames is left out
        ("x..xxxx", 3, [(0, 7)]),
        ("x.x.x..x", 2, [(0, 5), (7, 8)]),
        (".xx.", 1, [(1, 3)]),
        (".xx.", 2, [(0, 4)]),  # and what is short at the edges is not
        ("..xx..", 2, [(2, 4)]),
        ("...x....x..", 4, [(0, 4), (8, 11)]),
        (".", 9, []),
    ],
)
def test_scored_stretches_leave_out_long_gaps(text, least_gap, expected):
    runs = runs_with(text)
    assert runs.scored_stretches(0, len(text), least_gap=least_gap) == expected


def test_scored_stretches_are_of_one_track_and_count_from_its_first_frame():
    first = np.array([0, 0, UNSCORED, UNSCORED], np.int16)
    second = np.array([UNSCORED, UNSCORED, 0, 0, UNSCORED, UNSCORED], np.int16)
    runs = runs_of([first, second], is_independent=False, classes=1)
    assert runs.scored_stretches(0, 4, least_gap=2) == [(0, 2)]
    assert runs.scored_stretches(4, 10, least_gap=2) == [(2, 4)]


def test_frame_in_which_somebody_looked_for_one_class_is_scored():
    labels = np.full((9, 2), UNSCORED, np.int8)
    labels[4, 1] = 0
    runs = runs_of([labels], is_independent=True, classes=2)
    assert runs.scored_stretches(0, 9, least_gap=3) == [(4, 5)]


def test_too_many_combinations_are_an_error(monkeypatch):
    monkeypatch.setattr(label_runs, "MOST_SETS", 3)
    labels = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.int8)
    runs_of([labels[:3]], is_independent=True, classes=2)
    with pytest.raises(InputError, match=r"more than 3 different combinations; .* fewer --classes"):
        runs_of([labels], is_independent=True, classes=2)


def test_no_class_is_nothing_scored():
    runs = runs_of([np.full(4, UNSCORED, np.int16)], is_independent=False, classes=0)
    assert runs.labels(0, 4).tolist() == [UNSCORED] * 4
    assert runs.count(0, 4)[0].shape == (0,)
    assert runs.scored_stretches(0, 4, least_gap=1) == []


@pytest.mark.parametrize(
    ("changes", "what", "problem"),
    [
        ({"codes": [0]}, "codes", "has 1 runs, the starts are 2"),
        ({"starts": [1, 3]}, "starts", "does not begin with 0"),
        ({"starts": [0, 5]}, "starts", "has a run from frame 5 of 5 on"),
        ({"starts": [0, 0]}, "starts", "does not rise"),
        ({"starts": [0, -3]}, "starts", "does not rise"),
        ({"starts": [], "codes": []}, "starts", "does not begin with 0"),
        ({"codes": [0, 2]}, "codes", "holds 2, allowed are 0 to 1"),
        ({"sets": [[1, 0], [0, 3]]}, "sets", "holds other numbers than 0, 1 and -100"),
        ({"sets": [[1, 0], [0, 0]]}, "sets", "row 1 is no class and not unscored"),
        ({"sets": [[1, UNSCORED], [0, 1]]}, "sets", "row 0 is no class and not unscored"),
    ],
)
def test_problems_name_the_array(changes, what, problem):
    right = {"starts": [0, 3], "codes": [0, 1], "sets": [[1, 0], [UNSCORED, UNSCORED]]}
    values = right | changes
    runs = LabelRuns(
        np.array(values["starts"], np.int64),
        np.array(values["codes"], np.uint16),
        np.array(values["sets"], np.int8),
        5,
        is_independent=False,
    )
    assert (what, problem) in list(runs.problems())


def test_problems_are_found_far_behind_the_first_piece(monkeypatch):
    monkeypatch.setattr(label_runs, "_CHECKED_RUNS", 4)
    labels = (np.arange(20) % 2).astype(np.int16)
    runs = runs_of([labels], is_independent=False, classes=2)
    assert list(runs.problems()) == []
    runs.starts[8] = runs.starts[7]  # across the edge of two pieces
    assert list(runs.problems()) == [("starts", "does not rise")]
