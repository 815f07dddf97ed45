"""What a network's logits say: one class a frame, or a yes or no of each class.

Whatever depends on whether behaviours exclude each other asks one of the two objects here.
"""

from __future__ import annotations

import math
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

_NEVER = -30_000.0
"""Logit of a class that nobody looked for: its probability is 0 in every number format. Infinity
would give NaN where a window is about no class."""


class Answers(Protocol):
    """How logits ``(..., B, T, C)`` are to be read.

    ``looked_for (B, C)`` says which classes a window is about, or ``(C,)`` of one recording's
    ``(N, C)``; None stands for all.
    """

    @property
    def is_independent(self) -> bool:
        """Whether several classes may be in one frame."""

    def probabilities(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        """Probability of each class, of the logits' shape; 0 where nobody looked for it."""

    def mean(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        """Logits ``(..., C)`` of the mean of the probabilities of ``(M, ..., C)``.

        The mean is of probabilities among the classes that are looked for: what members make of
        the others is not learnt, and must not decide how much each of them counts.
        """

    def choose(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        """What is most probable: class indices ``(...)``, or ``(..., C)`` whether it is a yes."""


class _Exclusive:
    """One class a frame: softmax."""

    is_independent = False

    def probabilities(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        return _without(0.0, only_among(logits, looked_for).softmax(dim=-1), looked_for)

    def mean(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        log_probs = only_among(logits.float(), looked_for).log_softmax(-1)
        return log_probs.logsumexp(0) - math.log(len(logits))

    def choose(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        return only_among(logits, looked_for).argmax(-1)


class _Independent:
    """A yes or no of each class: sigmoid. A probability of one half is a yes."""

    is_independent = True

    def probabilities(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        return _without(0.0, logits.sigmoid(), looked_for)

    def mean(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        logits = logits.float()
        yes, no = F.logsigmoid(logits).logsumexp(0), F.logsigmoid(-logits).logsumexp(0)
        return only_among(yes - no, looked_for)

    def choose(self, logits: Tensor, looked_for: Tensor | None = None) -> Tensor:
        return only_among(logits, looked_for) >= 0


EXCLUSIVE: Answers = _Exclusive()
INDEPENDENT: Answers = _Independent()


def answers_of(is_independent: bool) -> Answers:
    """How logits are read where behaviours are independent, or exclude each other."""
    return INDEPENDENT if is_independent else EXCLUSIVE


def only_among(logits: Tensor, looked_for: Tensor | None) -> Tensor:
    """``(..., B, T, C)`` logits, finite and far below all others of classes not ``looked_for``."""
    return _without(_NEVER, logits, looked_for)


def _without(fill: float, values: Tensor, looked_for: Tensor | None) -> Tensor:
    """``(..., B, T, C)`` with ``fill`` where ``looked_for (B, C)`` is false."""
    return values if looked_for is None else values.masked_fill(~looked_for[..., None, :], fill)
