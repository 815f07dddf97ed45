"""Simulated pairs of mice: a resident that acts and an intruder that reacts, with a rater's labels.

Behaviour is a semi-Markov process with the bout durations and transitions of CalMS21's test set
(262,107 frames of resident-intruder recordings). It moves two bodies through an arena: apart,
approaching, nose to body, mounting from behind, tumbling. Tracking adds jitter and gaps, the rater
marks onsets a few frames off.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.simulation.bodies import FPS, Posture, pose_bodies, track_points
from mabe_lit.simulation.motion import ATTACK, MOUNT, OTHER, Bouts, move_bodies

SIMULATION_VERSION = 1
"""Counts up whenever the same seed gives other recordings."""

ANIMAL_NAMES = ("resident", "intruder")
KEYPOINT_NAMES = (
    "nose",
    "left_ear",
    "right_ear",
    "neck",
    "left_hip",
    "right_hip",
    "tail_base",
)
CLASS_NAMES = ("attack", "investigation", "mount", "other")

BOUT_FRAMES = np.array([[10, 34, 109], [8, 24, 147], [14, 74, 392], [14, 93, 444]])
"""``(C, 3)`` 10th percentile, median and 90th percentile of a bout's frames at 30 frames/s."""

NEXT_BEHAVIOR = np.array(
    [
        [0.0, 0.34, 0.0, 0.66],
        [0.23, 0.0, 0.18, 0.59],
        [0.0, 0.55, 0.0, 0.45],
        [0.02, 0.98, 0.0, 0.0],
    ]
)
"""``(C, C)`` probability that the column's behaviour follows the row's."""

_Ints = npt.NDArray[np.int64]


def simulate_recordings(
    count: int, frames: int, seed: int | tuple[int, ...], *, prefix: str = "simulated"
) -> list[Recording]:
    """Simulate resident-intruder recordings.

    Args:
        count: Recordings, at least 1.
        frames: Frames of each, at least 1, at 30 frames per second.
        seed: The same seed gives the same recordings.
        prefix: Recordings are named ``PREFIX_000``, ``PREFIX_001``, ...

    Returns:
        ``count`` recordings of two animals with seven key points and the four behaviours of
        ``CLASS_NAMES``.
    """
    rng = np.random.default_rng(seed)
    bouts = _draw_bouts(rng, count, frames)
    behavior = np.take_along_axis(bouts.behavior, bouts.of_frame, axis=0)  # (N, R)
    tracks = move_bodies(rng, behavior, bouts)
    points = pose_bodies(rng, _posture(behavior), *tracks, ([1.0, 0.88], [1.12, 1.0]))
    keypoints = track_points(rng, (behavior != OTHER)[..., None], points)  # (N, R, A, K, 2)
    labels = _rate(rng, bouts)  # (N, R)
    return [
        Recording(
            f"{prefix}_{index:03d}",
            np.ascontiguousarray(keypoints[:, index]),
            (LabelTrack(np.ascontiguousarray(labels[:, index])),),
            FPS,
            ANIMAL_NAMES,
            KEYPOINT_NAMES,
            CLASS_NAMES,
        )
        for index in range(count)
    ]


def _posture(behavior: _Ints) -> Posture:
    """Both animals crouch in a mount and bend in a fight, ``(N, R, 1)``."""
    is_attack, is_mount = (behavior == ATTACK)[..., None], (behavior == MOUNT)[..., None]
    return Posture(0.12 + 0.3 * is_attack, 0.12 * is_mount + 0.25 * is_attack)


def _draw_bouts(rng: np.random.Generator, count: int, frames: int) -> Bouts:
    """Draw bouts until every recording is full; each recording begins with the animals apart."""
    cumulative = NEXT_BEHAVIOR.cumsum(axis=1)
    behavior = np.full(count, OTHER)
    stop = np.zeros(count, np.int64)
    behaviors: list[_Ints] = []
    stops: list[_Ints] = []
    while not stops or stop.min() < frames:
        stop = stop + frames_of_bouts(rng.standard_normal(count), BOUT_FRAMES[behavior])
        behaviors.append(behavior)
        stops.append(stop)
        behavior = (rng.random((count, 1)) > cumulative[behavior]).sum(axis=1).clip(max=OTHER)
    stop_frame = np.stack(stops)
    of_frame = np.stack(
        [np.searchsorted(column, np.arange(frames), side="right") for column in stop_frame.T],
        axis=1,
    )
    return Bouts(np.stack(behaviors), stop_frame, of_frame)


def frames_of_bouts(z: npt.NDArray[np.float64], quantiles: _Ints) -> _Ints:
    """How long bouts last.

    Args:
        z: ``(M,)`` draws of a standard normal distribution.
        quantiles: ``(M, 3)`` 10th percentile, median and 90th percentile of the frames.

    Returns:
        ``(M,)`` frames, at least 1.
    """
    # Log-normal on each side of the median, as wide as the 10th and the 90th percentile say;
    # two standard deviations are the limit, which gives the measured means as well.
    z = z.clip(-2, 2)
    low, median, high = np.log(quantiles).T
    width = np.where(z < 0, median - low, high - median) / 1.2816
    frames: _Ints = np.exp(median + width * z).round().clip(1).astype(np.int64)
    return frames


def _rate(rng: np.random.Generator, bouts: Bouts) -> npt.NDArray[np.int16]:
    """Labels of a rater who marks each change a few frames early or late, ``(N, R)``."""
    error = rng.normal(0.0, 1.5, bouts.stop_frame.shape).round().astype(np.int64)
    marked = np.maximum.accumulate(bouts.stop_frame + error, axis=0)
    frames = np.arange(len(bouts.of_frame))
    columns = [
        behavior[np.searchsorted(stop, frames, side="right").clip(max=len(stop) - 1)]
        for behavior, stop in zip(bouts.behavior.T, marked.T, strict=True)
    ]
    return np.stack(columns, axis=1).astype(np.int16)
