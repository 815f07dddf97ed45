"""What an epoch is judged by while training, without waiting for a GPU: mean losses, macro F1."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import MulticlassF1Score

from mabe_lit import UNSCORED


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


def build_metrics(class_names: tuple[str, ...]) -> MetricCollection:
    """Macro F1 over all scored frames of an epoch; takes ``(frames, C)`` logits and labels."""
    macro_f1 = MulticlassF1Score(
        len(class_names), average="macro", ignore_index=UNSCORED, validate_args=False
    )
    return MetricCollection({"macro_f1": macro_f1})
