"""What a training punishes beside the cross-entropy of each frame."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mabe_lit import UNSCORED


def smoothing_loss(logits: Tensor, labels: Tensor, *, threshold: float = 4.0) -> Tensor:
    """Mean squared change of log-probabilities from a frame to the next, truncated.

    A change of mind between neighbouring frames costs; one beyond ``threshold``, as at the edge of
    a bout, costs no more for being larger. The earlier frame is taken as given, without gradient.

    Source: Farha and Gall, "MS-TCN", CVPR 2019, section 3.3, the truncated mean squared error.

    Args:
        logits: ``(B, T, C)``.
        labels: ``(B, T)`` class indices; a pair with an ``UNSCORED`` frame does not count.
        threshold: Largest change that is told from larger ones, in natural log-probability.

    Returns:
        Mean over pairs and classes, a scalar; 0 where no pair counts.
    """
    C = logits.shape[-1]
    log_probs = logits.float().log_softmax(dim=-1)
    change = (log_probs[:, 1:] - log_probs[:, :-1].detach()).abs()  # (B, T - 1, C)
    is_scored = labels != UNSCORED
    counts = is_scored[:, 1:] & is_scored[:, :-1]  # (B, T - 1)
    total = (change.clamp(max=threshold).square() * counts[..., None]).sum()
    return total / (counts.sum() * C).clamp(min=1)


def frame_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    class_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of the scored frames.

    Args:
        logits: ``(B, T, C)``.
        labels: ``(B, T)`` class indices, ``UNSCORED`` where the frame does not count.
        class_weights: ``(C,)`` factors of the classes' frames; 1 when None.
        label_smoothing: Share of a label that is spread over all classes, 0 to 1.

    Returns:
        Mean over the scored frames, weighted by ``class_weights``; 0 where there is none.
    """
    logits, labels = logits.float().flatten(0, 1), labels.flatten()
    per_frame = F.cross_entropy(
        logits,
        labels,
        weight=class_weights,
        ignore_index=UNSCORED,
        reduction="none",
        label_smoothing=label_smoothing,
    )
    is_scored = labels != UNSCORED
    weight = (
        torch.ones_like(per_frame) if class_weights is None else class_weights[labels.clamp(min=0)]
    )
    return per_frame.sum() / (weight * is_scored).sum().clamp(min=1e-6)


def weigh_classes(counts: Tensor, kind: str) -> Tensor | None:
    """Factors for classes with ``counts (C,)`` scored frames: none, balanced, or sqrt of balanced.

    Their mean over the frames is 1. A class without a frame has the largest factor of the others.
    """
    if kind == "none":
        return None
    share = counts.float() / counts.sum()
    rarest = share[share > 0].min()
    weights = share.clamp(min=float(rarest)) ** (-1.0 if kind == "balanced" else -0.5)
    return weights / (weights * share).sum()
