"""Decisions that are fitted to the held-out recordings of all folds together.

A fold holds out few videos of each lab, too few for thresholds of its own for each of its actions;
all folds together hold out every video once, each predicted by a network that was not trained on
it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mabe_lit.config import Config
from mabe_lit.data import open_scored
from mabe_lit.data.folds import open_fold
from mabe_lit.inference import predict_probabilities
from mabe_lit.runs.checkpoints import store_decisions
from mabe_lit.scores import fit_to_dataset
from mabe_lit.scores.mabe2025_tracks import is_of_mabe2025, score_dataset
from mabe_lit.training import load_classifier


def fit_out_of_fold(config: Config, on_checkpoint: Callable[[], object] | None) -> float | None:
    """Fit thresholds of labs to all held-out videos, and put them into each fold's ``best.ckpt``.

    Args:
        config: Of the cross-validation, each fold of which is complete.
        on_checkpoint: See ``fit``.

    Returns:
        The cross-fitted score of MABe 2025; None where there is too little to fit to, and of other
        data, whose folds keep the decisions of each.
    """
    whole = open_scored("train_data_dir", config.train_data_dir)
    if not is_of_mabe2025(whole):
        return None
    folds = range(1, config.folds + 1)
    checkpoints = [config.run_dir / f"fold-{fold}" / "best.ckpt" for fold in folds]
    found: dict[tuple[str, int | None, int | None], npt.NDArray[np.float32]] = {}
    for fold, checkpoint in zip(folds, checkpoints, strict=True):
        _, part = open_fold(whole, replace(config, fold=fold))
        each = predict_probabilities(load_classifier(checkpoint), part, device=config.device)
        for track, probabilities in zip(part.tracks, each, strict=True):
            found[part.entry_of(track).name, track.agent, track.target] = probabilities
    names = {name for name, *_ in found}
    held_out = whole.subset([n for n, entry in enumerate(whole.entries) if entry.name in names])
    fit = fit_to_dataset(
        [
            found[held_out.entry_of(track).name, track.agent, track.target]
            for track in held_out.tracks
        ],
        held_out,
    )
    if fit.cross_fitted is None:
        return None
    for checkpoint in checkpoints:
        store_decisions(checkpoint, fit.decisions, on_checkpoint)
    scores = score_dataset(held_out, fit.cross_fitted)
    return None if scores is None else scores.score
