"""What a training punishes: wrong labels and, in some networks, answers that flicker.

Labels tell how logits are read: ``(B, T)`` class indices exclude each other, ``(B, T, C)`` of yes
and no are independent, see ``models.answers``. A frame that does not count is masked and not left
out: how many are left, a GPU knows only when it has finished.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mabe_lit import UNSCORED
from mabe_lit.models.answers import only_among

MOST_WEIGHT = 100.0
"""Largest factor of a yes. Of a behaviour still rarer than 1 frame in 101, few bouts would decide
all that is learnt."""


def smoothing_loss(
    logits: Tensor, labels: Tensor, *, looked_for: Tensor | None = None, threshold: float = 4.0
) -> Tensor:
    """Mean squared change of log-probabilities from a frame to the next, truncated.

    A change of mind between neighbouring frames costs; one beyond ``threshold``, as at the edge of
    a bout, costs no more for being larger. The earlier frame is taken as given, without gradient.
    Where classes are independent, yes and no are the two classes of each.

    Source: Farha and Gall, "MS-TCN", CVPR 2019, section 3.3, the truncated mean squared error.

    Args:
        logits: ``(B, T, C)``.
        labels: ``(B, T)`` class indices, or ``(B, T, C)`` of 0 and 1; a pair with an ``UNSCORED``
            frame does not count.
        looked_for: ``(B, C)`` bool, classes that count where they exclude each other; all if None.
        threshold: Largest change that is told from larger ones, in natural log-probability.

    Returns:
        Mean over pairs and classes, a scalar; 0 where no pair counts.
    """
    logits, is_scored = logits.float(), labels != UNSCORED
    if labels.ndim == logits.ndim:
        log_probs = F.logsigmoid(torch.stack([logits, -logits], dim=-1))  # (B, T, C, 2)
        is_scored = is_scored[..., None].expand_as(log_probs)
    else:
        log_probs = only_among(logits, looked_for).log_softmax(dim=-1)
        is_scored = is_scored[..., None].expand_as(logits)
        if looked_for is not None:
            is_scored = is_scored & looked_for[:, None]
    change = (log_probs[:, 1:] - log_probs[:, :-1].detach()).abs()  # (B, T - 1, C, ...)
    counts = is_scored[:, 1:] & is_scored[:, :-1]
    total = (change.clamp(max=threshold).square() * counts).sum()
    return total / counts.sum().clamp(min=1)


def frame_loss(
    logits: Tensor,
    labels: Tensor,
    *,
    looked_for: Tensor | None = None,
    class_weights: Tensor | None = None,
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of what is scored: a frame, or a yes or no of a frame where independent.

    Args:
        logits: ``(B, T, C)``.
        labels: ``(B, T)`` class indices, or ``(B, T, C)`` of 0 and 1; ``UNSCORED`` does not count.
        looked_for: ``(B, C)`` bool, classes that are to be told apart where they exclude each
            other; all if None. Independent labels tell by themselves.
        class_weights: ``(C,)`` factors of the classes' frames, where independent of their yes; 1
            when None.
        label_smoothing: Share of a label, 0 to 1, that is spread over all classes that are looked
            for, or over yes and no.

    Returns:
        Mean over what is scored, weighted by ``class_weights``; 0 where there is nothing.
    """
    if labels.ndim == logits.ndim:
        return _loss_of_yes_and_no(logits.float(), labels, class_weights, label_smoothing)
    log_probs = only_among(logits.float(), looked_for).log_softmax(-1)  # (B, T, C)
    per_frame = F.nll_loss(
        log_probs.flatten(0, 1),
        labels.flatten(),
        weight=class_weights,
        ignore_index=UNSCORED,
        reduction="none",
    ).view(labels.shape)
    is_scored = labels != UNSCORED
    if label_smoothing:
        spread = _spread_loss(log_probs, looked_for, class_weights, label_smoothing)
        per_frame = per_frame * (1 - label_smoothing) + spread.masked_fill(~is_scored, 0.0)
    weight = (
        torch.ones_like(per_frame) if class_weights is None else class_weights[labels.clamp(min=0)]
    )
    return per_frame.sum() / (weight * is_scored).sum().clamp(min=1e-6)


def _spread_loss(
    log_probs: Tensor, looked_for: Tensor | None, class_weights: Tensor | None, share: float
) -> Tensor:
    """``(B, T)`` weighted cross-entropies with classes that share so much of a label equally.

    PyTorch's own would be with the classes that nobody looked for, too.
    """
    each = -log_probs if class_weights is None else -log_probs * class_weights  # (B, T, C)
    if looked_for is None:
        return each.sum(-1) * (share / each.shape[-1])
    # Divided as Python does, so that looking for all classes is the same as None, bit for bit.
    shares = share / looked_for.sum(-1, keepdim=True).clamp(min=1).double()  # (B, 1)
    return (each * looked_for[:, None]).sum(-1) * shares.float()


def _loss_of_yes_and_no(
    logits: Tensor, labels: Tensor, class_weights: Tensor | None, label_smoothing: float
) -> Tensor:
    """What ``frame_loss`` says of ``(B, T, C)`` labels; that of two classes in each of them."""
    is_yes = labels == 1
    expected = is_yes * (1 - label_smoothing) + label_smoothing / 2
    each = F.binary_cross_entropy_with_logits(logits, expected, reduction="none")
    weight = (labels != UNSCORED).float()
    if class_weights is not None:
        weight = torch.where(is_yes, class_weights, weight)
    return (each * weight).sum() / weight.sum().clamp(min=1e-6)


def weigh_classes(counts: Tensor, kind: str, looked: Tensor | None = None) -> Tensor | None:
    """Factors for classes with ``counts (C,)`` scored frames: none, balanced, or sqrt of balanced.

    Where classes exclude each other, the mean over the frames is 1, and a class without a frame has
    the largest factor of the others. Where they are independent, a class's yes weighs, balanced, as
    much as its no in all.

    Args:
        counts: Frames in which the class happens.
        kind: ``none``, ``balanced`` or ``sqrt``.
        looked: Where classes are independent, ``(C,)`` frames in which somebody looked for each.

    Returns:
        ``(C,)``, None if ``kind`` is none. Of independent classes within ``MOST_WEIGHT`` and its
        reciprocal; 1 for a class that nobody looked for.
    """
    if kind == "none":
        return None
    power = 1.0 if kind == "balanced" else 0.5
    if looked is not None:
        odds = ((looked - counts).float() / counts) ** power  # infinite without a yes
        return odds.clamp(1 / MOST_WEIGHT, MOST_WEIGHT).where(looked > 0, 1.0)
    share = counts.float() / counts.sum()
    rarest = share[share > 0].min()
    weights = share.clamp(min=float(rarest)) ** -power
    return weights / (weights * share).sum()
