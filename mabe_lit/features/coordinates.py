"""Key points as they are, moved and turned with a window's first animal."""

from __future__ import annotations

import torch
from torch import Tensor

COORDINATE_SCALE = 0.25
"""Body lengths that become 1 for the network. The animals are many body lengths apart, but
movements of a tenth of one tell behaviours apart: standardising would bury them."""
COORDINATE_RANGE = 60.0
"""Where ``coordinates`` are cut off, at 15 body lengths: a window may show no whole animal."""


def axis_lengths(keypoints: Tensor, front: int | Tensor, back: int | Tensor) -> Tensor:
    """``(B, T, A, K, 2 or 3)`` points -> ``(B, T, A)`` from back to front, NaN where not tracked.

    ``front`` and ``back`` are key points, ``(B, A)`` where animals differ; NaN for an animal of
    which they are the same one.
    """
    points = keypoints[..., :2]
    lengths: Tensor = (end_of(points, front) - end_of(points, back)).norm(dim=-1)
    if isinstance(front, Tensor):
        lengths = lengths.masked_fill((front == back)[:, None], torch.nan)
    return lengths


def end_of(points: Tensor, end: int | Tensor) -> Tensor:
    """``(B, T, A, K, n)`` of all points -> ``(B, T, A, n)`` of one, or of one for each animal."""
    if isinstance(end, int):
        return points[..., end, :]
    index = end[:, None, :, None, None].expand(-1, points.shape[1], -1, 1, points.shape[-1])
    return points.gather(3, index)[:, :, :, 0]


def align_to_first_animal(
    points: Tensor, missing: Tensor, front: int | Tensor, back: int | Tensor
) -> Tensor:
    """Put the first animal of each window's middle frame at the origin, facing +x.

    The whole window is moved, turned and scaled as one.

    Args:
        points: ``(B, T, A, K, 2)`` pixels, without NaN.
        missing: ``(B, T, A, K)``, true where the point was not tracked.
        front: Key point at the front end of the body axis; ``(B, A)`` where animals differ.
        back: Key point at its back end, likewise.

    Returns:
        ``(B, T, A, K, 2)`` in body lengths: the first animal's median distance from back to front
        in the window, where tracked; that of all animals if it never is.
    """
    middle = points.shape[1] // 2
    lost = missing[..., None]
    is_lost = (end_of(lost, front) | end_of(lost, back))[..., 0]  # (B, T, A)
    lengths = axis_lengths(points, front, back).masked_fill(is_lost, torch.nan)
    length, of_all = lengths[..., 0].nanmedian(1).values, lengths.flatten(1).nanmedian(1).values
    length = torch.where(length.isnan(), of_all, length).nan_to_num(1.0).clamp(min=1.0)  # (B,)
    axis = (end_of(points, front) - end_of(points, back))[:, :, 0]  # (B, T, 2)
    origin = points[:, middle, 0].mean(dim=1)  # (B, 2)
    facing = torch.stack([axis[:, middle, 0] + 1e-6, axis[:, middle, 1]], -1)
    cos, sin = (facing / facing.norm(dim=-1, keepdim=True)).unbind(-1)  # (B,)
    rotation = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    centred = (points - origin[:, None, None, None]) / length[:, None, None, None, None]
    return torch.einsum("btakx,bxy->btaky", centred, rotation)
