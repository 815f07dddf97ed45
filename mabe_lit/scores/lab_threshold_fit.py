"""Thresholds of each lab and action, fitted to the score of MABe 2025.

The score is a mean over labs and actions, so each action of a lab has a search of its own, for the
highest F1 of its frames, as if it did not compete with others. What it costs these is looked at
last: an action whose absence raises the lab's score is never predicted, nor is one that does not
happen, which could but add a 0 to the mean.

What keeps all this from fitting chance is as for other decisions, see ``decision_fit``: few values,
of those that are as good the one nearest to doing nothing, smoothing no wider than half of the
labelled bouts last, and a cross-fitted prediction that has to beat the plain one by a margin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.decision_fit import MACRO_F1_MARGIN, DecisionFit
from mabe_lit.scores.digests import digest_labels
from mabe_lit.scores.lab_search import LabSearch, TrackToFit
from mabe_lit.scores.lab_thresholds import ActionThresholds, LabThresholds
from mabe_lit.scores.mabe2025_tracks import score_tracks, tracks_that_count

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
        The thresholds and the cross-fitted prediction, see ``fit_decisions``. A lab needs two
        recordings in which something happens; the others have the mean of all labs. Where no lab
        has so many, there is nothing to fit.
    """
    C = probabilities[0].shape[1]
    shown = [of_looked_for(p, label) for p, label in zip(probabilities, labels, strict=True)]
    tracks = [
        TrackToFit(track, recordings[track], shown[track], labels[track], fps[track])
        for track in tracks_that_count(labels, recordings)
    ]
    searches = _searches(tracks, labs)
    identity = LabThresholds.identity(C)
    if not searches:
        return DecisionFit(identity, None)

    def decide(thresholds: LabThresholds, track: int) -> npt.NDArray[np.bool_]:
        return thresholds.apply(shown[track], fps[track], labs[track])

    plain = [decide(identity, track) for track in range(len(labels))]
    cross_fitted = list(plain)
    folds = dict.fromkeys(range(len(labels)), 0)  # those of other labs have the mean in any case
    for search in searches.values():
        folds |= search.folds
    for fold in sorted(set(folds.values())):
        found = _fit(searches, fold)
        for track in (track for track, held_out in folds.items() if held_out == fold):
            cross_fitted[track] = decide(found, track)

    def score(predicted: Sequence[npt.NDArray[np.bool_]]) -> float:
        scores = score_tracks(labels, predicted, class_names, recordings, labs)
        return 0.0 if scores is None else scores.score

    if score(cross_fitted) < score(plain) + MACRO_F1_MARGIN:
        return DecisionFit(identity, list(plain))
    fitted = replace(_fit(searches, None), fitted_on=digest_labels(labels))
    return DecisionFit(fitted, list(cross_fitted))


def of_looked_for(probabilities: _Floats, labels: _Ints) -> _Floats:
    """``(N, C)`` probabilities of a track, 0 of the actions that nobody looked for in it."""
    is_looked_for = (labels != UNSCORED).any(axis=0)
    if not probabilities[:, ~is_looked_for].any():  # as is mostly so; a copy of all is large
        return probabilities
    shown: _Floats = probabilities * is_looked_for
    return shown


def _searches(tracks: Sequence[TrackToFit], labs: Sequence[str]) -> dict[str, LabSearch]:
    """One for each lab with two recordings or more."""
    of_lab: dict[str, list[TrackToFit]] = {}
    for track in tracks:
        of_lab.setdefault(labs[track.number], []).append(track)
    return {
        lab: LabSearch(found)
        for lab, found in sorted(of_lab.items())
        if len({track.recording for track in found}) > 1
    }


def _fit(searches: Mapping[str, LabSearch], held_out: int | None) -> LabThresholds:
    """Thresholds by what lies outside of a fold."""
    found = {lab: search.search(held_out) for lab, search in searches.items()}
    return LabThresholds(ActionThresholds.mean_of(list(found.values())), found)
