"""One action a frame of actions that are yes or no each, where a rule allows but one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.thresholds import smooth

NONE = -1
"""No action."""


def choose_actions(
    probabilities: npt.NDArray[np.floating[Any]],
    thresholds: Sequence[float],
    is_whitelisted: Sequence[bool],
    *,
    smoothing_s: Sequence[float] | None = None,
    fps: float = 1.0,
) -> npt.NDArray[np.int64]:
    """Of the actions that reach their thresholds, the one that exceeds it most.

    What counts is the probability divided by the threshold, so an action that is rare and has a low
    threshold stands a chance beside a common one. Bouts stay as short as they are.

    Args:
        probabilities: ``(N, C)`` of one track, finite.
        thresholds: ``C`` probabilities from which on an action is predicted, above 0.
        is_whitelisted: ``C``, whether an action may be predicted in this track.
        smoothing_s: ``C`` widths in seconds of the moving average of each action's probability, 0
            is none; none at all if left out.
        fps: Frames per second, > 0; needed where there is smoothing.

    Returns:
        ``(N,)`` index of the action, ``NONE`` where none reaches its threshold. Of two that exceed
        it alike the first.

    Raises:
        ValueError: If there are other numbers of actions, or a threshold is not above 0.
    """
    N, C = probabilities.shape
    widths = (0.0,) * C if smoothing_s is None else smoothing_s
    lengths = [len(thresholds), len(is_whitelisted), len(widths)]
    if lengths != [C, C, C]:
        raise ValueError(
            f"Expected thresholds, whitelist and smoothing of {C} actions but got "
            f"{', '.join(map(str, lengths))}"
        )
    if not all(threshold > 0 for threshold in thresholds):
        raise ValueError(f"Expected `thresholds` to be above 0 but got {tuple(thresholds)}")
    best = np.full(N, NONE, np.int64)
    best_ratio = np.zeros(N)
    for c in np.flatnonzero(is_whitelisted).tolist():
        ratio = ratio_of(probabilities[:, c], thresholds[c], widths[c], fps)
        is_better = ratio > best_ratio
        best[is_better], best_ratio[is_better] = c, ratio[is_better]
    return best


def ratio_of(
    probability: npt.NDArray[np.floating[Any]], threshold: float, smoothing_s: float, fps: float
) -> npt.NDArray[np.float64]:
    """``(N,)`` by how much one action's smoothed probability exceeds its threshold; 0 below it."""
    smoothed = smooth(probability.astype(np.float64), smoothing_s, fps)
    ratio: npt.NDArray[np.float64] = np.where(smoothed >= threshold, smoothed / threshold, 0)
    return ratio
