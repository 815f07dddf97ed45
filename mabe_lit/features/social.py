"""Geometry and motion of animals and of each pair of them, as named per-frame columns.

Everything is relative to the animals' bodies: moving, turning or scaling the whole picture changes
nothing. Lengths are in body lengths, times in seconds, so that cameras and frame rates agree. (An
animal whose axis is not seen in a window, or that has a single key point, faces the picture's +x,
and is measured in pixels if the whole recording shows no axis.)
Lengths that can be many body lengths and speeds are compressed by ``sign(x) log(1 + |x|)``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mabe_lit.pose.bodies import Bodies, vector_length

TIME_SCALES_S = (0.1, 0.5, 2.0)
"""Durations over which motion is measured, in seconds."""

GROUPS = ("posture", "partner", "distance", "heading", "motion", "missing", "likelihood")
"""What the columns are about, in their order."""


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
    B, T = bodies.points.shape[-2:]
    columns = torch.cat([computed[group](bodies) for group in groups])  # (D, B, T)
    return columns.flatten(1).t().contiguous().view(B, T, -1)


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
    own = _in_frame(bodies.points, bodies.centre, bodies.heading) / bodies.length
    span = own[0].amax(1) - own[0].amin(1)  # (A, B, T)
    deviation = (own - own.mean(2, keepdim=True)).square().mean(2).sqrt()  # (2, A, B, T)
    spread = deviation.prod(0).sqrt()
    return torch.cat([_rows(own), torch.stack([span, spread], 1).flatten(0, 1)])


def _partner(bodies: Bodies) -> Tensor:
    """Every other animal's key points in each animal's frame."""
    columns = []
    for a, b in _pairs(bodies):
        seen = _in_frame(bodies.points[:, b], bodies.centre[:, a], bodies.heading[:, a])
        columns.append(_rows(compress(seen / bodies.length)))
    return _join(columns, bodies)


def _distance(bodies: Bodies) -> Tensor:
    """Distances between all key points of two animals."""
    columns = []
    for a, b in _pairs(bodies):
        if a < b:
            apart = bodies.points[:, a, :, None] - bodies.points[:, b, None]  # (2, K, K, B, T)
            columns.append(compress(vector_length(apart) / bodies.length).flatten(0, 1))
    return _join(columns, bodies)


def _heading(bodies: Bodies) -> Tensor:
    """Relative heading of each pair, and the direction in which each animal has the others."""
    pairs = list(_pairs(bodies))
    relative = [_turn_back(bodies.heading[:, b], bodies.heading[:, a]) for a, b in pairs if a < b]
    bearing = [_turn_back(_direction(bodies, a, b), bodies.heading[:, a]) for a, b in pairs]
    return _join([*relative, *bearing], bodies)


def _motion(bodies: Bodies) -> Tensor:
    """Speed along and across the axis, speed, acceleration, turning and approach over each time."""
    columns = []
    pairs = list(_pairs(bodies))
    directions = [_direction(bodies, a, b) for a, b in pairs]
    for scale in TIME_SCALES_S:
        half = _half(scale, bodies)
        elapsed = _elapsed(half, bodies)
        velocity = velocity_over(scale, bodies)
        change = vector_length(_shift(velocity, half) - _shift(velocity, -half)) / elapsed
        forward, sideways = _turn_back(_shift(bodies.heading, half), _shift(bodies.heading, -half))
        approach = [
            (velocity[:, a] * direction).sum(0, keepdim=True)
            for (a, _), direction in zip(pairs, directions, strict=True)
        ]
        motion = [
            _rows(_turn_back(velocity, bodies.heading)),
            vector_length(velocity),
            change,
            torch.atan2(sideways, forward) / elapsed,
            *approach,
        ]
        columns.append(compress(torch.cat(motion)))
    return torch.cat(columns)


def velocity_over(scale_s: float, bodies: Bodies) -> Tensor:
    """``(2, A, B, T)`` velocity of each animal's centre over so many seconds, body lengths / s."""
    half = _half(scale_s, bodies)
    moved = _shift(bodies.centre, half) - _shift(bodies.centre, -half)
    return moved / _elapsed(half, bodies) / bodies.length


def _missing(bodies: Bodies) -> Tensor:
    """Which points were not tracked."""
    return bodies.missing.flatten(0, 1)


def _likelihood(bodies: Bodies) -> Tensor:
    """How sure the tracker was of each point."""
    return bodies.likelihood.flatten(0, 1)


def _pairs(bodies: Bodies) -> list[tuple[int, int]]:
    animals = bodies.points.shape[1]
    return [(a, b) for a in range(animals) for b in range(animals) if a != b]


def _join(columns: list[Tensor], bodies: Bodies) -> Tensor:
    """Columns ``(..., B, T)`` one after the other; none for a single animal."""
    return torch.cat([bodies.points.new_empty(0, *bodies.points.shape[-2:]), *columns])


def _rows(vectors: Tensor) -> Tensor:
    """``(2, ..., B, T)`` vectors -> ``(n, B, T)`` columns, y after each x."""
    return vectors.movedim(0, -3).flatten(0, -3)


def _direction(bodies: Bodies, a: int, b: int) -> Tensor:
    """``(2, B, T)`` unit vector from one animal's centre to another's."""
    gap = bodies.centre[:, b] - bodies.centre[:, a]
    return gap / vector_length(gap).clamp(min=1e-3)


def _in_frame(points: Tensor, centre: Tensor, heading: Tensor) -> Tensor:
    """``(2, ..., K, B, T)`` points as bodies ``(2, ..., B, T)`` see them: forward and sideways."""
    return _turn_back(points - centre.unsqueeze(-3), heading.unsqueeze(-3))


def _turn_back(vector: Tensor, heading: Tensor) -> Tensor:
    """Vectors ``(2, ...)`` in a frame whose x axis is ``heading``."""
    (x, y), (cos, sin) = vector, heading
    return torch.stack([x * cos + y * sin, cos * y - sin * x])


def _half(scale_s: float, bodies: Bodies) -> Tensor:
    """``(B, 1)`` frames in half of so many seconds, at least 1."""
    return (0.5 * scale_s / bodies.seconds).round().clamp(min=1).long()


def _elapsed(half: Tensor, bodies: Bodies) -> Tensor:
    """``(B, T)`` seconds between what ``_shift`` finds ``half (B, 1)`` frames before and after."""
    T = bodies.points.shape[-1]
    frame = torch.arange(T, device=half.device)
    frames = (frame + half).clamp(max=T - 1) - (frame - half).clamp(min=0)
    return frames.clamp(min=1) * bodies.seconds


def _shift(values: Tensor, frames: Tensor) -> Tensor:
    """``values (..., B, T)`` of ``frames (B, 1)`` later; the window's edge holds beyond it."""
    T = values.shape[-1]
    index = (torch.arange(T, device=values.device) + frames).clamp(0, T - 1)  # (B, T)
    return values.gather(-1, index.expand(values.shape))


def compress(values: Tensor) -> Tensor:
    """``sign(x) log(1 + |x|)``, for what can be many times as large as it mostly is."""
    return values.sign() * values.abs().log1p()
