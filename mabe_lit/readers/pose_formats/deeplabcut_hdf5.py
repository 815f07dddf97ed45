"""HDF5 twin of DeepLabCut's CSV, which pandas wrote.

Read without pandas and PyTables, since those run whatever code a file's pickled attributes ask for.

Source: ``pandas/io/pytables.py``, formats ``table`` and ``fixed``.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from mabe_lit.readers.pose_formats.deeplabcut import to_tracks
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError


def find_table(file: Any) -> Any | None:
    """The first data frame of an open HDF5 file, or None."""
    return next((group for group in file.values() if "pandas_type" in group.attrs), None)


def read(path: Path, group: Any, *, names_only: bool = False) -> Tracks:
    """Read a stored data frame of poses.

    Args:
        path: The file, for messages.
        group: The data frame in it.
        names_only: Leave the rows alone.

    Raises:
        InputError: If the group holds something else, or column names that only running code could
            build.
    """
    kind = bytes(group.attrs["pandas_type"])
    rows = slice(0 if names_only else None)
    if kind == b"frame_table":
        frames, columns, values = _read_table(path, group["table"], rows)
    elif kind == b"frame":
        frames, columns, values = _read_fixed(group, rows)
    else:
        raise InputError(f"{path}: {group.name} is a {kind.decode()}, expected a data frame")
    if {len(column) for column in columns} - {3, 4} or frames.dtype.kind not in "iuf":
        raise InputError(
            f"{path}: {group.name} is not a table of poses: expected frame numbers, and columns "
            "named by scorer, individual (if there are several), body part and coordinate"
        )
    if frames.ndim != 1 or values.shape != (len(frames), len(columns)):
        raise InputError(
            f"{path}: {group.name} has values of shape {values.shape} for frames of shape "
            f"{frames.shape} and {len(columns)} columns"
        )
    return to_tracks(path, columns, frames, values)


_Parts = tuple[np.ndarray, list[tuple[str, ...]], np.ndarray]


def _read_table(path: Path, table: Any, part: slice) -> _Parts:
    rows = table[part]
    columns: list[tuple[str, ...]] = []
    blocks = [name for name in rows.dtype.names if name.startswith("values_block_")]
    for block in blocks:
        columns += _unpickle_names(path, bytes(table.attrs[f"{block}_kind"]))
    return rows["index"], columns, np.concatenate([rows[block] for block in blocks], axis=1)


def _read_fixed(group: Any, part: slice) -> _Parts:
    columns: list[tuple[str, ...]] = []
    blocks = [f"block{number}" for number in range(group.attrs["nblocks"])]
    for block in blocks:
        levels = []
        for level in range(group.attrs.get(f"{block}_items_nlevels", 0)):
            names = group[f"{block}_items_level{level}"][()]
            levels.append([names[code].decode() for code in group[f"{block}_items_label{level}"]])
        columns += zip(*levels, strict=True)
    values = np.concatenate([group[f"{block}_values"][part] for block in blocks], axis=1)
    return group["axis1"][part], columns, values


class _PlainUnpickler(pickle.Unpickler):
    """Builds lists, tuples, strings and numbers, and refuses what needs a class or a function."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _unpickle_names(path: Path, data: bytes) -> list[tuple[str, ...]]:
    try:
        names = _PlainUnpickler(io.BytesIO(data)).load()
        return [tuple(str(part) for part in name) for name in names]
    except Exception as error:  # a damaged pickle raises nearly anything
        raise InputError(
            f"{path}: its column names are not plain text ({error}); use its CSV twin"
        ) from error
