"""Thresholds fitted to labelled tracks, and an honest estimate of what they bring.

Behaviours that may overlap do not meet in F1, so each has a search of its own, for the highest F1
of all its frames together. What keeps it from fitting chance is as for decisions on classes that
exclude each other, see ``decision_fit``: of values that are as good the one nearest to doing
nothing; minimum bouts no longer than labelled ones; and a cross-fitted prediction that has to beat
the plain one by a margin. Macro F1 of all behaviours decides on that, rather than each for itself,
so that there is one choice among three and not one a behaviour.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import yes_bouts
from mabe_lit.scores.decision_fit import (
    MACRO_F1_MARGIN,
    MINIMUM_BOUT_S,
    ROUNDS,
    SEGMENTAL_MARGIN,
    SMOOTHING_S,
    TOLERANCE,
    WEIGHT_TOLERANCE,
    DecisionFit,
    first_with,
    folds_of,
)
from mabe_lit.scores.digests import digest_labels
from mabe_lit.scores.segmental import score_segments
from mabe_lit.scores.thresholds import Thresholds, answer, smooth

THRESHOLDS = tuple(sorted((step / 20 for step in range(1, 17)), key=lambda t: abs(t - 0.5)))
"""The one that does nothing first. The best is at most one half where probabilities are right."""

_Bools = npt.NDArray[np.bool_]
_Ints = npt.NDArray[np.integer[Any]]
_Floats = npt.NDArray[np.floating[Any]]


class _Setting(NamedTuple):
    """The numbers of one behaviour."""

    threshold: float = 0.5
    smoothing_s: float = 0.0
    minimum_bout_s: float = 0.0


def fit_thresholds(
    probabilities: Sequence[_Floats],
    labels: Sequence[_Ints],
    fps: Sequence[float],
    groups: Sequence[Hashable],
) -> DecisionFit[Thresholds]:
    """Fit thresholds for independent classes, see ``fit_decisions``."""
    C = probabilities[0].shape[1]
    identity = Thresholds.identity(C)
    scored = np.flatnonzero([bool((label != UNSCORED).any()) for label in labels])
    folds = np.full(len(labels), -1)
    folds[scored] = folds_of([groups[index] for index in scored.tolist()])
    if len(set(folds[scored])) < 2:
        return DecisionFit(identity, None)
    raw = [identity.apply(p, rate) for p, rate in zip(probabilities, fps, strict=True)]
    chosen = DecisionFit(identity, raw)
    splits = [_Split(probabilities, labels, fps, c) for c in range(C)]
    reached = _macro_f1([split.count(_Setting())[scored].sum(axis=0) for split in splits])
    plain = score_segments(raw, labels)["f1@50"]
    for has_threshold in (False, True):
        predicted = [decided.copy() for decided in raw]
        counts = [
            _cross_fit(split, predicted, folds, has_threshold=has_threshold) for split in splits
        ]
        score = _macro_f1(counts)
        helps_bouts = not has_threshold and score >= reached - TOLERANCE and (
            score_segments(predicted, labels)["f1@50"] >= plain + SEGMENTAL_MARGIN
        )  # fmt: skip
        if score >= reached + MACRO_F1_MARGIN or helps_bouts:
            found = [_search(split, scored, has_threshold=has_threshold) for split in splits]
            thresholds = Thresholds(*zip(*found, strict=True))
            chosen, reached = DecisionFit(thresholds, predicted), score
    if chosen.decisions.is_identity:
        return DecisionFit(identity, raw)
    digests = digest_labels(labels)
    return chosen._replace(decisions=replace(chosen.decisions, fitted_on=digests))


class _Split:
    """One behaviour in tracks to fit on; remembers what each setting made of each of them."""

    def __init__(
        self,
        probabilities: Sequence[_Floats],
        labels: Sequence[_Ints],
        fps: Sequence[float],
        c: int,
    ) -> None:
        self.c = c
        self._probabilities = [probability[:, c] for probability in probabilities]
        self._is_looked_for = [label[:, c] != UNSCORED for label in labels]
        self._truth = [label[:, c] == 1 for label in labels]
        self._fps = fps
        self._smooth: dict[float, list[_Floats]] = {}
        self._counts: dict[_Setting, npt.NDArray[np.int64]] = {}

    def decide(self, setting: _Setting, track: int) -> _Bools:
        """Yes or no in each frame of a track."""
        if setting.smoothing_s not in self._smooth:
            pairs = zip(self._probabilities, self._fps, strict=True)
            self._smooth[setting.smoothing_s] = [
                smooth(p, setting.smoothing_s, rate) for p, rate in pairs
            ]
        probability = self._smooth[setting.smoothing_s][track]
        return answer(probability, setting.threshold, setting.minimum_bout_s, self._fps[track])

    def count(self, setting: _Setting) -> npt.NDArray[np.int64]:
        """``(tracks, 2)`` right yeses; and yeses of the labels and of the prediction together."""
        if setting not in self._counts:
            counts = []
            for track, (looked, truth) in enumerate(
                zip(self._is_looked_for, self._truth, strict=True)
            ):
                if not looked.any():  # as of a behaviour of pairs in the track of one animal
                    counts.append((0, 0))
                    continue
                is_yes = self.decide(setting, track) & looked
                counts.append((int((is_yes & truth).sum()), int(is_yes.sum() + truth.sum())))
            self._counts[setting] = np.array(counts, np.int64)
        return self._counts[setting]

    def short_bout_s(self, tracks: npt.NDArray[np.int64]) -> float:
        """The seconds that one in ten of the labelled bouts does not reach."""
        lengths = [
            (bout.stop_frame - bout.start_frame) / self._fps[track]
            for track in tracks
            for bout in yes_bouts(self._truth[track], self.c)
        ]
        return float(np.quantile(lengths, 0.1)) if lengths else 0.0


def _cross_fit(
    split: _Split, predicted: list[_Bools], folds: npt.NDArray[np.int64], *, has_threshold: bool
) -> npt.NDArray[np.int64]:
    """Decide each track by a search on the other folds.

    Args:
        split: The behaviour.
        predicted: ``(N, C)`` of each track, of which the behaviour's column is filled in.
        folds: Of each track; -1 for those without labels.
        has_threshold: Whether the threshold is searched as well.

    Returns:
        What ``_Split.count`` counts, of all tracks together.
    """
    counts = np.zeros(2, np.int64)
    for fold in range(folds.max() + 1):
        others = np.flatnonzero((folds != fold) & (folds >= 0))
        setting = _search(split, others, has_threshold=has_threshold)
        held_out = np.flatnonzero(folds == fold).tolist()
        counts += split.count(setting)[held_out].sum(axis=0)
        for track in held_out:
            predicted[track][:, split.c] = split.decide(setting, track)
    return counts


def _search(split: _Split, tracks: npt.NDArray[np.int64], *, has_threshold: bool) -> _Setting:
    """The setting that coordinate search finds on some of the tracks."""

    def score(setting: _Setting) -> float:
        return _f1(split.count(setting)[tracks].sum(axis=0)) or 0.0

    longest = split.short_bout_s(tracks)
    setting = _Setting()
    for _ in range(ROUNDS):
        start = setting
        grid = [setting._replace(smoothing_s=value) for value in SMOOTHING_S]
        setting = first_with(grid, score, max(map(score, grid)) - TOLERANCE, score(setting))
        if has_threshold:
            grid = [setting._replace(threshold=value) for value in THRESHOLDS]
            setting = first_with(
                grid, score, max(map(score, grid)) - WEIGHT_TOLERANCE, score(setting)
            )
        grid = [
            setting._replace(minimum_bout_s=value) for value in MINIMUM_BOUT_S if value <= longest
        ]
        setting = first_with(grid, score, score(setting))
        if setting == start:
            break
    return setting


def _f1(counts: npt.NDArray[np.int64]) -> float | None:
    """F1 of one behaviour, None where it occurs neither in labels nor in prediction."""
    return float(2 * counts[0] / counts[1]) if counts[1] else None


def _macro_f1(counts: Sequence[npt.NDArray[np.int64]]) -> float:
    """Mean F1 of the behaviours that occur in labels or prediction."""
    known = [f1 for each in counts if (f1 := _f1(each)) is not None]
    return float(np.mean(known)) if known else 0.0
