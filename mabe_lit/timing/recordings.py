"""Datasets of any size to measure on: one simulated recording under many names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset, write_dataset
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.simulation import simulate_group, simulate_recordings

RECORDING_FRAMES = 50_000
"""Frames of a recording that is written for the benchmark; MABe's have as many."""

_SIMULATED_FRAMES = 5_000
"""Frames that are simulated; recordings repeat them."""


def count_tracks(animals: int) -> int:
    """Label tracks of a recording: the scene of two animals, or all ordered pairs of more."""
    return 1 if animals == 2 else animals * (animals - 1)


def write_recordings(
    folder: Path, frames: int, *, prefix: str, animals: int = 2, scored_share: float = 1.0
) -> None:
    """Write a dataset of about so many frames: one simulated recording under many names.

    Args:
        folder: The dataset to make.
        frames: Of all recordings together, at least 1.
        prefix: The names are this and a number.
        animals: Mice in each, at least 2. Two have labels of the scene; of more, each ordered pair
            has a label track.
        scored_share: Share of each track's frames that somebody scored, above 0 and at most 1;
            whole minutes are scored or not.
    """
    length = min(frames, RECORDING_FRAMES)
    recording = _recording(length, animals, scored_share)

    def recordings() -> Iterator[Recording]:
        for number in range(-(-frames // length)):
            yield replace(recording, name=f"{prefix}-{number:04}")

    write_dataset(recordings(), folder, source={"benchmark": frames})


def of_first_pair(dataset: Dataset) -> Dataset:
    """The same recordings with the first of their label tracks alone."""
    tracks = {track.recording: track for track in reversed(dataset.tracks)}
    return replace(dataset, tracks=tuple(tracks[number] for number in sorted(tracks)))


def count_scored(dataset: Dataset) -> int:
    """Frames of all label tracks in which somebody looked for something."""
    return int(dataset.count_looked().max(axis=1).sum())


def _recording(frames: int, animals: int, scored_share: float) -> Recording:
    """One recording of so many frames, see ``write_recordings``."""
    simulated = min(frames, _SIMULATED_FRAMES)
    if animals == 2:
        (recording,) = simulate_recordings(1, simulated, 0)
        tracks, class_names = recording.tracks, recording.class_names
    else:
        (recording,) = simulate_group(1, simulated, 0, animals=animals)
        tracks, class_names = _directed(recording)
    repeats = -(-frames // simulated)
    is_scored = np.repeat(_spread(repeats, scored_share), simulated)[:frames]

    def long(track: LabelTrack) -> LabelTrack:
        labels = _repeated(track.labels, repeats)[:frames]
        labels[~is_scored] = UNSCORED
        return replace(track, labels=labels)

    return replace(
        recording,
        keypoints=_repeated(recording.keypoints, repeats)[:frames],
        tracks=tuple(map(long, tracks)),
        class_names=class_names,
    )


def _directed(recording: Recording) -> tuple[tuple[LabelTrack, ...], tuple[str, ...]]:
    """The tracks of ordered pairs, and the names of the classes that these are about."""
    pairs = [track for track in recording.tracks if track.target is not None]
    is_about = (pairs[0].labels != UNSCORED).any(axis=0)
    names = tuple(np.array(recording.class_names, object)[is_about])
    return tuple(replace(pair, labels=pair.labels[:, is_about]) for pair in pairs), names


def _spread(count: int, share: float) -> np.ndarray:
    """``(count,)`` bool, at least a share of which is true, as evenly spread as can be."""
    so_far = np.ceil(np.arange(count + 1) * share - 1e-9)  # 10 * 0.3 is above 3
    return np.asarray(np.diff(so_far) > 0)


def _repeated(values: np.ndarray, repeats: int) -> np.ndarray:
    """``(N, ...)`` -> ``(repeats N, ...)``."""
    return np.tile(values, (repeats, *(1 for _ in values.shape[1:])))
