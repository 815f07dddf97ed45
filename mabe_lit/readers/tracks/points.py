"""Key points by name: the same ones in every recording, whatever their order in its file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_MOST_NAMED = 3

KeypointNames = Mapping[str, Sequence[str]]
"""The key points of each recording."""


def rename_points(tracks: Tracks, rename: Mapping[str, str]) -> Tracks:
    """Give key points other names.

    Raises:
        InputError: If two points of the file would have one name.
    """
    names = tuple(rename.get(name, name) for name in tracks.keypoint_names)
    for name in set(names):
        same = [old for old, new in zip(tracks.keypoint_names, names, strict=True) if new == name]
        if len(same) > 1:
            raise InputError(f"{tracks.path}: --rename makes {name!r} of {' and of '.join(same)}")
    return replace(tracks, keypoint_names=names)


def select_points(tracks: Tracks, wanted: Sequence[str], *, may_lack: bool = False) -> Tracks:
    """The key points of these names, in this order.

    Args:
        tracks: Rows of a file.
        wanted: Names.
        may_lack: Whether a point that is not there is one that is never tracked.

    Raises:
        InputError: If a point is not there and may not lack.
    """
    known = tracks.keypoint_names
    missing = [name for name in wanted if name not in known]
    if missing and not may_lack:
        raise InputError(
            f"{tracks.path}: has no key point {', '.join(missing)}, only {', '.join(known)}"
        )
    order = np.array([known.index(name) if name in known else 0 for name in wanted])
    is_missing = np.array([name in missing for name in wanted])
    shape = (len(tracks.animal_names), len(known))
    has_point = np.ones(shape, bool) if tracks.has_point is None else tracks.has_point
    has_point = has_point[:, order] & ~is_missing
    points, likelihood = tracks.points[:, :, order], tracks.likelihood
    if likelihood is not None:
        likelihood = likelihood[:, :, order]
    if missing:
        points[:, :, is_missing] = np.nan
        if likelihood is not None:
            likelihood[:, :, is_missing] = np.nan
    return replace(
        tracks,
        points=points,
        likelihood=likelihood,
        keypoint_names=tuple(wanted),
        has_point=None if has_point.all() else has_point,
    )


def agree_on_points(
    points: KeypointNames, wanted: Sequence[str] = (), *, union: bool = False
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The key points that all recordings are taken with.

    Args:
        points: Names as they are after renaming, in the order of each file.
        wanted: Points to take; if none, those that all recordings have.
        union: Take points that any recording has; in the others they are never tracked.

    Returns:
        The points, in the order of ``wanted`` or else of the first recording, and notes on those
        that are left out or never tracked in some.

    Raises:
        InputError: If a wanted point is missing somewhere, or in all recordings with ``union``, or
            none is in all recordings without it.
    """
    everything = dict.fromkeys(name for own in points.values() for name in own)
    if wanted:
        _check_wanted(points, wanted, may_lack=union)
        return tuple(wanted), _notes_on_lacking(points, wanted) if union else ()
    if union:
        return tuple(everything), _notes_on_lacking(points, tuple(everything))
    first = next(iter(points))
    shared = tuple(name for name in points[first] if all(name in own for own in points.values()))
    if not shared:
        other = min(points, key=lambda name: len(set(points[name]) & set(points[first])))
        raise InputError(
            f"no key point is in all recordings: {first} has {', '.join(points[first])}, "
            f"but {other} has {', '.join(points[other])}; --rename OLD=NEW joins names, "
            "--union true takes all"
        )
    left = [name for name in everything if name not in shared]
    notes = []
    if left:
        listed = "; ".join(f"{name} ({_where(name, points)})" for name in left)
        notes.append(f"key points that not all recordings have are left out: {listed}")
    return shared, (*notes, *_notes_on_alike(left))


def _notes_on_lacking(points: KeypointNames, taken: Sequence[str]) -> tuple[str, ...]:
    lacking = [name for name in taken if not all(name in own for own in points.values())]
    if not lacking:
        return ()
    listed = "; ".join(f"{name} ({_where(name, points)})" for name in lacking)
    told = f"key points that not all recordings have are never tracked in the others: {listed}"
    return told, *_notes_on_alike(lacking)


def _notes_on_alike(names: Sequence[str]) -> list[str]:
    return [
        f"key points {' and '.join(group)} may be one; --rename {group[0]}={group[1]} joins them"
        for group in _alike(names)
    ]


def _check_wanted(points: KeypointNames, wanted: Sequence[str], *, may_lack: bool) -> None:
    problems = []
    for name in wanted:
        lacking = [recording for recording, own in points.items() if name not in own]
        if len(lacking) == len(points):
            problems.append(f"{name} is in no recording")
        elif lacking and not may_lack:
            problems.append(f"{name} is missing in {_some(lacking)}")
    if problems:
        first, own = next(iter(points.items()))
        found = f"{first} has {', '.join(own)}"
        raise InputError(f"--keypoints: {', '.join(problems)}; {found}")


def _where(name: str, points: KeypointNames) -> str:
    """Which recordings have a point, or lack it, whichever are fewer."""
    having = [recording for recording, own in points.items() if name in own]
    lacking = [recording for recording in points if recording not in having]
    if len(having) <= len(lacking):
        return f"only in {_some(having)}"
    return f"not in {_some(lacking)}"


def _alike(names: Sequence[str]) -> list[list[str]]:
    """Names of the same words, however they are joined, spelled and ordered."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
        plain = (re.sub(r"[\W_]", "", name).lower(),)
        key = next((k for k in groups if k == plain or k == tuple(sorted(_lower(words)))), None)
        if key is None:
            groups[plain] = [name]
            groups[tuple(sorted(_lower(words)))] = groups[plain]
        else:
            groups[key].append(name)
    return [group for group in {id(g): g for g in groups.values()}.values() if len(group) > 1]


def _lower(words: Sequence[str]) -> list[str]:
    return [word.lower() for word in words]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
