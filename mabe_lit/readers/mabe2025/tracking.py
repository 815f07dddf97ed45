"""Tracking files of MABe 2025: a row a point of a mouse in a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mabe_lit.readers.mabe2025.parquet import NUMBER, TEXT, WHOLE, Columns, open_columns
from mabe_lit.shell import InputError

MOST_MICE = 4
_POINTS = {"bodypart": TEXT}
_ROWS = {"video_frame": WHOLE, "mouse_id": WHOLE, "bodypart": TEXT, "x": NUMBER, "y": NUMBER}
_SURELY_HELD_FRAMES = 200_000
_MOST_GAPS = 10
"""A longer video has rows in one of so many frames at least, or its frames are no frames."""


@dataclass(frozen=True)
class Tracking:
    """Tracks of one video.

    Attributes:
        keypoints: ``(N, A, K, 2)`` float32 in pixels, NaN where untracked; frame 0 is
            ``video_frame`` 0, whatever the first row is of.
        animals: ``mouse1``, ..., those that have a tracked point.
        has_point: ``(A, K)`` whether a point is ever tracked.
        first_frame: The first frame that has a row.
    """

    keypoints: npt.NDArray[np.float32]
    animals: tuple[str, ...]
    has_point: npt.NDArray[np.bool_]
    first_frame: int


def read_points(path: Path) -> list[str]:
    """Names of the key points that a tracking file has rows of.

    Raises:
        InputError: If the file is missing, damaged, or not of this layout.
    """
    with open_columns(path, _ROWS) as columns:
        rows, names = columns.text("bodypart")
        return [names[index] for index in np.unique(rows)]


def read_tracking(
    path: Path, keypoint_names: Sequence[str], synonyms: Mapping[str, str]
) -> Tracking:
    """Read a tracking file, column by column.

    Args:
        path: The file.
        keypoint_names: ``K`` names in the order of the result; other points are left out.
        synonyms: Names of ``keypoint_names`` that points of the file are taken for.

    Raises:
        InputError: If the file is missing, damaged or not of this layout, a mouse has a point
            twice in a frame, or no mouse has any.
    """
    with open_columns(path, _ROWS) as columns:
        if not columns.rows:
            raise InputError(f"{path}: has no rows")
        frames = _frames(path, columns)
        mice = columns.whole("mouse_id")
        if mice.min() < 1 or mice.max() > MOST_MICE:
            wrong = mice[(mice < 1) | (mice > MOST_MICE)][0]
            raise InputError(f"{path}: mouse_id is {wrong}, expected 1 to {MOST_MICE}")
        points, names = columns.text("bodypart")
        numbers = np.unique(mice)
        N, A, K = int(frames.max()) + 1, len(numbers), len(keypoint_names)
        order = {name: index for index, name in enumerate(keypoint_names)}
        of_name = np.array([order.get(synonyms.get(name, name), -1) for name in names])
        place = frames.astype(np.int64)
        place *= A
        place += np.searchsorted(numbers, mice)
        place *= K
        place += of_name[points]
        is_taken = of_name[points] >= 0
        first_frame = int(frames.min())
        del frames, mice, points
        place = place[is_taken]
        _check_once(path, place, (N, A, K), numbers, keypoint_names)
        flat = np.full((N * A * K, 2), np.nan, np.float32)
        flat[place, 0] = columns.number("x")[is_taken]
        flat[place, 1] = columns.number("y")[is_taken]
    flat[np.isnan(flat).any(axis=1)] = np.nan  # half a point is none
    keypoints = flat.reshape(N, A, K, 2)
    has_point = np.asarray((~np.isnan(keypoints[..., 0])).any(axis=0))
    is_tracked = np.asarray(has_point.any(axis=1))
    if not is_tracked.any():
        raise InputError(f"{path}: no mouse has a tracked point")
    return Tracking(
        keypoints if is_tracked.all() else keypoints[:, is_tracked],
        tuple(f"mouse{number}" for number in numbers[is_tracked]),
        has_point[is_tracked],
        first_frame,
    )


def _frames(path: Path, columns: Columns) -> npt.NDArray[np.integer]:
    frames = columns.whole("video_frame")
    first, last = int(frames.min()), int(frames.max())
    if first < 0:
        raise InputError(f"{path}: video_frame is {first}, expected 0 or more")
    # One damaged number must not take all of the memory.
    if last >= _SURELY_HELD_FRAMES and last > _MOST_GAPS * len(np.unique(frames)):
        raise InputError(
            f"{path}: video_frame runs up to {last:,}, but {len(np.unique(frames)):,} frames have "
            "rows"
        )
    return frames


def _check_once(
    path: Path,
    place: npt.NDArray[np.int64],
    shape: tuple[int, int, int],
    numbers: npt.NDArray[np.integer],
    keypoint_names: Sequence[str],
) -> None:
    """Raise if two rows are of the same place, which counts points of mice of frames."""
    is_there = np.zeros(np.prod(shape), bool)
    is_there[place] = True
    if np.count_nonzero(is_there) == len(place):
        return
    places, counts = np.unique(place, return_counts=True)
    frame, mouse, point = map(int, np.unravel_index(int(places[counts > 1][0]), shape))
    raise InputError(
        f"{path}: mouse {numbers[mouse]} has {keypoint_names[point]} twice in frame {frame}"
    )
