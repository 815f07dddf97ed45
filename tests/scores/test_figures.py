"""Figures: what they count and show; how they look is for eyes."""

from types import SimpleNamespace

import numpy as np
import pytest

from mabe_lit import UNSCORED
from mabe_lit.data import Entry
from mabe_lit.scores import score_recordings
from mabe_lit.scores.ethogram import _MOST_LINES, _lines, plot_ethogram
from mabe_lit.scores.figures import save_figures
from mabe_lit.scores.shown import ShownTrack, shown_tracks
from mabe_lit.scores.who_to_whom import count_who_to_whom, plot_who_to_whom

ANIMALS = ("m1", "m2")
PAIR = ShownTrack("one", 2.0, "m1", "m2")


def test_who_to_whom_counts_seconds_and_bouts_of_frames_that_somebody_looked_at():
    # At 2 frames/s. Class 0 in frames 0-2 and 4; found in 1-6, of which nobody looked at 5 and 6.
    label, found = np.zeros((8, 2), np.int8), np.zeros((8, 2), bool)
    label[:3, 0] = label[4, 0] = 1
    label[5:7, 0] = UNSCORED
    found[1:7, 0] = True
    own = ShownTrack("one", 2.0, "m1")
    counts = count_who_to_whom([label, label], [found, found], [PAIR, own], 2, ANIMALS)
    assert counts[0, :, 0, 1].tolist() == [2.0, 2.0, 2, 1]
    assert counts.sum() == 7


def test_who_to_whom_of_classes_that_exclude_each_other():
    label, found = np.array([0, 0, 1, UNSCORED]), np.array([0, 1, 1, 0])
    counts = count_who_to_whom([label], [found], [PAIR], 2, ANIMALS)
    assert counts[0, :, 0, 1].tolist() == [1.0, 0.5, 1, 1]
    assert counts[1, :, 0, 1].tolist() == [0.5, 1.0, 1, 1]
    assert counts[:, :, 1, 0].sum() == 0


def test_who_to_whom_has_a_row_a_behaviour_and_none_for_the_background():
    label = np.array([0, 1, 1, 2])
    names = ("attack", "mount", "rest")
    figure = plot_who_to_whom([label], [label], [PAIR], names, background="rest")
    rows = [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()]
    assert rows == ["attack\nagent", "mount\nagent"]
    scene = ShownTrack("one", 2.0)
    assert plot_who_to_whom([label], [label], [scene], names) is None


def test_who_to_whom_shows_the_animals_that_have_most_to_do_with_others():
    tracks = [ShownTrack("one", 2.0, f"m{n}", f"m{n + 1}") for n in range(19)]
    labels = [np.repeat([0, 1], [16, 4] if n in (0, 18) else [2, 18]) for n in range(19)]
    figure = plot_who_to_whom(labels, labels, tracks, ("attack", "rest"), background="rest")
    names = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert len(names) == 16
    assert {"m0", "m1", "m18", "m19"} <= set(names)
    assert figure.get_suptitle() == "16 of 20 animals"


def test_lines_are_of_behaviours_that_happen_or_are_found():
    label, found = np.zeros((4, 4), np.int8), np.zeros((4, 4), bool)
    label[0, 0] = 1
    found[1, 1] = True
    label[:, 2], found[:, 2] = UNSCORED, True
    nothing = np.zeros((4, 4), np.int8)
    assert _lines([nothing, label], [nothing == 1, found]) == {1: [0, 1]}
    assert _lines([nothing], [nothing == 1]) == {0: [0, 1, 2, 3]}


def test_lines_are_of_whole_tracks_and_not_too_many():
    label = np.ones((2, 7), np.int8)
    lines = _lines([label] * 20, [label == 1] * 20)
    assert set(map(len, lines.values())) == {7}
    assert len(lines) == _MOST_LINES // 7


@pytest.mark.parametrize("is_independent", [True, False])
def test_ethogram_has_a_panel_a_track_and_says_which_are_left_out(is_independent):
    names = tuple("abcdefg")
    label = np.ones((6, 7), np.int8) if is_independent else np.arange(6)
    tracks = [PAIR] * 50
    figure = plot_ethogram([label] * 50, [label] * 50, tracks, names)
    shown = _MOST_LINES // 7 if is_independent else 40
    assert len(figure.axes) == shown
    about = figure.axes[-1].get_xlabel()
    assert about.endswith(f"{shown} of 50 tracks" if is_independent else f"the first {shown} of 50")
    assert figure.axes[0].texts[0].get_text() == "one\nm1 to m2"


def dataset_of(tracks):
    return SimpleNamespace(
        class_names=("attack", "rest"),
        source={"background": "rest"},
        entry_of=lambda track: Entry("one", 0, 40, 10.0),
        animals_of=lambda entry: ANIMALS,
        tracks=tracks,
    )


def test_shown_tracks_are_called_by_their_animals():
    tracks = [
        SimpleNamespace(recording=0, agent=0, target=1),
        SimpleNamespace(recording=0, agent=1, target=None),
        SimpleNamespace(recording=0, agent=None, target=None),
    ]
    titles = [track.title for track in shown_tracks(dataset_of(tracks))]
    assert titles == ["one\nm1 to m2", "one\nm2", "one"]


@pytest.mark.parametrize("is_independent", [True, False])
def test_figures_of_pairs_tell_who_to_whom_and_those_of_the_scene_do_not(tmp_path, is_independent):
    rng = np.random.default_rng(0)
    shape = (40, 2) if is_independent else 40
    labels = [rng.integers(0, 2, shape).astype(np.int8)]
    probabilities = [rng.dirichlet(np.ones(2), 40).astype(np.float32)]
    predicted = [probabilities[0] >= 0.5 if is_independent else probabilities[0].argmax(axis=1)]
    scores = score_recordings(probabilities, labels, ("attack", "rest"), predicted=predicted)
    always = {"confusion_matrix.png", "precision_recall.png", "ethogram.png"}
    for agent, target, more in ((0, 1, {"who_to_whom.png"}), (None, None, set())):
        tracks = [SimpleNamespace(recording=0, agent=agent, target=target)]
        save_figures(tmp_path, scores, probabilities, labels, predicted, dataset_of(tracks))
        assert {file.name for file in tmp_path.iterdir()} == always | more


def test_figures_of_behaviours_that_never_happen_are_drawn(tmp_path):
    label, probability = np.zeros((40, 2), np.int8), np.full((40, 2), 0.1, np.float32)
    scores = score_recordings([probability], [label], ("attack", "rest"))
    tracks = [SimpleNamespace(recording=0, agent=0, target=1)]
    save_figures(tmp_path, scores, [probability], [label], [label == 1], dataset_of(tracks))
    assert len(list(tmp_path.iterdir())) == 3
