import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mabe_lit.bouts import Segment, frames, segments


@given(st.lists(st.integers(-1, 3)))
def test_segments_and_frames_are_inverse(labels):
    np.testing.assert_array_equal(frames(segments(np.array(labels, int))), labels)


@given(st.lists(st.integers(0, 3), min_size=1))
def test_segments_follow_each_other_without_repeating(labels):
    runs = segments(np.array(labels))
    assert [run.start_frame for run in runs] == [0] + [run.stop_frame for run in runs[:-1]]
    assert all(a.label != b.label for a, b in itertools.pairwise(runs))


def test_segments_stop_is_exclusive():
    assert segments(np.array([2, 2, 0])) == [Segment(2, 0, 2), Segment(0, 2, 3)]
