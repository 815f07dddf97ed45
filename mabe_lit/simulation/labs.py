"""Simulated laboratories: their mice, cameras, key points, behaviours, and raters' habits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.simulation.group_bouts import APPROACH, FLEE, GROOM, HUDDLE, REAR
from mabe_lit.simulation.mice import KEYPOINT_NAMES
from mabe_lit.simulation.motion import ATTACK, INVESTIGATION, MOUNT

PAIR_ACTIONS = {
    "huddle": HUDDLE,
    "approach": APPROACH,
    "sniff": INVESTIGATION,
    "escape": FLEE,
    "mount": MOUNT,
    "attack": ATTACK,
}
"""What an animal does to another, and which activity it is; a later one hides an earlier one."""
OWN_ACTIONS = {"rear": REAR, "selfgroom": GROOM}

_POINTS: dict[str, dict[str, float]] = {
    "nose": {"nose": 1},
    "head": {"nose": 0.4, "left_ear": 0.3, "right_ear": 0.3},
    "headpiece_topfrontleft": {"nose": 0.3, "left_ear": 0.7},
    "headpiece_topfrontright": {"nose": 0.3, "right_ear": 0.7},
    "ear_left": {"left_ear": 1},
    "ear_right": {"right_ear": 1},
    "neck": {"neck": 1},
    "spine_1": {"neck": 0.7, "left_hip": 0.15, "right_hip": 0.15},
    "spine_2": {"neck": 0.3, "left_hip": 0.35, "right_hip": 0.35},
    "body_center": {"neck": 0.5, "left_hip": 0.25, "right_hip": 0.25},
    "lateral_left": {"left_ear": 0.4, "left_hip": 0.6},
    "lateral_right": {"right_ear": 0.4, "right_hip": 0.6},
    "hip_left": {"left_hip": 1},
    "hip_right": {"right_hip": 1},
    "tail_base": {"tail_base": 1},
    "tail_midpoint": {"tail_base": 2.2, "left_hip": -0.6, "right_hip": -0.6},
    "tail_tip": {"tail_base": 3.4, "left_hip": -1.2, "right_hip": -1.2},
}
"""Where a lab's points lie: sums of the points that simulated bodies have."""

_EARS = ("ear_left", "ear_right")
_HIPS = ("hip_left", "hip_right")
_FLANKS = ("lateral_left", "lateral_right")
_TAIL = ("tail_base", "tail_midpoint", "tail_tip")
_SKELETONS: tuple[tuple[str, ...], ...] = (
    ("nose", *_EARS, "neck", *_HIPS, "tail_base"),
    ("nose", *_EARS, "body_center", *_FLANKS, *_TAIL),
    ("nose", "head", "body_center", *_HIPS, "tail_base"),
    ("nose", *_EARS, "neck", "tail_base"),
    ("nose", *_EARS, "neck", "spine_1", "spine_2", *_FLANKS, "tail_base", "tail_tip"),
    ("head", "headpiece_topfrontleft", "headpiece_topfrontright", "body_center", *_TAIL[:2]),
)
_BEHAVIOURS: tuple[tuple[str, ...], ...] = (
    ("attack", "sniff", "mount", "escape", "rear", "selfgroom"),
    ("attack", "sniff", "rear"),
    ("sniff", "mount", "approach", "huddle", "selfgroom"),
    ("attack", "escape", "approach", "sniff"),
    ("sniff", "approach", "huddle", "rear", "selfgroom"),
    ("attack", "mount", "escape", "rear"),
)
_MICE = (2, 3, 4, 2, 3, 3)
_RATES = (25.0, 30.0, 30.3, 30.0, 25.0, 30.3)
_NAMES = (
    *("AmberLynx", "BriskHeron", "CopperVole", "DuskyOtter", "EagerStoat", "FrostyGull"),
    *("GentleIbex", "HumbleNewt", "IvoryTern", "JollyMole", "KeenDormouse", "LoyalWren"),
)


@dataclass(frozen=True)
class Habit:
    """How the raters of a lab mark an action.

    Attributes:
        covers: The activities that go by the name.
        onset_s: How late they mark its start, in seconds; early if below 0.
        offset_s: How late they mark its end.
        gap_s: Bouts that are less apart are one.
        least_s: Bouts that are shorter are none.
    """

    covers: tuple[int, ...]
    onset_s: float
    offset_s: float
    gap_s: float
    least_s: float


@dataclass(frozen=True)
class Lab:
    """A laboratory.

    Attributes:
        index: Its number among the labs, from 0 on.
        name: What it is called.
        mice: How many mice are in a video.
        fps: Frames per second.
        keypoints: Names of the points that it tracks.
        px_per_cm: Scale of its videos.
        habits: Its raters' habit for each action that they look for.
        only_resident: Whether they look at what the first mouse does alone.
        starts_late: Whether frames do not count from 0.
        writes_lost: Whether its tracking has rows for lost points.
        is_quoted: Whether it writes names in quotes of their own.
        loses_mouse: Whether some videos have a mouse that is looked at and not tracked.
        skips_videos: Whether some videos are not looked at.
    """

    index: int
    name: str
    mice: int
    fps: float
    keypoints: tuple[str, ...]
    px_per_cm: float
    habits: Mapping[str, Habit]
    only_resident: bool
    starts_late: bool
    writes_lost: bool
    is_quoted: bool
    loses_mouse: bool
    skips_videos: bool

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """``(K, 7)`` shares of the points of simulated bodies in each of its points."""
        rows = [[_POINTS[name].get(of, 0.0) for of in KEYPOINT_NAMES] for name in self.keypoints]
        return np.array(rows)


def draw_lab(seed: int, index: int) -> Lab:
    """Lab number ``index``; six in a row have all that labs can differ in."""
    rng = np.random.default_rng((seed, index))
    kind = index % len(_SKELETONS)
    actions = _BEHAVIOURS[kind]
    return Lab(
        index,
        _NAMES[index] if index < len(_NAMES) else f"Lab{index + 1:03d}",
        mice=_MICE[kind],
        fps=_RATES[kind],
        keypoints=_SKELETONS[kind],
        px_per_cm=round(float(rng.uniform(6, 24)), 1),
        habits={action: _draw_habit(rng, action, actions) for action in actions},
        only_resident=kind == 3,
        starts_late=kind in (2, 5),
        writes_lost=kind in (1, 4),
        is_quoted=kind in (1, 5),
        loses_mouse=kind == 5,
        skips_videos=kind in (0, 2, 4),
    )


def _draw_habit(rng: np.random.Generator, action: str, actions: tuple[str, ...]) -> Habit:
    covers: tuple[int, ...] = ((PAIR_ACTIONS | OWN_ACTIONS)[action],)
    if action == "sniff" and "huddle" not in actions and rng.random() < 0.5:
        covers = INVESTIGATION, HUDDLE
    return Habit(
        covers,
        onset_s=round(float(rng.uniform(-0.3, 0.5)), 2),
        offset_s=round(float(rng.uniform(-0.2, 0.5)), 2),
        gap_s=float(rng.choice([0.0, 0.5, 1.0, 2.0])),
        least_s=float(rng.choice([0.0, 0.3, 0.7, 1.2])),
    )
