"""Windows out of memory-mapped arrays, without the arrays ending up in memory."""

from __future__ import annotations

import errno
import mmap
import os
import weakref
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

LARGE_BYTES = 512 << 20
"""Bytes of an array from which on windows are read from its file, one after the other."""

_COMPARED_FRAMES = 16


class PoseReader:
    """Gathers windows of pose: coordinates and, where a tracker told it, their likelihood."""

    def __init__(self, keypoints: np.ndarray, likelihood: np.ndarray | None) -> None:
        """Read from ``keypoints (N, A, K, 2)`` and, unless it is None, ``likelihood (N, A, K)``."""
        self._keypoints = WindowReader(keypoints)
        self._likelihood = None if likelihood is None else WindowReader(likelihood)

    def __getitem__(self, frames: npt.NDArray[np.int64]) -> Tensor:
        """``(B, T)`` frame indices -> ``(B, T, A, K, 2)``, or 3 with the likelihood behind x, y."""
        keypoints = torch.from_numpy(self._keypoints[frames])
        if self._likelihood is None:
            return keypoints
        return torch.cat([keypoints, torch.from_numpy(self._likelihood[frames])[..., None]], -1)


class WindowReader:
    """Gathers windows of frames from an array; a large one's pages are not kept.

    Pages of a mapped file that were touched count as this process's memory until another process
    needs it. On a shared machine that looks like a leak, and a container may be killed for it.
    Giving them back now and then costs more than reading does: Linux maps up to 2 MiB around a page
    that is touched. So a small array is indexed, all windows at once, and of a large one each
    window is read. A window of 43 million frames takes 3 us to read, 11 to 13 us from pages that
    are given back, 2 us from pages that are kept. What was read stays in the system's cache.
    """

    def __init__(self, array: npt.NDArray[Any]) -> None:
        """Read from ``array (N, ...)``; one that is small or not memory-mapped is just indexed."""
        self._array = np.asarray(array)
        self._file: int | None = None
        self._name, self._offset = "", 0  # bytes of the file before the first frame
        if array.nbytes <= LARGE_BYTES or not hasattr(os, "pread"):
            return
        # A view of a part knows its file, but not where in it.
        if not (isinstance(array, np.memmap) and isinstance(array.base, mmap.mmap)):
            return
        self._name, self._offset = str(array.filename), array.offset
        file = os.open(self._name, os.O_RDONLY)
        weakref.finalize(self, os.close, file)
        if array.flags.c_contiguous and self._is_what_is_mapped(file):
            self._file = file

    def __getitem__(self, frames: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """``(B, T)`` frame indices -> ``(B, T, ...)``, a copy.

        Raises:
            OSError: If the file has become shorter.
        """
        if self._file is None:
            return self._array[frames]
        B, T = frames.shape
        first = frames[:, 0]
        if (frames - first[:, None] == np.arange(T)).all():
            return self._read(self._file, first, T)
        first = frames.min(axis=1)
        span = int((frames.max(axis=1) - first).max()) + 1
        first = np.minimum(first, len(self._array) - span)  # (B,), none reaches beyond the end
        stretches = self._read(self._file, first, span)  # (B, span, ...)
        windows: npt.NDArray[Any] = stretches[np.arange(B)[:, None], frames - first[:, None]]
        return windows

    def _read(self, file: int, first: npt.NDArray[np.int64], span: int) -> npt.NDArray[Any]:
        frame_size = self._array[:1].nbytes
        size = span * frame_size
        places = (self._offset + first * frame_size).tolist()
        content = bytearray().join(map(os.pread, repeat(file), repeat(size), places))
        if len(content) < len(first) * size:
            content = bytearray().join(self._read_whole(file, size, place) for place in places)
        shape = (len(first), span, *self._array.shape[1:])
        return np.frombuffer(content, self._array.dtype).reshape(shape)

    def _read_whole(self, file: int, size: int, place: int) -> bytes:
        """Read in parts, as some network file systems do."""
        content = b""
        while len(content) < size:
            part = os.pread(file, size - len(content), place + len(content))
            if not part:
                raise OSError(errno.EIO, "has become shorter while it was read", self._name)
            content += part
        return content

    def _is_what_is_mapped(self, file: int) -> bool:
        """False where another dataset has taken the name since; the mapping still has the old."""
        picked = np.linspace(0, len(self._array) - 1, _COMPARED_FRAMES).astype(np.int64)
        try:
            return self._read(file, picked, 1).tobytes() == self._array[picked].tobytes()
        except OSError:
            return False
