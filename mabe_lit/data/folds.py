"""Cross-validation: which recordings a fold trains on, and which it holds out."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from mabe_lit.config import Config
from mabe_lit.data.dataset import Dataset
from mabe_lit.shell import InputError

_FRAMES_A_SAMPLE = 100


def open_fold(dataset: Dataset, config: Config) -> tuple[Dataset, Dataset]:
    """The recordings to train on and those to validate on in ``config.fold``.

    Raises:
        InputError: If there are fewer recordings than folds, nothing is scored in one of the two,
            or no group is one of ``config.always_train``.
    """
    of_fold = assign_folds(dataset, config.folds, config.seed, config.always_train or ())
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


def assign_folds(
    dataset: Dataset, folds: int, seed: int, always_train: Sequence[str] = ()
) -> np.ndarray:
    """Which fold each recording is held out in, ``(R,)`` from 1 to ``folds``; 0 is none.

    Recordings stay whole, and each fold has about the same share of each class of each group, by
    scikit-learn's ``StratifiedGroupKFold``.

    Args:
        dataset: The recordings.
        folds: How many.
        seed: What decides between folds that are as good.
        always_train: Patterns of groups whose recordings are held out in none.

    Raises:
        InputError: If there are fewer recordings than folds, or no group is of a pattern.
    """
    from sklearn.model_selection import StratifiedGroupKFold  # imports scipy: about a second

    shared_out = np.flatnonzero(~_are_of(dataset, always_train))
    if len(shared_out) < folds:
        others = " beside those of always_train" if always_train else ""
        raise InputError(
            f"folds: {dataset.directory} has {len(shared_out)} recordings{others}, "
            f"too few for {folds} folds; each fold needs one"
        )
    counts = dataset.per_recording(dataset.count_classes())
    unscored = np.array([entry.frames for entry in dataset.entries]) - counts.sum(axis=1)
    unscored = unscored.clip(min=0)  # several tracks have more labels than frames
    # A sample stands for some frames of a class; scikit-learn wants as many as folds at least.
    samples = folds * -(-np.column_stack([counts, unscored])[shared_out] // _FRAMES_A_SAMPLE)
    recording, label = (
        np.repeat(index.ravel(), samples.ravel()) for index in np.indices(samples.shape)
    )
    groups = [dataset.entries[index].group for index in shared_out]
    _, group = np.unique(groups, return_inverse=True)
    label += group[recording] * samples.shape[1]  # a class of another group is another one
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    of_fold = np.zeros(len(dataset), np.int64)
    for fold, (_, held_out) in enumerate(splitter.split(label, label, recording), start=1):
        of_fold[shared_out[recording[held_out]]] = fold
    return of_fold


def _are_of(dataset: Dataset, patterns: Sequence[str]) -> npt.NDArray[np.bool_]:
    """``(R,)`` whether the group of each recording is of one of the patterns."""
    groups = [entry.group for entry in dataset.entries]
    for pattern in patterns:
        if not any(fnmatchcase(group, pattern) for group in groups):
            known = ", ".join(sorted(filter(None, set(groups))))
            raise InputError(
                f"always_train: no recording of {dataset.directory} is of group {pattern}; "
                + (f"there are {known}" if known else "its recordings have no groups")
            )
    return np.array([any(fnmatchcase(g, pattern) for pattern in patterns) for g in groups], bool)
