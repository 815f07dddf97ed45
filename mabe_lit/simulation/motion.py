"""How a simulated pair of mice moves.

Positions and directions are complex numbers (x + iy, in pixels), so that turning is a
multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.simulation.bodies import ARENA_PX, BODY_LENGTH_PX, FPS, away_from_walls
from mabe_lit.simulation.noise import hold, wander

ATTACK, INVESTIGATION, MOUNT, OTHER = range(4)

_Floats = npt.NDArray[np.float64]
_Complex = npt.NDArray[np.complex128]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bouts:
    """What happens when: ``M`` bouts of ``R`` recordings, more than their ``N`` frames need."""

    behavior: _Ints  # (M, R)
    stop_frame: _Ints  # (M, R) first frame after the bout
    of_frame: _Ints  # (N, R) index of the bout that a frame belongs to


def move_bodies(
    rng: np.random.Generator, behavior: _Ints, bouts: Bouts
) -> tuple[_Complex, _Complex]:
    """Move both bodies through the arena, frame by frame, all recordings side by side.

    Each frame has a wish (a velocity and a direction to face) for each animal; the bodies follow it
    with inertia.

    Returns:
        Positions of the body centres in pixels and unit headings, ``(N, R, 2)`` each; resident,
        then intruder.
    """
    frames, count = behavior.shape
    shape = (frames, count, 2)
    is_attack, is_mount = behavior == ATTACK, behavior == MOUNT
    walk_px = np.where(rng.random(shape) < 0.4, 0.2, rng.lognormal(1.2, 0.5, shape))  # a frame
    walk_px = hold(rng, walk_px, 1 / 40)
    turn = np.exp(1j * wander(rng, shape, 20) * np.where(walk_px < 1, 0.12, 0.06))
    wishes = _Wishes(
        frames_left=_approaches(rng, behavior, bouts),
        contact=behavior != OTHER,
        attack=is_attack,
        mount=is_mount,
        walk=walk_px * turn,
        target=_contact_points(rng, behavior, bouts),
        thrust=4.0
        * np.sin(2 * np.pi * 7 / FPS * np.arange(frames)[:, None])
        * (wander(rng, (frames, count), 25) > -0.3),
        tumble=np.exp(
            1j * np.cumsum(0.4 * hold(rng, rng.choice([-1.0, 1.0], (frames, count)), 0.08), 0)
        ),
        jerk=rng.standard_normal(shape) + 1j * rng.standard_normal(shape),
        flee=hold(rng, (rng.random((frames, count)) < 0.3).astype(float), 0.1) * 14.0,
        sway=np.exp(0.2j * wander(rng, (frames, count), 6)),
    )
    width, height = ARENA_PX
    position = rng.uniform(100, width - 100, (count, 2)) + 1j * rng.uniform(
        100, height - 100, (count, 2)
    )
    heading = np.exp(1j * rng.uniform(-np.pi, np.pi, (count, 2)))
    velocity = np.zeros((count, 2), complex)
    positions, headings = np.empty(shape, complex), np.empty(shape, complex)
    for frame in range(frames):
        wish, facing, agility = wishes.at(frame, position, heading)
        velocity += agility * (wish - velocity)
        position = position + velocity
        position = position.real.clip(15, width - 15) + 1j * position.imag.clip(15, height - 15)
        heading = heading + agility * (facing - heading)
        heading /= np.abs(heading) + 1e-9
        positions[frame], headings[frame] = position, heading
    return positions, headings


def _approaches(rng: np.random.Generator, behavior: _Ints, bouts: Bouts) -> _Ints:
    """Frames that the resident has left to run up to the intruder; 0 if it stays, ``(N, R)``."""
    frame = np.arange(len(behavior))[:, None]
    left = np.take_along_axis(bouts.stop_frame, bouts.of_frame, 0) - frame
    lead = np.take_along_axis(rng.integers(8, 35, bouts.behavior.shape), bouts.of_frame, 0)
    return np.where((behavior == OTHER) & (left < lead), left, 0)


def _contact_points(rng: np.random.Generator, behavior: _Ints, bouts: Bouts) -> _Complex:
    """Where on the intruder's body the resident's nose goes, in body lengths, ``(N, R)``."""
    spots = np.array([0.52, 0.25 + 0.12j, -0.2 - 0.16j, -0.2 + 0.16j, -0.52, -0.55])
    of_bout = np.take_along_axis(rng.choice(spots, bouts.behavior.shape), bouts.of_frame, 0)
    wandering = hold(rng, rng.choice(spots, behavior.shape), 1 / 60)
    return np.where(np.arange(len(behavior))[:, None] % 400 < 150, of_bout, wandering)


@dataclass(frozen=True)
class _Wishes:
    """What each animal would do in each frame, ``(N, R)`` or, for both animals, ``(N, R, 2)``."""

    frames_left: _Ints
    contact: npt.NDArray[np.bool_]
    attack: npt.NDArray[np.bool_]
    mount: npt.NDArray[np.bool_]
    walk: _Complex
    target: _Complex
    thrust: _Floats
    tumble: _Complex
    jerk: _Complex
    flee: _Floats
    sway: _Complex

    def at(
        self, frame: int, position: _Complex, heading: _Complex
    ) -> tuple[_Complex, _Complex, _Floats]:
        """Velocity in pixels a frame, direction to face, share of both reached in a frame."""
        contact, attack, mount = self.contact[frame], self.attack[frame], self.mount[frame]
        engaged = contact | (self.frames_left[frame] > 0)
        gap = position[:, 1] - position[:, 0]
        distance = np.abs(gap) + 1e-9
        toward = gap / distance

        # Apart: each walks its own way, away from walls and from the other.
        wish = self.walk[frame] * heading
        wish = wish + 1.5 * away_from_walls(position)
        shy = (2.0 - distance / BODY_LENGTH_PX).clip(0, 1) * ~engaged
        wish = wish + np.stack([-12.0 * shy * toward, 5.0 * shy * toward], axis=1)

        # The intruder in contact: mostly held; in a fight it bolts at times.
        held = np.where(mount, 0.1, np.where(attack, 0.3, 0.35))
        wish[:, 1] *= np.where(contact, held, 1.0)
        bolt = attack * self.flee[frame]
        wish[:, 1] += bolt * (toward + heading[:, 1]) / 2 + attack * 12.0 * self.jerk[frame, :, 1]

        # The resident in contact: nose to a point of the intruder's body, on its back, or tumbling
        # around it.
        seek = position[:, 1] + BODY_LENGTH_PX * self.target[frame] * heading[:, 1]
        reach = seek - position[:, 0]
        face = reach / (np.abs(reach) + 1e-9) * self.sway[frame]
        goal = seek - 0.5 * BODY_LENGTH_PX * face
        back = position[:, 1] + (self.thrust[frame] - 0.42 * BODY_LENGTH_PX) * heading[:, 1]
        around = position[:, 1] + 0.45 * BODY_LENGTH_PX * self.tumble[frame]
        goal = np.where(mount, back, np.where(attack, around, goal))
        in_time = np.abs(goal - position[:, 0]) / np.maximum(self.frames_left[frame], 1)
        speed = np.where(attack, 26.0, np.where(contact, 8.0, in_time.clip(2, 28)))
        step = 0.6 * (goal - position[:, 0])
        step = (
            step * np.minimum(1.0, speed / (np.abs(step) + 1e-9))
            + attack * 12.0 * self.jerk[frame, :, 0]
        )
        wish[:, 0] = np.where(engaged, step, wish[:, 0])

        facing = np.where(np.abs(wish) > 0.5, wish / (np.abs(wish) + 1e-9), heading)
        chase = np.where(
            mount, heading[:, 1], np.where(attack, toward * self.sway[frame] ** 5, face)
        )
        facing[:, 0] = np.where(engaged, chase, facing[:, 0])
        agility = np.where(attack, 0.6, np.where(engaged, 0.35, 0.2 + 0.3 * shy))
        return wish, facing, np.stack([agility, np.where(attack, 0.6, 0.2)], axis=1)
