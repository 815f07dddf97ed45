"""Checkpoints, which describe themselves: what is in one, and the classifier from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from mabe_lit.config import Config
from mabe_lit.data import Task
from mabe_lit.scores import decisions_from_dict
from mabe_lit.shell import InputError, check_archive
from mabe_lit.training.about import READ_VERSIONS, find_problem
from mabe_lit.training.module import BehaviorClassifier

_UNREADABLE = (RuntimeError, ValueError, EOFError, LookupError, OSError, UnpicklingError)
"""What PyTorch raises on files that it did not write."""


def load_classifier(path: Path | str) -> BehaviorClassifier:
    """Load a classifier from a checkpoint, ready to predict.

    Args:
        path: A checkpoint of this package. Only tensors and plain values are read, never code.

    Returns:
        The classifier, on the CPU, in evaluation mode.

    Raises:
        InputError: If the file is missing, damaged or no checkpoint of this package.
    """
    checkpoint = read_checkpoint(path)
    about = checkpoint["mabe_lit"]
    try:
        classifier = BehaviorClassifier(
            Config.from_dict(about["config"], where=str(path)),
            Task.from_dict(about),
            has_likelihood=about.get("has_likelihood", False),
        )
        classifier.load_state_dict(checkpoint["state_dict"])
        classifier.trained_on = dict(about.get("trained_on", {}))
        classifier.decisions = decisions_from_dict(
            about.get("decisions"),
            classes=len(classifier.class_names),
            is_independent=classifier.task.is_independent,
        )
    except InputError as error:
        message = str(error)
        where = "" if message.startswith(str(path)) else f"{path}: "
        raise InputError(f"{where}{message}") from error
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: does not fit this release of mabe_lit ({error})") from error
    return classifier.eval()


def check_same_data(classifier: BehaviorClassifier, path: Path) -> None:
    """Raise ``InputError`` if the run of a checkpoint began with data of another kind."""
    told = read_checkpoint(path)["mabe_lit"]
    began_with = {"has_likelihood": False, **told, **Task.from_dict(told).to_dict()}
    folder = classifier.config.train_data_dir
    for what, now in classifier.describe_data().items():
        if began_with[what] != now:
            raise InputError(
                f"train_data_dir: {what} of {folder} is {now}, but {path} was trained with "
                f"{began_with[what]}; give this run another name"
            )
    check_same_recordings(classifier, began_with.get("trained_on", {}), path)


def check_same_recordings(
    classifier: BehaviorClassifier, began_with: Mapping[str, Any], path: Path
) -> None:
    """Raise ``InputError`` if ``path`` comes from recordings that have been prepared anew since.

    Args:
        classifier: What is to be trained, with its ``trained_on``.
        began_with: ``trained_on`` of what has been trained; what it does not tell is not compared.
        path: Where that lies.
    """
    for key in ("train_data_dir", "val_data_dir"):
        earlier = began_with.get("digests", {}).get(key)
        now = classifier.trained_on.get("digests", {}).get(key)
        if earlier and now and earlier != now:
            folder = getattr(classifier.config, key)
            raise InputError(
                f"{key}: {folder} holds other recordings or labels than those that {path} comes "
                "from; give this run another name"
            )


def read_checkpoint(path: Path | str) -> Mapping[str, Any]:
    """Read a checkpoint's tensors and plain values; errors as ``load_classifier``."""
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path}: is a folder, expected a checkpoint file such as best.ckpt in it")
    try:
        check_archive(path)
        checkpoint: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such checkpoint") from error
    except (PermissionError, InputError):
        raise
    except _UNREADABLE as error:
        raise InputError(
            f"{path}: is not a readable checkpoint, expected one that a training wrote, "
            f"such as best.ckpt; it may be damaged or hold more than tensors and plain values"
        ) from error
    about = checkpoint.get("mabe_lit") if isinstance(checkpoint, dict) else None
    if not isinstance(about, dict):
        raise InputError(f"{path}: is a PyTorch file, but no checkpoint of mabe_lit")
    if about.get("version") not in READ_VERSIONS:
        readable = " and ".join(map(str, READ_VERSIONS))
        raise InputError(
            f"{path}: is a checkpoint of version {about.get('version')}, "
            f"this release reads {readable}"
        )
    if problem := find_problem(about):
        raise InputError(f"{path}: is damaged, what it says of itself is not right: {problem}")
    return checkpoint
