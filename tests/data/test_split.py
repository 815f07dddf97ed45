"""What the folders of a split must have to be learnt from."""

import numpy as np
import pytest
from acting import recording

from mabe_lit import UNSCORED
from mabe_lit.data import nothing_to_tell, open_dataset, write_dataset
from mabe_lit.pose import LabelTrack

ATTACK, REAR, SNIFF = 0, 1, 2


def of(folder, own, pair):
    """A dataset of one recording, with labels of one animal and of one pair."""
    tracks = [
        LabelTrack(np.array(own, np.int16), "m1", None, ("rear",)),
        LabelTrack(np.array(pair, np.int16), "m1", "m2", ("attack", "sniff")),
    ]
    write_dataset([recording("one", 2, 3, tracks)], folder / "data", source={})
    return open_dataset(folder / "data")


@pytest.mark.parametrize(
    ("pair", "alike"),
    [
        ([SNIFF, UNSCORED, SNIFF], "rear in labels of single animals and sniff in labels of"),
        ([UNSCORED] * 3, "rear"),
    ],
)
def test_one_class_of_each_kind_of_track_leaves_nothing_to_tell(tmp_path, pair, alike):
    dataset = of(tmp_path, [REAR, UNSCORED, REAR], pair)
    assert (nothing_to_tell(dataset) or "").startswith(alike)


def test_two_classes_of_one_kind_of_track_are_to_be_told_apart(tmp_path):
    assert nothing_to_tell(of(tmp_path, [REAR] * 3, [SNIFF, ATTACK, ATTACK])) is None
