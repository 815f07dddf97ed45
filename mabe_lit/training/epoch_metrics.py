"""What an epoch is judged by while training, without waiting for a GPU: mean losses, macro F1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassF1Score

from mabe_lit import UNSCORED
from mabe_lit.models.answers import answers_of

_FRAMES_AT_ONCE = 65_536


class MeanLoss(Metric):
    """Mean loss of all scored labels of an epoch, of all processes; knows it without waiting.

    Labels are frames or, where classes are independent, a yes or no of a frame.

    ``torchmetrics.MeanMetric`` looks for NaN in each value, for which a GPU must finish first, and
    forgets the weights where it is told not to.
    """

    full_state_update = False
    total: Tensor
    labels: Tensor

    def __init__(self) -> None:
        """Start with no label."""
        super().__init__()
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("labels", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, loss: Tensor, labels: Tensor) -> None:
        """Add a batch's mean ``loss`` over those of its labels that are scored.

        ``labels`` are ``(B, T)``, or ``(B, T, C)`` where classes are independent.
        """
        scored = (labels != UNSCORED).sum()
        self.total += loss.detach().float() * scored
        self.labels += scored

    def compute(self) -> Tensor:
        """The mean; 0 where nothing is scored."""
        return self.total / self.labels.clamp(min=1)


class MacroF1(MulticlassF1Score):
    """Macro F1 of all scored frames of an epoch, of all processes; counts without waiting.

    The counts are those of ``MulticlassF1Score``, which picks the scored frames first: how many
    that are, a GPU knows only when it has finished. Where classes are independent, a class's F1 is
    that of its yes, over the frames in which somebody looked for it. A class that neither the
    labels nor the answers show does not count in the mean.
    """

    def __init__(self, classes: int) -> None:
        """Count frames of so many classes."""
        super().__init__(classes, average="macro", validate_args=False)
        self._classes = classes

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add frames.

        Args:
            preds: ``(N, C)`` logits, or what they say: ``(N,)`` classes, or ``(N, C)`` bool.
            target: ``(N,)`` classes, or ``(N, C)`` of 0 and 1; ``UNSCORED`` does not count.
        """
        if preds.is_floating_point():
            preds = answers_of(target.ndim == 2).choose(preds)
        is_scored = target != UNSCORED
        if target.ndim == 2:
            is_true, is_said = target == 1, preds & is_scored  # (N, C)
        else:
            classes = torch.arange(self._classes, device=target.device)
            is_true = target[:, None] == classes
            is_said = (preds[:, None] == classes) & is_scored[:, None]
        tp = (is_true & is_said).sum(0)
        fp, fn = is_said.sum(0) - tp, is_true.sum(0) - tp
        self._update_state(tp, fp, is_scored.sum(0) - tp - fp - fn, fn)


def build_metrics(class_names: tuple[str, ...]) -> MetricCollection:
    """Macro F1 over all scored frames of an epoch; takes answers and labels as ``MacroF1`` does."""
    return MetricCollection({"macro_f1": MacroF1(len(class_names))})


class AnswersInBulk(nn.Module):
    """Collects the answers of training steps, which metrics then count many at a time.

    A step that counted its own frames would launch a dozen small kernels, this one launches one.
    """

    def __init__(self, metrics: MetricCollection) -> None:
        """Collect for ``metrics``."""
        super().__init__()
        self.metrics = metrics
        self._answers: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._frames = 0

    def add(self, logits: Tensor, labels: Tensor, *, looked_for: Tensor | None = None) -> None:
        """Add a step's answer ``(B, T, C)`` to its ``labels``, ``(B, T)`` or ``(B, T, C)``.

        ``looked_for (B, C)`` are the classes that may be the answer, all if None.
        """
        answers = answers_of(labels.ndim == logits.ndim)
        # Classes are memory of their own: the next step writes over the logits of a CUDA graph.
        self._answers.append(answers.choose(logits.detach(), looked_for).flatten(0, 1))
        self._labels.append(labels.flatten(0, 1))
        self._frames += len(self._labels[-1])
        if self._frames >= _FRAMES_AT_ONCE:
            self.count()

    def count(self) -> MetricCollection:
        """Have the metrics count what is collected, and give them back."""
        if self._answers:
            self.metrics.update(torch.cat(self._answers), torch.cat(self._labels))
            self._answers, self._labels, self._frames = [], [], 0
        return self.metrics
