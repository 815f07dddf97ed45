"""Scales of columns whose distributions have long tails, where standardising would follow those."""

from __future__ import annotations

from torch import Tensor

ROBUST_RANGE = 6.0
"""Where scaled values are cut off; what lies beyond is a tracking error."""


def robust_scale(values: Tensor, *, at_least: float) -> Tensor:
    """Interquartile range of each column of ``(N, D)`` as a standard deviation, ``(D,)``.

    Of a normal distribution the interquartile range is 1.35 standard deviations. Columns that
    hardly vary have the scale ``at_least``.
    """
    low, high = values.quantile(values.new_tensor([0.25, 0.75]), dim=0)
    scale: Tensor = ((high - low) / 1.35).clamp(min=at_least)
    return scale
