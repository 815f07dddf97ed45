"""The two folders of a split: recordings to train on, and others to score."""

from __future__ import annotations

import warnings
from pathlib import Path

from mabe_lit import UNSCORED
from mabe_lit.data.dataset import Dataset, open_dataset
from mabe_lit.data.integrity import check_poses, verify_dataset
from mabe_lit.shell import InputError, InputWarning


def open_split(
    train: tuple[str, str], val: tuple[str, str], *, verify: bool = False
) -> tuple[Dataset, Dataset]:
    """Open both folders and check that they describe the same animals, key points and classes.

    Args:
        train: The key that the user gave the folder by, and the folder.
        val: The same for the recordings to score.
        verify: See ``open_scored``.

    Returns:
        The two datasets.

    Raises:
        InputError: If a folder is missing or damaged, no frame in it is scored, or the two do not
            fit together.
    """
    ours, theirs = open_scored(*train, verify=verify), open_scored(*val, verify=verify)
    if Path(train[1]).resolve() == Path(val[1]).resolve():
        raise InputError(
            f"{val[0]}: is the folder of {train[0]}, {train[1]}; score other recordings"
        )
    for names in ("animal_names", "keypoint_names", "class_names"):
        if getattr(ours, names) != getattr(theirs, names):
            raise InputError(
                f"{val[0]}: {val[1]} has {names} {list(getattr(theirs, names))}, "
                f"but {train[0]} {train[1]} has {list(getattr(ours, names))}"
            )
    shared = {entry.name for entry in ours.entries} & {entry.name for entry in theirs.entries}
    if shared:
        warnings.warn(
            InputWarning(
                f"{len(shared)} recordings of {val[1]} have names of {train[1]}, such as "
                f"{min(shared)}; scores of recordings that were trained on are too good"
            ),
            stacklevel=2,
        )
    return ours, theirs


def open_scored(key: str, directory: str, *, verify: bool = False) -> Dataset:
    """Open a folder in which some frames are scored, and no coordinate is out of all range.

    Args:
        key: What the user gave the folder by; errors begin with it.
        directory: The folder.
        verify: Compare everything with its digest, see ``verify_dataset``.
    """
    try:
        dataset = open_dataset(directory)
        if verify:
            verify_dataset(dataset)
        check_poses(dataset)
    except InputError as error:
        raise InputError(f"{key}: {error}") from error
    if not (dataset.labels != UNSCORED).any():
        raise InputError(f"{key}: no frame in {directory} is scored")
    return dataset
