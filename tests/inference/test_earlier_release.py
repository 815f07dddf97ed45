"""What an earlier release wrote still opens, and predicts the same.

``tests/earlier_release`` was written by release 0.1.0 (commit be2e0bb): a dataset folder of 240
simulated frames, a small conformer on social features of which two views are averaged, and the
probabilities that it gave.
"""

from pathlib import Path

import numpy as np

from mabe_lit.data import open_dataset
from mabe_lit.inference import predict_probabilities
from mabe_lit.training import load_classifier

EARLIER = Path(__file__).parents[1] / "earlier_release"


def test_dataset_and_checkpoint_of_an_earlier_release_predict_the_same():
    dataset = open_dataset(EARLIER / "val")
    classifier = load_classifier(EARLIER / "best.ckpt")
    assert dataset.class_names == classifier.class_names
    (probabilities,) = predict_probabilities(
        classifier, dataset.keypoints, dataset.entries, device="cpu"
    )
    expected = np.load(EARLIER / "probabilities.npy")
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
