"""Scales of columns whose distributions have long tails, where standardising would follow those."""

from __future__ import annotations

import torch
from torch import Tensor

ROBUST_RANGE = 6.0
"""Where scaled values are cut off; what lies beyond is a tracking error."""


def robust_scale(values: Tensor, *, at_least: float) -> Tensor:
    """Interquartile range of each column of ``(N, D)`` as a standard deviation, ``(D,)``.

    Of a normal distribution the interquartile range is 1.35 standard deviations. Columns that
    hardly vary, or are NaN throughout, have the scale ``at_least``.
    """
    low, high = values.nanquantile(values.new_tensor([0.25, 0.75]), dim=0)
    scale: Tensor = ((high - low) / 1.35).nan_to_num(at_least).clamp(min=at_least)
    return scale


def robust_center_and_scale(values: Tensor, stays: Tensor) -> tuple[Tensor, Tensor]:
    """Median and robust scale of each column of ``(N, D)``, ``(D,)`` each, of what is not NaN.

    Columns that are to stay as they are, by ``stays (D,)``, have 0 and 1.
    """
    center = values.nanmedian(dim=0).values.nan_to_num(0.0)
    scale = robust_scale(values, at_least=0.1)
    return torch.where(stays, 0.0, center), torch.where(stays, 1.0, scale)


def mean_and_deviation(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each column of ``(N, D)``, ``(D,)`` each, without NaN.

    Columns that hardly vary have the deviation 0.001.
    """
    mean, deviation = values.mean(0), values.std(0, correction=0)
    if values.isnan().any():
        mean = values.nanmean(0)
        deviation = (values - mean).square().nanmean(0).sqrt()
    return mean.nan_to_num(0.0), deviation.nan_to_num(0.0).clamp(min=1e-3)
