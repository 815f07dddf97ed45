"""What an earlier release wrote still opens, and predicts the same.

``tests/earlier_release`` was written by release 0.1.0 (commit be2e0bb): a dataset folder of 240
simulated frames, a small conformer on social features of which two views are averaged, and the
probabilities that it gave.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mabe_lit.config import Config
from mabe_lit.data import open_dataset
from mabe_lit.inference import predict_probabilities
from mabe_lit.shell import InputError
from mabe_lit.training import load_classifier, read_checkpoint

EARLIER = Path(__file__).parents[1] / "earlier_release"


def test_dataset_and_checkpoint_of_an_earlier_release_predict_the_same():
    dataset = open_dataset(EARLIER / "val")
    classifier = load_classifier(EARLIER / "best.ckpt")
    assert dataset.class_names == classifier.class_names
    (probabilities,) = predict_probabilities(classifier, dataset, device="cpu")
    expected = np.load(EARLIER / "probabilities.npy")
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_checkpoint_holds_all_removed_keys_at_their_defaults():
    config = read_checkpoint(EARLIER / "best.ckpt")["mabe_lit"]["config"]
    assert {key: config[key] for key in Config.REMOVED} == Config.REMOVED


@pytest.mark.parametrize(("key", "value"), [("leave_out", "motion"), ("edge_mask_s", 0.5)])
def test_checkpoint_of_a_key_that_was_removed_is_refused_by_name(key, value, tmp_path):
    checkpoint = dict(read_checkpoint(EARLIER / "best.ckpt"))
    about = checkpoint["mabe_lit"]
    checkpoint["mabe_lit"] = about | {"config": about["config"] | {key: value}}
    torch.save(checkpoint, tmp_path / "other.ckpt")
    with pytest.raises(InputError) as error:
        load_classifier(tmp_path / "other.ckpt")
    assert str(error.value) == (
        f"{tmp_path / 'other.ckpt'}: {key} is {value!r}, allowed is {Config.REMOVED[key]!r}: "
        "removed after release 0.1.0; use that release, or train without"
    )


def test_run_without_a_name_is_called_what_it_was_with_the_removed_keys():
    earlier = read_checkpoint(EARLIER / "best.ckpt")["mabe_lit"]["config"]
    settings = {key: earlier[key] for key in earlier.keys() - {"checkpoint_dir", "run", "gpu"}}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]
    now = Config.from_dict(earlier | {"run": None}, where="there")
    assert now.run == f"{earlier['model_type']}-{digest}"
