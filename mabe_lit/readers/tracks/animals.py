"""Whose key points are whose: animals of a file by name, and by what points are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_SEPARATORS = "_-. "


def choose_animals(tracks: Tracks, names: Sequence[str]) -> Tracks:
    """The animals of these names, or all.

    DeepLabCut's ``single``, whose points are of no animal, is one only where it is named. Animals
    that are named may have different key points; a point that an animal does not have is never
    tracked.

    Args:
        tracks: Rows of a file; none of a file that does not begin with its animals.
        names: Animals to take, in this order; none for all.

    Raises:
        InputError: If a name is not there, or animals that were not named have different points.
    """
    known = tracks.animal_names
    if not known:
        return tracks
    if missing := [name for name in names if name not in known]:
        raise InputError(
            f"{tracks.path}: has no animal {', '.join(map(repr, missing))}, only {', '.join(known)}"
        )
    if names:
        if left := [name for name in known if name not in names]:
            tracks = tracks.noted(f"animals that --animals does not name, left out: {_list(left)}")
        return _with_shared_points(_with_animals(tracks, names), tracks.path)
    if len(known) > 1 and "single" in known:
        # DeepLabCut's own name for points that belong to no animal, such as an arena's corners.
        tracks = _with_animals(tracks, [name for name in known if name != "single"])
        tracks = tracks.noted(
            "points of 'single', which is no animal, are left out; --animals takes animals by name"
        )
    _check_alike(tracks)
    return _with_shared_points(tracks, tracks.path)


def split_animals(tracks: Tracks, marks: Sequence[str], names: Sequence[str] = ()) -> Tracks:
    """Make several animals of one whose points are named by animal, such as ``B_nose``, ``W_nose``.

    Args:
        tracks: Rows of a table of one animal.
        marks: What the names of an animal's points begin with, or end with.
        names: What the animals are called; as their marks, without separators, if none are given.

    Returns:
        The animals with the points that all of them have; what is left out is noted.

    Raises:
        InputError: If there are several animals already, a mark is on no point, or no point is on
            all animals.
    """
    path, points = tracks.path, tracks.keypoint_names
    names = tuple(names) or tuple(mark.strip(_SEPARATORS) for mark in marks)
    where = f"{path}: --animal_prefixes {' '.join(marks)}"
    if len(tracks.animal_names) > 1:
        raise InputError(f"{where}: has several animals already: {', '.join(tracks.animal_names)}")
    if len(set(names)) < len(names) or not all(names):
        raise InputError(f"{where}: expected a different letter or digit for each animal")
    owned: dict[str, dict[str, int]] = {mark: {} for mark in marks}
    stray = []
    for position, point in enumerate(points):
        fitting = [mark for mark in marks if _strip_mark(point, mark, points)]
        if not fitting:
            stray.append(point)
            continue
        mark = max(fitting, key=len)
        owned[mark][_strip_mark(point, mark, points)] = position
    for mark, parts in owned.items():
        if not parts:
            raise InputError(f"{where}: no key point begins or ends with {mark!r}: {_list(points)}")
    shared = [part for part in owned[marks[0]] if all(part in parts for parts in owned.values())]
    if not shared:
        listed = "; ".join(f"{mark}: {', '.join(parts)}" for mark, parts in owned.items())
        raise InputError(f"{where}: no key point is on all animals ({listed})")
    notes = []
    if stray:
        notes.append(f"key points of no animal, left out: {_list(stray)}")
    alone = [
        points[i] for parts in owned.values() for part, i in parts.items() if part not in shared
    ]
    if alone:
        notes.append(f"key points that not every animal has, left out: {_list(alone)}")
    order = np.array([[owned[mark][part] for part in shared] for mark in marks])  # (A, K)
    likelihood = tracks.likelihood
    return replace(
        tracks,
        points=tracks.points[:, 0][:, order],
        likelihood=None if likelihood is None else likelihood[:, 0][:, order],
        animal_names=names,
        keypoint_names=tuple(shared),
        has_point=None,
    ).noted(*notes)


def _strip_mark(point: str, mark: str, points: Sequence[str]) -> str:
    """The point's name without its animal's mark, empty if it is not marked so."""
    if any(other.startswith(mark) for other in points):
        found = point[len(mark) :] if point.startswith(mark) else ""
    else:
        found = point[: -len(mark)] if point.endswith(mark) else ""
    return found.strip(_SEPARATORS)


def _with_animals(tracks: Tracks, names: Sequence[str]) -> Tracks:
    order = [tracks.animal_names.index(name) for name in names]
    return replace(
        tracks,
        points=tracks.points[:, order],
        likelihood=None if tracks.likelihood is None else tracks.likelihood[:, order],
        has_point=None if tracks.has_point is None else tracks.has_point[order],
        animal_names=tuple(names),
    )


def _check_alike(tracks: Tracks) -> None:
    if tracks.has_point is None:
        return
    listed = [
        [point for point, has in zip(tracks.keypoint_names, row, strict=True) if has]
        for row in tracks.has_point
    ]
    for name, found in zip(tracks.animal_names, listed, strict=True):
        if found != listed[0]:
            raise InputError(
                f"{tracks.path}: animal {name!r} has key points {', '.join(found)}, but "
                f"{tracks.animal_names[0]!r} has {', '.join(listed[0])}; name the animals with "
                "--animals to take them as they are"
            )


def _with_shared_points(tracks: Tracks, path: object) -> Tracks:
    """Without the points that none of the animals has; notes those that not all have."""
    if tracks.has_point is None:
        return tracks
    kept = np.flatnonzero(tracks.has_point.any(axis=0))
    points = tuple(tracks.keypoint_names[i] for i in kept)
    notes = [
        f"animal {name!r} has no {', '.join(p for p, h in zip(points, row, strict=True) if not h)}"
        for name, row in zip(tracks.animal_names, tracks.has_point[:, kept], strict=True)
        if not row.all()
    ]
    return replace(
        tracks,
        points=tracks.points[:, :, kept],
        likelihood=None if tracks.likelihood is None else tracks.likelihood[:, :, kept],
        keypoint_names=points,
        has_point=tracks.has_point[:, kept] if notes else None,
    ).noted(*notes)


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
