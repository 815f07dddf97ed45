"""Decisions of either kind: on classes that exclude each other, or on independent ones."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.decision_fit import DecisionFit, fit_weights
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.threshold_fit import fit_thresholds
from mabe_lit.scores.thresholds import Thresholds

AnyDecisions = Decisions | Thresholds


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
    return _kind(is_independent).from_dict(values, classes=classes)


def are_plain(described: Mapping[str, Any]) -> bool:
    """Whether decisions of either kind, as ``describe`` tells them, are the identity."""

    def values(key: str) -> list[float]:
        told = described.get(key) or 0.0
        return list(told.values()) if isinstance(told, Mapping) else [told]

    is_half = all(threshold in (0.0, 0.5) for threshold in values("thresholds"))
    return is_half and not any(
        [*values("smoothing_s"), *values("log_weights"), *values("minimum_bout_s")]
    )


def average_decisions(decisions: Sequence[AnyDecisions]) -> AnyDecisions:
    """Decisions for the mean probabilities of several models: the mean of each number of theirs.

    It does not depend on the models' order, as the first one's decisions would, and each model's
    fit is an estimate of much the same thing, what the split's macro F1 asks of the classes, so
    that their mean is steadier than any of them.

    Args:
        decisions: At least one, all of one kind.
    """
    mean_of: Any = _kind(isinstance(decisions[0], Thresholds)).mean_of
    mean: AnyDecisions = mean_of(decisions)
    return mean


def _kind(is_independent: bool) -> type[Decisions] | type[Thresholds]:
    return Thresholds if is_independent else Decisions
