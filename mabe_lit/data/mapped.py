"""Windows out of memory-mapped arrays, without the arrays ending up in memory."""

from __future__ import annotations

import errno
import mmap
import os
import weakref
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

LARGE_BYTES = 512 << 20
"""Bytes of an array above which windows are read from its file."""

_COMPARED_FRAMES = 16
_MOST_PARTS = 1024
"""What Linux takes in one call of preadv."""


def is_large(array: np.ndarray) -> bool:
    """Whether windows of ``array`` are read from its file, if it has one."""
    return array.nbytes > LARGE_BYTES


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
    that is touched. So windows of a large array are read from its file, neighbours by one call.
    What was read stays in the system's cache.
    """

    def __init__(self, array: npt.NDArray[Any]) -> None:
        """Read from ``array (N, ...)``; one that is small or not memory-mapped is just indexed."""
        self._array = np.asarray(array)
        self._file: int | None = None
        self._name, self._offset = "", 0  # bytes of the file before the first frame
        if not is_large(array) or not hasattr(os, "preadv"):
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
        T = frames.shape[1]
        first = frames.min(axis=1)
        span = int((frames.max(axis=1) - first).max()) + 1
        if self._file is None and span != T:
            return self._array[frames]
        first = np.minimum(first, len(self._array) - span)  # (B,), none reaches beyond the end
        stretches: npt.NDArray[Any]  # (B, span, ...)
        if self._file is None:
            stretches = _stretches(self._array, span)[first]
        else:
            stretches = self._read_stretches(self._file, first, span)
        place = frames - first[:, None]
        if span != T:
            stretches = stretches[np.arange(len(place))[:, None], place]
            return stretches
        padded = np.flatnonzero((place != np.arange(T)).any(axis=1))
        stretches[padded] = stretches[padded[:, None], place[padded]]
        return stretches

    def _read_stretches(
        self, file: int, first: npt.NDArray[np.int64], span: int
    ) -> npt.NDArray[Any]:
        """``span`` frames from each of ``first (B,)`` on, ``(B, span, ...)``.

        Stretches that follow one another in the file are read by one call, each to its place.
        """
        found = np.empty((len(first), span, *self._array.shape[1:]), self._array.dtype)
        order = np.argsort(first, kind="stable")
        ends = np.diff(first[order], append=-1) != span  # where the file goes on with another
        ends[_MOST_PARTS - 1 :: _MOST_PARTS] = True
        stops = np.flatnonzero(ends) + 1
        starts = np.concatenate([[0], stops[:-1]])
        places = self._offset + first[order[starts]] * self._array[:1].nbytes
        size, content = found[:1].nbytes, found.reshape(-1).view(np.uint8).data
        parts = [content[at : at + size] for at in (order * size).tolist()]
        for start, stop, place in zip(
            starts.tolist(), stops.tolist(), places.tolist(), strict=True
        ):
            of_run = parts[start:stop]
            if os.preadv(file, of_run, place) < len(of_run) * size:
                for number, part in enumerate(of_run):
                    self._read_whole(file, part, place + number * size)
        return found

    def _read_whole(self, file: int, part: memoryview, place: int) -> None:
        """Read in pieces, as some network file systems do."""
        while len(part):
            piece = os.preadv(file, [part], place)
            if not piece:
                raise OSError(errno.EIO, "has become shorter while it was read", self._name)
            part, place = part[piece:], place + piece

    def _is_what_is_mapped(self, file: int) -> bool:
        """False where another dataset has taken the name since; the mapping still has the old."""
        picked = np.linspace(0, len(self._array) - 1, _COMPARED_FRAMES).astype(np.int64)
        try:
            found = self._read_stretches(file, picked, 1)[:, 0]
        except OSError:
            return False
        return found.tobytes() == self._array[picked].tobytes()


def _stretches(array: npt.NDArray[Any], span: int) -> npt.NDArray[Any]:
    """``(N, ...)`` -> ``(N - span + 1, span, ...)``: from each frame on, a view."""
    shape = (len(array) - span + 1, span, *array.shape[1:])
    return np.lib.stride_tricks.as_strided(
        array, shape, (array.strides[0], *array.strides), writeable=False
    )
