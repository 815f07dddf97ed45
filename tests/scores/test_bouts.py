import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mabe_lit.scores import segments
from mabe_lit.scores.bouts import Segment, half_width_of


@given(st.lists(st.integers(-1, 3)))
def test_segments_and_frames_are_inverse(labels):
    runs = segments(np.array(labels, int))
    frames = [run.stop_frame - run.start_frame for run in runs]
    np.testing.assert_array_equal(np.repeat([run.label for run in runs], frames), labels)


@pytest.mark.parametrize(
    ("width_s", "fps", "frames"),
    [(0.0, 30, 1), (0.1, 30, 3), (0.1, 10, 1), (0.2, 5, 1), (0.5, 30, 15), (0.26, 50, 13)],
)
def test_half_width_is_of_as_many_frames_as_last_so_long(width_s, fps, frames):
    assert 2 * half_width_of(width_s, fps) + 1 == frames


@given(st.lists(st.integers(0, 3), min_size=1))
def test_segments_follow_each_other_without_repeating(labels):
    runs = segments(np.array(labels))
    assert [run.start_frame for run in runs] == [0] + [run.stop_frame for run in runs[:-1]]
    assert all(a.label != b.label for a, b in itertools.pairwise(runs))


def test_segments_stop_is_exclusive():
    assert segments(np.array([2, 2, 0])) == [Segment(2, 0, 2), Segment(0, 2, 3)]
