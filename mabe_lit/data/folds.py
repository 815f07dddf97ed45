"""Cross-validation: which recordings a fold trains on, and which it holds out."""

from __future__ import annotations

import numpy as np

from mabe_lit.config import Config
from mabe_lit.data.dataset import Dataset
from mabe_lit.shell import InputError

_FRAMES_A_SAMPLE = 100


def open_fold(dataset: Dataset, config: Config) -> tuple[Dataset, Dataset]:
    """The recordings to train on and those to validate on in ``config.fold``.

    Raises:
        InputError: If there are fewer recordings than folds, or nothing is scored in one of the
            two.
    """
    of_fold = assign_folds(dataset, config.folds, config.seed)
    is_held_out = of_fold == config.fold
    train, val = (
        dataset.subset(np.flatnonzero(mask).tolist()) for mask in (~is_held_out, is_held_out)
    )
    for part, where in ((train, "outside"), (val, "in")):
        if not part.is_scored:
            raise InputError(
                f"folds: no frame is scored {where} fold {config.fold} of {config.folds}; "
                "ask for fewer"
            )
    return train, val


def assign_folds(dataset: Dataset, folds: int, seed: int) -> np.ndarray:
    """Which fold each recording is held out in, ``(R,)`` from 1 to ``folds``.

    Recordings stay whole, and each fold has about the same share of each class, by scikit-learn's
    ``StratifiedGroupKFold``.

    Raises:
        InputError: If there are fewer recordings than folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # imports scipy: about a second

    if len(dataset) < folds:
        raise InputError(
            f"folds: {dataset.directory} has {len(dataset)} recordings, "
            f"too few for {folds} folds; each fold needs one"
        )
    counts = dataset.per_recording(dataset.count_classes())
    unscored = np.array([entry.frames for entry in dataset.entries]) - counts.sum(axis=1)
    unscored = unscored.clip(min=0)  # several tracks have more labels than frames
    # A sample stands for some frames of a class; scikit-learn wants as many as folds at least.
    samples = folds * -(-np.column_stack([counts, unscored]) // _FRAMES_A_SAMPLE)
    recording, label = (
        np.repeat(index.ravel(), samples.ravel()) for index in np.indices(samples.shape)
    )
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    of_fold = np.zeros(len(dataset), np.int64)
    for fold, (_, held_out) in enumerate(splitter.split(label, label, recording), start=1):
        of_fold[recording[held_out]] = fold
    return of_fold
