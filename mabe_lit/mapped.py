"""Windows out of memory-mapped arrays, without the arrays ending up in memory."""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

BUDGET_BYTES = 512 << 20
"""Bytes of an array that may lie in this process's memory before they are given back."""

_READ_AROUND_BYTES = 2 << 20
"""What Linux may map around a page that is touched, where it caches a file in large pieces."""


class WindowReader:
    """Gathers windows of frames from an array; gives memory back every now and then.

    Pages of a file that were read stay mapped, and count as this process's memory, until another
    process needs it. On a shared machine that looks like a leak, and a container may be killed for
    it. Pages given back stay in the system's cache: reading them again costs little.
    """

    def __init__(self, array: npt.NDArray[Any]) -> None:
        """Read from ``array (N, ...)``; one that is not memory-mapped is just indexed."""
        self._array = array
        self._frame_bytes = array.nbytes // max(len(array), 1)
        mapped = getattr(array, "base", None)
        is_large = array.nbytes > BUDGET_BYTES
        can_give_back = isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED")
        self._mapped = mapped if is_large and can_give_back else None
        self._touched = 0

    def __getitem__(self, frames: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """``(B, T)`` frame indices -> ``(B, T, ...)``, a copy."""
        windows: npt.NDArray[Any] = self._array[frames]
        if self._mapped is not None:
            self._touched += frames.size * self._frame_bytes + len(frames) * _READ_AROUND_BYTES
            if self._touched > BUDGET_BYTES:
                self._mapped.madvise(mmap.MADV_DONTNEED)
                self._touched = 0
        return windows
