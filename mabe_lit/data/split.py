"""The two folders of a split: recordings to train on, and others to score."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mabe_lit.data.dataset import Dataset
from mabe_lit.data.integrity import check_poses, verify_dataset
from mabe_lit.data.opening import open_dataset
from mabe_lit.data.task import KIND_WORDS, kind_of
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
    _check_alike(ours, theirs, train, val)
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


def _check_alike(
    ours: Dataset, theirs: Dataset, train: tuple[str, str], val: tuple[str, str]
) -> None:
    """Raise ``InputError`` where a network cannot learn from one and be scored on the other."""
    for what in ("has_agents", "is_independent"):
        if getattr(ours, what) != getattr(theirs, what):
            raise InputError(
                f"{val[0]}: labels of {val[1]} are {_described(theirs, what)}, but those of "
                f"{train[0]} {train[1]} are {_described(ours, what)}"
            )
    # Agents and targets have roles, whatever they are called and how many there are.
    alike = () if ours.has_agents else ("animal_names",)
    for names in (*alike, "keypoint_names", "class_names"):
        if getattr(ours, names) != getattr(theirs, names):
            raise InputError(
                f"{val[0]}: {val[1]} has {names} {list(getattr(theirs, names))}, "
                f"but {train[0]} {train[1]} has {list(getattr(ours, names))}"
            )


def _described(dataset: Dataset, what: str) -> str:
    if what == "has_agents":
        return "of single animals" if dataset.has_agents else "of the scene"
    return "of independent behaviours" if dataset.is_independent else "one class a frame"


def nothing_to_tell(*datasets: Dataset) -> str | None:
    """What all scored frames are alike in, None if some are to be told from others."""
    first = datasets[0]
    happens = sum(dataset.count_classes().sum(axis=0) for dataset in datasets)
    looked = sum(dataset.count_looked().sum(axis=0) for dataset in datasets)
    pairs = zip(first.class_names, happens, strict=True)
    shown = [name for name, frames in pairs if frames]
    if not first.is_independent:
        return _alike_in_each_kind(datasets)
    is_told = (happens > 0) & (happens < looked)
    return None if is_told.any() else " and ".join(shown) or "without any class"


def _alike_in_each_kind(datasets: Sequence[Dataset]) -> str | None:
    """The class of each kind of track, None if some kind has several to tell apart."""
    names = datasets[0].class_names
    happens: dict[str, npt.NDArray[np.int64]] = {}
    nothing = np.zeros(len(names), np.int64)
    for dataset in datasets:
        for track, frames in zip(dataset.tracks, dataset.count_classes(), strict=True):
            kind = kind_of(track)
            happens[kind] = happens.get(kind, nothing) + frames
    shown = {
        kind: [name for name, count in zip(names, frames, strict=True) if count]
        for kind, frames in happens.items()
    }
    if any(len(found) > 1 for found in shown.values()):
        return None
    told = {kind: found[0] for kind, found in sorted(shown.items()) if found}
    if len(set(told.values())) < 2:
        return next(iter(told.values()), "")
    return " and ".join(f"{name} in labels {KIND_WORDS[kind]}" for kind, name in told.items())


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
    if not dataset.is_scored:
        raise InputError(f"{key}: no frame in {directory} is scored")
    return dataset
