"""The score of MABe 2025 of label tracks, without a table of bouts; see ``score_mabe2025``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset
from mabe_lit.scores.mabe2025 import ActionScore, Mabe2025Scores, mean_over_labs

_Ints = npt.NDArray[np.integer[Any]]
_Counts = npt.NDArray[np.int64]


def score_tracks(
    labels: Sequence[_Ints],
    predicted: Sequence[npt.NDArray[np.bool_]],
    class_names: Sequence[str],
    recordings: Sequence[int],
    labs: Sequence[str],
) -> Mabe2025Scores | None:
    """Score predicted tracks as the competition would score their bouts.

    An action counts in a track in which somebody looked for it, in all of the track's frames; a
    track counts if anything happens in its recording.

    Args:
        labels: ``(N, C)`` for each track, 1 and 0, ``UNSCORED`` where nobody looked.
        predicted: ``(N, C)`` for each track, at most one yes a frame.
        class_names: ``C`` names.
        recordings: Which recording each track is of.
        labs: Lab of each track.

    Returns:
        The score; None if nothing happens in any recording.
    """
    by_lab: dict[str, _Counts] = {}
    for track in tracks_that_count(labels, recordings):
        counts = count_track(labels[track], predicted[track])
        by_lab[labs[track]] = by_lab.get(labs[track], np.zeros_like(counts)) + counts
    actions = [
        ActionScore(lab, name, int(row[0]), int(row[1]), int(row[2]), f1_of(row))
        for lab, counts in sorted(by_lab.items())
        for name, row in sorted(zip(class_names, counts, strict=True), key=lambda pair: pair[0])
        if row.any()
    ]
    return mean_over_labs(tuple(actions)) if actions else None


def is_of_mabe2025(dataset: Dataset) -> bool:
    """Whether recordings are videos of MABe 2025, as ``prepare --mabe2025`` notes."""
    return dataset.source.get("mabe2025") is not None and dataset.is_independent


def score_dataset(
    dataset: Dataset, predicted: Sequence[npt.NDArray[np.bool_]]
) -> Mabe2025Scores | None:
    """The score of all tracks of a dataset, whose groups are labs."""
    recordings = [track.recording for track in dataset.tracks]
    labs = [dataset.entries[recording].group for recording in recordings]
    return score_tracks(dataset.all_labels(), predicted, dataset.class_names, recordings, labs)


def tracks_that_count(labels: Sequence[_Ints], recordings: Sequence[int]) -> list[int]:
    """Tracks of recordings in which anything happens; the others have no row of truth."""
    has_truth = {
        recording for label, recording in zip(labels, recordings, strict=True) if (label == 1).any()
    }
    return [track for track, recording in enumerate(recordings) if recording in has_truth]


def count_track(labels: _Ints, predicted: npt.NDArray[np.bool_]) -> _Counts:
    """Frames of each action that are right, wrong and missing, ``(C, 3)``."""
    truth = labels == 1
    predicted = predicted & (labels != UNSCORED).any(axis=0)
    right = (truth & predicted).sum(axis=0)
    return np.stack([right, predicted.sum(axis=0) - right, truth.sum(axis=0) - right], axis=1)


def f1_of(counts: _Counts) -> float:
    """F1 of frames that are right, wrong and missing; 0 where there are none."""
    right, wrong, missing = counts.tolist()
    return 2 * right / (2 * right + wrong + missing) if right else 0.0
