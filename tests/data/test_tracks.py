"""Datasets whose labels are of single animals: recordings of few and of many."""

import json
from dataclasses import replace

import numpy as np
import pytest
from acting import cycling, likelihood, of_independent, of_many, recording
from tiny import dataset_of, tiny_config

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset, array_file, open_dataset, verify_dataset, write_dataset
from mabe_lit.data.array_file import ArrayFile
from mabe_lit.data.batches import TrainingBatches, ValidationBatches
from mabe_lit.data.digest import checksum
from mabe_lit.data.frames import FramesOnDisk
from mabe_lit.pose import LabelTrack
from mabe_lit.shell import InputError


def assert_same(ours, written):
    np.testing.assert_array_equal(ours.keypoints, written.keypoints)
    for name in ("likelihood", "has_point"):
        found, expected = getattr(ours, name), getattr(written, name)
        assert (found is None) == (expected is None), name
        if expected is not None:
            np.testing.assert_array_equal(found, expected)
    for name in ("name", "fps", "animal_names", "keypoint_names", "class_names", "group"):
        assert getattr(ours, name) == getattr(written, name)
    assert len(ours.tracks) == len(written.tracks)
    for track, expected in zip(ours.tracks, written.tracks, strict=True):
        assert (track.agent, track.target) == (expected.agent, expected.target)
        assert track.looked_for == expected.looked_for
        assert track.labels.dtype == expected.labels.dtype
        np.testing.assert_array_equal(track.labels, expected.labels)


@pytest.mark.parametrize("of", [of_many, of_independent])
@pytest.mark.parametrize("order", [1, -1])
def test_dataset_gives_back_recordings_of_different_animals(tmp_path, of, order):
    written = of()[::order]
    dataset = dataset_of(*written, folder=tmp_path / "set")
    verify_dataset(dataset)
    assert dataset.has_agents
    assert dataset.is_independent == (of is of_independent)
    assert len(dataset.animal_names) == max(len(each.animal_names) for each in written)
    for ours, theirs in zip(dataset, written, strict=False):
        assert_same(ours, theirs)


def test_places_of_animals_that_are_not_there_are_empty(tmp_path):
    dataset = dataset_of(*of_many(), folder=tmp_path / "set")
    assert dataset.keypoints.shape == (6 + 4 + 9, 4, 2, 2)
    assert np.isnan(dataset.keypoints[:6, 2:]).all(), "written before the third animal was known"
    assert np.isnan(dataset.keypoints[6:10, 1:]).all()
    assert not np.isnan(dataset.keypoints[10:]).any()
    assert np.isnan(dataset.likelihood[:10]).all()
    assert not np.isnan(dataset.likelihood[10:]).any()


def test_likelihoods_of_fewer_animals_are_widened(tmp_path):
    told = likelihood(5, 2)
    pair = LabelTrack(cycling(5, 0, 2), "m1", "m2")
    few = recording("few", 2, 5, [pair], likelihood=told)
    more = recording("more", 3, 5, [pair], likelihood=likelihood(5, 3))
    untold = recording("untold", 5, 5, [pair])
    dataset = dataset_of(few, more, untold, folder=tmp_path / "set")
    verify_dataset(dataset)
    assert dataset.likelihood.shape == (15, 5, 2)
    for ours, theirs in zip(dataset, (few, more, untold), strict=False):
        assert_same(ours, theirs)


def test_classes_that_somebody_looked_for_are_known_of_each_track(tmp_path):
    dataset = dataset_of(*of_many(), folder=tmp_path / "many")
    pair, own = [True, False, True], [False, True, False]
    found = [dataset.classes_of(track).tolist() for track in dataset.tracks]
    assert found == [pair, own, own, pair]
    dataset = dataset_of(*of_independent(), folder=tmp_path / "independent")
    found = [dataset.classes_of(track).tolist() for track in dataset.tracks]
    assert found == [pair, own, pair], "what nobody looked for in any frame"


def test_frames_are_counted_by_track_and_by_recording(tmp_path):
    dataset = dataset_of(*of_many(), folder=tmp_path / "set")
    # two: 0 2 . 0 2 . and six rears; one: rear . rear .; four: . 0 . 0 . 0 . 0 .
    happens = [[2, 0, 2], [0, 6, 0], [0, 2, 0], [4, 0, 0]]
    assert dataset.count_classes().tolist() == happens
    assert dataset.per_recording(dataset.count_classes()).tolist() == [
        [2, 6, 2],
        [0, 2, 0],
        [4, 0, 0],
    ]
    independent = dataset_of(*of_independent(), folder=tmp_path / "independent")
    assert independent.count_classes().tolist() == [[3, 0, 3], [0, 0, 0], [3, 0, 3]]
    assert independent.count_looked().tolist() == [[7, 0, 7], [0, 6, 0], [7, 0, 7]]


def test_subset_keeps_tracks_with_their_recordings(tmp_path):
    written = of_many()
    dataset = dataset_of(*written, folder=tmp_path / "set")
    part = dataset.subset([2, 0])
    assert [entry.name for entry in part.entries] == ["two", "four"]
    assert [track.recording for track in part.tracks] == [0, 0, 1]
    assert part.count_classes().tolist() == [[2, 0, 2], [0, 6, 0], [4, 0, 0]]
    assert_same(part[0], written[0])
    assert_same(part[1], written[2])
    assert part.who == [(0, 0, 1), (0, 1, None), (1, 3, 1)]


def test_recording_in_memory_has_the_tracks_that_are_asked_for():
    four = of_many()[2]
    dataset = Dataset.of(four, [(0, None), (3, 1)])
    assert [(t.agent, t.target) for t in dataset.tracks] == [(0, None), (3, 1)]
    assert not dataset.is_scored
    assert_same(
        dataset[0],
        replace(
            four,
            tracks=(
                LabelTrack(cycling(9, UNSCORED), "m1"),
                LabelTrack(cycling(9, UNSCORED), "m4", "m2"),
            ),
        ),
    )


def test_labels_of_scenes_and_of_animals_do_not_mix(tmp_path):
    scene = recording("scene", 2, 5, [LabelTrack(cycling(5, 0, 1))])
    for pair in ((scene, of_many()[0]), (of_many()[0], scene)):
        with pytest.raises(InputError, match=rf"{pair[1].name}' has labels of .*, which '"):
            write_dataset(pair, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def widened(tmp_path, *parts, to):
    with ArrayFile(tmp_path / "a.npy", np.float32) as file:
        for part, size in zip(parts, to, strict=True):
            file.widen(size)
            file.append(part)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npy"]
    with ArrayFile(tmp_path / "b.npy", np.float32) as same:
        same.append(np.load(tmp_path / "a.npy"))
    assert file.digest() == same.digest(), "as if it had been so wide from the start"
    return np.load(tmp_path / "a.npy")


def test_array_file_is_widened_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.setattr(array_file, "_COPIED_ROWS", 4)  # so that it is copied in pieces
    first = np.arange(2 * 11, dtype=np.float32).reshape(11, 2)
    second = np.ones((3, 5), np.float32)
    found = widened(tmp_path, first, second, np.zeros((2, 6), np.float32), to=(2, 5, 6))
    np.testing.assert_array_equal(found[:11, :2], first)
    assert np.isnan(found[:11, 2:]).all()
    np.testing.assert_array_equal(found[11:14, :5], second)
    assert np.isnan(found[11:14, 5:]).all()
    assert (found[14:] == 0).all()


# ---- What cannot be


def rewrite_index(folder, change):
    """Change the table of contents, with a checksum that is right."""
    file = folder / "dataset.json"
    index = json.loads(file.read_text())
    change(index)
    del index["checksum"]
    file.write_text(json.dumps(index | {"checksum": checksum(index)}))


def set_row(table, number, **values):
    return lambda index: index[table][number].update(values)


WRONG_ROWS = {
    "agent of another recording": (set_row("tracks", 2, agent=1), "track 3: cannot be"),
    "agent below 0": (set_row("tracks", 0, agent=-1), "track 1: cannot be"),
    "target that is not there": (set_row("tracks", 0, target=2), "track 1: cannot be"),
    "target that is the agent": (set_row("tracks", 0, target=0), "track 1: cannot be"),
    "target without an agent": (set_row("tracks", 0, agent=None), "track 1: cannot be"),
    "scene among agents": (set_row("tracks", 1, agent=None), "track 2: cannot be"),
    "classes of no set": (set_row("tracks", 3, looked_for=2), "track 4: cannot be"),
    "recording of none": (set_row("tracks", 3, recording=3), "track 4: expected a recording of"),
    "recording below 0": (set_row("tracks", 3, recording=-1), "track 4: expected a recording of"),
    "another place": (set_row("tracks", 1, first_place=5), "track 2: expected .* from 6 on"),
    "tracks in another order": (lambda i: i["tracks"].reverse(), "track 1: expected .* from 0 on"),
    "a track left out": (lambda i: i["tracks"].pop(), "label_starts.npy: has a run from frame"),
    "agent as text": (set_row("tracks", 0, agent="m1"), "track 1: agent: expected"),
    "an unknown key": (set_row("tracks", 0, victim=1), "track 1: no key 'victim' is known"),
    "no tracks": (lambda i: i.pop("tracks"), "tracks: expected a list, found None"),
    "points of no set": (
        set_row("recordings", 0, points=1),
        "recording 'two': points is 1, there are 1 sets",
    ),
    "more animals": (
        set_row("recordings", 0, animals=list("abcde")),
        "recording 'two': animals are ",
    ),
    "one animal twice": (
        set_row("recordings", 0, animals=["a", "a"]),
        r"recording 'two': animals are \['a', 'a'\]",
    ),
    "no animal": (set_row("recordings", 1, animals=[]), "recording 'one': animals are"),
    "fewer animals than act": (set_row("recordings", 2, animals=["a", "b"]), "track 4: cannot be"),
    "sets of other classes": (
        lambda i: i["looked_for"][0].pop(),
        "looked_for: expected lists of 3 times 0 or 1",
    ),
    "sets of other numbers": (
        lambda i: i["looked_for"][0].__setitem__(0, 2),
        "looked_for: expected lists of 3 times 0 or 1",
    ),
    "sets of other points": (
        lambda i: i["point_sets"][0].pop(),
        "point_sets: expected lists of 8 times 0 or 1",
    ),
    "one class a frame": (
        lambda i: i.update(is_independent="no"),
        "is_independent: expected true or false, found 'no'",
    ),
}


@pytest.mark.parametrize("name", WRONG_ROWS)
def test_wrong_row_is_one_line_that_names_it(tmp_path, name):
    change, message = WRONG_ROWS[name]
    write_dataset(of_many(), tmp_path / "set")
    rewrite_index(tmp_path / "set", change)
    with pytest.raises(InputError, match=message) as found:
        open_dataset(tmp_path / "set")
    assert str(tmp_path / "set") in str(found.value)
    assert len(str(found.value)) < 500


def test_sets_of_overlapping_behaviours_are_refused_where_classes_exclude_each_other(tmp_path):
    write_dataset(of_independent(), tmp_path / "set")
    rewrite_index(tmp_path / "set", lambda index: index.update(is_independent=False))
    with pytest.raises(InputError, match=r"label_sets\.npy: row \d+ is no class"):
        open_dataset(tmp_path / "set")


@pytest.mark.parametrize(
    "change",
    [
        set_row("tracks", 0, agent=1, target=0),
        set_row("recordings", 0, group="lab B"),
        lambda i: i["looked_for"][0].__setitem__(1, 1),
        lambda i: i["point_sets"][0].__setitem__(1, 1),
    ],
    ids=["whose", "group", "looked for", "points"],
)
def test_row_that_could_be_is_not_what_was_written(tmp_path, change):
    write_dataset(of_many(), tmp_path / "set")
    rewrite_index(tmp_path / "set", change)
    with pytest.raises(InputError, match=r"is damaged, .* or dataset\.json is not as it was"):
        verify_dataset(open_dataset(tmp_path / "set"))


# ---- Windows of tracks


@pytest.fixture
def long(tmp_path):
    """Three animals, whose pairs are scored in other parts of 600 frames, and one in none."""
    frames = 600
    begins = np.full(frames, UNSCORED, np.int16)
    begins[:100] = 0
    ends = np.full(frames, UNSCORED, np.int16)
    ends[450:] = 2
    with_gap = np.ones(frames, np.int16)
    with_gap[300:330] = UNSCORED  # shorter than a window
    tracks = [
        LabelTrack(begins, "m1", "m2"),
        LabelTrack(ends, "m2", "m1"),
        LabelTrack(with_gap, "m3"),
        LabelTrack(np.full(frames, UNSCORED, np.int16), "m1"),
    ]
    scene = recording("first", 3, frames, tracks)
    other = recording("other", 2, 90, [LabelTrack(cycling(90, 0, 1), "m2", "m1")])
    return dataset_of(scene, other, folder=tmp_path / "set")


def shown(dataset, batches):
    """How often each frame of each track is shown, in recordings' own frames; and windows."""
    times = [np.zeros(dataset.entry_of(track).frames, int) for track in dataset.tracks]
    windows = 0
    for batch in batches:
        for frames, is_inside, track in zip(*batch.windows, strict=True):
            first = dataset.entry_of(dataset.tracks[track]).first_frame
            np.add.at(times[track], frames[is_inside] - first, 1)
            windows += 1
    return times, windows


@pytest.mark.parametrize("epoch", [0, 1, 2])
@pytest.mark.parametrize("gap", [1, 3])
def test_every_scored_frame_of_every_track_is_shown_once_an_epoch(long, epoch, gap):
    config = tiny_config(long.directory, sequence_length=64, frame_gap=gap, batch_size=4)
    batches = TrainingBatches(long, config)
    batches.set_epoch(epoch)
    times, _ = shown(long, batches)
    for labels, each in zip(long.all_labels(), times, strict=True):
        assert (each[labels != UNSCORED] == 1).all()
        assert each.max() <= 1
    assert times[3].sum() == 0, "nobody looked at any frame of it"


def test_windows_without_a_scored_frame_are_left_out(long):
    config = tiny_config(long.directory, sequence_length=64, batch_size=4)
    times, windows = shown(long, TrainingBatches(long, config))
    # Each stretch of n frames takes ceil((n + 63) / 64) windows, whatever the phase.
    assert times[0][3 * 64 :].sum() == 0
    assert times[1][: 450 - 63].sum() == 0
    assert (times[2] == 1).all(), "a gap shorter than a window is no gap"
    assert windows == sum(-(-(n + 63) // 64) for n in (100, 150, 600, 90))


def test_validation_shows_every_scored_frame_once(long):
    config = tiny_config(long.directory, prediction_length=128)
    times, _ = shown(long, ValidationBatches(long, config))
    for labels, each in zip(long.all_labels(), times, strict=True):
        assert (each[labels != UNSCORED] == 1).all()
        assert each.max() <= 1
    assert times[3].sum() == 0


@pytest.mark.parametrize("of", [of_many, of_independent])
def test_labels_of_a_window_are_those_of_its_track(tmp_path, of):
    dataset = dataset_of(*of(), folder=tmp_path / "set")
    frames = FramesOnDisk(dataset)
    config = tiny_config(tmp_path, sequence_length=4, batch_size=3)
    found = [np.full_like(labels, -1) for labels in dataset.all_labels()]
    for batch in TrainingBatches(dataset, config):
        poses, labels = frames.gather(batch.windows)
        for row, (of_window, is_inside, track) in enumerate(zip(*batch.windows, strict=True)):
            entry = dataset.entry_of(dataset.tracks[track])
            own = of_window[is_inside] - entry.first_frame
            found[track][own] = labels[row][is_inside].numpy()
            assert (labels[row][~is_inside] == UNSCORED).all()
            np.testing.assert_array_equal(poses[row], dataset.keypoints[of_window])
    for ours, theirs in zip(found, dataset.all_labels(), strict=True):
        is_shown = ours != -1
        np.testing.assert_array_equal(ours[is_shown], theirs[is_shown])
        assert is_shown[theirs != UNSCORED].all()
