"""A ``.npy`` file that grows as one recording after the other is written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from mabe_lit.data.digest import new_digest

_COPIED_ROWS = 1 << 14


class ArrayFile:
    """Grows by rows; on disk, and its header right, when it is closed."""

    def __init__(self, path: Path, dtype: type) -> None:
        """Write to ``path``, which a ``with`` opens."""
        self._path = path
        self._dtype = np.dtype(dtype)
        self._shape: tuple[int, ...] = (0,)
        self._digest = new_digest()

    def __enter__(self) -> Self:
        self._file = self._path.open("w+b")
        return self

    @property
    def name(self) -> str:
        """The file's."""
        return self._path.name

    def append(self, values: np.ndarray) -> None:
        """Write the ``(rows, ...)`` values that come next."""
        if not self._file.tell():
            self._shape = (0, *values.shape[1:])
            self._write_header()
        # Written, not mapped: a full disk is an error then, and not a crash.
        content = np.ascontiguousarray(values, self._dtype).data
        self._file.write(content)
        self._digest.update(content)
        self._shape = (self._shape[0] + len(values), *values.shape[1:])

    def widen(self, size: int) -> None:
        """Give what is written already ``size`` entries along its second axis, the new ones NaN."""
        if len(self._shape) < 2 or self._shape[1] == size:
            return
        rows, old, *rest = self._shape
        self._write_whole_header()
        self._file.flush()
        written = np.lib.format.open_memmap(self._path, mode="r")
        wide = ArrayFile(self._path.with_name(f"{self._path.name}.wide"), self._dtype.type)
        with wide:
            for first in range(0, rows, _COPIED_ROWS):
                part = written[first : first + _COPIED_ROWS]
                more = np.full((len(part), size - old, *rest), np.nan, self._dtype)
                wide.append(np.concatenate([part, more], axis=1))
        self._file.close()
        wide._path.replace(self._path)
        self._file = self._path.open("r+b")
        self._file.seek(0, os.SEEK_END)
        self._shape, self._digest = wide._shape, wide._digest

    def digest(self) -> str:
        """A short name for the values so far."""
        return self._digest.hexdigest()

    def __exit__(self, kind: object, *_: object) -> None:
        with self._file:
            if kind is None:
                self._write_whole_header()
                put_on_disk(self._file)

    def _write_whole_header(self) -> None:
        # NumPy leaves room in its header for the first dimension to grow.
        self._file.seek(0)
        self._write_header()

    def _write_header(self) -> None:
        descr = np.lib.format.dtype_to_descr(self._dtype)
        header = {"descr": descr, "fortran_order": False, "shape": self._shape}
        np.lib.format.write_array_header_1_0(self._file, header)


def put_on_disk(file: IO[Any]) -> None:
    """Return when the content is on disk, so that a name is never there before it."""
    file.flush()
    os.fsync(file.fileno())
