"""What a dataset holds, recording by recording, as the table that ``prepare`` prints."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit.pose import Recording
from mabe_lit.shell import InputError, InputWarning


class Tally(NamedTuple):
    """What the table says of one recording, or of all."""

    name: str
    class_names: tuple[str, ...]
    frames: int
    missing: float
    """Missing coordinates, in frames."""
    counts: npt.NDArray[np.int64]
    """``(C + 1,)`` frames of each class, then those that are unscored; of all label tracks."""
    tracks: int
    """Frames of all label tracks."""
    is_independent: bool
    """Whether several classes may happen in one frame."""


def tallied(
    recordings: Iterable[Recording], tallies: list[Tally], *, may_be_unscored: bool = False
) -> Iterator[Recording]:
    """Pass recordings on one by one, and note what the table says of each; check them at the end.

    Raises:
        InputError: If nothing is scored, unless that may be so.
    """
    for recording in recordings:
        classes, frames, tracks = recording.class_names, len(recording), recording.tracks
        counts = np.zeros(len(classes) + 1, np.int64)
        for track in tracks:
            counts[:-1] += track.count(len(classes))
            counts[-1] += (~track.is_scored).sum()
        missing = frames * recording.missing_share
        is_independent = any(track.is_independent for track in tracks)
        tallies.append(
            Tally(
                recording.name,
                classes,
                frames,
                missing,
                counts,
                frames * len(tracks),
                is_independent,
            )
        )
        yield recording
    if tallies and not may_be_unscored:
        _check_scored(_sum(tallies))


def format_tallies(tallies: Sequence[Tally]) -> str:
    """A row a recording with its frames, missing share and frames a class; then all.

    Where a recording has several label tracks, classes are counted in all of them.
    """
    everything = _sum(tallies)
    last = "nobody looked" if everything.is_independent else "unscored"
    rows = [["recording", "frames", "missing %", *everything.class_names, last]]
    for tally in (*tallies, everything):
        share = f"{100 * tally.missing / tally.frames:.1f}"
        rows.append([tally.name, f"{tally.frames:,}", share, *(f"{n:,}" for n in tally.counts)])
    shares = 100 * everything.counts / max(everything.tracks, 1)
    rows.append(["", "", "", *(f"{share:.1f} %" for share in shares)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _sum(tallies: Sequence[Tally]) -> Tally:
    return Tally(
        "all",
        tallies[0].class_names,
        sum(tally.frames for tally in tallies),
        sum(tally.missing for tally in tallies),
        np.sum([tally.counts for tally in tallies], axis=0),
        sum(tally.tracks for tally in tallies),
        any(tally.is_independent for tally in tallies),
    )


def _check_scored(everything: Tally) -> None:
    """Raise where nothing is scored; warn where a class is nowhere."""
    scored = everything.counts[:-1]
    if not scored.any():
        classes = " or ".join(everything.class_names) or "any class"
        raise InputError(f"no frame is scored as {classes}")
    for name, frames in zip(everything.class_names, scored, strict=True):
        if not frames:
            warnings.warn(
                f"class {name!r} has no frame in any recording", InputWarning, stacklevel=3
            )
