"""Recordings -> a dataset folder, see ``mabe_lit.data.dataset``; recording by recording."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from mabe_lit.data.dataset import Entry
from mabe_lit.data.digest import checksum, dataset_digest, new_digest
from mabe_lit.data.index import FORMAT_VERSION
from mabe_lit.pose import Recording, is_numbered
from mabe_lit.shell import InputError, folder_replaced_atomically


def write_dataset(
    recordings: Iterable[Recording],
    directory: Path | str,
    *,
    source: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write ``recordings`` to ``directory``, whole or not at all.

    The folder is written under a temporary name beside ``directory`` and renamed when complete.
    One recording after the other is taken and written, so that they need not fit into memory.

    Args:
        recordings: At least one; all with the same animals, key points and classes, and with
            different names.
        directory: The folder to make; its parents are made as well.
        source: What to note of where the recordings came from; plain JSON values.
        overwrite: Replace an existing dataset.

    Raises:
        InputError: If the recordings do not fit together, or ``directory`` may not be replaced.
        OSError: If the folder cannot be written.
    """
    directory = Path(directory)
    check_writable(directory, overwrite=overwrite)
    with folder_replaced_atomically(directory) as temporary:
        _write_files(recordings, temporary, dict(source or {}))


def check_writable(directory: Path, *, overwrite: bool) -> None:
    """Raise ``InputError`` if ``directory`` exists and is not a dataset that may be replaced."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise InputError(f"{directory}: is a file, expected a folder to write a dataset to")
    is_empty = not any(directory.iterdir())
    if not is_empty and not (directory / "dataset.json").is_file():
        raise InputError(f"{directory}: holds files that are not a dataset, and is left as it is")
    if not is_empty and not overwrite:
        raise InputError(f"{directory}: already holds a dataset; --force replaces it")


def _write_files(recordings: Iterable[Recording], directory: Path, source: dict[str, Any]) -> None:
    first: Recording | None = None
    entries: dict[str, Entry] = {}
    frames = 0
    with (
        _ArrayFile(directory / "keypoints.npy", np.float32) as keypoints,
        _ArrayFile(directory / "labels.npy", np.int16) as labels,
        ExitStack() as opened,
    ):
        likelihoods: _ArrayFile | None = None
        for recording in recordings:
            first = recording if first is None else first
            _check_alike(recording, first)
            if recording.name in entries:
                raise InputError(f"recording {recording.name!r} is there more than once")
            if likelihoods is None and recording.likelihood is not None:
                file = _ArrayFile(directory / "likelihood.npy", np.float32)
                likelihoods = opened.enter_context(file)
                for entry in entries.values():
                    likelihoods.append(_untold(recording, entry.frames))
            length = len(recording)
            keypoints.append(recording.keypoints)
            labels.append(recording.labels)
            if likelihoods is not None:
                told = recording.likelihood
                likelihoods.append(_untold(recording, length) if told is None else told)
            is_told = recording.likelihood is not None
            place = (frames, length, float(recording.fps))
            entries[recording.name] = Entry(recording.name, *place, has_likelihood=is_told)
            frames += length
        if first is None:
            raise InputError("there are no recordings to write")
        arrays = [file for file in (keypoints, labels, likelihoods) if file is not None]
        digests = {file.name: file.digest() for file in arrays}
    index: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "animal_names": first.animal_names,
        "keypoint_names": first.keypoint_names,
        "class_names": first.class_names,
        "recordings": [asdict(entry) for entry in entries.values()],
    }
    index |= {"digest": dataset_digest(list(digests.values()), index)}
    index |= {"source": source, "files": digests}
    index |= {"checksum": checksum(index)}
    with (directory / "dataset.json").open("w", encoding="utf-8") as table:
        json.dump(index, table, indent=1)
        _put_on_disk(table)


def _untold(recording: Recording, frames: int) -> np.ndarray:
    """``(frames, A, K)`` likelihoods of a recording like ``recording`` whose tracker told none."""
    return np.full((frames, *recording.keypoints.shape[1:3]), np.nan, np.float32)


class _ArrayFile:
    """A ``.npy`` file that grows by frames; on disk, and its header right, when it is closed."""

    def __init__(self, path: Path, dtype: type) -> None:
        self._path = path
        self._dtype = np.dtype(dtype)
        self._shape: tuple[int, ...] = (0,)
        self._digest = new_digest()

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        return self

    @property
    def name(self) -> str:
        """The file's."""
        return self._path.name

    def append(self, values: np.ndarray) -> None:
        """Write the ``(frames, ...)`` values of the next frames."""
        if not self._file.tell():
            self._write_header((0, *values.shape[1:]))
        # Written, not mapped: a full disk is an error then, and not a crash.
        content = np.ascontiguousarray(values, self._dtype).data
        self._file.write(content)
        self._digest.update(content)
        self._shape = (self._shape[0] + len(values), *values.shape[1:])

    def digest(self) -> str:
        """A short name for the values so far."""
        return self._digest.hexdigest()

    def __exit__(self, kind: object, *_: object) -> None:
        with self._file:
            if kind is None:
                # NumPy leaves room in its header for the first dimension to grow.
                self._file.seek(0)
                self._write_header(self._shape)
                _put_on_disk(self._file)

    def _write_header(self, shape: tuple[int, ...]) -> None:
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(self._file, header)


def _put_on_disk(file: IO[Any]) -> None:
    """Return when the content is on disk, so that a name is never there before it."""
    file.flush()
    os.fsync(file.fileno())


def _check_alike(recording: Recording, first: Recording) -> None:
    for what in ("animal_names", "keypoint_names", "class_names"):
        if getattr(recording, what) != getattr(first, what):
            raise InputError(
                f"recording {recording.name!r} has {what} {list(getattr(recording, what))}, "
                f"but {first.name!r} has {list(getattr(first, what))}"
                f"{_advice(recording, first) if what == 'animal_names' else ''}"
            )


def _advice(recording: Recording, first: Recording) -> str:
    """What makes the animals of two recordings the same."""
    own, others = recording.animal_names, first.animal_names
    if all(map(is_numbered, (*own, *others))):
        if len(own) == len(others):
            return f"; --animals {len(own)}, how many there are, gives tracks the same names"
        return "; --animals N makes N animals of the tracks, if each recording has as many"
    if shared := [name for name in others if name in own]:
        return f"; --animals {' '.join(shared)} takes those that both have"
    return ""
