"""Probabilities of label tracks: of each agent and target, and of nothing that was not asked."""

import itertools

import numpy as np
import pytest
import torch
from acting import cycling
from tiny import dataset_of, tiny_config

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset, Task
from mabe_lit.inference import predict_probabilities, probabilities
from mabe_lit.inference.ensemble import Ensemble
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.scores import identity_decisions
from mabe_lit.shell import InputError
from mabe_lit.training import BehaviorClassifier

CLASSES = ("attack", "rear", "sniff", "other")
PAIR, OWN = ("attack", "sniff", "other"), ("rear", "other")
POINTS = ("nose", "ear", "tail")


def recording(name, animals, frames, *tracks, **changes):
    """Animals that walk about, ``m1`` to ``mA``."""
    rng = np.random.default_rng(frames)
    steps = rng.normal(0, 3, (frames, animals, 1, 2))
    middle = rng.uniform(0, 300, (animals, 1, 2)) + steps.cumsum(0)
    body = np.array([[20.0, 0.0], [10.0, 8.0], [-20.0, 0.0]])
    fields = {
        "keypoints": (middle + body).astype(np.float32),
        "tracks": tracks,
        "fps": 30.0,
        "animal_names": tuple(f"m{number + 1}" for number in range(animals)),
        "keypoint_names": POINTS,
        "class_names": CLASSES,
    }
    return Recording(name, **(fields | changes))


def exclusive(frames, who, about):
    codes = [CLASSES.index(each) for each in about]
    return LabelTrack(cycling(frames, *codes), *who, about)


def independent(frames, who, about):
    labels = np.full((frames, len(CLASSES)), UNSCORED, np.int8)
    for column, each in enumerate(CLASSES):
        if each in about:
            labels[:, column] = np.arange(frames) % 5 < 2
    return LabelTrack(labels, *who)


@pytest.fixture(params=[exclusive, independent], ids=["exclusive", "independent"])
def dataset(request, tmp_path):
    """Recordings of three and two animals, of other lengths."""
    make = request.param
    first = [
        make(150, ("m1", "m2"), PAIR),
        make(150, ("m3", "m1"), PAIR),
        make(150, ("m2", None), OWN),
    ]
    second = [make(40, ("m2", "m1"), PAIR)]
    return dataset_of(
        recording("first", 3, 150, *first),
        recording("second", 2, 40, *second),
        folder=tmp_path / "set",
    )


def classifier_of(dataset, folder, **changes):
    torch.manual_seed(0)
    changes = {"features": "social", "model_type": "tcn", "precision": "fp32"} | changes
    classifier = BehaviorClassifier(tiny_config(folder, **changes), Task.of(dataset)).eval()
    for weights in classifier.network.parameters():
        weights.data *= 2  # answers that differ
    return classifier


def test_probabilities_are_of_each_track_in_its_order(dataset, tmp_path):
    classifier = classifier_of(dataset, tmp_path)
    found = predict_probabilities(classifier, dataset, device="cpu")
    assert [each.shape for each in found] == [(150, 4), (150, 4), (150, 4), (40, 4)]
    assert np.abs(found[0] - found[1]).max() > 1e-3, "another agent sees something else"
    for index in range(2):
        alone = predict_probabilities(classifier, dataset.subset([index]), device="cpu")
        of_recording = [
            each for each, t in zip(found, dataset.tracks, strict=True) if t.recording == index
        ]
        for ours, theirs in zip(alone, of_recording, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_what_nobody_looked_for_in_such_tracks_has_no_probability(dataset, tmp_path):
    found = predict_probabilities(classifier_of(dataset, tmp_path), dataset, device="cpu")
    for track, each in zip(dataset.tracks, found, strict=True):
        about = np.isin(CLASSES, OWN if track.target is None else PAIR)
        assert (each[:, ~about] == 0).all()
        assert (each[:, about] > 0).all()
        if not dataset.is_independent:
            np.testing.assert_allclose(each.sum(1), 1, rtol=1e-5)


def test_portions_of_tracks_say_the_same(dataset, tmp_path, monkeypatch):
    classifier = classifier_of(dataset, tmp_path)
    whole = predict_probabilities(classifier, dataset, device="cpu")
    monkeypatch.setattr(probabilities, "_MOST_VALUES", 700)  # little more than a track
    lengths = np.array([150, 150, 150, 40])
    portions = [each.tolist() for each in probabilities._portions(lengths, 4)]
    assert len(portions) > 1
    assert list(itertools.chain(*portions)) == [0, 1, 2, 3]
    for ours, theirs in zip(
        predict_probabilities(classifier, dataset, device="cpu"), whole, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def ensemble_of(dataset, folder, **changes):
    classifier = classifier_of(dataset, folder, **changes)
    decisions = identity_decisions(4, is_independent=dataset.is_independent)
    return Ensemble((classifier,), decisions)


def predicted(ensemble, recording):
    found = ensemble.predict_recording(recording, where="there", device="cpu")
    return {(each.agent, each.target): each for each in found}


@pytest.mark.parametrize("animals", [2, 3, 5])
def test_recording_of_any_number_of_animals_is_predicted(dataset, tmp_path, animals):
    names = [f"m{number + 1}" for number in range(animals)]
    found = predicted(ensemble_of(dataset, tmp_path), recording("new", animals, 33))
    own = [(name, None) for name in names]
    pairs = [(a, b) for a in names for b in names if a != b]
    assert list(found) == [*own, *pairs]
    for (_, target), each in found.items():
        assert each.looked_for == (OWN if target is None else PAIR)
        is_yes = (
            np.eye(4, dtype=bool)[each.predicted] if each.predicted.ndim == 1 else each.predicted
        )
        assert not is_yes[:, ~np.isin(CLASSES, each.looked_for)].any()


def test_prediction_does_not_depend_on_the_order_of_the_animals(dataset, tmp_path):
    ensemble = ensemble_of(dataset, tmp_path, recording_context=True)
    new = recording("new", 3, 90)
    swapped = new.in_order_of(("m3", "m1", "m2"))
    ours, theirs = predicted(ensemble, new), predicted(ensemble, swapped)
    assert ours.keys() == theirs.keys()
    for who, each in ours.items():
        np.testing.assert_allclose(each.probabilities, theirs[who].probabilities, atol=1e-5)


def test_prediction_of_a_pair_is_that_of_the_dataset(dataset, tmp_path):
    """From memory, all pairs; from a folder, those that somebody scored."""
    ensemble = ensemble_of(dataset, tmp_path, recording_context=True)
    found = predicted(ensemble, dataset[0])
    of_dataset = predict_probabilities(ensemble.classifiers[0], dataset, device="cpu")
    for who, expected in zip((("m1", "m2"), ("m3", "m1"), ("m2", None)), of_dataset, strict=False):
        np.testing.assert_allclose(found[who].probabilities, expected, atol=1e-5)


def test_single_animal_has_no_pairs(tmp_path):
    pairs = recording("a", 2, 20, exclusive(20, ("m1", "m2"), PAIR))
    ensemble = ensemble_of(dataset_of(pairs, folder=tmp_path / "set"), tmp_path)
    with pytest.raises(
        InputError, match=r"there: has one animal, m1, but .* labels what an animal"
    ):
        predicted(ensemble, recording("new", 1, 20))


def test_group_decides_what_is_predicted(tmp_path):
    parts = [
        recording("a", 2, 20, exclusive(20, ("m1", "m2"), PAIR), group="lab A"),
        recording("b", 2, 20, exclusive(20, ("m1", None), OWN), group="lab B"),
    ]
    dataset = dataset_of(*parts, folder=tmp_path / "set")
    ensemble = ensemble_of(dataset, tmp_path, group_embedding=True)
    new = {group: recording("new", 2, 20, group=group) for group in ("lab A", "lab B", "lab C")}
    found = {group: predicted(ensemble, each) for group, each in new.items()}
    assert [*found["lab A"]] == [("m1", "m2"), ("m2", "m1")]
    assert [*found["lab B"]] == [("m1", None), ("m2", None)]
    assert [*found["lab C"]] == [*found["lab B"], *found["lab A"]], "what any group has"
    ours, theirs = (found[group]["m1", "m2"].probabilities for group in ("lab A", "lab C"))
    assert np.abs(ours - theirs).max() > 1e-4, "the group is told to the network"


def test_labels_of_another_kind_are_not_scored(dataset, tmp_path):
    ensemble = ensemble_of(dataset, tmp_path)
    ensemble.check_labels(dataset, where="there")
    scene = Dataset.of(recording("scene", 2, 20))
    with pytest.raises(InputError, match=r"there: its labels are .* of the scene, but those of"):
        ensemble.check_labels(scene, where="there")
