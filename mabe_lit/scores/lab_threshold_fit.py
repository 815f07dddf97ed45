"""Thresholds of each lab and action, fitted to the score of MABe 2025.

The score is a mean over labs and actions, so each action of a lab has a search of its own, for the
highest F1 of its frames, as if it did not compete with others. What it costs these is looked at
last: an action whose absence raises the lab's score is never predicted, nor is one that does not
happen in many videos, which could but add a 0 to the mean. A lab has few videos, so its thresholds
stay near those that suit all labs together.

What keeps all this from fitting chance is as for other decisions, see ``decision_fit``: few values,
of those that are as good the one nearest to doing nothing, smoothing no wider than half of the
labelled bouts last, and a cross-fitted prediction that has to beat the plain one by a margin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.decision_fit import MACRO_F1_MARGIN, DecisionFit
from mabe_lit.scores.digests import digest_labels
from mabe_lit.scores.lab_search import LabSearch, TrackToFit
from mabe_lit.scores.lab_thresholds import ActionThresholds, LabThresholds
from mabe_lit.scores.mabe2025_tracks import score_tracks, tracks_that_count

FOLDS = 5
"""At most; a lab with fewer videos leaves them out one by one."""

_Ints = npt.NDArray[np.integer[Any]]
_Floats = npt.NDArray[np.floating[Any]]


def fit_lab_thresholds(
    probabilities: Sequence[_Floats],
    labels: Sequence[_Ints],
    fps: Sequence[float],
    recordings: Sequence[int],
    labs: Sequence[str],
    class_names: Sequence[str],
) -> DecisionFit[LabThresholds]:
    """Fit thresholds to labelled tracks that the probabilities were not trained on.

    Args:
        probabilities: ``(N, C)`` for each track.
        labels: For each track ``(N, C)`` 1 and 0, ``UNSCORED`` where nobody looked.
        fps: Frames per second of each track.
        recordings: Which recording each track is of; tracks of one are held out together.
        labs: Lab of each track.
        class_names: ``C`` names.

    Returns:
        The thresholds and the cross-fitted prediction, see ``fit_decisions``. They are those that
        suit all labs together, or each lab's own where these do better; a lab has its own if
        something happens in two recordings of it. With fewer than two recordings in which
        something happens there is nothing to fit.
    """
    shown = [of_looked_for(p, label) for p, label in zip(probabilities, labels, strict=True)]
    fold_of = _folds(tracks_that_count(labels, recordings), recordings, labs)
    tracks = [
        TrackToFit(
            track, labs[track], recordings[track], fold, shown[track], labels[track], fps[track]
        )
        for track, fold in fold_of.items()
    ]
    identity = LabThresholds.identity(probabilities[0].shape[1])
    if len(set(fold_of.values())) < 2:
        return DecisionFit(identity, None)

    def decide(thresholds: LabThresholds, track: int) -> npt.NDArray[np.bool_]:
        return thresholds.apply(shown[track], fps[track], labs[track])

    def score(predicted: Sequence[npt.NDArray[np.bool_]]) -> float:
        scores = score_tracks(labels, predicted, class_names, recordings, labs)
        return 0.0 if scores is None else scores.score

    plain = [decide(identity, track) for track in range(len(labels))]
    chosen, reached = DecisionFit(identity, list(plain)), score(plain)
    fits = _Fits(tracks)
    for have_own in (False, True):
        predicted = list(plain)
        for track, fold in fold_of.items():
            predicted[track] = decide(fits.outside(fold, have_own), track)
        if score(predicted) >= reached + MACRO_F1_MARGIN:
            chosen = DecisionFit(fits.outside(None, have_own), list(predicted))
            reached = score(predicted)
    if chosen.decisions.is_identity:
        return chosen
    digests = digest_labels(labels)
    return chosen._replace(decisions=replace(chosen.decisions, fitted_on=digests))


def _folds(tracks: Sequence[int], recordings: Sequence[int], labs: Sequence[str]) -> dict[int, int]:
    """In which fold each track is held out, from 0; those of each lab are spread over all."""
    of_lab: dict[str, dict[int, int]] = {}
    folds = {}
    for track in tracks:
        numbers = of_lab.setdefault(labs[track], {})
        number = numbers.setdefault(recordings[track], len(of_lab) + len(numbers))
        folds[track] = number % FOLDS
    return folds


class _Fits:
    """Thresholds by what lies outside of each fold; each is searched once."""

    def __init__(self, tracks: Sequence[TrackToFit]) -> None:
        self._all = LabSearch(tracks)
        of_lab: dict[str, list[TrackToFit]] = {}
        for track in tracks:
            of_lab.setdefault(track.lab, []).append(track)
        self._labs = {
            lab: LabSearch(found)
            for lab, found in sorted(of_lab.items())
            if len({track.recording for track in found}) > 1
        }
        self.outside = cache(self._outside)

    def _outside(self, fold: int | None, have_own: bool) -> LabThresholds:
        of_all = self._all.search(fold, None)
        if not (have_own and self._labs):
            return LabThresholds(of_all)
        own = {lab: search.search(fold, of_all) for lab, search in self._labs.items()}
        return LabThresholds(ActionThresholds.mean_of(list(own.values())), own)


def of_looked_for(probabilities: _Floats, labels: _Ints) -> _Floats:
    """``(N, C)`` probabilities of a track, 0 of the actions that nobody looked for in it."""
    is_looked_for = (labels != UNSCORED).any(axis=0)
    if not probabilities[:, ~is_looked_for].any():  # as is mostly so; a copy of all is large
        return probabilities
    shown: _Floats = probabilities * is_looked_for
    return shown
