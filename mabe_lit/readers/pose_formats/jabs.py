"""Poses of JABS, ``NAME_pose_est_v2.h5`` to ``v8``: HDF5 with a group ``poseest``.

Each frame has slots for the mice that were found in it, in any order. From version 4 on, a slot
says which mouse it is (``instance_embed_id``, where ``id_mask`` is 0); in version 3 it says on
which track it is, and a mouse has many; version 2 has one mouse. Points are stored y before x, and
those of confidence 0 were not found. The frame rate is not stored.

Source: https://github.com/KumarLabJax/JABS-behavior-classifier (``src/jabs/pose_estimation``), and
``docs/pose/file_format.md`` of its tracker, ``mouse-tracking``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

KEYPOINT_NAMES = (
    "nose",
    "left_ear",
    "right_ear",
    "base_neck",
    "left_front_paw",
    "right_front_paw",
    "center_spine",
    "left_rear_paw",
    "right_rear_paw",
    "base_tail",
    "mid_tail",
    "tip_tail",
)
_K = len(KEYPOINT_NAMES)
_KINDS = {"points": "uif", "confidence": "uif", "id_mask": "bui"}
"""Kinds of numbers that an array may have, where they are not whole ones."""
_IDENTITIES_SINCE = 4
_MOST_POINTS = 1 << 27
"""Of all tracks in all frames, which take 1.5 GB."""
_MOST_NAMED = 5


def matches(file: Any) -> bool:
    """Whether an open HDF5 file has the group of JABS."""
    return hasattr(file.get("poseest"), "keys")


def read(path: Path, file: Any, *, names_only: bool = False) -> Tracks:
    """Read a pose file: an animal an identity, or before version 4 an animal a track.

    Raises:
        InputError: If arrays are missing or do not fit each other, a mouse is in two slots of a
            frame, or no slot says which mouse it is.
    """
    arrays = _open_arrays(path, file["poseest"])
    frames = len(arrays["points"])
    if arrays["points"].ndim == 3:
        valid, numbers = np.ones((frames, 1), bool), np.zeros((frames, 1), int)
    elif "id_mask" in arrays:
        numbers = arrays["instance_embed_id"][()].astype(np.int64)
        valid = (arrays["id_mask"][()] == 0) & (numbers > 0)  # 0 is no mouse, whatever the mask
        numbers -= 1
        _check_identities(path, file["poseest"], numbers, valid)
    else:
        numbers = arrays["instance_track_id"][()].astype(np.int64)
        valid = _slots_in_use(path, arrays)
    known, column = np.unique(numbers[valid], return_inverse=True)
    if not len(known) and frames:
        what = "id_mask" if "id_mask" in arrays else "instance_count"
        raise InputError(f"{path}: no slot of any frame has a mouse, by poseest/{what}")
    is_tracks = "instance_track_id" in arrays
    names = tuple(f"track_{n}" if is_tracks else f"mouse{n}" for n in known)
    if names_only:
        nothing = np.empty((0, len(names), _K, 2))
        return Tracks(path, np.empty(0), nothing, None, names, KEYPOINT_NAMES, may_break=is_tracks)
    if frames * len(names) * _K > _MOST_POINTS:
        raise InputError(
            f"{path}: has {len(names)} {'tracks' if is_tracks else 'mice'} in {frames} frames, "
            f"expected at most {_MOST_POINTS // (frames * _K)} in so many; take a file of version "
            f"{_IDENTITIES_SINCE} or later, with few identities, or cut the video"
        )
    row, slot = np.nonzero(valid)
    _check_once(path, row, column, names)
    confidence = arrays["confidence"][()].reshape(*valid.shape, _K)
    stored = arrays["points"][()].reshape(*valid.shape, _K, 2)
    shape = (frames, len(names))
    # (N, A, K, 2) x, y and (N, A, K)
    points = np.full((*shape, _K, 2), np.nan, np.float32)
    sure = np.full((*shape, _K), np.nan, np.float32)
    points[row, column] = stored[row, slot][..., ::-1]
    sure[row, column] = confidence[row, slot]
    points[~(sure > 0)] = np.nan  # NaN is no confidence either
    notes = [] if is_tracks else _missing(known)
    notes += _left_out((confidence > 0).any(axis=-1), valid, is_tracks)
    return Tracks(
        path,
        np.arange(frames),
        points,
        sure,
        names,
        KEYPOINT_NAMES,
        may_break=is_tracks,
        notes=tuple(notes),
    )


def _open_arrays(path: Path, group: Any) -> Mapping[str, Any]:
    """The arrays that the file's version has, of shapes that fit; not read yet."""
    where = f"{path}: is not what JABS writes"
    version = int(np.ravel(group.attrs.get("version", 0))[0])
    rank, is_known = _rank(group, "points"), _rank(group, "points") >= 0
    wanted = f"(frames, slots, {_K}, 2)" + (f" or (frames, {_K}, 2)" if version <= 2 else "")
    if is_known and rank != 4 and (rank != 3 or version > 2):
        found = group["points"].shape
        raise InputError(f"{where}: poseest/points has shape {found}, expected {wanted}")
    slots = group["points"].shape[: rank - 2] if is_known else ()  # (N, slots), or (N,)
    expected = {"points": (*slots, _K, 2), "confidence": (*slots, _K)}
    if rank == 4:
        if version >= _IDENTITIES_SINCE or "instance_embed_id" in group or "id_mask" in group:
            expected |= {"instance_embed_id": slots, "id_mask": slots}
        else:
            expected |= {"instance_track_id": slots, "instance_count": slots[:1]}
    problems = []
    for name, shape in expected.items():
        if _rank(group, name) < 0:
            problems.append(f"has no poseest/{name}")
            continue
        array, kinds = group[name], _KINDS.get(name, "ui")
        if is_known and array.shape != shape:
            problems.append(f"poseest/{name} has shape {array.shape}, expected {shape}")
        if array.dtype.kind not in kinds:
            allowed = "numbers" if "f" in kinds else "whole numbers"
            problems.append(f"poseest/{name} is of type {array.dtype}, expected {allowed}")
    if problems:
        raise InputError(f"{where}: {'; '.join(problems)}")
    return {name: group[name] for name in expected}


def _rank(group: Any, name: str) -> int:
    """Dimensions of an array, -1 if there is none."""
    return int(getattr(group.get(name), "ndim", -1))


def _check_identities(path: Path, group: Any, numbers: np.ndarray, valid: np.ndarray) -> None:
    """Raise if a slot is of a mouse beyond those whose ``instance_id_center`` is stored."""
    count = len(group["instance_id_center"]) if _rank(group, "instance_id_center") == 2 else 0
    beyond = valid & (numbers >= count)
    if count and beyond.any():
        frame, slot = np.argwhere(beyond)[0]
        raise InputError(
            f"{path}: frame {frame}, slot {slot} has identity {numbers[frame, slot] + 1}, but "
            f"poseest/instance_id_center has {count}, expected 1 to {count} where id_mask is 0"
        )


def _slots_in_use(path: Path, arrays: Mapping[str, Any]) -> np.ndarray:
    """``(N, slots)`` which slots of a frame its ``instance_count`` counts, the first ones."""
    counts, slots = arrays["instance_count"][()], arrays["points"].shape[1]
    wrong = (counts < 0) | (counts > slots)
    if wrong.any():
        frame = int(wrong.argmax())
        raise InputError(
            f"{path}: frame {frame} has an instance_count of {counts[frame]}, expected 0 to {slots}"
        )
    return np.asarray(np.arange(slots) < counts[:, None])


def _check_once(path: Path, row: np.ndarray, column: np.ndarray, names: tuple[str, ...]) -> None:
    """Raise if a mouse is in two slots of a frame."""
    place = np.sort(row * len(names) + column)
    again = np.flatnonzero(np.diff(place) == 0)
    if len(again):
        frame, animal = divmod(int(place[again[0]]), len(names))
        raise InputError(f"{path}: frame {frame} has {names[animal]} in two slots, expected one")


def _missing(known: np.ndarray) -> list[str]:
    """A note on identities between those that there are."""
    absent = sorted(set(range(int(known[-1]) if len(known) else 0)) - set(known.tolist()))
    if not absent:
        return []
    more = ", ..." if len(absent) > _MOST_NAMED else ""
    listed = ", ".join(f"mouse{number}" for number in absent[:_MOST_NAMED]) + more
    return [f"identities that are in no frame, left out: {listed}"]


def _left_out(found: np.ndarray, valid: np.ndarray, is_tracks: bool) -> list[str]:
    """A note on instances that were found, ``(N, slots)``, but are nobody's."""
    stray = found & ~valid
    if not stray.any():
        return []
    why = "beyond instance_count" if is_tracks else "without an identity (id_mask)"
    first = int(stray.any(axis=1).argmax())
    return [f"{stray.sum()} of {found.sum()} instances {why}, left out, first in frame {first}"]
