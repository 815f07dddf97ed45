"""Short names of what is in a dataset, by which it is known again and damage is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

DESCRIBED = ("digest", "source", "files", "checksum")
"""Keys of an index that a dataset's digest does not cover."""


def new_digest() -> hashlib.blake2b:
    """A digest to be fed with the values of an array, frame after frame."""
    return hashlib.blake2b(digest_size=16)


def dataset_digest(of_arrays: Sequence[str], index: Mapping[str, Any]) -> str:
    """The digest of all that is in the arrays, and of what the index says of them.

    Not of ``source``: the same recordings, prepared in another place, are the same.

    Args:
        of_arrays: Digests of the key points, the labels and, if there are any, the likelihoods.
        index: What ``dataset.json`` holds.
    """
    covered = {key: value for key, value in index.items() if key not in DESCRIBED}
    return _of_values([list(of_arrays), covered])


def checksum(index: Mapping[str, Any]) -> str:
    """Of everything in ``dataset.json`` but itself."""
    return _of_values({key: value for key, value in index.items() if key != "checksum"})


def _of_values(values: Any) -> str:
    digest = new_digest()
    digest.update(json.dumps(values).encode())
    return digest.hexdigest()
