"""Telling from the names of key points that a table of one animal holds several."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

_COVERED = 0.75
"""Share of the points that must be on all animals."""

# What an animal has once. Legs and sides of a body share many points, but none of these.
_ONLY_ONCE = re.compile(
    r"nose|snout|head|mouth|beak|neck|thorax|abdomen|body|cent(er|re)|centroid|back|spine|tail",
    re.IGNORECASE,
)
# Numbers may also count along a body (spine1, spine2, tail1), but never these.
_NEVER_COUNTED = re.compile(r"nose|snout|head|mouth|beak|neck|thorax", re.IGNORECASE)
_SIDES = re.compile(
    r"l|r|left|right|f|h|front|hind|fore|back|rear|upper|lower|top|bot|bottom|up|down|ant|post|"
    r"anterior|posterior|dorsal|ventral|proximal|distal|mid|middle|center|centre|inner|outer|"
    r"[lr][fhb]|[fhbrm][lr]|base|tip|start|end",
    re.IGNORECASE,
)
_NO_ANIMAL = re.compile(
    r"(cam|camera|view|leg|limb|paw|finger|digit|toe|arm|wing|antenna|ear|eye|hip|tail|spine|back)"
    r"[a-z]*[_ -]?\d*|[lr]\d",
    re.IGNORECASE,
)


def guess_marks(points: Sequence[str]) -> tuple[str, ...]:
    """What the points of each animal begin with, or end with, where they look like several animals.

    That is so where two or more beginnings (``B_``, ``mouse_1_``) or endings (``_1``, ``1``) have
    two or more points in common, one of which an animal has once, and these are nearly all points.
    Sides of a body (``left_``, ``_front``) are no animals.

    Returns:
        The marks in the order of the points, none where there is one animal.
    """
    guesses = [_judge(_split_by(points, depth), len(points)) for depth in (2, 1, -2, -1)]
    guesses.append(_judge(_split_numbers(points), len(points)))
    return max(guesses, key=lambda guess: guess[0])[1]


_Split = Mapping[str, list[str]]


def _split_by(points: Sequence[str], depth: int) -> _Split:
    """Parts by mark: the first ``depth`` words of a name, or the last ``-depth``."""
    parts: dict[str, list[str]] = defaultdict(list)
    for point in points:
        words = re.split(r"([_. -]+)", point)  # words and separators in turn
        if len(words) < 2 * abs(depth) + 1:
            continue
        if depth > 0:
            parts["".join(words[: 2 * depth])].append("".join(words[2 * depth :]))
        else:
            parts["".join(words[2 * depth :])].append("".join(words[: 2 * depth]))
    return parts


def _split_numbers(points: Sequence[str]) -> _Split:
    """Parts by the number that a name ends with, without a separator: ``nose1``."""
    parts: dict[str, list[str]] = defaultdict(list)
    for point in points:
        if match := re.fullmatch(r"(.*[^\d_. -])(\d+)", point):
            parts[match[2]].append(match[1])
    return parts


def _judge(parts: _Split, total: int) -> tuple[float, tuple[str, ...]]:
    """Share of the points that are on all of the animals, and the animals' marks; 0 for none."""
    likely = {mark: found for mark, found in parts.items() if not _is_body_part(mark)}
    if len(likely) < 2:
        return 0.0, ()
    most = max(likely.values(), key=len)
    alike = {m: found for m, found in likely.items() if len(set(found) & set(most)) >= 2}
    shared = set.intersection(*map(set, alike.values())) if alike else set()
    is_number = all(mark.strip("_-. ").isdecimal() for mark in alike)
    telling = _NEVER_COUNTED if is_number else _ONLY_ONCE
    named = [part for part in shared if telling.search(part) and not _is_side(part)]
    share = len(alike) * len(shared) / total
    if len(alike) < 2 or len(shared) < 2 or not named or share < _COVERED:
        return 0.0, ()
    return share, tuple(alike)


def _is_body_part(mark: str) -> bool:
    bare = mark.strip("_-. ")
    return _is_side(bare) or bool(_NO_ANIMAL.fullmatch(bare)) or not bare


def _is_side(text: str) -> bool:
    return all(_SIDES.fullmatch(word) for word in re.split(r"[_. -]+", text))
