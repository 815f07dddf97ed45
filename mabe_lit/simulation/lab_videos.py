"""Videos of a simulated laboratory: what its tracker and its raters make of its mice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from mabe_lit.simulation.bodies import FPS, track_points
from mabe_lit.simulation.group import act_and_move
from mabe_lit.simulation.group_bouts import Bout
from mabe_lit.simulation.labs import OWN_ACTIONS, PAIR_ACTIONS, Habit, Lab

PX_PER_CM = 10.0
"""Scale of simulated bodies, which are 90 pixels from nose to tail base."""

_SIDE_BY_SIDE = 8
"""Videos that are simulated at once, which bounds the memory."""
_JITTER_S = 0.05
"""Standard deviation of where one rater marks a start or a stop from time to time."""
_GAPS_PER_S = 1 / 60
_GAP_FRAMES = (1, 45)
"""Least and most frames in a row that the tracking file lacks."""
_MOST_FRAMES_BEFORE = 400

_Spans = list[tuple[float, float]]


@dataclass(frozen=True)
class LabBout:
    """An action of mouse ``agent`` toward mouse ``target``, itself if it is the same number."""

    agent: int
    target: int
    action: str
    start: int
    stop: int


@dataclass(frozen=True)
class LabVideo:
    """One video.

    Attributes:
        lab: Its laboratory.
        number: What it is called.
        first_frame: The number of its first frame.
        keypoints: ``(N, A, K, 2)`` in pixels of mouse 1, 2, ..., NaN where a point was lost.
        is_tracked: ``(N,)`` whether the tracking file has the frame.
        labeled: Agent, target and action that somebody looked for; empty if nobody did.
        bouts: What they marked, in numbers of frames.
    """

    lab: Lab
    number: int
    first_frame: int
    keypoints: npt.NDArray[np.float32]
    is_tracked: npt.NDArray[np.bool_]
    labeled: tuple[tuple[int, int, str], ...]
    bouts: tuple[LabBout, ...]


def simulate_videos(
    lab: Lab, count: int, minutes: float, seed: int, *, is_test: bool = False
) -> Iterator[LabVideo]:
    """Simulate videos of a lab.

    Args:
        lab: The laboratory.
        count: How many videos.
        minutes: How long each is.
        seed: The same seed gives the same videos.
        is_test: Give other ones, in which everything is tracked and looked for.
    """
    rng = np.random.default_rng((seed, lab.index, 1 + is_test))
    N = max(1, round(60 * minutes * lab.fps))
    at = np.arange(N) * FPS / lab.fps  # in frames of the simulation
    simulated = int(at[-1]) + 2
    unscored = max(1, count // 8) if lab.skips_videos and count >= 4 and not is_test else 0
    for begin in range(0, count, _SIDE_BY_SIDE):
        together = min(_SIDE_BY_SIDE, count - begin)
        bouts, points, touching = act_and_move(rng, together, simulated, lab.mice)
        points = _between(points, at) @ lab.weights.T
        contact = touching[at.round().astype(int).clip(max=simulated - 1)].sum(axis=-1) > 1
        keypoints = track_points(rng, contact, points) * np.float32(lab.px_per_cm / PX_PER_CM)
        for index in range(together):
            number = begin + index
            is_scored = number < count - unscored
            labeled = _labeled(lab, number, is_test=is_test) if is_scored else ()
            first_frame = int(rng.integers(1, _MOST_FRAMES_BEFORE)) if lab.starts_late else 0
            tracked = lab.mice - (lab.loses_mouse and number % 2 == 1 and not is_test)
            yield LabVideo(
                lab,
                # Unique, and as far apart as real ones.
                10_000_000 * (lab.index + 1) + 1_000_000 * is_test + number * 7919 % 1_000_000,
                first_frame,
                np.ascontiguousarray(keypoints[:, index, :tracked]),
                _draw_tracked(rng, N, lab.fps),
                labeled,
                tuple(_rate(rng, lab, bouts[index], labeled, N, first_frame)),
            )


def _between(
    points: npt.NDArray[np.complex128], at: npt.NDArray[np.floating]
) -> npt.NDArray[np.complex128]:
    """``points (M, ...)`` at times between the frames, ``(N, ...)``."""
    frame = at.astype(int)
    share = (at - frame).reshape(-1, *[1] * (points.ndim - 1))
    between: npt.NDArray[np.complex128] = (1 - share) * points[frame] + share * points[frame + 1]
    return between


def _labeled(lab: Lab, number: int, *, is_test: bool) -> tuple[tuple[int, int, str], ...]:
    """What is looked for; in one of four videos one action less."""
    actions = list(lab.habits)
    if number % 4 == 2 and not is_test:
        del actions[number // 4 % len(actions)]
    agents = range(1, 2 if lab.only_resident else lab.mice + 1)
    return tuple(
        (agent, target, action)
        for action in actions
        for agent in agents
        for target in range(1, lab.mice + 1)
        if (agent == target) == (action in OWN_ACTIONS)
    )


def _draw_tracked(rng: np.random.Generator, frames: int, fps: float) -> npt.NDArray[np.bool_]:
    """Whether each frame is in the tracking file; the first and the last one are."""
    is_tracked = np.ones(frames, bool)
    for start in rng.integers(1, max(frames, 2), rng.poisson(frames / fps * _GAPS_PER_S)):
        is_tracked[start : start + rng.integers(*_GAP_FRAMES)] = False
    is_tracked[[0, -1]] = True
    return is_tracked


def _rate(
    rng: np.random.Generator,
    lab: Lab,
    bouts: Sequence[Bout],
    labeled: Sequence[tuple[int, int, str]],
    frames: int,
    first_frame: int,
) -> Iterator[LabBout]:
    """What the raters mark; one action of an agent toward a target at a time."""
    marked: dict[tuple[int, int], npt.NDArray[np.int64]] = {}
    actions = [*PAIR_ACTIONS, *OWN_ACTIONS]
    for agent, target, action in sorted(labeled, key=lambda what: actions.index(what[2])):
        habit = lab.habits[action]
        spans = sorted(
            (bout.start / FPS, bout.stop / FPS)
            for bout in bouts
            if bout.activity in habit.covers
            and bout.agent + 1 == agent
            and (bout.agent if bout.target is None else bout.target) + 1 == target
        )
        track = marked.setdefault((agent, target), np.full(frames, -1))
        for start_s, stop_s in mark_spans(rng, spans, habit):
            start, stop = (round(at_s * lab.fps) for at_s in (start_s, stop_s))
            track[max(start, 0) : max(stop, 0)] = actions.index(action)
    for (agent, target), track in marked.items():
        edges = [0, *(np.flatnonzero(np.diff(track)) + 1), frames]
        for start, stop in pairwise(map(int, edges)):
            if track[start] >= 0:
                action = actions[track[start]]
                yield LabBout(agent, target, action, start + first_frame, stop + first_frame)


def mark_spans(rng: np.random.Generator, spans: _Spans, habit: Habit) -> _Spans:
    """What a rater with a habit marks of bouts in seconds, in the order of time."""
    marked: _Spans = []
    for start, stop in spans:
        start += habit.onset_s + _JITTER_S * rng.standard_normal()
        stop += habit.offset_s + _JITTER_S * rng.standard_normal()
        if stop <= start:
            continue
        if marked and start - marked[-1][1] < habit.gap_s:
            marked[-1] = (min(marked[-1][0], start), max(marked[-1][1], stop))
        else:
            marked.append((start, stop))
    return [(start, stop) for start, stop in marked if stop - start >= habit.least_s]
