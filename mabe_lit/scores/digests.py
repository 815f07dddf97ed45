"""Short names for labels, by which decisions know what they were fitted on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED

_Labels = npt.NDArray[np.integer[Any]]


def are_among(labels: Sequence[_Labels], fitted_on: Sequence[str]) -> bool:
    """Whether some of these labels of tracks are among the digests ``fitted_on``."""
    digests = {*digest_labels(labels), _digest_of_all(labels)}
    return not digests.isdisjoint(fitted_on)


def digest_labels(labels: Sequence[_Labels]) -> tuple[str, ...]:
    """A short name for the labels of each track, by which it is known again.

    Tracks of one class do not count, unless all are such: those of equal length look alike. Of
    independent classes, ``(N, C)``, these are tracks that are yes or no throughout.
    """
    classes = [len(np.unique(each[each != UNSCORED])) for each in labels]
    telling = min(2, max(classes, default=0))
    contents = [np.ascontiguousarray(each, "<i2").tobytes() for each in labels]
    return tuple(
        hashlib.sha256(content).hexdigest()[:16]
        for content, count in zip(contents, classes, strict=True)
        if 0 < telling <= count
    )


def _digest_of_all(labels: Sequence[_Labels]) -> str:
    """The one digest that checkpoints of earlier releases hold."""
    digest = hashlib.sha256()
    for label in labels:
        digest.update(f"{len(label)}:".encode())
        digest.update(np.ascontiguousarray(label, "<i2").tobytes())
    return digest.hexdigest()[:16]
