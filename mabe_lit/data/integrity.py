"""Damage that opening a dataset does not see, for which all of it must be read."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mabe_lit.data.dataset import Dataset
from mabe_lit.data.digest import dataset_digest, new_digest
from mabe_lit.data.entries import Entry, TrackEntry
from mabe_lit.data.index import read_index
from mabe_lit.pose import MOST_PIXELS
from mabe_lit.shell import InputError, InputWarning

_READ_BYTES = 4 << 20


def verify_dataset(dataset: Dataset) -> None:
    """Raise ``InputError`` if something in the folder is not as it was written; reads all of it.

    A folder says what digest each array has. One of an earlier release has a digest of all arrays
    together, with names, rates and lengths but without ``source``; one of a still earlier release
    has none, which a warning says.
    """
    index = read_index(dataset.directory, Entry, TrackEntry)
    if dataset.digest is None:
        warnings.warn(
            InputWarning(
                f"{dataset.directory}: cannot be verified, an earlier release wrote it "
                "without a digest; prepare it again"
            ),
            stacklevel=2,
        )
        return
    found = {}
    for name, array in dataset.files.items():
        digest = new_digest()
        for piece in _pieces(array):
            digest.update(piece)
        # The order of the axes is told in the header, which no digest covers.
        found[name] = digest.hexdigest() if array.flags.c_contiguous else ""
        if found[name] != index.get("files", found).get(name):
            raise InputError(
                f"{dataset.directory / name}: is damaged, its values are not those that were "
                "written; copy it again"
            )
    if dataset_digest(list(found.values()), index) != dataset.digest:
        raise InputError(
            f"{dataset.directory}: is damaged, {', '.join(found)} or dataset.json is not as it "
            "was written; copy it again"
        )


def check_poses(dataset: Dataset) -> None:
    """Raise ``InputError`` if a coordinate is infinite or beyond all pixels; reads all of them."""
    per_frame = int(np.prod(dataset.keypoints.shape[1:]))
    place = 0
    for piece in _pieces(dataset.keypoints):
        values = np.frombuffer(piece, np.float32)
        wrong = np.abs(values) > MOST_PIXELS  # not where it is NaN
        if wrong.any():
            first = int(wrong.argmax())
            frame = (place + first) // per_frame
            starts = [entry.first_frame for entry in dataset.entries]
            entry = dataset.entries[int(np.searchsorted(starts, frame, side="right")) - 1]
            raise InputError(
                f"{dataset.directory / 'keypoints.npy'}: recording {entry.name!r}, frame "
                f"{frame - entry.first_frame}: a coordinate is {values[first]:g}, expected at most "
                f"{MOST_PIXELS:g} pixels, or NaN; prepare the recording again"
            )
        place += len(values)


def _pieces(array: np.ndarray) -> Iterator[bytes]:
    """The values of a memory-mapped array, from its file: mapped pages would stay in memory."""
    assert isinstance(array, np.memmap)
    with Path(str(array.filename)).open("rb") as file:
        file.seek(array.offset)
        while piece := file.read(_READ_BYTES):
            yield piece
