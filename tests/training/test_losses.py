import numpy as np
import pytest
import torch
import torch.nn.functional as F

from mabe_lit import UNSCORED
from mabe_lit.config import Config
from mabe_lit.simulation.mice import ANIMAL_NAMES, CLASS_NAMES, KEYPOINT_NAMES
from mabe_lit.training import BehaviorClassifier
from mabe_lit.training.epoch_metrics import MeanLoss
from mabe_lit.training.losses import frame_loss, mask_edges, weigh_classes


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


def test_focal_loss_is_the_papers_equation(batch):
    logits, labels = batch
    scored = labels != UNSCORED
    right = logits.softmax(-1)[scored].gather(1, labels[scored][:, None])[:, 0]
    expected = (-((1 - right) ** 2) * right.log()).mean()
    torch.testing.assert_close(frame_loss(logits, labels, focal_gamma=2.0), expected)


def test_focal_loss_of_a_certain_frame_has_a_finite_gradient():
    logits = torch.tensor([[[40.0, -40.0], [0.0, 0.0]]], requires_grad=True)
    frame_loss(logits, torch.tensor([[0, UNSCORED]]), focal_gamma=0.5).backward()
    assert logits.grad.isfinite().all()


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
    options = {"class_weights": torch.tensor([1.0, 2, 3, 4]), "focal_gamma": 1.0}
    torch.testing.assert_close(
        frame_loss(changed, labels, **options), frame_loss(logits, labels, **options)
    )


@pytest.mark.parametrize(("seconds", "fps"), [(0.1, 30), (0.5, 30), (0.1, 60), (0.05, 30)])
def test_training_unscores_as_many_frames_before_a_change_as_after(seconds, fps):
    classifier = BehaviorClassifier(
        Config(edge_mask_s=seconds, hidden_dim=16, num_layers=1, num_heads=2),
        animal_names=ANIMAL_NAMES,
        keypoint_names=KEYPOINT_NAMES,
        class_names=CLASS_NAMES,
    )
    seen = []
    classifier._frame_loss = lambda logits, labels: seen.append(labels) or logits.sum()
    labels = torch.tensor([[0] * 50 + [1] * 50])
    classifier._training_loss(torch.zeros(1, 100, 28), labels, torch.tensor([1 / fps]))
    (masked,) = seen[0] == UNSCORED
    assert masked[:50].sum() == masked[50:].sum()
    assert abs(masked[:50].sum() - seconds * fps) <= 0.5


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


@pytest.mark.parametrize("reach", [0, 1, 2, 5])
def test_mask_edges_unscores_frames_near_a_change(reach):
    labels = torch.tensor([[0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2]])
    expected = labels.clone()
    for change in (4, 10):
        expected[0, max(change - reach, 0) : change + reach] = UNSCORED
    np.testing.assert_array_equal(mask_edges(labels, torch.tensor([float(reach)])), expected)
