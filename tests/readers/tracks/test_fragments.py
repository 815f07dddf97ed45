"""Tracks that break off: joined where no guess is needed, refused where one is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mabe_lit.readers.tracks.fragments import join_tracks
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

FRAMES = 60
OFFSETS = np.array([[0.0, 0.0], [10.0, 0.0]])  # two key points, 10 px apart


def path_of(start, per_frame=(1.0, 0.0)):
    """``(FRAMES, 2 points, 2)`` of an animal that walks straight on."""
    place = np.array(start) + np.arange(FRAMES)[:, None] * np.array(per_frame)
    return place[:, None] + OFFSETS


A, B = path_of((0.0, 0.0)), path_of((0.0, 500.0))


def tracks_of(*parts, names=None, may_break=True):
    """Tracks from ``(path, first frame, stop frame)`` or several such of one track."""
    points = np.full((FRAMES, len(parts), 2, 2), np.nan)
    for number, part in enumerate(parts):
        for path, start, stop in part if isinstance(part, list) else [part]:
            points[start:stop, number] = path[start:stop]
    names = names or tuple(f"track_{number}" for number in range(len(parts)))
    return Tracks(
        Path("v1.h5"),
        np.arange(FRAMES),
        points,
        np.where(np.isnan(points[..., 0]), np.nan, 0.9),
        names,
        ("nose", "tail"),
        may_break=may_break,
    )


EMPTY = (A, 0, 0)


def expect(joined, *animals):
    np.testing.assert_array_equal(joined.points, np.stack(animals, axis=1))


def test_fragments_join_the_animal_that_was_lost_and_empty_ones_are_dropped():
    lost = [(B, 0, 20), (B, 25, 60)]
    tracks = tracks_of((A, 0, 30), lost, (A, 30, 60), (B, 20, 25), EMPTY)
    joined = join_tracks(tracks, 2)
    expect(joined, A, B)
    assert joined.animal_names == ("animal1", "animal2")
    np.testing.assert_array_equal(joined.likelihood, np.full((FRAMES, 2, 2), 0.9))
    assert joined.notes == (
        "5 tracks are 2 animals: track_0 (frames 0-29) + track_2 (frames 30-59); "
        "track_1 (frames 0-59) + track_3 (frames 20-24); without any point, left out: track_4",
    )


def test_fragments_of_both_animals_are_told_apart_by_where_they_are():
    tracks = tracks_of((A, 0, 30), (B, 0, 31), (B, 33, 60), (A, 34, 60))
    expected = [path.copy() for path in (A, B)]
    expected[0][30:34], expected[1][31:33] = np.nan, np.nan
    expect(join_tracks(tracks, 2), *expected)


def test_fragments_before_the_moment_when_all_are_there_are_joined_backwards():
    tracks = tracks_of((A, 0, 10), (A, 10, 20), (A, 20, 60), (B, 40, 60))
    late = B.copy()
    late[:40] = np.nan
    expect(join_tracks(tracks, 2), A, late)


def test_one_animal_in_pieces_is_joined():
    expect(join_tracks(tracks_of((A, 0, 30), (A, 30, 60)), 1), A)


def test_tracks_with_names_keep_them():
    tracks = tracks_of((A, 0, 60), EMPTY, (B, 0, 60), names=("white", "ghost", "black"))
    assert join_tracks(tracks, 2).animal_names == ("white", "black")


def test_as_many_tracks_as_animals_are_taken_as_they_are():
    tracks = tracks_of((A, 0, 30), (B, 30, 60))
    np.testing.assert_array_equal(join_tracks(tracks, 2).points, tracks.points)


near = path_of((0.0, 12.0))
far = path_of((0.0, 400.0))


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        # Both are lost at once, and something goes on between them.
        (
            [(A, 0, 30), (near, 0, 30), (path_of((0.0, 7.0)), 31, 60)],
            r"track_2 \(frames 31-59\) may go on with track_1 \(5 px away\) or track_0 \(7 px",
        ),
        # The nearest was lost long before, the other, twice as far, just now.
        (
            [(A, 0, 10), (path_of((5.0, 12.0)), 0, 35), (path_of((1.0, 0.0), (0.5, 0.0)), 36, 60)],
            r"track_2 .* may go on with track_0 \(10 px away\) or track_1 \(23 px away\)",
        ),
        ([(A, 0, 60), (B, 0, 30), (far, 31, 60)], r"track_2 \(frames 31-59\) is far from every"),
        ([(A, 0, 60), (B, 0, 60), (near, 20, 25)], r"frame 20 has 3 tracks at once \(track_0, t"),
        ([(A, 0, 20), (B, 20, 40), (A, 40, 60)], "at most 1 tracks are there at once"),
        (
            [(A, 0, 60), (B, 0, 40), [(B, 30, 31), (B, 50, 60)]],
            "frame 30 has 3 tracks at once",
        ),
        ([(A, 0, 60), EMPTY], "1 of its tracks have points: track_0"),
    ],
)
def test_what_would_be_a_guess_is_refused(tracks, message):
    with pytest.raises(InputError, match=message) as error:
        join_tracks(tracks_of(*tracks), 2)
    assert str(error.value).startswith("v1.h5: --animals 2: ")


@pytest.mark.parametrize(
    ("tracks", "message"),
    [
        ([(A, 0, 60), (B, 0, 60), EMPTY], "3 tracks .* at most 2 of them at once, 1 without any"),
        ([(A, 0, 30), (A, 30, 60)], "2 tracks .* at most 1 of them at once"),
        ([(A, 0, 60), (B, 0, 60), (near, 20, 22)], "3 tracks .*, 1 of a moment"),
    ],
)
def test_what_looks_like_fragments_asks_for_the_number_of_animals(tracks, message):
    with pytest.raises(InputError, match=f"{message}.* look like fragments; --animals"):
        join_tracks(tracks_of(*tracks), None)


@pytest.mark.parametrize("parts", [[(A, 0, 60), (B, 50, 60)], [EMPTY], [(A, 0, 10)]])
def test_tracks_that_are_animals_are_left_alone(parts):
    tracks = tracks_of(*parts)
    assert join_tracks(tracks, None) is tracks


def test_animals_of_another_tracker_are_never_taken_for_fragments():
    tracks = tracks_of((A, 0, 30), (B, 30, 60), may_break=False)
    assert join_tracks(tracks, None) is tracks
