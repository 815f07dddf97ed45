"""Animals as a tracker found them frame by frame, an instance each -> tracks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

UNTRACKED = -1
"""Track of an instance that is on none."""


def gather_instances(
    path: Path,
    *,
    frames: np.ndarray,
    tracks: np.ndarray,
    points: np.ndarray,
    likelihood: np.ndarray | None,
    track_names: Sequence[str],
    keypoint_names: Sequence[str],
    where: Callable[[int], str],
) -> Tracks:
    """Put each instance at its frame and track.

    Instances that are on no track are left out where others are, with a note. Where none is, they
    are one animal, if no frame has two.

    Args:
        path: The file.
        frames: ``(I,)`` frame number of each instance, in any order.
        tracks: ``(I,)`` index of its track, or ``UNTRACKED``.
        points: ``(I, K, 2)`` x, y in pixels, NaN where untracked.
        likelihood: ``(I, K)`` the tracker's confidence, or None if it wrote none.
        track_names: Names of the tracks.
        keypoint_names: ``K`` names.
        where: File and place of an instance, for a message.

    Raises:
        InputError: If a frame has two instances of a track, or of none while there are no tracks.
    """
    notes = []
    is_stray = tracks == UNTRACKED
    if is_stray.all():
        tracks, track_names = np.zeros_like(tracks), ("animal1",)
    elif is_stray.any():
        first = int(is_stray.argmax())
        notes.append(f"{is_stray.sum()} instances of no track, left out, first {where(first)}")
    kept = np.flatnonzero(~is_stray | is_stray.all())
    numbers, rows = np.unique(frames[kept], return_inverse=True)
    order = np.lexsort((tracks[kept], rows))
    is_twice = (np.diff(rows[order]) == 0) & (np.diff(tracks[kept][order]) == 0)
    if is_twice.any():
        again = int(kept[order[1:][is_twice].min()])
        frame = f"frame {frames[again]:g}"
        if is_stray.all():
            raise InputError(
                f"{where(again)}: {frame} has several animals, but the file has no tracks, so who "
                "is who is not known; run SLEAP's tracking first"
            )
        name = track_names[tracks[again]]
        raise InputError(f"{where(again)}: {frame} has track {name!r} already")
    shape = (len(numbers), len(track_names), len(keypoint_names))
    placed = np.full((*shape, 2), np.nan, np.float32)
    placed[rows, tracks[kept]] = points[kept]
    sure = None
    if likelihood is not None:
        sure = np.full(shape, np.nan, np.float32)
        sure[rows, tracks[kept]] = likelihood[kept]
    names = (tuple(track_names), tuple(keypoint_names))
    return Tracks(
        path,
        numbers,
        placed,
        sure,
        *names,
        may_break=True,
        may_go_on=True,
        notes=tuple(notes),
    )
