"""The thresholds of one lab that suit its labelled tracks, see ``lab_threshold_fit``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import yes_bouts
from mabe_lit.scores.decision_fit import SMOOTHING_S, TOLERANCE, WEIGHT_TOLERANCE, folds_of
from mabe_lit.scores.lab_thresholds import NEVER, ActionThresholds
from mabe_lit.scores.one_action import ratio_of
from mabe_lit.scores.thresholds import smooth

GRID = (0.02, 0.03, 0.05, 0.07, *(step / 20 for step in range(2, 19)))
FOLDS = 5
"""At most; a lab with fewer videos leaves them out one by one."""
WIDTHS = 2
"""How many widths of smoothing are tried, the widest that there are up to the median bout."""

_Counts = npt.NDArray[np.int64]


class TrackToFit(NamedTuple):
    """One label track.

    Attributes:
        number: The track's.
        recording: Tracks of one are held out together.
        probabilities: ``(N, C)``, 0 of the actions that nobody looked for.
        labels: ``(N, C)`` 1 and 0, ``UNSCORED`` where nobody looked.
        fps: Frames per second.
    """

    number: int
    recording: int
    probabilities: npt.NDArray[np.floating[Any]]
    labels: npt.NDArray[np.integer[Any]]
    fps: float


class LabSearch:
    """Tracks of one lab to fit on; remembers what each smoothing made of each of them.

    Attributes:
        folds: By track the fold in which it is held out, from 0.
    """

    def __init__(self, tracks: Sequence[TrackToFit]) -> None:
        """Search on these tracks."""
        self._tracks = tracks
        self._fold = folds_of([track.recording for track in tracks], most=FOLDS)
        self.folds = {
            track.number: fold for track, fold in zip(tracks, self._fold.tolist(), strict=True)
        }
        self._truth = [track.labels == 1 for track in tracks]
        self._looked = [(track.labels != UNSCORED).any(axis=0) for track in tracks]
        self._happens = np.stack([truth.sum(axis=0) for truth in self._truth])  # (tracks, C)
        self._classes = self._happens.shape[1]
        self._count = cache(self._count_anew)
        self._found: dict[int | None, ActionThresholds] = {}

    def search(self, held_out: int | None) -> ActionThresholds:
        """The thresholds that suit the tracks outside of a fold."""
        if held_out not in self.folds.values():
            held_out = None
        if held_out not in self._found:
            picked = np.flatnonzero(self._fold != (-1 if held_out is None else held_out))
            settings = [self._search_action(c, picked) for c in range(self._classes)]
            found = ActionThresholds(*zip(*settings, strict=True))
            self._found[held_out] = self._without_costly(found, picked)
        return self._found[held_out]

    def _search_action(self, c: int, tracks: npt.NDArray[np.int64]) -> tuple[float, float]:
        """Threshold and smoothing of one action."""
        happens = int(self._happens[tracks, c].sum())
        if not happens:
            return NEVER, 0.0
        median_s = self._median_bout_s(c, tracks)
        widths = [width for width in SMOOTHING_S if 0 < width <= median_s][-WIDTHS:]
        reached = {}
        for width in (0.0, *widths):
            right, found = self._count(c, width)[tracks].sum(axis=0)
            reached[width] = 2 * right / (found + happens)  # (grid,)
        width = _first(reached, lambda width: float(reached[width].max()), TOLERANCE)
        if not reached[width].any():
            return NEVER, 0.0
        nearest_first = sorted(range(len(GRID)), key=lambda step: abs(np.log(GRID[step] / 0.5)))
        step = _first(nearest_first, lambda step: float(reached[width][step]), WEIGHT_TOLERANCE)
        return GRID[step], width

    def _count_anew(self, c: int, width: float) -> _Counts:
        """``(tracks, 2, grid)`` frames rightly predicted, and predicted, from each threshold on."""
        counts = np.zeros((len(self._tracks), 2, len(GRID)), np.int64)
        for track in np.flatnonzero([looked[c] for looked in self._looked]).tolist():
            of_track = self._tracks[track]
            probability = of_track.probabilities[:, c].astype(np.float64)
            smoothed = smooth(probability, width, of_track.fps)
            reaches = np.searchsorted(GRID, smoothed, side="right")  # so many thresholds
            truth = self._truth[track][:, c]
            for row, steps in enumerate((reaches[truth], reaches)):
                of_step = np.bincount(steps, minlength=len(GRID) + 1)
                counts[track, row] = of_step[::-1].cumsum()[-2::-1]
        return counts

    def _median_bout_s(self, c: int, tracks: npt.NDArray[np.int64]) -> float:
        lengths = [
            (bout.stop_frame - bout.start_frame) / self._tracks[track].fps
            for track in tracks.tolist()
            for bout in yes_bouts(self._truth[track][:, c], c)
        ]
        return float(np.median(lengths))

    def _without_costly(
        self, found: ActionThresholds, tracks: npt.NDArray[np.int64]
    ) -> ActionThresholds:
        """The same, but actions that take more from others than they bring are never predicted."""
        C, happens = self._classes, self._happens[tracks].sum(axis=0)
        while True:
            frames, right = self._count_best_and_second(found, tracks)
            predicted, hits = frames.sum(axis=1)[:C], right[0].sum(axis=1)[:C]
            score = _mean_f1(hits, predicted, happens)
            gains = np.zeros(C)
            for c in np.flatnonzero(predicted).tolist():
                # Its frames go to the second of them.
                hits_without, predicted_without = hits + right[1][c, :C], predicted + frames[c, :C]
                hits_without[c] = predicted_without[c] = 0
                gains[c] = _mean_f1(hits_without, predicted_without, happens) - score
            worst = int(gains.argmax())
            if gains[worst] <= TOLERANCE:
                return found
            thresholds = list(found.thresholds)
            thresholds[worst] = NEVER
            found = replace(found, thresholds=tuple(thresholds))

    def _count_best_and_second(
        self, found: ActionThresholds, tracks: npt.NDArray[np.int64]
    ) -> tuple[_Counts, _Counts]:
        """Frames by the action that is taken and the one that would be without it.

        Returns:
            ``(C + 1, C + 1)`` frames, of which the last row and column are no action; and
            ``(2, C + 1, C + 1)`` those in which the first and the second is right.
        """
        C = self._classes
        frames, right = np.zeros((C + 1) ** 2, np.int64), np.zeros((2, (C + 1) ** 2), np.int64)
        for track in tracks.tolist():
            of_track = self._tracks[track]
            thresholds = np.array(found.thresholds)
            about = np.flatnonzero(self._looked[track] & (thresholds != NEVER)).tolist()
            ratios = np.zeros((len(of_track.labels), len(about) + 1))  # the last is no action
            for column, c in enumerate(about):
                own = found.thresholds[c], found.smoothing_s[c]
                ratios[:, column] = ratio_of(of_track.probabilities[:, c], *own, of_track.fps)
            ratios[:, -1] = np.finfo(float).tiny
            row, action_of = np.arange(len(ratios)), np.array([*about, C])
            truth = np.pad(self._truth[track], ((0, 0), (0, 1)))
            order = []
            for _ in range(2):
                best = ratios.argmax(axis=1)
                order.append(action_of[best])
                ratios[row[best < len(about)], best[best < len(about)]] = 0
            place = order[0] * (C + 1) + order[1]
            frames += np.bincount(place, minlength=len(frames))
            for rank, action in enumerate(order):
                is_right = truth[row, action]
                right[rank] += np.bincount(place[is_right], minlength=len(frames))
        return frames.reshape(C + 1, C + 1), right.reshape(2, C + 1, C + 1)


def _first(values: Any, score: Callable[[Any], float], tolerance: float) -> Any:
    """The first that is as good as the best but for a tolerance."""
    least = max(map(score, values)) - tolerance
    return next(value for value in values if score(value) >= least)


def _mean_f1(hits: _Counts, predicted: _Counts, happens: _Counts) -> float:
    """Mean F1 of the actions that happen; no other is predicted."""
    is_named = happens > 0
    return float(np.mean(2 * hits[is_named] / (predicted + happens)[is_named]))
