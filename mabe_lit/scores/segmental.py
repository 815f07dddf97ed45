"""Scores of bouts: how many are found, and whether they come in the right order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import Segment, segments, yes_bouts

_Labels = npt.NDArray[Any]

_OVERLAPS = (0.10, 0.25, 0.50)


def score_segments(predicted: Sequence[_Labels], labels: Sequence[_Labels]) -> dict[str, float]:
    """Segmental F1 at 10, 25 and 50 % overlap and the edit score.

    Unscored frames are cut out of both sequences first. Where classes exclude each other, a
    sequence is all segments of a track, the background's as well. Where they are independent, it
    is the bouts of one class in a track, and counts if there is one in labels or prediction. F1
    counts segments of all sequences together, the edit score is the mean over sequences.

    Source: Lea et al., "Temporal Convolutional Networks for Action Segmentation and Detection",
    CVPR 2017, section 4.

    Args:
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no.
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.

    Returns:
        ``f1@10``, ``f1@25``, ``f1@50``, ``edit``, each 0 to 1.
    """
    hits, found, true = np.zeros(len(_OVERLAPS)), 0, 0
    edits = []
    for prediction, label in zip(predicted, labels, strict=True):
        for ours, theirs in _sequences(prediction, label):
            hits += [_count_hits(ours, theirs, overlap) for overlap in _OVERLAPS]
            found, true = found + len(ours), true + len(theirs)
            distance = _edit_distance([s.label for s in ours], [s.label for s in theirs])
            edits.append(1 - distance / max(len(ours), len(theirs)))
    f1 = 2 * hits / max(found + true, 1)
    scores = {f"f1@{100 * k:.0f}": float(value) for k, value in zip(_OVERLAPS, f1, strict=True)}
    return scores | {"edit": float(np.mean(edits)) if edits else 0.0}


def _sequences(
    predicted: _Labels, labels: _Labels
) -> Iterator[tuple[Sequence[Segment], Sequence[Segment]]]:
    """The sequences of a track, predicted and true; at least one of both has a segment."""
    is_scored = labels != UNSCORED
    if labels.ndim == 1:
        if is_scored.any():
            yield segments(predicted[is_scored]), segments(labels[is_scored])
        return
    for c, looked in enumerate(is_scored.T):
        ours = yes_bouts(predicted[looked, c] == 1, c)
        theirs = yes_bouts(labels[looked, c] == 1, c)
        if ours or theirs:
            yield ours, theirs


def _count_hits(ours: Sequence[Segment], theirs: Sequence[Segment], overlap: float) -> int:
    """Segments that share ``overlap`` of the union with a true segment of their class."""
    if not theirs:
        return 0
    starts = np.array([s.start_frame for s in theirs])
    stops = np.array([s.stop_frame for s in theirs])
    labels = np.array([s.label for s in theirs])
    is_free = np.ones(len(theirs), bool)
    hits = 0
    for segment in ours:
        common = np.minimum(stops, segment.stop_frame) - np.maximum(starts, segment.start_frame)
        union = np.maximum(stops, segment.stop_frame) - np.minimum(starts, segment.start_frame)
        score = np.where((labels == segment.label) & (common > 0), common / union, 0.0)
        best = int(score.argmax())
        if score[best] >= overlap and is_free[best]:
            is_free[best] = False
            hits += 1
    return hits


def _edit_distance(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """Insertions, removals and changes that turn one sequence into the other (Levenshtein)."""
    target = np.asarray(theirs)
    offset = np.arange(len(target) + 1)
    row = offset.copy()
    for label in ours:
        change = np.minimum(row[1:] + 1, row[:-1] + (target != label))
        row = np.concatenate([[row[0] + 1], change])
        row = np.minimum.accumulate(row - offset) + offset  # insertions, left to right
    return int(row[-1])
