"""Decisions fitted to labelled recordings, and an honest estimate of what they bring.

The search goes along one coordinate at a time over a coarse grid, for the highest macro F1 of all
frames together. Four things keep it from fitting chance:

- Of the values within a tolerance of the best, the one nearest to doing nothing is taken.
- Macro F1 hardly feels short bouts, so a class's minimum bout is the longest that costs no macro
  F1, up to a duration that one in ten of its labelled bouts does not reach.
- Each recording in turn is decided by what the same search finds on the others. Smoothing and
  minimum bouts are kept if this *cross-fitted* prediction beats the most probable classes by a
  margin; weights, if they add a margin once more. Otherwise the decisions are the identity.
- There are few values to choose from.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import segments
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.digests import digest_labels
from mabe_lit.scores.segmental import score_segments

SMOOTHING_S = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
MINIMUM_BOUT_S = (2.0, 1.0, 0.5, 0.2, 0.1, 0.0)
LOG_WEIGHTS = tuple(0.25 * step for step in sorted(range(-6, 7), key=abs))
"""Relative to the most frequent class, whose log weight stays 0; a factor of 4.5 at most."""
TOLERANCE = 0.001
"""Macro F1 that is no difference."""
WEIGHT_TOLERANCE = 0.003
"""The same for weights, which hold less well on other recordings than smoothing does."""
MACRO_F1_MARGIN = 0.002
"""Gain of cross-fitted macro F1 for which decisions are kept."""
SEGMENTAL_MARGIN = 0.01
"""Gain of cross-fitted segmental F1@50 for which decisions that cost no macro F1 are kept."""
FOLDS = 20
"""At most; fewer recordings are left out one by one."""
ROUNDS = 4

_Ints = npt.NDArray[np.integer[Any]]
_Floats = npt.NDArray[np.floating[Any]]


_D = TypeVar("_D")
_S = TypeVar("_S")


class DecisionFit(NamedTuple, Generic[_D]):
    """What ``fit_decisions`` found.

    Attributes:
        decisions: The decisions; the identity if fitted ones do not help by a margin.
        cross_fitted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no, decided by
            what the same search finds without the tracks of its group; None if fewer than two
            groups have labels. Which of the searches was kept depended on this prediction's score,
            which is therefore a touch high; a single choice among three is little to fit with.
    """

    decisions: _D
    cross_fitted: list[npt.NDArray[Any]] | None


def fit_weights(
    probabilities: Sequence[_Floats],
    labels: Sequence[_Ints],
    fps: Sequence[float],
    groups: Sequence[Hashable],
) -> DecisionFit[Decisions]:
    """Fit decisions on classes that exclude each other, see ``fit_decisions``."""
    split = _Split(probabilities, labels, fps)
    identity = split.identity.decisions()
    scored = np.flatnonzero([bool((label != UNSCORED).any()) for label in labels])
    folds = folds_of([groups[index] for index in scored.tolist()])
    if len(set(folds)) < 2:
        return DecisionFit(identity, None)
    raw = [probability.argmax(axis=1) for probability in probabilities]
    chosen, has_weights = DecisionFit(identity, raw), False
    reached = macro_f1(split.confusion(split.identity).sum(axis=0))
    for has_weights in (False, True):
        predicted, score = _cross_fit(split, scored, folds, has_weights=has_weights)
        helps_bouts = not has_weights and score >= reached - TOLERANCE and (
            score_segments(predicted, labels)["f1@50"]
            >= score_segments(raw, labels)["f1@50"] + SEGMENTAL_MARGIN
        )  # fmt: skip
        if score >= reached + MACRO_F1_MARGIN or helps_bouts:
            found = _search(split, scored, has_weights=has_weights).decisions()
            chosen, reached = DecisionFit(found, predicted), score
    if chosen.decisions.is_identity:
        return DecisionFit(identity, raw)
    digests = digest_labels(labels)
    return chosen._replace(decisions=replace(chosen.decisions, fitted_on=digests))


def _cross_fit(
    split: _Split,
    scored: npt.NDArray[np.int64],
    folds: npt.NDArray[np.int64],
    *,
    has_weights: bool,
) -> tuple[list[_Ints], float]:
    """Labels of each track, decided by a search on the other folds, and their macro F1."""
    predicted = [smooth.argmax(axis=1) for smooth in split.smooth(0.0)]
    confusion = np.zeros((split.classes, split.classes))
    for fold in range(folds.max() + 1):
        setting = _search(split, scored[folds != fold], has_weights=has_weights)
        for index in scored[folds == fold]:
            confusion += split.confusion(setting)[index]
            predicted[index] = split.decide(setting, index)
    return predicted, macro_f1(confusion)


def folds_of(groups: Sequence[Hashable], *, most: int = FOLDS) -> npt.NDArray[np.int64]:
    """A number from 0 for each, the same for those of one group; ``most`` of them at most."""
    numbers: dict[Hashable, int] = {}
    each = [numbers.setdefault(group, len(numbers)) for group in groups]
    return np.array(each, np.int64) % max(min(most, len(numbers)), 1)


def macro_f1(confusion: npt.NDArray[Any]) -> float:
    """Mean F1 of the classes that occur in labels or prediction; ``(C, C)``, a row a true class."""
    hits = np.diagonal(confusion)
    frames = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * hits[frames > 0] / frames[frames > 0]).mean()) if frames.any() else 0.0


class _Setting(NamedTuple):
    """The numbers of decisions, as a key."""

    smoothing_s: float
    log_weights: tuple[float, ...]
    minimum_bout_s: tuple[float, ...]

    def decisions(self) -> Decisions:
        return Decisions(self.log_weights, self.minimum_bout_s, self.smoothing_s)


class _Split:
    """Recordings to fit on; remembers what each setting made of each of them."""

    def __init__(
        self, probabilities: Sequence[_Floats], labels: Sequence[_Ints], fps: Sequence[float]
    ) -> None:
        self.classes = probabilities[0].shape[1]
        self.identity = _Setting(0.0, (0.0,) * self.classes, (0.0,) * self.classes)
        self._probabilities = probabilities
        self._fps = fps
        self._is_scored = [label != UNSCORED for label in labels]
        self._truth = [
            label[is_scored].astype(np.int64)
            for label, is_scored in zip(labels, self._is_scored, strict=True)
        ]
        self.frames = np.array([np.bincount(t, minlength=self.classes) for t in self._truth])
        self._bouts = [
            [(bout.label, (bout.stop_frame - bout.start_frame) / rate) for bout in segments(label)]
            for label, rate in zip(labels, fps, strict=True)
        ]
        self._smooth: dict[float, list[_Floats]] = {}
        self._confusions: dict[_Setting, npt.NDArray[np.int64]] = {}

    def smooth(self, smoothing_s: float) -> list[_Floats]:
        """The smoothed probabilities of each recording."""
        if smoothing_s not in self._smooth:
            decisions = self.identity._replace(smoothing_s=smoothing_s).decisions()
            pairs = zip(self._probabilities, self._fps, strict=True)
            self._smooth[smoothing_s] = [decisions.smooth(p, rate) for p, rate in pairs]
        return self._smooth[smoothing_s]

    def decide(self, setting: _Setting, index: int) -> _Ints:
        """The labels of recording ``index``."""
        smooth = self.smooth(setting.smoothing_s)[index]
        return setting.decisions().label(smooth, self._fps[index])

    def confusion(self, setting: _Setting) -> npt.NDArray[np.int64]:
        """``(R, C, C)`` scored frames of each recording, a row a true class."""
        if setting not in self._confusions:
            C = self.classes
            counts = [
                np.bincount(truth * C + self.decide(setting, index)[is_scored], minlength=C * C)
                for index, (truth, is_scored) in enumerate(
                    zip(self._truth, self._is_scored, strict=True)
                )
            ]
            self._confusions[setting] = np.array(counts).reshape(len(counts), C, C)
        return self._confusions[setting]

    def short_bout_s(self, recordings: npt.NDArray[np.int64]) -> list[float]:
        """For each class, the seconds that one in ten of its labelled bouts does not reach."""
        bouts = [bout for index in recordings for bout in self._bouts[index]]
        durations = [[s for label, s in bouts if label == c] for c in range(self.classes)]
        return [float(np.quantile(each, 0.1)) if each else 0.0 for each in durations]


def _search(split: _Split, recordings: npt.NDArray[np.int64], *, has_weights: bool) -> _Setting:
    """The setting that coordinate search finds on some of the recordings."""

    def score(setting: _Setting) -> float:
        return macro_f1(split.confusion(setting)[recordings].sum(axis=0))

    frames = split.frames[recordings].sum(axis=0)
    weighted = [c for c in range(split.classes) if c != frames.argmax() and frames[c]]
    longest = split.short_bout_s(recordings)
    setting = split.identity
    for _ in range(ROUNDS):
        start = setting
        grid = [setting._replace(smoothing_s=value) for value in SMOOTHING_S]
        setting = first_with(grid, score, max(map(score, grid)) - TOLERANCE, score(setting))
        for c in weighted if has_weights else ():
            grid = [
                setting._replace(log_weights=_put(setting.log_weights, c, value))
                for value in LOG_WEIGHTS
            ]
            setting = first_with(
                grid, score, max(map(score, grid)) - WEIGHT_TOLERANCE, score(setting)
            )
        for c in range(split.classes):
            grid = [
                setting._replace(minimum_bout_s=_put(setting.minimum_bout_s, c, value))
                for value in MINIMUM_BOUT_S
                if value <= longest[c]
            ]
            setting = first_with(grid, score, score(setting))
        if setting == start:
            break
    return setting


def first_with(grid: Iterable[_S], score: Callable[[_S], float], *least: float) -> _S:
    """The first setting of the grid with at least these scores; one of them has them."""
    return next(setting for setting in grid if score(setting) >= max(least))


def _put(values: tuple[float, ...], index: int, value: float) -> tuple[float, ...]:
    return (*values[:index], value, *values[index + 1 :])
