"""The thresholds that suit the labelled tracks of one lab or of all, see ``lab_threshold_fit``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import yes_bouts
from mabe_lit.scores.decision_fit import (
    SMOOTHING_S,
    TOLERANCE,
    WEIGHT_TOLERANCE,
    first_with,
)
from mabe_lit.scores.lab_thresholds import NEVER, ActionThresholds
from mabe_lit.scores.one_action import ratio_of
from mabe_lit.scores.thresholds import smooth

GRID = (0.02, 0.03, 0.05, 0.07, *(step / 20 for step in range(2, 19)))
OWN_TOLERANCE = 0.01
"""F1 that is no reason for a lab to differ from the others: it is that of few videos."""
FEW_VIDEOS = 5
"""That an action does not happen in fewer videos does not say that a lab never has it."""

_Counts = npt.NDArray[np.int64]


class TrackToFit(NamedTuple):
    """One label track.

    Attributes:
        number: The track's.
        lab: The lab's.
        recording: The recording's.
        fold: In which it is held out; the same for all tracks of a recording.
        probabilities: ``(N, C)``, 0 of the actions that nobody looked for.
        labels: ``(N, C)`` 1 and 0, ``UNSCORED`` where nobody looked.
        fps: Frames per second.
    """

    number: int
    lab: str
    recording: int
    fold: int
    probabilities: npt.NDArray[np.floating[Any]]
    labels: npt.NDArray[np.integer[Any]]
    fps: float


class LabSearch:
    """Tracks to fit on; remembers what each smoothing made of each of them."""

    def __init__(self, tracks: Sequence[TrackToFit]) -> None:
        """Search on these tracks."""
        self._tracks = tracks
        _, self._lab = np.unique([track.lab for track in tracks], return_inverse=True)
        self._truth = [track.labels == 1 for track in tracks]
        self._looked = [(track.labels != UNSCORED).any(axis=0) for track in tracks]
        self._happens = np.stack([truth.sum(axis=0) for truth in self._truth])  # (tracks, C)
        self._classes = self._happens.shape[1]
        self._count = cache(self._count_anew)

    def search(self, held_out: int | None, of_all: ActionThresholds | None) -> ActionThresholds:
        """The thresholds that suit the tracks outside of a fold.

        Args:
            held_out: The fold; None for none.
            of_all: What suits all labs, where tracks are of one lab: this is what its thresholds
                stay near, and what those of actions are of which its tracks tell too little.
        """
        picked = np.flatnonzero([track.fold != held_out for track in self._tracks])
        near = ActionThresholds.identity(self._classes) if of_all is None else of_all
        tolerance = WEIGHT_TOLERANCE if of_all is None else OWN_TOLERANCE
        settings = [
            self._search_action(c, picked, (near.thresholds[c], near.smoothing_s[c]), tolerance)
            for c in range(self._classes)
        ]
        found = ActionThresholds(*zip(*settings, strict=True))
        return found if of_all is None else self._without_costly(found, picked)

    def _search_action(
        self,
        c: int,
        tracks: npt.NDArray[np.int64],
        near: tuple[float, float] = (0.5, 0.0),
        tolerance: float = WEIGHT_TOLERANCE,
    ) -> tuple[float, float]:
        """Threshold and smoothing of one action."""
        if not self._happens[tracks, c].any():
            asked = {self._tracks[t].recording for t in tracks.tolist() if self._looked[t][c]}
            is_ever = any(looked[c] for looked in self._looked)
            return near if is_ever and len(asked) < FEW_VIDEOS else (NEVER, 0.0)
        median_s = self._median_bout_s(c, tracks)
        widths = [width for width in SMOOTHING_S if 0 < width <= median_s]
        reached = {}
        for width in dict.fromkeys((near[1], 0.0, *widths)):
            reached[width] = self._f1(c, width, tracks)
        best = max(float(each.max()) for each in reached.values())
        width = first_with(reached, lambda width: float(reached[width].max()), best - tolerance)
        if not reached[width].any():
            return NEVER, 0.0
        middle = 0.5 if near[0] == NEVER else near[0]
        nearest_first = sorted(range(len(GRID)), key=lambda step: abs(np.log(GRID[step] / middle)))
        f1 = reached[width]
        step = first_with(nearest_first, lambda step: float(f1[step]), float(f1.max()) - tolerance)
        return GRID[step], width

    def _f1(self, c: int, width: float, tracks: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """``(grid,)`` F1 by threshold, the mean of labs in which the action happens."""
        counts = np.zeros((self._lab.max() + 1, 2, len(GRID)), np.int64)
        np.add.at(counts, self._lab[tracks], self._count(c, width)[tracks])
        happens = np.bincount(self._lab[tracks], self._happens[tracks, c], len(counts))
        right, found = counts[happens > 0].swapaxes(0, 1)
        f1: npt.NDArray[np.float64] = (2 * right / (found + happens[happens > 0][:, None])).mean(
            axis=0
        )
        return f1

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


def _mean_f1(hits: _Counts, predicted: _Counts, happens: _Counts) -> float:
    """Mean F1 of the actions that happen."""
    is_named = happens > 0
    return float(np.mean(2 * hits[is_named] / (predicted + happens)[is_named]))
