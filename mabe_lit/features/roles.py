"""A window as its label track's agent sees it: itself, its target, and the nearest other animal."""

from __future__ import annotations

import torch
from torch import Tensor

from mabe_lit.features.social import compress, velocity_over
from mabe_lit.pose.bodies import Bodies, vector_length
from mabe_lit.pose.gaps import find_missing

ROLES = ("agent", "target")
"""Names of the animals that features are computed of."""

NEIGHBOR_NAMES = (
    "target is there",
    "other close to agent",
    "other close to agent, forward",
    "other close to agent, sideways",
    "agent approaching the other close to it",
    "other close to target",
    "other close to target, forward",
    "other close to target, sideways",
    "target approaching the other close to it",
)
"""Columns beside those of agent and target; all but the approach, in body lengths a second and
compressed, between -1 and 1."""

_NEAR = 2.0
"""Body lengths at which another animal counts half."""
_APPROACH_S = 0.5
"""Seconds over which the approach is measured."""


def pick_roles(keypoints: Tensor, agent: Tensor, target: Tensor) -> Tensor:
    """Agent, target and, in each frame, the nearest of the other animals.

    Nearest to the agent, by the middle of the tracked points.

    Args:
        keypoints: ``(B, T, A, K, 2 or 3)`` pixels, NaN where untracked.
        agent: ``(B,)`` index of the animal that acts.
        target: ``(B,)`` index of the one that it is done to; -1 where there is none.

    Returns:
        ``(B, T, 3, K, 2 or 3)``; NaN for a target or another animal that is not there.
    """
    B, T, A = keypoints.shape[:3]
    window = torch.arange(B, device=keypoints.device)
    acting = keypoints[window, :, agent]  # (B, T, K, P)
    is_alone = (target < 0)[:, None, None, None]
    done_to = keypoints[window, :, target.clamp(min=0)].masked_fill(is_alone, torch.nan)
    if A < 3:
        # The one animal that may be left is the target, if there is one.
        other = 1 - agent if A == 2 else agent
        others = keypoints[window, :, other]
        is_taken = ~is_alone if A == 2 else torch.ones_like(is_alone)
        return torch.stack([acting, done_to, others.masked_fill(is_taken, torch.nan)], 2)
    centre = keypoints[..., :2].nanmean(3)  # (B, T, A, 2)
    gap = centre - acting[..., :2].nanmean(2)[:, :, None]
    distance = torch.hypot(gap[..., 0], gap[..., 1]).nan_to_num(torch.inf)  # (B, T, A)
    animal = torch.arange(A, device=keypoints.device)
    is_in_role = (animal == agent[:, None]) | (animal == target[:, None])  # (B, A)
    distance = distance.masked_fill(is_in_role[:, None], torch.inf)
    nearest = distance.min(-1)
    index = nearest.indices[..., None, None, None].expand(B, T, 1, *keypoints.shape[3:])
    found = keypoints.gather(2, index)[:, :, 0]
    is_none = nearest.values.isinf()[..., None, None]
    return torch.stack([acting, done_to, found.masked_fill(is_none, torch.nan)], 2)


def neighbor_features(bodies: Bodies, other: Tensor, is_there: Tensor) -> Tensor:
    """Columns of ``NEIGHBOR_NAMES``.

    What is far away counts as little as what is not there: a column fades with the distance, by
    ``1 / (1 + (d / 2)^4)`` for ``d`` body lengths.

    Args:
        bodies: Agent and target, ``A`` is 2.
        other: ``(B, T, K, 2)`` the nearest other animal, NaN where untracked.
        is_there: ``(B, T, 2)`` in which frames agent and target are.

    Returns:
        ``(B, T, 9)``, without NaN.
    """
    B, T = other.shape[:2]
    is_lost = find_missing(other).all(-1)  # (B, T)
    middle = other.nanmean(2).nan_to_num().permute(2, 0, 1)  # (2, B, T)
    columns = [is_there[..., 1].to(other.dtype)]
    velocity = velocity_over(_APPROACH_S, bodies)  # (2, A, B, T)
    for role in range(2):
        gap = (middle - bodies.centre[:, role]) / bodies.length
        distance = vector_length(gap)
        closeness = 1 / (1 + (distance / _NEAR) ** 4)
        closeness = closeness.masked_fill(is_lost | ~is_there[..., role], 0.0)
        x, y = direction = gap / distance.clamp(min=1e-3)
        cos, sin = bodies.heading[:, role]
        columns += [
            closeness,
            closeness * (x * cos + y * sin),
            closeness * (cos * y - sin * x),
            closeness * compress((velocity[:, role] * direction).sum(0)),
        ]
    return torch.stack(columns, -1).view(B, T, len(NEIGHBOR_NAMES))
