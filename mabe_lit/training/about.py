"""What a checkpoint says of itself, as plain values that are checked before anything uses them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from mabe_lit.config import Config
from mabe_lit.data.task import KINDS
from mabe_lit.pose import is_rate
from mabe_lit.shell import describe_kind, is_of_kind

CHECKPOINT_VERSION = 2
READ_VERSIONS = (1, CHECKPOINT_VERSION)

_KINDS: dict[str, Any] = {
    "config": dict,
    "animal_names": list[str],
    "keypoint_names": list[str],
    "class_names": list[str],
}
_OPTIONAL: dict[str, Any] = {
    "has_likelihood": bool,
    "trained_on": dict,
    "is_independent": bool,
    "lacks_points": bool,
    "looked_for": dict,
}
"""What the first releases did not tell."""


def find_problem(about: Mapping[str, Any]) -> str | None:
    """What is wrong with a checkpoint's description of itself, None where nothing is."""
    return next(_problems(about), None)


def _problems(about: Mapping[str, Any]) -> Iterator[str]:
    for key, kind in (_KINDS | _OPTIONAL).items():
        if key not in about and key in _KINDS:
            yield f"{key} is missing"
        elif key in about and not is_of_kind(about[key], kind):
            expected = "keys and values" if kind is dict else describe_kind(kind)
            yield f"{key}: expected {expected}, found {about[key]!r:.40}"
    hints = get_type_hints(Config)
    for key, value in about["config"].items():
        if key in hints and not is_of_kind(value, hints[key]):
            yield f"config: {key}: expected {describe_kind(hints[key])}, found {value!r:.40}"
    yield from _problems_of_classes(about)
    yield from _problems_of_training(about.get("trained_on", {}))


def _problems_of_training(trained_on: Mapping[str, Any]) -> Iterator[str]:
    rates = trained_on.get("fps", [])
    if not is_of_kind(rates, list[float]) or not all(map(is_rate, rates)):
        yield f"trained_on: fps: expected a list of frames per second, found {rates!r:.40}"
    below = trained_on.get("likelihood_below")
    if below is not None and (not is_of_kind(below, float) or not 0 <= below <= 1):
        yield f"trained_on: likelihood_below: expected 0 to 1, found {below!r:.40}"
    for key, kind in (("background", str), ("reading", dict), ("mabe2025", dict)):
        if not isinstance(trained_on.get(key), kind | None):
            expected = "text" if kind is str else "keys and values"
            yield f"trained_on: {key}: expected {expected}, found {trained_on[key]!r:.40}"
    if not is_of_kind(trained_on.get("digests", {}), dict):
        yield f"trained_on: digests: expected keys and values, found {trained_on['digests']!r:.40}"


def _problems_of_classes(about: Mapping[str, Any]) -> Iterator[str]:
    for kinds in about.get("looked_for", {}).values():
        are_names = isinstance(kinds, dict) and all(
            is_of_kind(names, list[str]) and {*names} <= {*about["class_names"]}
            for names in kinds.values()
        )
        if not are_names or not {*kinds} <= {*KINDS}:
            yield f"looked_for: expected classes of each kind of track, found {kinds!r:.40}"
