"""What MABe 2025's labs call the points of a mouse."""

from __future__ import annotations

from collections.abc import Collection

SYNONYMS = {"lateral_left": "hip_left", "lateral_right": "hip_right"}
"""Points of about the same place, the flank before the thigh, that labs call by two names."""

_FRONT_TO_BACK = (
    *("nose", "head", "ear_left", "ear_right", "neck", "body_center"),
    *("lateral_left", "lateral_right", "hip_left", "hip_right"),
    *("tail_base", "tail_midpoint", "tail_tip"),
)


def synonyms_among(points: Collection[str]) -> dict[str, str]:
    """Other names of the points of one video; one that it has by both names keeps its own."""
    return {old: new for old, new in SYNONYMS.items() if old in points and new not in points}


def in_usual_order(points: Collection[str]) -> tuple[str, ...]:
    """Usual points from front to back, then the others by name."""
    usual = [name for name in _FRONT_TO_BACK if name in points]
    return (*usual, *sorted(set(points) - set(usual)))
