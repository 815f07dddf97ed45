"""What the names of key points say of the body: its front, its back, its left and right."""

from __future__ import annotations

import re

FRONT_NAMES = ("nose", "snout", "head", "neck", "(?<!r)ear", "top")
"""Patterns in a key point's name that say it lies in front, the best first."""
BACK_NAMES = ("tail ?base", "tail ?start", "tti", "tail", "hip", "rump", "abdomen")
"""Patterns in a key point's name that say it lies behind, the best first."""


def find_body_axis(keypoint_names: tuple[str, ...]) -> tuple[int, int]:
    """Indices of the key points at an animal's front and back end, by their names.

    Where the names say nothing, the first key point is the front and the last the back.
    """
    names = [_words(name) for name in keypoint_names]
    front = _first_match(names, FRONT_NAMES, default=0)
    back = _first_match(names, BACK_NAMES, default=len(names) - 1)
    return (front, back) if front != back else (0, len(names) - 1)


def order_of_ends(keypoint_names: tuple[str, ...]) -> tuple[list[int], list[int]]:
    """Key points by how well they mark an animal's front, and its back, the best first.

    An animal has its axis from the first that it has of the one to the first other of the other.
    """
    names = [_words(name) for name in keypoint_names]
    orders = []
    for patterns, rest in (
        (FRONT_NAMES, range(len(names))),
        (BACK_NAMES, reversed(range(len(names)))),
    ):
        named = [i for part in patterns for i, name in enumerate(names) if re.search(part, name)]
        orders.append(list(dict.fromkeys([*named, *rest])))
    return orders[0], orders[1]


def find_mirror_order(keypoint_names: tuple[str, ...]) -> list[int]:
    """For each key point the one on the animal's other side, by their names; else itself.

    ``left_ear`` and ``right_ear``, ``LeftHip`` and ``RightHip``, ``ear_l`` and ``ear_r``, ``earL``
    and ``earR``, ``Lear`` and ``Rear`` are pairs.
    """
    names = [_words(name) for name in keypoint_names]
    sides = {"left": "right", "right": "left", "l": "r", "r": "l"}
    pattern = re.compile(r"left|right|(?<![a-z])[lr](?![a-z])")
    order = []
    for index, name in enumerate(names):
        other = pattern.sub(lambda found: sides[found[0]], name)
        initial = {"L": "R", "R": "L"}.get(keypoint_names[index][:1], "")
        swapped = initial + keypoint_names[index][1:]
        if other in names and other != name:
            order.append(names.index(other))
        elif initial and swapped in keypoint_names:
            order.append(keypoint_names.index(swapped))
        else:
            order.append(index)
    return order


def _words(name: str) -> str:
    """A key point's name in lower case, its words apart: ``earL`` is ``ear l``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|[_-]", " ", name).lower()


def _first_match(names: list[str], parts: tuple[str, ...], *, default: int) -> int:
    for part in parts:
        for index, name in enumerate(names):
            if re.search(part, name):
                return index
    return default
