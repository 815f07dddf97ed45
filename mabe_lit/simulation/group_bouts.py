"""Who does what to whom, and when, in a group of simulated mice.

Each animal does one thing after the other. An attack or a mount takes its target out of what it
was doing, an investigation does not; who is attacked may flee before the attack ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mabe_lit.simulation.mice import BOUT_FRAMES, frames_of_bouts
from mabe_lit.simulation.motion import ATTACK, INVESTIGATION, MOUNT

FLEE, REAR, GROOM, HUDDLE, APPROACH, WALK = range(3, 9)
"""What an animal can do beside attack, investigation and mount; the last three have no label."""

DIRECTED = (ATTACK, INVESTIGATION, MOUNT, FLEE)
OWN = (REAR, GROOM)

_FRAMES = np.array(
    [
        *BOUT_FRAMES[[ATTACK, INVESTIGATION, MOUNT]],
        [12, 28, 60],  # flee
        [12, 28, 70],  # rear
        [24, 75, 240],  # groom
        [20, 60, 200],  # huddle
        [14, 26, 42],  # approach
        [10, 40, 150],  # walk
    ]
)
"""``(9, 3)`` 10th percentile, median and 90th percentile of a bout's frames at 30 frames/s."""

_FROM_WALK = {REAR: 0.20, GROOM: 0.10, APPROACH: 0.64, WALK: 0.06}
_AFTER = {
    APPROACH: {INVESTIGATION: 0.66, ATTACK: 0.14, HUDDLE: 0.13, WALK: 0.07},
    INVESTIGATION: {ATTACK: 0.18, MOUNT: 0.18, HUDDLE: 0.10, WALK: 0.54},
    ATTACK: {INVESTIGATION: 0.34, WALK: 0.66},
    MOUNT: {INVESTIGATION: 0.55, WALK: 0.45},
}
"""What an animal does next, to the same target if to any."""

_FLEES_ATTACK, _FIGHTS_BACK = 0.7, 0.12
_FLEES_AFTER = {INVESTIGATION: 0.4, MOUNT: 0.5}
_CLIMB_FRAMES = (8, 25)
"""Least and most frames at the start of a mount in which the animal climbs up, still sniffing."""


@dataclass(frozen=True)
class Bout:
    """One animal does one thing, from frame ``start`` to before frame ``stop``."""

    activity: int
    agent: int
    target: int | None
    start: int
    stop: int


def draw_bouts(rng: np.random.Generator, animals: int, frames: int) -> list[Bout]:
    """Bouts of one recording, of all animals, with what has no label; each animal's fill it."""
    group = _Group(rng, animals)
    group.run(frames)
    return group.bouts


def labelled_bouts(rng: np.random.Generator, bouts: Sequence[Bout]) -> list[Bout]:
    """The bouts of a label, with the sniffing of who climbs up for a mount after investigation."""
    labelled = [bout for bout in bouts if bout.activity in DIRECTED + OWN]
    sniffed = {
        (bout.agent, bout.target, bout.stop) for bout in bouts if bout.activity == INVESTIGATION
    }
    for bout in bouts:
        if bout.activity == MOUNT and (bout.agent, bout.target, bout.start) in sniffed:
            stop = min(bout.start + int(rng.integers(*_CLIMB_FRAMES)), bout.stop)
            labelled.append(Bout(INVESTIGATION, bout.agent, bout.target, bout.start, stop))
    return labelled


class _Group:
    """The animals of one recording while their bouts are drawn, in the order of time."""

    def __init__(self, rng: np.random.Generator, animals: int) -> None:
        self.bouts: list[Bout] = []
        self._rng = rng
        self._animals = range(animals)
        self._doing = [WALK] * animals
        self._target: list[int | None] = [None] * animals
        self._start = [0] * animals
        self._stop: list[int] = rng.integers(1, 120, animals).tolist()
        self._held_until = [0] * animals  # by who attacks or mounts it
        self._will_flee: list[int | None] = [None] * animals  # from whom, after its present bout

    def run(self, frames: int) -> None:
        while (now := min(self._stop)) < frames:
            animal = self._stop.index(now)
            self._end(animal, now)
            self._go_on(animal, now)
        for animal in self._animals:
            self._end(animal, frames)

    def _go_on(self, animal: int, now: int) -> None:
        """Begin what the animal does after its last bout."""
        before, target = self._doing[animal], self._target[animal]
        if (hunter := self._will_flee[animal]) is not None:
            self._begin(FLEE, animal, hunter, now)
        elif self._held_until[animal] > now:
            self._begin(WALK, animal, None, now, self._held_until[animal])
        elif before == WALK:
            activity = self._draw(_FROM_WALK)
            target = self._anyone(animal, now) if activity == APPROACH else None
            is_alone = activity == APPROACH and target is None
            self._begin(WALK if is_alone else activity, animal, target, now)
        elif before not in _AFTER or target is None or not self._is_free(target, now):
            self._begin(WALK, animal, None, now)
        else:
            activity = self._draw(_AFTER[before])
            self._begin(activity, animal, None if activity == WALK else target, now)
            if activity == WALK and self._rng.random() < _FLEES_AFTER.get(before, 0):
                self._end(target, now)
                self._begin(FLEE, target, animal, now)

    def _begin(
        self, activity: int, animal: int, target: int | None, now: int, stop: int | None = None
    ) -> None:
        if stop is None:
            z = self._rng.standard_normal(1)
            stop = now + int(frames_of_bouts(z, _FRAMES[[activity]])[0])
        self._set(activity, animal, target, now, stop)
        if activity in (ATTACK, MOUNT, FLEE):
            self._leave_alone(animal, now)
        if activity in (ATTACK, MOUNT) and target is not None:
            self._hold(target, animal, now)

    def _hold(self, animal: int, by: int, now: int) -> None:
        """Take the animal out of what it does, for as long as ``by`` attacks or mounts it."""
        self._end(animal, now)
        self._leave_alone(animal, now)
        stop = self._held_until[animal] = self._stop[by]
        draw = self._rng.random() if self._doing[by] == ATTACK else 1.0
        if draw < _FLEES_ATTACK:
            early = now + max(1, int((stop - now) * self._rng.uniform(0.4, 1.0)))
            self._set(WALK, animal, None, now, early)
            self._will_flee[animal] = by
        elif draw < _FLEES_ATTACK + _FIGHTS_BACK:
            self._set(ATTACK, animal, by, now, stop)
        else:
            self._set(WALK, animal, None, now, stop)

    def _leave_alone(self, animal: int, now: int) -> None:
        """Whoever investigates the animal, lies beside it or approaches it stops to."""
        for other in self._animals:
            is_near = self._doing[other] in (INVESTIGATION, HUDDLE, APPROACH)
            if is_near and self._target[other] == animal:
                self._end(other, now)
                self._begin(WALK, other, None, now)

    def _set(self, activity: int, animal: int, target: int | None, start: int, stop: int) -> None:
        self._doing[animal], self._target[animal] = activity, target
        self._start[animal], self._stop[animal] = start, stop
        self._will_flee[animal] = None

    def _end(self, animal: int, now: int) -> None:
        if now > (start := self._start[animal]):
            bout = Bout(self._doing[animal], animal, self._target[animal], start, now)
            self.bouts.append(bout)

    def _is_free(self, animal: int, now: int) -> bool:
        return self._held_until[animal] <= now and self._doing[animal] not in (ATTACK, MOUNT, FLEE)

    def _anyone(self, animal: int, now: int) -> int | None:
        """Another animal that can be approached."""
        free = [other for other in self._animals if other != animal and self._is_free(other, now)]
        return free[self._rng.integers(len(free))] if free else None

    def _draw(self, chances: dict[int, float]) -> int:
        return int(self._rng.choice(list(chances), p=list(chances.values())))
