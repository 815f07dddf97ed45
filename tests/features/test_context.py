"""What a window's features know of its recording, and predictions that use it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pose_files import write_deeplabcut
from tiny import MICE, dataset_of, tiny_config

from mabe_lit.config import Config
from mabe_lit.data import open_dataset, write_dataset
from mabe_lit.evaluate import evaluate
from mabe_lit.fit import fit
from mabe_lit.inference import predict_probabilities
from mabe_lit.predict import predict
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.simulation import simulate_recordings
from mabe_lit.training import BehaviorClassifier, BehaviorDataModule, build_classifier


def social_classifier(tmp_path, *, has_likelihood=False, **changes):
    torch.manual_seed(0)
    changes = {"features": "social", "recording_context": True, "model_type": "tcn"} | changes
    return BehaviorClassifier(
        tiny_config(tmp_path, **changes),
        MICE,
        has_likelihood=has_likelihood,
    ).eval()


@pytest.fixture(scope="module")
def recordings():
    recordings = simulate_recordings(2, 900, 3)
    for recording in recordings:
        recording.labels[:300] = 0  # so that there is something to learn
    return recordings


@pytest.fixture(scope="module")
def keypoints(recordings):
    return np.concatenate([recording.keypoints for recording in recordings])


@pytest.fixture(scope="module")
def dataset(recordings, tmp_path_factory):
    return dataset_of(*recordings, folder=tmp_path_factory.mktemp("context") / "set")


def describe(classifier, dataset):
    return classifier.describe_recordings(dataset, classifier.views_of(dataset))


def test_context_is_the_medians_of_all_frames(tmp_path, keypoints, dataset):
    classifier = social_classifier(tmp_path)
    contexts = describe(classifier, dataset)
    points = torch.from_numpy(keypoints)
    front, back = classifier.features.axis.front, classifier.features.axis.back
    for entry, context in zip(dataset.entries, contexts, strict=True):
        own = points[entry.first_frame : entry.first_frame + entry.frames]
        length = (own[:, :, front] - own[:, :, back]).norm(dim=-1).nanmedian()
        assert context[0] == length
        seconds = torch.full((1,), 1 / entry.fps)
        columns = classifier.features.raw(own[None], seconds, context[None])[0]
        torch.testing.assert_close(context[1:], columns.median(dim=0).values)


def test_context_does_not_change_when_animals_are_swapped_or_mirrored(tmp_path, keypoints, dataset):
    classifier = social_classifier(tmp_path, mirror=True, swap_animals=True)
    plain = describe(classifier, dataset)
    swapped = describe(classifier, replace(dataset, keypoints=keypoints[:, ::-1].copy()))
    torch.testing.assert_close(plain, swapped, atol=1e-3, rtol=1e-3)
    flipped = keypoints[:, :, classifier.mirror_order] * np.array([1, -1], np.float32)
    mirrored = describe(classifier, replace(dataset, keypoints=flipped))
    torch.testing.assert_close(plain, mirrored, atol=1e-3, rtol=1e-3)
    as_they_are = describe(social_classifier(tmp_path), dataset)
    assert not torch.allclose(plain, as_they_are, atol=1e-2)


def test_windows_of_a_recording_are_measured_alike(tmp_path, keypoints):
    features = social_classifier(tmp_path).features
    points = torch.from_numpy(keypoints[:900])[None].nan_to_num(300.0)
    seconds = torch.full((1,), 1 / 30)
    context = torch.full((1, features.context_dim), 55.0)
    whole = features.raw(points, seconds, context)
    part = features.raw(points[:, 300:700], seconds, context)
    torch.testing.assert_close(part[:, 60:-60], whole[:, 360:640])


def test_feature_names_tell_medians_apart(tmp_path):
    features = social_classifier(tmp_path).features
    names = features.feature_names
    assert len(names) == features.output_dim == len(set(names)) == 2 * len(features.frame_names)
    assert names[-1].endswith(", median of the recording")
    assert features.context_dim == 1 + len(features.frame_names)


def test_average_views_makes_predictions_the_same_for_mirrored_and_swapped_animals(
    tmp_path, keypoints, dataset
):
    both = (dataset, replace(dataset, keypoints=keypoints[:, ::-1, :].copy()))
    settings = {"mirror": True, "swap_animals": True}
    averaged = social_classifier(tmp_path, average_views=True, **settings)
    ours, theirs = (predict_probabilities(averaged, each)[0] for each in both)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    plain = social_classifier(tmp_path, **settings)
    ours, theirs = (predict_probabilities(plain, each)[0] for each in both)
    assert np.abs(ours - theirs).max() > 1e-2


def test_prediction_length_sets_the_windows_of_prediction(tmp_path, dataset):
    seen = []
    classifier = social_classifier(tmp_path, prediction_length=600)
    classifier.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].shape[1]))
    predict_probabilities(classifier, dataset)
    assert set(seen) == {600}
    seen.clear()
    classifier.config = tiny_config(tmp_path, prediction_length=10_000)
    (first, _) = predict_probabilities(classifier, dataset)
    assert set(seen) == {900}, "windows are no longer than the recording"
    assert first.shape == (900, 4)


def test_overlap_is_checked_against_the_windows_of_prediction():
    assert Config(overlap=65, prediction_length=128).window_frames == 128
    with pytest.raises(InputError, match="overlap: must be at most prediction_length"):
        Config(overlap=33, prediction_length=32)


def test_recordings_are_not_read_for_features_that_need_no_context(tmp_path, dataset):
    classifier = social_classifier(tmp_path, features="coordinates", recording_context=False)
    assert torch.equal(describe(classifier, replace(dataset, keypoints=None)), torch.ones(2, 1))


@pytest.fixture
def told(keypoints):
    """(N, A, K) likelihoods."""
    return np.random.default_rng(0).random(keypoints.shape[:-1], np.float32)


def test_likelihoods_count_for_networks_that_were_trained_on_them(tmp_path, dataset, told):
    def predict(classifier, likelihood):
        return predict_probabilities(classifier, replace(dataset, likelihood=likelihood))[0]

    trained_on = social_classifier(tmp_path, has_likelihood=True)
    assert np.abs(predict(trained_on, told) - predict(trained_on, None)).max() > 1e-3
    assert not np.isnan(predict(trained_on, None)).any()
    for without in (
        social_classifier(tmp_path),
        social_classifier(tmp_path, has_likelihood=True, use_likelihood=False),
    ):
        np.testing.assert_array_equal(predict(without, told), predict(without, None))


def test_likelihoods_of_training_and_validation_reach_the_network(tmp_path, recordings, told):
    for split, recording in zip(("train", "val"), recordings, strict=True):
        write_dataset([replace(recording, likelihood=told[:900])], tmp_path / "data" / split)
    config = tiny_config(tmp_path, features="social", dataset="recordings", model_type="tcn")
    data = BehaviorDataModule(config)
    data.setup()
    classifier = build_classifier(config, data.train)
    data.describe_recordings(classifier)
    classifier.fit_scales(*data.statistics_windows())
    names = classifier.features.frame_names
    column = names.index("resident nose likelihood")
    for batches in (data.train_dataloader(), data.val_dataloader()):
        batch = next(iter(batches))
        features = classifier.features(batch["keypoints"], batch["seconds"], batch["context"])
        likelihood = batch["keypoints"][:, :, 0, 0, 2]
        assert torch.equal(features[..., column], likelihood), "neither centred nor cut off"
        assert likelihood.std() > 0.2


def test_missing_likelihoods_are_told(tmp_path, recordings, told):
    write_dataset([replace(recordings[0], likelihood=told[:900])], tmp_path / "data/train")
    write_dataset([recordings[1]], tmp_path / "data/val")
    config = tiny_config(tmp_path, features="social", dataset="recordings", model_type="tcn")
    with pytest.warns(InputWarning, match=r"data/val: 1 of 1 recordings have no likelihoods"):
        result = fit(config)
    write_deeplabcut(tmp_path / "with.csv", recordings[1])
    arguments = {"checkpoint": result["best_checkpoint"], "output": str(tmp_path / "out")}
    predict(**arguments, poses=str(tmp_path / "with.csv"))
    without = [
        ",".join(cell for column, cell in enumerate(line.split(",")) if not column or column % 3)
        for line in (tmp_path / "with.csv").read_text().splitlines()
    ]
    (tmp_path / "without.csv").write_text("\n".join(without) + "\n")
    with pytest.warns(InputWarning, match=r"1 of 1 .* such as without; points"):
        predict(**arguments, poses=str(tmp_path / "without.csv"))
    with pytest.warns(InputWarning, match=r"data/val: 1 of 1"):
        evaluate(**arguments, data=config.val_data_dir)


def test_a_run_does_not_go_on_with_data_of_another_kind(tmp_path, recordings, told):
    settings = {"features": "social", "dataset": "recordings", "model_type": "tcn"}
    for split, recording in zip(("train", "val"), recordings, strict=True):
        write_dataset([recording], tmp_path / "data" / split)
    fit(tiny_config(tmp_path, run="run", **settings))
    (tmp_path / "checkpoints/run/result.json").unlink()
    for split, recording in zip(("train", "val"), recordings, strict=True):
        told_now = [replace(recording, likelihood=told[:900])]
        write_dataset(told_now, tmp_path / "data" / split, overwrite=True)
    with pytest.raises(InputError, match=r"has_likelihood of .* True, but .* trained with False"):
        fit(tiny_config(tmp_path, run="run", **settings))


def test_folds_look_at_their_own_recordings_for_likelihoods(tmp_path, recordings, told):
    first = replace(recordings[0], likelihood=told[:900])
    write_dataset([first, recordings[1]], tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    config = tiny_config(tmp_path, features="social", dataset="recordings", model_type="tcn")
    for part, is_read in (([0], True), ([1], False), ([0, 1], True)):
        classifier = build_classifier(config, dataset.subset(part))
        assert classifier.features.reads_likelihood == is_read
