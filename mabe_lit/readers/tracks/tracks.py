"""What every tracker writes, brought into one shape: frames by animals by key points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mabe_lit.pose import MOST_PIXELS, Recording
from mabe_lit.readers.names import recording_name
from mabe_lit.shell import InputError

_MOST_FRAMES_PER_ROW = 100


@dataclass(frozen=True)
class Tracks:
    """Rows of a pose file, as they stand there.

    Attributes:
        path: The file.
        frames: ``(rows,)`` frame number of each row, counted from 0.
        points: ``(rows, A, K, 2)`` x, y in pixels.
        likelihood: ``(rows, A, K)`` the tracker's confidence, or None if it wrote none.
        animal_names: ``A`` names.
        keypoint_names: ``K`` names.
        line_numbers: Line of each row in a text file; None where there are no lines.
        has_point: ``(A, K)`` which key points an animal has; None if each has all of them.
        may_break: Whether an animal may be several tracks, one after the other, and a frame without
            any has no row, as where a tracker finds animals frame by frame and then joins them.
        may_go_on: Whether the video may be longer than the last row tells, since frames without an
            animal have no row.
        notes: What was left out or taken in one of several ways, a line each.
    """

    path: Path
    frames: np.ndarray
    points: np.ndarray
    likelihood: np.ndarray | None
    animal_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    line_numbers: Sequence[int] | None = None
    has_point: np.ndarray | None = None
    may_break: bool = False
    may_go_on: bool = False
    notes: tuple[str, ...] = ()

    def noted(self, *notes: str) -> Tracks:
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))

    def where(self, row: int) -> str:
        """File and place of a row, for a message."""
        place = f"row {row + 1}" if self.line_numbers is None else f"line {self.line_numbers[row]}"
        return f"{self.path}: {place}"


def to_recording(
    tracks: Tracks,
    *,
    fps: float,
    likelihood_below: float,
    name: str | None = None,
    first_row: int | None = None,
    are_chosen: bool = False,
) -> tuple[Recording, tuple[str, ...]]:
    """Put each row at its frame and blank what was not tracked.

    A frame without a row, before the first one or in a gap, is untracked. So a row's position is
    its frame number, and annotations made on the video fit whatever frame the tracking starts at.

    Args:
        tracks: Rows of a file.
        fps: Frames per second of the video, > 0.
        likelihood_below: Points less likely than this are blanked.
        name: What the recording is called; by its file's name if None.
        first_row: The frame at which the first row belongs; None for its own number.
        are_chosen: Whether these animals were asked for by name.

    Returns:
        The recording, unscored, and the notes on it.

    Raises:
        InputError: If there are no rows, frame numbers do not increase, or an animal is never
            tracked.
    """
    if len(tracks.points) == 0:
        raise InputError(f"{tracks.path}: has no frames")
    frames = _check_frames(tracks)
    if first_row is not None:
        frames = frames - frames[0] + first_row
    elif frames[0] > 0 and not tracks.may_break:
        tracks = tracks.noted(
            f"the first row is frame {frames[0]}; rows are placed at their frame numbers, and "
            "--tracking_starts 0 places the first row at frame 0"
        )
    rows = blank_untracked(tracks.points, tracks.likelihood, likelihood_below)
    wrong = np.abs(rows) > MOST_PIXELS  # not where it is NaN
    if wrong.any():
        row = int(wrong.any(axis=(1, 2, 3)).argmax())
        value = rows[row][wrong[row]][0]
        found = "infinite" if np.isinf(value) else f"{value:g}"
        raise InputError(
            f"{tracks.where(row)}: a coordinate is {found}, expected at most {MOST_PIXELS:g} pixels"
        )
    _check_tracked(tracks, rows, likelihood_below, are_chosen=are_chosen)
    names = (tracks.animal_names, tracks.keypoint_names)
    keypoints = _at_frames(rows, frames)
    likelihood = None if tracks.likelihood is None else _at_frames(tracks.likelihood, frames)
    name = recording_name(tracks.path) if name is None else name
    recording = Recording.unscored(name, keypoints, fps, *names, likelihood)
    recording = replace(recording, may_go_on=tracks.may_go_on, has_point=tracks.has_point)
    return recording, tracks.notes


def _check_tracked(
    tracks: Tracks, rows: np.ndarray, likelihood_below: float, *, are_chosen: bool
) -> None:
    """Raise where an animal has no point in any row, and say what reads the others."""
    is_lost = np.isnan(rows).all(axis=(0, 2, 3))  # (A,)
    if not is_lost.any():
        return
    names = tracks.animal_names
    lost = [repr(names[i]) for i in np.flatnonzero(is_lost)]
    kept = [names[i] for i in np.flatnonzero(~is_lost)]
    hint = ""
    if kept and are_chosen:
        hint = f"; --animals {' '.join(kept)} takes those that are tracked"
    elif kept:
        hint = f"; --animals {len(kept)} takes those that are tracked: {', '.join(kept)}"
    subject = f"animals {', '.join(lost)} are" if len(lost) > 1 else f"animal {lost[0]} is"
    raise InputError(
        f"{tracks.path}: {subject} never tracked: all points are empty, at (0, 0) or (-1, -1), "
        f"or of a likelihood below {likelihood_below:g}{hint}"
    )


def blank_untracked(
    points: np.ndarray, likelihood: np.ndarray | None, likelihood_below: float
) -> np.ndarray:
    """A copy with NaN where a point is half missing, unlikely, or at (0, 0) or (-1, -1) exactly.

    Args:
        points: ``(..., 2)`` x, y in pixels.
        likelihood: ``(...)`` confidence of each point, or None; where it is NaN nothing is known
            against the point.
        likelihood_below: Points less likely than this are blanked.

    Returns:
        ``(..., 2)`` float32.
    """
    # Trackers write (0, 0) or (-1, -1) for "nothing found" as well as an empty cell.
    untracked = np.isnan(points).any(axis=-1)
    for lost in (0, -1):
        untracked |= (points == lost).all(axis=-1)
    if likelihood is not None:
        untracked |= likelihood < likelihood_below
    return np.where(untracked[..., None], np.nan, points).astype(np.float32)


def _at_frames(rows: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """``(rows, ...)`` -> ``(N, ...)`` float32, each row at its frame; NaN where there is none."""
    placed = np.full((frames[-1] + 1, *rows.shape[1:]), np.nan, np.float32)
    placed[frames] = rows
    return placed


def _check_frames(tracks: Tracks) -> np.ndarray:
    frames = tracks.frames
    wrong = ~(np.isfinite(frames) & (frames >= 0) & (frames == np.floor(frames)))
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"{tracks.where(row)}: frame number is {frames[row]:g}, expected 0, 1, 2, ..."
        )
    not_after = np.diff(frames) <= 0
    if not_after.any():
        row = int(not_after.argmax()) + 1
        raise InputError(
            f"{tracks.where(row)}: frame {frames[row]:g} follows frame {frames[row - 1]:g}, "
            "expected each frame once, in order"
        )
    # Times in milliseconds or file names' numbers would ask for an array of billions of frames.
    if frames[-1] >= _MOST_FRAMES_PER_ROW * (len(frames) + 1000):
        raise InputError(
            f"{tracks.where(len(frames) - 1)}: frame number is {frames[-1]:g} in a file of "
            f"{len(frames)} rows, expected the first column to count frames"
        )
    return frames.astype(np.int64)
