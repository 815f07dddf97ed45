"""Points that were not tracked, from those that were; in torch, without a loop over frames."""

from __future__ import annotations

import torch
from torch import Tensor


def fill_missing(keypoints: Tensor) -> Tensor:
    """Interpolate missing points between the frames of a window in which they were seen.

    Before the first and after the last sighting the nearest one holds. A point that is missing in
    the whole window takes the mean of its animal's points in the same frame; an animal that is
    missing, the mean of all.

    Args:
        keypoints: ``(B, T, A, K, 2)``, NaN where untracked.

    Returns:
        ``(B, T, A, K, 2)`` without NaN; all zero in a window without any point.
    """
    points = frames_last(keypoints)  # (2, A, K, B, T)
    T = points.shape[-1]
    is_seen = ~find_missing(points.movedim(0, -1))  # (A, K, B, T)
    known = torch.where(is_seen, points, 0.0)
    frame = torch.arange(T, device=points.device)
    before = torch.where(is_seen, frame, -1).cummax(-1).values
    after = torch.where(is_seen, frame, T).flip(-1).cummin(-1).values.flip(-1)
    is_ever_seen = (before >= 0) | (after < T)
    left = torch.where(before >= 0, before, after).clamp(max=T - 1)
    right = torch.where(after < T, after, before).clamp(min=0)
    share = (frame - left) / (right - left).clamp(min=1)  # 0 at the left sighting, 1 at the right
    left_point = known.gather(-1, left.expand_as(known))
    right_point = known.gather(-1, right.expand_as(known))
    filled = left_point + share * (right_point - left_point)
    animal_mean, is_animal_seen = _masked_mean(filled, is_ever_seen, (-3,))
    everyone, _ = _masked_mean(filled, is_ever_seen, (-4, -3))
    fallback = torch.where(is_animal_seen, animal_mean, everyone)
    return torch.where(is_ever_seen, filled, fallback).permute(3, 4, 1, 2, 0)


def find_missing(keypoints: Tensor) -> Tensor:
    """``(B, T, A, K, 2)`` points, NaN where untracked -> ``(B, T, A, K)``, true there."""
    return keypoints[..., 0].isnan() | keypoints[..., 1].isnan()


def frames_last(keypoints: Tensor) -> Tensor:
    """``(B, T, A, K, 2)`` points -> ``(2, A, K, B, T)``, in this order in memory.

    Rows of frames are long. A CPU computes on them several times as fast as on rows of x and y or
    of few key points.
    """
    return keypoints.permute(4, 2, 3, 0, 1).contiguous()


def fill_likelihood(likelihood: Tensor, missing: Tensor) -> Tensor:
    """The tracker's confidence in each point; where it told none, 1 if tracked and 0 if missing.

    Args:
        likelihood: ``(B, T, A, K, 1)``, NaN where it told none; or ``(B, T, A, K, 0)``.
        missing: ``(B, T, A, K)``, true where the point was not tracked.

    Returns:
        ``(B, T, A, K)``, 0 to 1.
    """
    assumed = (~missing).to(likelihood.dtype)
    if not likelihood.shape[-1]:
        return assumed
    told = likelihood[..., 0]
    return torch.where(told.isnan(), assumed, told.clamp(0, 1))


def _masked_mean(points: Tensor, mask: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    count = mask.sum(dims, keepdim=True)
    total = torch.where(mask, points, 0.0).sum(dims, keepdim=True)
    return total / count.clamp(min=1), count > 0
