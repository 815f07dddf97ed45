"""Simulated bodies: where their key points are in the arena, and what a tracker sees of them.

Positions and directions are complex numbers (x + iy, in pixels), so that turning is a
multiplication.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.simulation.noise import wander

FPS = 30.0
ARENA_PX = (1024.0, 570.0)
BODY_LENGTH_PX = 90.0
# Nose to tail base along the real axis, the animal's left and right across it, in body lengths.
_BODY = np.array([0.5, 0.3 - 0.11j, 0.3 + 0.11j, 0.2, -0.24 - 0.15j, -0.24 + 0.15j, -0.5])
_HEAD = np.array([1.0, 1.0, 1.0, 0.4, 0.0, 0.0, 0.0])  # how far a point turns with the head
_RUMP = np.array([0.0, 0.0, 0.0, 0.0, 0.6, 0.6, 1.0])  # and with the hind body
_HIPS = -0.3  # where along the body the trunk turns as it is raised

_Floats = npt.NDArray[np.float64]
_Complex = npt.NDArray[np.complex128]


def away_from_walls(position: _Complex) -> _Complex:
    """A push into the arena within 70 pixels of a wall, 0 to 1 an axis."""
    width, height = ARENA_PX
    x, y = position.real, position.imag
    push_x = (1 - x / 70).clip(0, 1) - (1 - (width - x) / 70).clip(0, 1)
    push_y = (1 - y / 70).clip(0, 1) - (1 - (height - y) / 70).clip(0, 1)
    push: _Complex = push_x + 1j * push_y
    return push


@dataclass(frozen=True)
class Posture:
    """How animals hold their bodies, ``(N, R, A)`` or of a shape that spreads to it."""

    bending: _Floats  # radians that the trunk bends to and fro
    shortening: _Floats  # share of its length that the body is shorter, and so much broader
    lift: _Floats | float = 0.0  # share of its length that the trunk loses as it is raised
    head_turn: _Floats | float = 0.0  # radians to the left


def pose_bodies(
    rng: np.random.Generator,
    posture: Posture,
    position: _Complex,
    heading: _Complex,
    size_range: tuple[Sequence[float], Sequence[float]],
) -> _Complex:
    """Key points of the bodies, with gait, bending and head movements.

    Args:
        rng: Where chance comes from.
        posture: How they hold themselves.
        position: ``(N, R, A)`` of the body centres, in pixels.
        heading: ``(N, R, A)`` unit vectors.
        size_range: Least and greatest length of each of the ``A`` bodies, in ``BODY_LENGTH_PX``.

    Returns:
        ``(N, R, A, K)`` in pixels.
    """
    shape = position.shape
    turned = np.diff(heading, axis=0, prepend=heading[:1]) / heading
    bend = 4.0 * turned.imag.clip(-0.1, 0.1) + posture.bending * wander(rng, shape, 15)
    travelled = np.abs(np.diff(position, axis=0, prepend=position[:1])).cumsum(axis=0)
    gait = 0.08 * np.sin(2 * np.pi * travelled / (0.9 * BODY_LENGTH_PX))
    stretch = 1.0 + 0.06 * wander(rng, shape, 12)
    stretch -= posture.shortening
    head = np.exp(1j * (bend + 0.2 * wander(rng, shape, 8) + posture.head_turn))[..., None]
    rump = np.exp(1j * (gait - bend))[..., None]
    size = BODY_LENGTH_PX * rng.uniform(*size_range, (1, *shape[1:]))
    raised = np.asarray(posture.lift)[..., None] * (_BODY.real - _HIPS).clip(0)
    body = (_BODY.real - raised) * stretch[..., None] + 1j * _BODY.imag / stretch[..., None]
    body = body * (1 + _HEAD * (head - 1)) * (1 + _RUMP * (rump - 1))
    points: _Complex = position[..., None] + (size * heading)[..., None] * body
    return points


def track_points(
    rng: np.random.Generator, contact: npt.NDArray[np.bool_], points: _Complex
) -> npt.NDArray[np.float32]:
    """What a tracker makes of the points: jitter, and gaps that are more frequent in contact.

    Args:
        rng: Where chance comes from.
        contact: ``(N, R, A)``, or of a shape that spreads to it, who touches another animal.
        points: ``(N, R, A, K)`` where they are.

    Returns:
        ``(N, R, A, K, 2)`` in pixels, NaN where a point was lost.
    """
    keypoints = np.stack([points.real, points.imag], axis=-1).astype(np.float32)
    contact = contact[..., None]
    jitter = rng.standard_normal(keypoints.shape, dtype=np.float32)
    keypoints += jitter * np.where(contact, 2.0, 1.2)[..., None].astype(np.float32)
    frames = np.arange(len(points)).reshape(-1, 1, 1, 1)
    lost = rng.random(points.shape, dtype=np.float32) < np.where(contact, 0.012, 0.003)
    until = np.where(lost, frames + rng.geometric(0.15, points.shape), 0)
    keypoints[np.maximum.accumulate(until, axis=0) > frames] = np.nan
    return keypoints
