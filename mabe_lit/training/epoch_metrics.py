"""What an epoch is judged by while training, without waiting for a GPU: mean losses, macro F1."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassF1Score

from mabe_lit import UNSCORED

_FRAMES_AT_ONCE = 65_536


class MeanLoss(Metric):
    """Mean loss of all scored frames of an epoch, of all processes; knows it without waiting.

    ``torchmetrics.MeanMetric`` looks for NaN in each value, for which a GPU must finish first, and
    forgets the weights where it is told not to.
    """

    full_state_update = False
    total: Tensor
    frames: Tensor

    def __init__(self) -> None:
        """Start with no frame."""
        super().__init__()
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("frames", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, loss: Tensor, labels: Tensor) -> None:
        """Add a batch's mean ``loss`` over those of its ``labels (B, T)`` that are scored."""
        frames = (labels != UNSCORED).sum()
        self.total += loss.detach().float() * frames
        self.frames += frames

    def compute(self) -> Tensor:
        """The mean; 0 where no frame is scored."""
        return self.total / self.frames.clamp(min=1)


class MacroF1(MulticlassF1Score):
    """Macro F1 of all scored frames of an epoch, of all processes; counts without waiting.

    The counts are those of ``MulticlassF1Score``, which picks the scored frames first: how many
    that are, a GPU knows only when it has finished.
    """

    def __init__(self, classes: int) -> None:
        """Count frames of so many classes."""
        super().__init__(classes, average="macro", validate_args=False)
        self._classes = classes

    def update(self, preds: Tensor, target: Tensor) -> None:
        """Add frames.

        Args:
            preds: ``(N, C)`` logits, or ``(N,)`` classes.
            target: ``(N,)`` classes, ``UNSCORED`` where the frame does not count.
        """
        if preds.ndim > target.ndim:
            preds = preds.argmax(-1)
        classes = torch.arange(self._classes, device=target.device)
        is_scored = target != UNSCORED
        is_true = target[:, None] == classes  # (N, C)
        is_said = (preds[:, None] == classes) & is_scored[:, None]
        tp = (is_true & is_said).sum(0)
        fp, fn = is_said.sum(0) - tp, is_true.sum(0) - tp
        self._update_state(tp, fp, is_scored.sum() - tp - fp - fn, fn)


def build_metrics(class_names: tuple[str, ...]) -> MetricCollection:
    """Macro F1 over all scored frames of an epoch; takes ``(frames, C)`` logits and labels."""
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

    def add(self, logits: Tensor, labels: Tensor) -> None:
        """Add a step's answer ``(B, T, C)`` to its ``labels (B, T)``."""
        # Classes are memory of their own: the next step writes over the logits of a CUDA graph.
        self._answers.append(logits.detach().argmax(-1).flatten())
        self._labels.append(labels.flatten())
        self._frames += labels.numel()
        if self._frames >= _FRAMES_AT_ONCE:
            self.count()

    def count(self) -> MetricCollection:
        """Have the metrics count what is collected, and give them back."""
        if self._answers:
            self.metrics.update(torch.cat(self._answers), torch.cat(self._labels))
            self._answers, self._labels, self._frames = [], [], 0
        return self.metrics
