"""Changes to training windows that leave their behaviour what it is, in torch, on the device."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypedDict

import torch
from torch import Tensor

from mabe_lit.config import Config
from mabe_lit.features.views import Views, seen_as


class Batch(TypedDict):
    """Windows: ``keypoints (B, T, A, K, 2)`` in pixels, ``labels (B, T)``, padding ``UNSCORED``.

    Key points may have the tracker's likelihood behind x, y, as a third number, NaN where unknown.
    ``seconds (B,)`` are from one frame of a window to the next; ``context (B, context_dim)`` tells
    of the recordings that the windows are from, see ``PoseFeatures.describe_recording``; ``views``
    how they are seen, None where all are scenes of animals with all points. Where behaviours are
    independent, labels are ``(B, T, C)`` marks as in ``LabelTrack``.
    """

    keypoints: Tensor
    seconds: Tensor
    context: Tensor
    labels: Tensor
    views: Views | None


def as_seen(batch: Batch) -> Batch:
    """The same windows as their views show them, see ``seen_as``."""
    keypoints, views = seen_as(batch["keypoints"], batch["views"])
    return batch | {"keypoints": keypoints, "views": views}


def augment(batch: Batch, config: Config, mirror_order: Sequence[int]) -> Batch:
    """Apply what ``config`` asks for, each window on its own; the batch given is left alone.

    ``mirror_order`` has for each key point the one on the animal's other side.
    """
    keypoints = batch["keypoints"]
    if config.swap_animals:
        keypoints = swap_animals(keypoints)
    if config.mirror:
        keypoints = mirror(keypoints, mirror_order)
    if config.rotate:
        keypoints = rotate(keypoints)
    if config.scale_jitter:
        keypoints = scale(keypoints, config.scale_jitter)
    if config.drop_points:
        keypoints = drop_points(keypoints, config.drop_points)
    return batch | {"keypoints": keypoints}


def all_views(keypoints: Tensor, config: Config, mirror_order: Sequence[int]) -> Tensor:
    """Windows ``(B, T, A, K, 2)`` in all ways that training shows them in by mirror and swap.

    Returns:
        ``(V B, T, A, K, 2)``, first the windows as they are; ``V`` is 1, 2 or 4.
    """
    if config.swap_animals:
        keypoints = torch.cat([keypoints, keypoints.flip(2)])
    if config.mirror:
        keypoints = torch.cat([keypoints, _mirrored(keypoints, mirror_order)])
    return keypoints


def rotate(keypoints: Tensor) -> Tensor:
    """Turn each window ``(B, T, A, K, 2)`` by a random angle about its middle."""
    angle = 2 * math.pi * _uniform(keypoints)
    turned_x = torch.stack([angle.cos(), angle.sin()], -1)  # (B, 2), where x goes
    turned_y = torch.stack([-angle.sin(), angle.cos()], -1)
    rotation = torch.stack([turned_x, turned_y], 1)  # (B, 2, 2)
    points, middle = keypoints[..., :2], _middle(keypoints)
    turned = torch.einsum("btakx,bxy->btaky", points - middle, rotation) + middle
    return _moved(keypoints, turned)


def mirror(keypoints: Tensor, mirror_order: Sequence[int]) -> Tensor:
    """Mirror half of the windows at their middle; what was left is right, also by name."""
    is_mirrored = (_uniform(keypoints) < 0.5)[:, None, None, None, None]
    return torch.where(is_mirrored, _mirrored(keypoints, mirror_order), keypoints)


def swap_animals(keypoints: Tensor) -> Tensor:
    """Reverse the order of the animals in half of the windows."""
    is_swapped = _uniform(keypoints) < 0.5
    return torch.where(is_swapped[:, None, None, None, None], keypoints.flip(2), keypoints)


def scale(keypoints: Tensor, largest: float) -> Tensor:
    """Scale each window about its middle by ``1 / (1 + largest)`` to ``1 + largest``."""
    factor = (1 + largest) ** (2 * _uniform(keypoints) - 1)
    middle = _middle(keypoints)
    scaled = middle + (keypoints[..., :2] - middle) * factor[:, None, None, None, None]
    return _moved(keypoints, scaled)


def drop_points(keypoints: Tensor, share: float) -> Tensor:
    """Lose a ``share`` of the points, each for a random stretch of up to half the window."""
    B, T, A, K, _ = keypoints.shape
    chance, extent, place = torch.rand(3, B, 1, A, K, device=keypoints.device)
    is_dropped = chance < share
    length = extent * T / 2
    start = place * T - length / 2
    frame = torch.arange(T, device=keypoints.device)[:, None, None]
    is_lost = is_dropped & (frame >= start) & (frame < start + length)
    return keypoints.masked_fill(is_lost[..., None], torch.nan)


def _mirrored(keypoints: Tensor, mirror_order: Sequence[int]) -> Tensor:
    flipped_y = 2 * _middle(keypoints)[..., 1] - keypoints[..., 1]
    points = _moved(keypoints, torch.stack([keypoints[..., 0], flipped_y], -1)).unbind(3)
    return torch.stack([points[index] for index in mirror_order], 3)


def _middle(keypoints: Tensor) -> Tensor:
    """Mean of all tracked points of each window, ``(B, 1, 1, 1, 2)``; 0 where there is none."""
    return keypoints[..., :2].nanmean(dim=(1, 2, 3), keepdim=True).nan_to_num()


def _moved(keypoints: Tensor, points: Tensor) -> Tensor:
    """``keypoints (B, T, A, K, 2 or 3)`` at other places ``points (B, T, A, K, 2)``."""
    if keypoints.shape[-1] == 2:
        return points
    return torch.cat([points, keypoints[..., 2:]], -1)


def _uniform(keypoints: Tensor) -> Tensor:
    """A number from 0 to 1 for each window, ``(B,)``."""
    return torch.rand(len(keypoints), device=keypoints.device)
