"""Simulated groups of mice: any of them acts on any other, with a rater's labels of each pair.

Mice attack, investigate, mount and flee from each other, rear and groom; several of it at once.
Each animal has a label track of its own behaviours, each ordered pair one of what the first does to
the second. The tracker loses points as in ``mice``, and may take two animals for each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.simulation.bodies import BODY_LENGTH_PX, FPS, pose_bodies, track_points
from mabe_lit.simulation.group_bouts import DIRECTED, OWN, Bout, draw_bouts, labelled_bouts
from mabe_lit.simulation.group_motion import Course, move_group
from mabe_lit.simulation.mice import KEYPOINT_NAMES

GROUP_SIMULATION_VERSION = 1
"""Counts up whenever the same seed gives other groups."""

GROUP_CLASS_NAMES = ("attack", "investigation", "mount", "flee", "rear", "groom")

_SIDE_BY_SIDE = 16
"""Recordings that are simulated at once, which bounds the memory."""

_SWAPS_PER_FRAME = 1 / 900
"""Chance that the tracker swaps two animals in a frame in which they touch."""


def simulate_group(
    count: int,
    frames: int,
    seed: int | tuple[int, ...],
    *,
    animals: int,
    prefix: str = "simulated",
    swapped_identities: bool = False,
) -> list[Recording]:
    """Simulate recordings of groups.

    Args:
        count: Recordings, at least 1.
        frames: Frames of each, at least 1, at 30 frames per second.
        seed: The same seed gives the same recordings.
        animals: Mice in each, at least 2.
        prefix: Recordings are named ``PREFIX_000``, ``PREFIX_001``, ...
        swapped_identities: Have the tracker swap animals that touch, now and then and for good.
            Labels stay with the animals as they were named at the start.

    Returns:
        ``count`` recordings of ``mouse1``, ``mouse2``, ... with seven key points and independent
        labels of the behaviours of ``GROUP_CLASS_NAMES``.
    """
    rng = np.random.default_rng(seed)
    names = tuple(f"mouse{number}" for number in range(1, animals + 1))
    recordings: list[Recording] = []
    while len(recordings) < count:
        side_by_side = min(count - len(recordings), _SIDE_BY_SIDE)
        for keypoints, tracks in _simulate(rng, side_by_side, frames, names, swapped_identities):
            name = f"{prefix}_{len(recordings):03d}"
            of_what = (FPS, names, KEYPOINT_NAMES, GROUP_CLASS_NAMES)
            recordings.append(Recording(name, keypoints, tracks, *of_what))
    return recordings


def act_and_move(
    rng: np.random.Generator, count: int, frames: int, animals: int
) -> tuple[list[list[Bout]], npt.NDArray[np.complex128], npt.NDArray[np.bool_]]:
    """What the animals of so many recordings do and where they are, before anybody looks at it.

    Returns:
        Bouts of each recording, key points ``(N, R, A, K)`` as x + iy in pixels, and which animals
        touch which, ``(N, R, A, A)``, each touching itself.
    """
    bouts = [draw_bouts(rng, animals, frames) for _ in range(count)]
    course = Course.of(bouts, animals, frames)
    position, heading = move_group(rng, course)
    sizes = [0.9] * animals, [1.1] * animals
    points = pose_bodies(rng, course.posture(rng), position, heading, sizes)
    touching = np.abs(position[..., None] - position[..., None, :]) < 1.1 * BODY_LENGTH_PX
    return bouts, points, np.asarray(touching)


def _simulate(
    rng: np.random.Generator,
    count: int,
    frames: int,
    names: Sequence[str],
    swapped_identities: bool,
) -> Iterator[tuple[npt.NDArray[np.float32], tuple[LabelTrack, ...]]]:
    """Key points ``(N, A, K, 2)`` and label tracks of so many recordings, side by side."""
    bouts, points, touching = act_and_move(rng, count, frames, len(names))
    touches_other = touching.sum(axis=-1) > 1  # beside itself
    keypoints = track_points(rng, touches_other, points)  # (N, R, A, K, 2)
    for index in range(count):
        tracked = keypoints[:, index]
        if swapped_identities:
            order = _swap_identities(rng, touching[:, index])
            tracked = np.take_along_axis(tracked, order[..., None, None], axis=1)
        tracks = tuple(_rate(rng, labelled_bouts(rng, bouts[index]), names, frames))
        yield np.ascontiguousarray(tracked), tracks


def _rate(
    rng: np.random.Generator, bouts: Sequence[Bout], names: Sequence[str], frames: int
) -> Iterator[LabelTrack]:
    """Tracks of a rater who marks each start and stop a few frames early or late."""
    labels: dict[tuple[int, int | None], npt.NDArray[np.int8]] = {}
    for agent in range(len(names)):
        for target in (None, *(other for other in range(len(names)) if other != agent)):
            track = np.full((frames, len(GROUP_CLASS_NAMES)), UNSCORED, np.int8)
            track[:, OWN if target is None else DIRECTED] = 0
            labels[agent, target] = track
    for bout in bouts:
        start, stop = (np.array([bout.start, bout.stop]) + rng.normal(0.0, 1.5, 2).round()).clip(0)
        labels[bout.agent, bout.target][int(start) : int(stop), bout.activity] = 1
    for (agent, target), track in labels.items():
        yield LabelTrack(track, names[agent], None if target is None else names[target])


def _swap_identities(rng: np.random.Generator, touching: npt.NDArray[np.bool_]) -> np.ndarray:
    """Which animal the tracker takes for each, ``(N, A)``; ``touching`` is ``(N, A, A)``."""
    frames, animals = touching.shape[:2]
    order = np.tile(np.arange(animals), (frames, 1))
    swaps = np.triu(touching, 1) & (rng.random(touching.shape) < _SWAPS_PER_FRAME)
    for frame, first, second in np.argwhere(swaps):
        here = order[frame]
        i, j = np.flatnonzero(here == first)[0], np.flatnonzero(here == second)[0]
        order[frame:, [i, j]] = order[frame:, [j, i]]
    return order
