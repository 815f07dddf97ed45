"""Decisions of any kind: on classes that exclude each other, on independent ones, on MABe 2025."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.data import Dataset
from mabe_lit.scores.decision_fit import DecisionFit, fit_weights
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.lab_threshold_fit import fit_lab_thresholds
from mabe_lit.scores.lab_thresholds import LabThresholds
from mabe_lit.scores.mabe2025_tracks import is_of_mabe2025
from mabe_lit.scores.threshold_fit import fit_thresholds
from mabe_lit.scores.thresholds import Thresholds

AnyDecisions = Decisions | Thresholds | LabThresholds


def fit_decisions(
    probabilities: Sequence[npt.NDArray[np.floating[Any]]],
    labels: Sequence[npt.NDArray[np.integer[Any]]],
    fps: Sequence[float],
    groups: Sequence[Hashable] | None = None,
) -> DecisionFit[AnyDecisions]:
    """Fit decisions to labelled tracks that the probabilities were not trained on.

    The same input gives the same decisions; nothing is drawn at random.

    Args:
        probabilities: ``(N, C)`` for each track.
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        fps: Frames per second of each track.
        groups: What each track belongs to, such as its recording; tracks of one group are held out
            together when decisions are cross-fitted. Each by itself when None.

    Returns:
        The decisions and the cross-fitted prediction. With fewer than two groups that have labels
        nothing can be cross-fitted, and the decisions are the identity.
    """
    groups = range(len(labels)) if groups is None else groups
    fit: Any = fit_thresholds if labels[0].ndim == 2 else fit_weights
    found: DecisionFit[AnyDecisions] = fit(probabilities, labels, fps, groups)
    return found


def fit_to_dataset(
    probabilities: Sequence[npt.NDArray[np.floating[Any]]], data: Dataset
) -> DecisionFit[AnyDecisions]:
    """Fit decisions to the tracks of a dataset, those of a recording held out together.

    Of videos of MABe 2025 they are thresholds of each lab, fitted to the competition's score.
    """
    recordings = [track.recording for track in data.tracks]
    fps = [data.entries[recording].fps for recording in recordings]
    labels = data.all_labels()
    if not is_of_mabe2025(data):
        return fit_decisions(probabilities, labels, fps, recordings)
    labs = [data.entries[recording].group for recording in recordings]
    found: DecisionFit[Any] = fit_lab_thresholds(
        probabilities, labels, fps, recordings, labs, data.class_names
    )
    return found


def decide_tracks(
    decisions: AnyDecisions, probabilities: Sequence[npt.NDArray[np.floating[Any]]], data: Dataset
) -> list[npt.NDArray[Any]]:
    """Decide each track of a dataset.

    Args:
        decisions: How.
        probabilities: ``(N, C)`` for each track.
        data: Whose tracks these are. Of independent behaviours those that nobody looked for in a
            track do not compete with the others of it.

    Returns:
        ``(N,)`` class indices or ``(N, C)`` yes and no for each track.
    """
    decided = []
    for track, of_track in zip(data.tracks, probabilities, strict=True):
        entry = data.entry_of(track)
        shown = of_track * data.classes_of(track) if data.is_independent else of_track
        decided.append(decisions.apply(shown, entry.fps, entry.group))
    return decided


def identity_decisions(classes: int, *, is_independent: bool = False) -> AnyDecisions:
    """Those that take the most probable of so many classes, or a yes from 0.5 on."""
    return _kind(is_independent).identity(classes)


def decisions_from_dict(
    values: Mapping[str, Any] | None, *, classes: int, is_independent: bool = False
) -> AnyDecisions:
    """What ``to_dict`` gave; the identity of None, for checkpoints older than decisions.

    Raises:
        ValueError: If a field is missing or wrong, or they are for another number of classes.
    """
    if values is not None and values.get("kind") == LabThresholds.KIND:
        if not is_independent:
            raise ValueError("Expected decisions on classes that exclude each other but got labs'")
        return LabThresholds.from_dict(values, classes=classes)
    return _kind(is_independent).from_dict(values, classes=classes)


def are_plain(described: Mapping[str, Any]) -> bool:
    """Whether decisions of either kind, as ``describe`` tells them, are the identity."""

    def values(key: str) -> list[float]:
        told = described.get(key) or 0.0
        return list(told.values()) if isinstance(told, Mapping) else [told]

    is_half = not described.get("labs") and all(
        threshold in (0.0, 0.5) for threshold in values("thresholds")
    )
    return is_half and not any(
        [*values("smoothing_s"), *values("log_weights"), *values("minimum_bout_s")]
    )


def average_decisions(decisions: Sequence[AnyDecisions]) -> AnyDecisions:
    """Decisions for the mean probabilities of several models: the mean of each number of theirs.

    It does not depend on the models' order, as the first one's decisions would, and each model's
    fit is an estimate of much the same thing, what the split's macro F1 asks of the classes, so
    that their mean is steadier than any of them.

    Args:
        decisions: At least one, all on classes that exclude each other, or all on independent ones.
    """
    mean_of: Any = _kind(isinstance(decisions[0], Thresholds)).mean_of
    if any(isinstance(each, LabThresholds) for each in decisions):
        mean_of = LabThresholds.mean_of
    mean: AnyDecisions = mean_of(decisions)
    return mean


def _kind(is_independent: bool) -> type[Decisions] | type[Thresholds]:
    return Thresholds if is_independent else Decisions
