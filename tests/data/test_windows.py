import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mabe_lit.data.windows import (
    FrameAverage,
    Stretches,
    WindowGrid,
    covering_windows,
    tiling_windows,
)

recordings = st.lists(st.integers(1, 150), min_size=1, max_size=5)
lengths = st.integers(1, 40)
gaps = st.integers(1, 5)


def layout(frames):
    frames = np.array(frames)
    return Stretches.whole(np.cumsum(frames) - frames, frames)


def all_windows(grid: WindowGrid):
    return grid.frames_of(np.arange(len(grid)))


def times_seen(grid, total):
    frames, is_inside, _ = all_windows(grid)
    return np.bincount(frames[is_inside], minlength=total)


@given(recordings, lengths, gaps, st.integers(0, 9))
def test_tiling_windows_show_each_frame_once_at_any_phase(frames, length, gap, seed):
    grid = tiling_windows(layout(frames), length=length, gap=gap, rng=np.random.default_rng(seed))
    assert (times_seen(grid, sum(frames)) == 1).all()


@given(recordings, lengths, gaps)
def test_tiling_windows_are_as_many_at_every_phase(frames, length, gap):
    counts = {
        len(tiling_windows(layout(frames), length=length, gap=gap, rng=np.random.default_rng(s)))
        for s in range(5)
    }
    assert len(counts) == 1


def test_tiling_windows_phase_differs_between_epochs():
    starts = {
        all_windows(
            tiling_windows(layout([500]), length=64, gap=1, rng=np.random.default_rng(s))
        ).frames[1, 0]
        for s in range(20)
    }
    assert len(starts) > 10


@given(recordings, lengths, gaps, st.integers(1, 4))
def test_covering_windows_see_every_frame(frames, length, gap, overlap):
    grid = covering_windows(layout(frames), length=length, gap=gap, overlap=overlap)
    assert times_seen(grid, sum(frames)).min() >= 1


def test_covering_windows_see_inner_frames_overlap_times():
    grid = covering_windows(layout([640]), length=64, gap=1, overlap=2)
    assert (times_seen(grid, 640)[32:-32] == 2).all()


@given(recordings, lengths, gaps, st.integers(1, 4))
def test_covering_windows_pad_only_short_recordings(frames, length, gap, overlap):
    grid = covering_windows(layout(frames), length=length, gap=gap, overlap=overlap)
    is_inside = all_windows(grid).is_inside
    if min(frames) >= length * gap:
        assert is_inside.all()


@given(recordings, lengths, gaps, st.integers(1, 3))
def test_windows_never_cross_a_recordings_edge(frames, length, gap, overlap):
    recordings = layout(frames)
    recording_of = np.repeat(np.arange(len(frames)), frames)
    for grid in (
        tiling_windows(recordings, length=length, gap=gap, rng=np.random.default_rng(0)),
        covering_windows(recordings, length=length, gap=gap, overlap=overlap),
    ):
        windows = all_windows(grid)
        assert (recording_of[windows.frames] == windows.track[:, None]).all()


@given(st.integers(2, 5))
def test_windows_step_by_frame_gap(gap):
    grid = covering_windows(layout([300]), length=16, gap=gap, overlap=1)
    frames = all_windows(grid).frames
    assert (np.diff(frames, axis=1) == gap).all()


def test_window_padding_repeats_the_nearest_frame():
    grid = tiling_windows(layout([3]), length=6, gap=1)
    frames, is_inside, _ = all_windows(grid)
    np.testing.assert_array_equal(frames, [[0, 1, 2, 2, 2, 2]])
    np.testing.assert_array_equal(is_inside, [[True, True, True, False, False, False]])


def test_frame_average_is_the_mean_over_windows_whose_edges_weigh_less():
    grid = covering_windows(layout([5]), length=4, gap=1, overlap=2)  # frames 0-3 and 1-4
    frames, is_inside, _ = all_windows(grid)
    average = FrameAverage(5, 1)
    average.add(frames, is_inside, np.array([[1.0] * 4, [3.0] * 4], np.float32)[..., None])
    middle_counts_twice = [1, (2 * 1 + 3) / 3, 2, (1 + 2 * 3) / 3, 3]
    np.testing.assert_allclose(average.mean(0, 5)[:, 0], middle_counts_twice)


def test_frame_average_of_equal_answers_is_the_answer():
    grid = covering_windows(layout([50, 3, 17]), length=8, gap=2, overlap=4)
    frames, is_inside, _ = all_windows(grid)
    average = FrameAverage(70, 1)
    average.add(frames, is_inside, frames[..., None].astype(np.float32))
    np.testing.assert_allclose(average.mean(0, 70)[:, 0], np.arange(70), rtol=1e-6)


def test_frame_average_refuses_unseen_frames():
    with pytest.raises(RuntimeError, match="3 frames are in no window"):
        FrameAverage(3, 1).mean(0, 3)


def test_window_bookkeeping_does_not_grow_with_frames():
    grid = tiling_windows(layout([10**9]), length=64, gap=1)
    assert grid.first_frame.nbytes + grid.first_window.nbytes < 100
