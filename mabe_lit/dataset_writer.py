"""Recordings -> a dataset folder, see ``mabe_lit.dataset``; recording by recording."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from mabe_lit.atomic import folder_replaced_atomically
from mabe_lit.dataset import FORMAT_VERSION, Entry
from mabe_lit.errors import InputError
from mabe_lit.recording import Recording


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
        (directory / "keypoints.npy").open("wb") as keypoints,
        (directory / "labels.npy").open("wb") as labels,
    ):
        for recording in recordings:
            if first is None:
                first = recording
                _write_header(keypoints, (0, *first.keypoints.shape[1:]), np.float32)
                _write_header(labels, (0,), np.int16)
            _check_alike(recording, first)
            if recording.name in entries:
                raise InputError(f"recording {recording.name!r} is there more than once")
            # Written, not mapped: a full disk is an error then, and not a crash.
            keypoints.write(np.ascontiguousarray(recording.keypoints, np.float32).data)
            labels.write(np.ascontiguousarray(recording.labels, np.int16).data)
            length = len(recording)
            entries[recording.name] = Entry(recording.name, frames, length, float(recording.fps))
            frames += length
        if first is None:
            raise InputError("there are no recordings to write")
        # NumPy leaves room in its header for the first dimension to grow.
        _write_header(keypoints, (frames, *first.keypoints.shape[1:]), np.float32)
        _write_header(labels, (frames,), np.int16)
        for file in (keypoints, labels):
            _put_on_disk(file)
    index = {
        "format_version": FORMAT_VERSION,
        "source": source,
        "animal_names": first.animal_names,
        "keypoint_names": first.keypoint_names,
        "class_names": first.class_names,
        "recordings": [asdict(entry) for entry in entries.values()],
    }
    with (directory / "dataset.json").open("w", encoding="utf-8") as table:
        json.dump(index, table, indent=1)
        _put_on_disk(table)


def _put_on_disk(file: IO[Any]) -> None:
    """Return when the content is on disk, so that a name is never there before it."""
    file.flush()
    os.fsync(file.fileno())


def _write_header(file: BinaryIO, shape: tuple[int, ...], dtype: type) -> None:
    file.seek(0)
    descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _check_alike(recording: Recording, first: Recording) -> None:
    for what in ("animal_names", "keypoint_names", "class_names"):
        if getattr(recording, what) != getattr(first, what):
            raise InputError(
                f"recording {recording.name!r} has {what} {list(getattr(recording, what))}, "
                f"but {first.name!r} has {list(getattr(first, what))}"
            )
