import numpy as np
import pytest
from tiny import tiny_config

from mabe_lit.data import Entry
from mabe_lit.inference import predict_probabilities
from mabe_lit.shell import InputError
from mabe_lit.simulation import simulate_recordings
from mabe_lit.training import BehaviorClassifier


def test_coordinate_that_makes_no_numbers_is_named_by_recording_and_frame(tmp_path):
    first, second = simulate_recordings(2, 200, 0, prefix="mouse")
    config = tiny_config(tmp_path)
    names = {"animal_names": first.animal_names, "keypoint_names": first.keypoint_names}
    classifier = BehaviorClassifier(config, **names, class_names=first.class_names)
    keypoints = np.concatenate([first.keypoints, second.keypoints])
    entries = [Entry(first.name, 0, 200, 30.0), Entry(second.name, 200, 200, 30.0)]
    found = predict_probabilities(classifier, keypoints, entries, device="cpu")
    assert all(np.isfinite(each).all() for each in found)
    keypoints[200 + 131, 0] = np.inf
    message = (
        rf"recording '{second.name}': frame \d+: .* at frame 131 a coordinate is inf, expected"
    )
    with pytest.raises(InputError, match=message):
        predict_probabilities(classifier, keypoints, entries, device="cpu")
