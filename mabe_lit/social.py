"""Geometry and motion of animals and of each pair of them, as named per-frame columns.

Everything is relative to the animals' bodies: moving, turning or scaling the whole picture changes
nothing. Lengths are in body lengths, times in seconds, so that cameras and frame rates agree.
Lengths that can be many body lengths and speeds are compressed by ``sign(x) log(1 + |x|)``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

TIME_SCALES_S = (0.1, 0.5, 2.0)
"""Durations over which motion is measured, in seconds."""

GROUPS = ("posture", "partner", "distance", "heading", "motion", "missing", "likelihood")
"""What the columns are about; each can be left out."""


@dataclass(frozen=True)
class Bodies:
    """Animals of some windows in the frame of their own bodies.

    Attributes:
        points: ``(B, T, A, K, 2)`` in pixels, without NaN.
        missing: ``(B, T, A, K)`` 1 where the point was not tracked.
        likelihood: ``(B, T, A, K)`` the tracker's confidence in the point, 0 to 1.
        centre: ``(B, T, A, 2)`` middle of the body axis, in pixels.
        heading: ``(B, T, A, 2)`` unit vector from back to front.
        length: ``(B,)`` median length of all animals' body axes, in pixels.
        seconds: ``(B,)`` from one frame of the window to the next.
    """

    points: Tensor
    missing: Tensor
    likelihood: Tensor
    centre: Tensor
    heading: Tensor
    length: Tensor
    seconds: Tensor


def find_bodies(
    points: Tensor,
    missing: Tensor,
    likelihood: Tensor,
    seconds: Tensor,
    *,
    front: int,
    back: int,
    length: Tensor | None = None,
) -> Bodies:
    """Bodies of windows whose gaps are filled; arguments as the attributes of ``Bodies``.

    ``front`` and ``back`` are the key points at the ends of the body axis. Without ``length`` it is
    measured in each window.
    """
    axis = points[..., front, :] - points[..., back, :]  # (B, T, A, 2)
    norm = axis.norm(dim=-1, keepdim=True)
    if length is None:
        length = norm.flatten(1).median(dim=1).values.clamp(min=1.0)  # (B,)
    upward = torch.tensor([1.0, 0.0], device=points.device)
    heading = torch.where(norm > 1e-3, axis / norm.clamp(min=1e-3), upward)
    centre = (points[..., front, :] + points[..., back, :]) / 2
    missing = missing.to(points.dtype)
    return Bodies(points, missing, likelihood, centre, heading, length, seconds)


def social_features(bodies: Bodies, groups: tuple[str, ...] = GROUPS) -> Tensor:
    """``(B, T, D)`` columns of the groups, in the order of ``social_feature_names``."""
    computed = {
        "posture": _posture,
        "partner": _partner,
        "distance": _distance,
        "heading": _heading,
        "motion": _motion,
        "missing": _missing,
        "likelihood": _likelihood,
    }
    return torch.cat([computed[group](bodies) for group in groups], dim=-1)


def social_feature_names(
    animal_names: tuple[str, ...],
    keypoint_names: tuple[str, ...],
    groups: tuple[str, ...] = GROUPS,
) -> tuple[str, ...]:
    """A name for every column, such as ``intruder nose in resident's frame, forward``."""
    animals, points = animal_names, keypoint_names
    pairs = [(a, b) for a in animals for b in animals if a != b]
    once = [(a, b) for i, a in enumerate(animals) for b in animals[i + 1 :]]
    scales = [f"over {scale:g} s" for scale in TIME_SCALES_S]
    axes = ("forward", "sideways")
    names = {
        "posture": [
            *(f"{a} {k}, {axis}" for a in animals for k in points for axis in axes),
            *(f"{a} {what}" for a in animals for what in ("elongation", "spread")),
        ],
        "partner": [
            f"{b} {k} in {a}'s frame, {axis}" for a, b in pairs for k in points for axis in axes
        ],
        "distance": [
            f"distance {a} {k} to {b} {m}" for a, b in once for k in points for m in points
        ],
        "heading": [
            *(f"{what} of heading {a} to {b}" for a, b in once for what in ("cosine", "sine")),
            *(f"{what} of bearing {a} to {b}" for a, b in pairs for what in ("cosine", "sine")),
        ],
        "motion": [
            f"{name} {scale}"
            for scale in scales
            for name in (
                *(f"{a} speed {axis}" for a in animals for axis in axes),
                *(f"{a} speed" for a in animals),
                *(f"{a} acceleration" for a in animals),
                *(f"{a} turning" for a in animals),
                *(f"{a} approaching {b}" for a, b in pairs),
            )
        ],
        "missing": [f"{a} {k} missing" for a in animals for k in points],
        "likelihood": [f"{a} {k} likelihood" for a in animals for k in points],
    }
    return tuple(name for group in groups for name in names[group])


def _posture(bodies: Bodies) -> Tensor:
    """Each animal's key points in its own frame, length of its axis, spread of its points."""
    own = _in_frame(bodies.points, bodies.centre, bodies.heading) / _per_window(bodies.length, 5)
    span = own[..., 0].amax(-1) - own[..., 0].amin(-1)
    spread = own.std(dim=-2, correction=0).prod(-1).sqrt()
    return torch.cat([own.flatten(2), torch.stack([span, spread], -1).flatten(2)], -1)


def _partner(bodies: Bodies) -> Tensor:
    """Every other animal's key points in each animal's frame."""
    columns = []
    for a, b in _pairs(bodies):
        seen = _in_frame(
            bodies.points[:, :, [b]], bodies.centre[:, :, [a]], bodies.heading[:, :, [a]]
        )
        columns.append(_compress(seen / _per_window(bodies.length, 5)).flatten(2))
    return _join(columns, bodies)


def _distance(bodies: Bodies) -> Tensor:
    """Distances between all key points of two animals."""
    columns = []
    for a, b in _pairs(bodies):
        if a < b:
            apart = bodies.points[:, :, a, :, None] - bodies.points[:, :, b, None]
            distance = apart.norm(dim=-1) / _per_window(bodies.length, 4)
            columns.append(_compress(distance).flatten(2))
    return _join(columns, bodies)


def _heading(bodies: Bodies) -> Tensor:
    """Relative heading of each pair, and the direction in which each animal has the others."""
    pairs = list(_pairs(bodies))
    relative = [
        _turn_back(bodies.heading[:, :, b], bodies.heading[:, :, a]) for a, b in pairs if a < b
    ]
    bearing = []
    for a, b in pairs:
        gap = bodies.centre[:, :, b] - bodies.centre[:, :, a]
        direction = gap / gap.norm(dim=-1, keepdim=True).clamp(min=1e-3)
        bearing.append(_turn_back(direction, bodies.heading[:, :, a]))
    return _join([*relative, *bearing], bodies)


def _motion(bodies: Bodies) -> Tensor:
    """Speed along and across the axis, speed, acceleration, turning and approach over each time."""
    columns = []
    for scale in TIME_SCALES_S:
        half = (0.5 * scale / bodies.seconds).round().clamp(min=1).long()  # (B,) frames
        elapsed = _per_window(2 * half * bodies.seconds, 4)
        moved = (_shift(bodies.centre, half) - _shift(bodies.centre, -half)) / elapsed
        velocity = moved / _per_window(bodies.length, 4)  # (B, T, A, 2) body lengths / s
        along = _turn_back(velocity, bodies.heading)
        speed = velocity.norm(dim=-1)
        change = (_shift(velocity, half) - _shift(velocity, -half)).norm(dim=-1) / elapsed[..., 0]
        later, before = _shift(bodies.heading, half), _shift(bodies.heading, -half)
        turned = _turn_back(later, before)
        turning = torch.atan2(turned[..., 1], turned[..., 0]) / elapsed[..., 0]
        motion = [along.flatten(2), speed, change, turning]
        for a, b in _pairs(bodies):
            gap = bodies.centre[:, :, b] - bodies.centre[:, :, a]
            direction = gap / gap.norm(dim=-1, keepdim=True).clamp(min=1e-3)
            motion.append((velocity[:, :, a] * direction).sum(-1, keepdim=True))
        columns.append(_compress(torch.cat(motion, -1)))
    return torch.cat(columns, -1)


def _missing(bodies: Bodies) -> Tensor:
    """Which points were not tracked."""
    return bodies.missing.flatten(2)


def _likelihood(bodies: Bodies) -> Tensor:
    """How sure the tracker was of each point."""
    return bodies.likelihood.flatten(2)


def _pairs(bodies: Bodies) -> list[tuple[int, int]]:
    animals = bodies.points.shape[2]
    return [(a, b) for a in range(animals) for b in range(animals) if a != b]


def _join(columns: list[Tensor], bodies: Bodies) -> Tensor:
    """Columns side by side; none for a single animal."""
    return (
        torch.cat(columns, -1) if columns else bodies.points.new_empty(*bodies.points.shape[:2], 0)
    )


def _in_frame(points: Tensor, centre: Tensor, heading: Tensor) -> Tensor:
    """``(B, T, A, K, 2)`` points as seen from bodies ``(B, T, A, 2)``: forward and sideways."""
    return _turn_back(points - centre[..., None, :], heading[..., None, :])


def _turn_back(vector: Tensor, heading: Tensor) -> Tensor:
    """Vectors ``(..., 2)`` in a frame whose x axis is ``heading``."""
    forward = (vector * heading).sum(-1)
    sideways = heading[..., 0] * vector[..., 1] - heading[..., 1] * vector[..., 0]
    return torch.stack([forward, sideways], -1)


def _shift(values: Tensor, frames: Tensor) -> Tensor:
    """``values (B, T, ...)`` of ``frames (B,)`` later; the window's edge holds beyond it."""
    B, T = values.shape[:2]
    index = (torch.arange(T, device=values.device) + frames[:, None]).clamp(0, T - 1)  # (B, T)
    return values[torch.arange(B, device=values.device)[:, None], index]


def _compress(values: Tensor) -> Tensor:
    return values.sign() * values.abs().log1p()


def _per_window(values: Tensor, dims: int) -> Tensor:
    """``(B,)`` shaped to divide ``dims``-dimensional windows."""
    return values.view(-1, *[1] * (dims - 1)).to(torch.float32)
