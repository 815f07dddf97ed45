"""How a group of simulated mice moves, each as its bouts and those of the others ask.

Positions and directions are complex numbers (x + iy, in pixels), so that turning is a
multiplication.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.simulation.bodies import (
    ARENA_PX,
    BODY_LENGTH_PX,
    FPS,
    Posture,
    away_from_walls,
)
from mabe_lit.simulation.group_bouts import APPROACH, FLEE, GROOM, HUDDLE, REAR, WALK, Bout
from mabe_lit.simulation.motion import ATTACK, INVESTIGATION, MOUNT
from mabe_lit.simulation.noise import hold, smooth, wander

_CLIMB_FRAMES = 18
"""Frames in which an animal gets from behind another onto its back."""
_LED = (ATTACK, INVESTIGATION, MOUNT, HUDDLE, APPROACH)
"""What an animal does with its way led by another."""
_BESIDE = np.array([0.05 + 0.33j, 0.05 - 0.33j, -0.35 + 0.1j, -0.45 - 0.05j])
"""Where an animal lies from the middle of another in a huddle, in body lengths: partly upon it."""

_Floats = npt.NDArray[np.float64]
_Complex = npt.NDArray[np.complex128]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Course:
    """What each animal does in each frame, ``(N, R, A)``."""

    activity: _Ints
    target: _Ints  # index of the animal that it is done to; its own where there is none
    past: _Ints  # frames since it began
    left: _Ints  # frames until it ends, at least 1
    attacked: npt.NDArray[np.bool_]
    mounted: npt.NDArray[np.bool_]
    touched: npt.NDArray[np.bool_]  # investigated, or lain beside

    @classmethod
    def of(cls, bouts: Sequence[Sequence[Bout]], animals: int, frames: int) -> Course:
        """The course of recordings from the bouts of each."""
        shape = (frames, len(bouts), animals)
        activity = np.full(shape, WALK)
        target = np.tile(np.arange(animals), (*shape[:2], 1))
        past, left = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        attacked, mounted, touched = np.zeros((3, *shape), bool)
        suffered = {ATTACK: attacked, MOUNT: mounted, INVESTIGATION: touched, HUDDLE: touched}
        for recording, its_bouts in enumerate(bouts):
            for bout in its_bouts:
                place = (slice(bout.start, bout.stop), recording, bout.agent)
                activity[place] = bout.activity
                past[place] = np.arange(bout.stop - bout.start)
                left[place] = np.arange(bout.stop - bout.start, 0, -1)
                if bout.target is not None:
                    target[place] = bout.target
                    if bout.activity in suffered:
                        suffered[bout.activity][(*place[:2], bout.target)] = True
        return cls(activity, target, past, left, attacked, mounted, touched)

    def posture(self, rng: np.random.Generator) -> Posture:
        """How the animals hold themselves: crouched, bent in a fight, raised, or grooming."""
        shape = self.activity.shape
        fierceness = hold(rng, rng.uniform(0.3, 1.0, shape), 1 / 45)
        fights = fierceness * smooth(((self.activity == ATTACK) | self.attacked).astype(float), 5)
        crouches = np.isin(self.activity, (MOUNT, HUDDLE)) | self.mounted
        rears = smooth((self.activity == REAR).astype(float), 7)
        grooms = smooth((self.activity == GROOM).astype(float), 9)
        height = hold(rng, rng.uniform(0.2, 0.6, shape), 1 / 60)
        # From one flank to the other, by way of the face, with strokes of the tongue and paws.
        side = smooth(hold(rng, rng.choice([-0.8, -0.5, 0.0, 0.5, 0.8], shape), 1 / 45), 9)
        strokes = np.sin(2 * np.pi * np.cumsum(3.5 + 1.2 * wander(rng, shape, 20), 0) / FPS)
        strokes *= 0.2 * (wander(rng, shape, 15) > -0.7)
        looks_up = smooth((wander(rng, shape, 25) > 1.6).astype(float), 9)  # but does not rear
        return Posture(
            bending=0.12 + 0.2 * fights,
            shortening=0.18 * fights + 0.12 * crouches + 0.14 * grooms,
            lift=height * rears + 0.12 * looks_up,
            head_turn=grooms * (side + strokes),
        )


def move_group(rng: np.random.Generator, course: Course) -> tuple[_Complex, _Complex]:
    """Move all bodies through the arena, frame by frame, all recordings side by side.

    Each frame has a wish (a velocity and a direction to face) for each animal; the bodies follow it
    with inertia.

    Returns:
        Positions of the body centres in pixels and unit headings, ``(N, R, A)`` each.
    """
    frames, *shape = course.activity.shape
    wishes = _Wishes.draw(rng, course)
    width, height = ARENA_PX
    position = rng.uniform(100, width - 100, shape) + 1j * rng.uniform(100, height - 100, shape)
    heading = np.exp(1j * rng.uniform(-np.pi, np.pi, shape))
    velocity = np.zeros(shape, complex)
    positions, headings = np.empty((2, frames, *shape), complex)
    for frame in range(frames):
        wish, facing = wishes.at(frame, position, heading)
        velocity += wishes.agility[frame] * (wish - velocity)
        position = position + velocity
        position = position.real.clip(15, width - 15) + 1j * position.imag.clip(15, height - 15)
        heading = heading + wishes.agility[frame] * (facing - heading)
        heading /= np.abs(heading) + 1e-9
        positions[frame], headings[frame] = position, heading
    return positions, headings


@dataclass(frozen=True)
class _Wishes:
    """What each animal would do in each frame, ``(N, R, A)``."""

    course: Course
    walk: _Complex  # pixels a frame, along its heading
    spot: _Complex  # of the target's body that it sniffs, in body lengths
    climbed: _Floats  # share of the way onto the back
    thrust: _Floats
    tumble: _Complex
    jerk: _Complex  # pixels a frame
    beside: _Complex  # where it lies from the target, in body lengths
    flight: _Complex  # pixels a frame, along the way from the target
    sway: _Complex
    agility: _Floats  # share of the wish that is reached in a frame

    @classmethod
    def draw(cls, rng: np.random.Generator, course: Course) -> _Wishes:
        """Draw what is left to chance."""
        activity, shape = course.activity, course.activity.shape
        fights = (activity == ATTACK) | course.attacked
        # Walks of some seconds, rests, and now and then a dash that nobody chases.
        gait = rng.random(shape)
        walk_px = np.where(gait < 0.4, 0.2, rng.lognormal(1.2, 0.5, shape))
        walk_px = hold(rng, np.where(gait > 0.97, 13.0, walk_px), 1 / 40)
        calm = np.select(
            [course.mounted, fights, activity == GROOM, activity == REAR, course.touched],
            [0.1, 0.3, 0.03, 0.15, hold(rng, rng.choice([0.2, 0.35, 1.0], shape), 1 / 60)],
            1.0,
        )
        turn = np.exp(1j * wander(rng, shape, 20) * np.where(walk_px < 1, 0.12, 0.06))
        bolt = hold(rng, (rng.random(shape) < 0.3).astype(float), 0.1) * 9.0 * course.attacked
        way = np.cumsum(hold(rng, rng.choice([-0.4, -0.2, 0.2, 0.4], shape), 0.08), 0)
        spots = np.array([0.52, 0.25 + 0.12j, -0.2 - 0.16j, -0.2 + 0.16j, -0.52, -0.55])
        thrust = np.sin(2 * np.pi * 7 / FPS * np.arange(len(activity)))[:, None, None]
        pace = hold(rng, rng.uniform(12, 22, shape), 1 / 30)
        agility = np.select(
            [fights, activity == FLEE, np.isin(activity, _LED)],
            [0.6, 0.4, 0.35],
            0.2,
        )
        # Some fights are fierce and some are not; an investigation can be rough.
        force = hold(rng, rng.random(shape), 1 / 40)
        rough = (activity == INVESTIGATION) * 14.0 * (force - 0.5).clip(0)
        force = np.where(fights, 10.0 * force, rough)
        jerk: _Complex = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
        return cls(
            course,
            walk=walk_px * calm * turn + bolt,
            spot=hold(rng, rng.choice(spots, shape), 1 / 60),
            climbed=(course.past / _CLIMB_FRAMES).clip(0, 1),
            thrust=3.0 * thrust * (wander(rng, shape, 25) > 0.2),
            tumble=np.exp(1j * way),
            jerk=force * jerk,
            beside=hold(rng, rng.choice(_BESIDE, shape), 1 / 200),
            flight=pace * np.exp(0.5j * wander(rng, shape, 15)),
            sway=np.exp(0.2j * wander(rng, shape, 6)),
            agility=agility,
        )

    def at(self, frame: int, position: _Complex, heading: _Complex) -> tuple[_Complex, _Complex]:
        """Velocity in pixels a frame and direction to face, ``(R, A)`` each."""
        activity, target = self.course.activity[frame], self.course.target[frame]
        others = np.take_along_axis(position, target, axis=1)
        ahead = np.take_along_axis(heading, target, axis=1)
        toward = _unit(others - position)
        walls = away_from_walls(position)
        is_led = np.isin(activity, _LED)

        wish = self.walk[frame] * heading + 1.5 * walls + self.jerk[frame]
        wish = wish + 6.0 * _crowding(position, target, is_led)
        away = self.flight[frame] * _unit(-toward + 2.0 * walls)
        wish = np.where(activity == FLEE, away, wish)

        # Nose to a point of the other's body, onto its back, or tumbling around it; an attacker
        # runs after who flees.
        seek = others + BODY_LENGTH_PX * self.spot[frame] * ahead
        face = _unit(seek - position) * self.sway[frame]
        behind = self.thrust[frame] - (0.95 - 0.53 * self.climbed[frame]) * BODY_LENGTH_PX
        goal = seek - 0.5 * BODY_LENGTH_PX * face
        goal = np.where(activity == MOUNT, others + behind * ahead, goal)
        beside = others + BODY_LENGTH_PX * self.beside[frame] * ahead
        goal = np.where(activity == HUDDLE, beside, goal)
        around = others + 0.45 * BODY_LENGTH_PX * self.tumble[frame]
        goal = np.where(activity == ATTACK, around, goal)
        reach = goal - position
        in_time = (np.abs(reach) / self.course.left[frame]).clip(2, 28)
        chased = np.take_along_axis(activity, target, axis=1) == FLEE
        attack = np.where(chased, 15.0, 26.0)
        speed = np.select([activity == ATTACK, activity == APPROACH], [attack, in_time], 8.0)
        step = 0.6 * reach
        step = step * np.minimum(1.0, speed / (np.abs(step) + 1e-9)) + self.jerk[frame]
        wish = np.where(is_led, step, wish)

        facing = np.where(np.abs(wish) > 0.5, _unit(wish), heading)
        facing = np.where((activity == REAR) | (activity == GROOM), heading, facing)
        is_aligned = (activity == MOUNT) | (activity == HUDDLE)
        chase = np.where(activity == ATTACK, toward * self.sway[frame] ** 5, face)
        return wish, np.where(is_led, np.where(is_aligned, ahead, chase), facing)


def _crowding(position: _Complex, target: _Ints, is_led: npt.NDArray[np.bool_]) -> _Complex:
    """A push away from whoever is within a body length, but for partners, ``(R, A)``."""
    gaps = position[:, :, None] - position[:, None, :]  # (R, A, A), from the second to the first
    partners = np.eye(position.shape[1], dtype=bool)[target] & is_led[..., None]
    nearness = (1.1 - np.abs(gaps) / BODY_LENGTH_PX).clip(0) * ~(partners | partners.mT)
    push: _Complex = (nearness * _unit(gaps)).sum(axis=2)
    return push


def _unit(vector: _Complex) -> _Complex:
    direction: _Complex = vector / (np.abs(vector) + 1e-9)
    return direction
