import pytest
import torch
import torch.nn.functional as F

from mabe_lit import UNSCORED
from mabe_lit.training.epoch_metrics import MeanLoss
from mabe_lit.training.losses import frame_loss, weigh_classes


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 20, 4, generator=generator)
    labels = torch.randint(0, 4, (3, 20), generator=generator)
    labels[0, :7] = UNSCORED
    return logits, labels


def test_plain_loss_is_cross_entropy_of_the_scored_frames(batch):
    logits, labels = batch
    expected = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=UNSCORED)
    torch.testing.assert_close(frame_loss(logits, labels), expected)


def test_weighted_loss_is_pytorchs(batch):
    logits, labels = batch
    weights = torch.tensor([1.0, 2.0, 0.5, 3.0])
    expected = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), weight=weights, ignore_index=UNSCORED
    )
    torch.testing.assert_close(frame_loss(logits, labels, class_weights=weights), expected)


def test_smoothed_loss_is_pytorchs(batch):
    logits, labels = batch
    expected = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=UNSCORED, label_smoothing=0.1
    )
    torch.testing.assert_close(frame_loss(logits, labels, label_smoothing=0.1), expected)


def test_mean_loss_is_that_of_all_scored_frames_at_once(batch):
    logits, labels = batch
    labels = labels.clone()
    labels[0] = UNSCORED  # the first batch has no scored frame
    labels[1, :5] = UNSCORED
    mean = MeanLoss()
    for window in range(len(labels)):
        part = slice(window, window + 1)
        mean.update(frame_loss(logits[part], labels[part]), labels[part])
    torch.testing.assert_close(mean.compute(), frame_loss(logits, labels))


def test_loss_does_not_see_unscored_frames(batch):
    logits, labels = batch
    changed = logits.clone()
    changed[0, :7] = 100.0
    options = {"class_weights": torch.tensor([1.0, 2, 3, 4]), "label_smoothing": 0.1}
    torch.testing.assert_close(
        frame_loss(changed, labels, **options), frame_loss(logits, labels, **options)
    )


def test_loss_without_a_scored_frame_is_zero():
    assert frame_loss(torch.zeros(1, 3, 2), torch.full((1, 3), UNSCORED)) == 0


@pytest.mark.parametrize("kind", ["balanced", "sqrt"])
def test_class_weights_have_mean_one_over_frames_and_favour_the_rare(kind):
    counts = torch.tensor([10, 100, 890])
    weights = weigh_classes(counts, kind)
    assert float((weights * counts).sum() / counts.sum()) == pytest.approx(1)
    power = 1.0 if kind == "balanced" else 0.5
    assert float(weights[0] / weights[2]) == pytest.approx(89**power, rel=1e-4)


def test_class_weights_of_an_absent_class_are_finite():
    assert weigh_classes(torch.tensor([0, 5, 5]), "balanced").isfinite().all()
    assert weigh_classes(torch.tensor([1, 2]), "none") is None
