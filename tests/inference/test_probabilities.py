import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny import dataset_of, scene_task, tiny_config

from mabe_lit.compute import autocast
from mabe_lit.data import Dataset
from mabe_lit.data.windows import FrameAverage, Stretches, covering_windows
from mabe_lit.inference import predict_probabilities
from mabe_lit.shell import InputError
from mabe_lit.simulation import simulate_recordings
from mabe_lit.training import BehaviorClassifier

NAMES = ("transformer", "conv_bilstm", "tcn", "ms_tcn", "conformer")


def tiny_classifier(folder, recording, **changes):
    torch.manual_seed(0)
    return BehaviorClassifier(tiny_config(folder, **changes), scene_task(recording))


def predict(classifier, recording):
    (found,) = predict_probabilities(classifier, Dataset.of(recording), device="cpu")
    return found


def probabilities_by_autocast(classifier, recording):
    """What ``classifier.predict`` says of all windows at once, with float32 weights."""
    config, frames = classifier.config, len(recording)
    length = config.window_frames
    whole = Stretches.whole(np.array([0]), np.array([frames]))
    grid = covering_windows(whole, length=length, gap=1, overlap=config.overlap)
    windows = grid.frames_of(np.arange(len(grid)))
    seconds = torch.full((len(grid),), 1 / recording.fps)
    with torch.inference_mode(), autocast(torch.device("cpu"), config.precision):
        answers = classifier.eval().predict(
            torch.from_numpy(recording.keypoints[windows.frames]), seconds, torch.ones(len(grid), 1)
        )
    average = FrameAverage(frames, len(recording.class_names))
    average.add(windows.frames, windows.is_inside, answers.numpy())
    return average.mean(0, frames)


@pytest.mark.parametrize("name", NAMES)
def test_fp32_prediction_is_that_of_the_classifier_bit_for_bit(name, tmp_path):
    (recording,) = simulate_recordings(1, 300, 0)
    classifier = tiny_classifier(tmp_path, recording, model_type=name, precision="fp32")
    expected = probabilities_by_autocast(classifier, recording)
    np.testing.assert_array_equal(predict(classifier, recording), expected)


@pytest.mark.parametrize("name", ["transformer", "conv_bilstm", "tcn", "conformer"])
def test_bf16_prediction_is_close_to_that_of_autocast(name, tmp_path):
    (recording,) = simulate_recordings(1, 300, 0)
    classifier = tiny_classifier(tmp_path, recording, model_type=name, precision="bf16")
    expected = probabilities_by_autocast(classifier, recording)
    assert expected.std(axis=0).max() > 0.02, "frames differ by more than is let pass"
    np.testing.assert_allclose(predict(classifier, recording), expected, atol=0.01)


def test_prediction_that_fails_leaves_the_weights_as_they_were(tmp_path, monkeypatch):
    (recording,) = simulate_recordings(1, 300, 0)
    classifier = tiny_classifier(tmp_path, recording, precision="bf16")
    before = copy.deepcopy(classifier.state_dict())

    def fail(*_):
        assert classifier.network.head.weight.dtype == torch.bfloat16
        raise MemoryError

    monkeypatch.setattr(classifier, "predict", fail)
    with pytest.raises(MemoryError):
        predict(classifier, recording)
    after = classifier.state_dict()
    assert all(after[key].dtype == value.dtype for key, value in before.items())
    assert all(torch.equal(after[key], value) for key, value in before.items())


def test_coordinate_that_makes_no_numbers_is_named_by_recording_and_frame(tmp_path):
    first, second = simulate_recordings(2, 200, 0, prefix="mouse")
    classifier = tiny_classifier(tmp_path, first)
    dataset = dataset_of(first, second, folder=tmp_path / "set")
    found = predict_probabilities(classifier, dataset, device="cpu")
    assert all(np.isfinite(each).all() for each in found)
    keypoints = np.array(dataset.keypoints)
    keypoints[200 + 131, 0] = np.inf
    dataset = replace(dataset, keypoints=keypoints)
    message = (
        rf"recording '{second.name}': frame \d+: .* at frame 131 a coordinate is inf, expected"
    )
    with pytest.raises(InputError, match=message):
        predict_probabilities(classifier, dataset, device="cpu")
