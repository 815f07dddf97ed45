from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from tiny import MICE, tiny_config
from torchmetrics.classification import MultilabelF1Score

from mabe_lit import UNSCORED
from mabe_lit.simulation import simulate_recordings
from mabe_lit.training import BehaviorClassifier, epoch_metrics
from mabe_lit.training.epoch_metrics import AnswersInBulk, MacroF1, build_metrics

NAMES = ("attack", "mount", "other")


def random_steps():
    generator, B, T = torch.Generator().manual_seed(3), 4, 25
    for _ in range(7):
        logits = torch.randn(B, T, len(NAMES), generator=generator)
        labels = torch.randint(-1, len(NAMES), (B, T), generator=generator)
        yield logits, labels.masked_fill(labels < 0, UNSCORED)


def sklearn_macro_f1(logits, labels):
    is_scored = labels != UNSCORED
    return f1_score(labels[is_scored], logits.argmax(-1)[is_scored], average="macro")


@pytest.mark.parametrize("at_once", [1, 250, 100_000])
def test_answers_in_bulk_give_the_f1_of_all_steps_however_many_are_counted_at_once(
    monkeypatch, at_once
):
    monkeypatch.setattr(epoch_metrics, "_FRAMES_AT_ONCE", at_once)
    answers = AnswersInBulk(build_metrics(NAMES))
    for logits, labels in random_steps():
        answers.add(logits, labels)
    expected = sklearn_macro_f1(*(torch.cat(each) for each in zip(*random_steps(), strict=True)))
    assert float(answers.count().compute()["macro_f1"]) == pytest.approx(expected)
    assert float(answers.count().compute()["macro_f1"]) == pytest.approx(expected), "once each"


def test_answers_in_bulk_survive_that_the_logits_are_written_over():
    answers = AnswersInBulk(build_metrics(NAMES))
    logits, labels = next(random_steps())
    expected = sklearn_macro_f1(logits, labels)
    answers.add(logits, labels)
    logits.zero_()
    assert float(answers.count().compute()["macro_f1"]) == pytest.approx(expected)


def test_macro_f1_leaves_out_a_class_that_is_neither_true_nor_said():
    metric = MacroF1(3)
    metric.update(torch.tensor([0, 1, 2]), torch.tensor([0, 0, UNSCORED]))
    assert float(metric.compute()) == pytest.approx((2 / 3 + 0) / 2)


def test_macro_f1_counts_without_reading_a_value():
    """A tensor of ``meta`` has none, so whatever a GPU would be waited for fails there."""
    metric = MacroF1(3).to("meta")
    metric.update(torch.empty(8, 3, device="meta"), torch.empty(8, dtype=int, device="meta"))
    assert metric.tp.shape == (3,)


def random_independent_steps(share_unscored):
    generator, B, T, C = torch.Generator().manual_seed(4), 4, 25, 4
    for _ in range(5):
        logits = torch.randn(B, T, C, generator=generator)
        labels = (torch.rand(B, T, C, generator=generator) < 0.3).to(torch.int8)
        labels[torch.rand(B, T, C, generator=generator) < share_unscored] = UNSCORED
        labels[:2, :, 1] = UNSCORED  # two of the windows are not about the second class
        # The last one never happens, and whether it is said shows only where nobody looked.
        labels[..., 3] = labels[..., 3].clamp(max=0)
        logits[..., 3] = torch.where(labels[..., 3] == UNSCORED, 1.0, -1.0)
        yield logits, labels


@pytest.mark.parametrize("share_unscored", [0.0, 0.4, 0.95])
@pytest.mark.parametrize("at_once", [1, 250, 100_000])
def test_macro_f1_of_independent_classes_is_the_mean_of_their_own(
    monkeypatch, at_once, share_unscored
):
    monkeypatch.setattr(epoch_metrics, "_FRAMES_AT_ONCE", at_once)
    answers = AnswersInBulk(build_metrics((*NAMES, "never")))
    of_logits = MacroF1(4)
    for logits, labels in random_independent_steps(share_unscored):
        answers.add(logits, labels)
        of_logits.update(logits.flatten(0, 1), labels.flatten(0, 1))
    steps = zip(*random_independent_steps(share_unscored), strict=True)
    logits, labels = (torch.cat(each).flatten(0, 1) for each in steps)
    scores = []
    for c in range(3):
        looked = labels[:, c] != UNSCORED
        scores.append(f1_score(labels[looked, c], logits[looked, c] >= 0))
    assert float(answers.count().compute()["macro_f1"]) == pytest.approx(np.mean(scores))
    assert float(of_logits.compute()) == pytest.approx(np.mean(scores))
    torchmetrics_own = MultilabelF1Score(4, average="none", ignore_index=UNSCORED)
    torchmetrics_own.update(logits.sigmoid(), labels.int())
    assert torchmetrics_own.compute()[:3].tolist() == pytest.approx(scores)


def test_macro_f1_of_one_independent_class_is_that_of_its_yes():
    metric = MacroF1(1)
    labels = torch.tensor([[1], [1], [0], [0], [UNSCORED]])
    metric.update(torch.tensor([[0.0], [-1.0], [2.0], [-3.0], [4.0]]), labels)
    assert float(metric.compute()) == pytest.approx(2 * 1 / (2 * 1 + 1 + 1))
    assert (metric.tp, metric.fp, metric.tn, metric.fn) == (1, 1, 1, 1)


def test_macro_f1_takes_a_class_that_is_said_but_never_happens():
    metric = MacroF1(2)
    metric.update(torch.tensor([[True, True]]), torch.tensor([[1, 0]]))
    assert float(metric.compute()) == pytest.approx((1 + 0) / 2)


def test_answers_in_bulk_are_among_the_classes_looked_for():
    answers = AnswersInBulk(build_metrics(NAMES))
    logits, labels = torch.tensor([[[1.0, 2.0, 3.0]] * 4]), torch.tensor([[1, 1, 0, 1]])
    answers.add(logits, labels, looked_for=torch.tensor([[True, True, False]]))
    # All four frames are said to be of the second class, three are.
    assert float(answers.count().compute()["macro_f1"]) == pytest.approx((0 + 6 / 7) / 2)


def test_macro_f1_of_independent_classes_counts_without_reading_a_value():
    metric = MacroF1(3).to("meta")
    metric.update(torch.empty(8, 3, device="meta"), torch.empty(8, 3, dtype=int, device="meta"))
    assert metric.tp.shape == (3,)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"members": 2, "model_type": "ms_tcn"},
        {"rotate": True, "swap_animals": True},
    ],
)
def test_training_step_counts_the_answers_to_the_windows_that_it_learns_from(changes):
    torch.manual_seed(0)
    config = tiny_config(Path(), dropout=0.0, **changes)
    classifier = BehaviorClassifier(
        config,
        MICE,
    )
    classifier.log = lambda *_, **__: None
    recording = simulate_recordings(1, 1024, 0)[0]
    labels = torch.from_numpy(recording.labels.astype(np.int64)).view(16, 64)
    labels[3, 10:] = UNSCORED
    batch = {
        "keypoints": torch.from_numpy(recording.keypoints).view(16, 64, 2, 7, 2),
        "labels": labels,
        "seconds": torch.full((16,), 1 / 30),
        "context": torch.full((16, 1), 60.0),
        "views": None,
    }
    classifier.fit_scales(batch, torch.ones(16, 64, dtype=bool))
    seen = []
    classifier.features.register_forward_hook(lambda _, __, features: seen.append(features))
    for weights in classifier.network.parameters():
        weights.data *= 3  # small ones call all frames the same
    classifier.training_step(batch, 0)
    logits = classifier.network.eval()(seen[0]).detach()
    counted = classifier.train_answers.count().compute()["train_macro_f1"]
    assert len(logits.argmax(-1).unique()) > 1, "or any answer would be as good"
    assert float(counted) == pytest.approx(sklearn_macro_f1(logits, labels))
