"""Where the frames of a training live: in files, or in a GPU's memory if they fit."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mabe_lit import UNSCORED
from mabe_lit.dataset import Dataset
from mabe_lit.mapped import PoseReader, WindowReader
from mabe_lit.windows import WindowFrames

LARGEST_SHARE = 0.25
"""Share of a GPU's free memory that the frames of a dataset may take."""

_COPIED_FRAMES = 1 << 20


class Frames(Protocol):
    """All frames of a dataset, and the device that windows of them come out on."""

    device: torch.device

    def gather(self, windows: WindowFrames) -> tuple[Tensor, Tensor]:
        """Windows of a grid -> ``(B, T, A, K, 2 or 3)`` pose and ``(B, T)`` int64 labels.

        Key points have the likelihood behind x, y if it was asked for and is there. Padding is
        ``UNSCORED``.
        """


def open_frames(dataset: Dataset, device: torch.device, *, with_likelihood: bool) -> Frames:
    """The frames of ``dataset`` for training on ``device``, there if they fit.

    Args:
        dataset: Recordings; those of a subset share the arrays of the whole.
        device: Where the network is.
        with_likelihood: Whether features are computed from the tracker's likelihoods.
    """
    if device.type == "cuda" and _fit(dataset, torch.cuda.mem_get_info(device)[0]):
        return ResidentFrames(dataset, device, with_likelihood=with_likelihood)
    is_pinned = device.type == "cuda"
    return FramesOnDisk(dataset, with_likelihood=with_likelihood, is_pinned=is_pinned)


class FramesOnDisk:
    """Frames that are read window by window, see ``mabe_lit.mapped``."""

    device = torch.device("cpu")

    def __init__(
        self, dataset: Dataset, *, with_likelihood: bool = False, is_pinned: bool = False
    ) -> None:
        """Read from ``dataset``; into pinned memory, a GPU copies while it computes."""
        likelihood = dataset.likelihood if with_likelihood else None
        self._keypoints = PoseReader(dataset.keypoints, likelihood)
        self._labels = WindowReader(dataset.labels)
        self._is_pinned = is_pinned

    def gather(self, windows: WindowFrames) -> tuple[Tensor, Tensor]:
        """See ``Frames``."""
        frames, is_inside = windows
        labels = np.where(is_inside, self._labels[frames], UNSCORED).astype(np.int64)
        batch = (self._keypoints[frames], torch.from_numpy(labels))
        return (batch[0].pin_memory(), batch[1].pin_memory()) if self._is_pinned else batch


class ResidentFrames:
    """Frames that are on the device; for a batch only the numbers of its frames are copied."""

    def __init__(
        self, dataset: Dataset, device: torch.device, *, with_likelihood: bool = False
    ) -> None:
        """Copy the frames of ``dataset`` to ``device``, a part at a time."""
        self.device = device
        likelihood = dataset.likelihood if with_likelihood else None
        reader = PoseReader(dataset.keypoints, likelihood)
        shape = (*dataset.keypoints.shape[:-1], 2 if likelihood is None else 3)
        self._keypoints = torch.empty(shape, device=device)
        self._labels = torch.empty(len(dataset.labels), dtype=torch.int16, device=device)
        for start in range(0, len(dataset.labels), _COPIED_FRAMES):
            part = slice(start, min(start + _COPIED_FRAMES, len(dataset.labels)))
            self._keypoints[part] = reader[np.arange(part.start, part.stop)[None]][0].to(device)
            self._labels[part] = torch.tensor(dataset.labels[part]).to(device)

    def gather(self, windows: WindowFrames) -> tuple[Tensor, Tensor]:
        """See ``Frames``."""
        frames, is_inside = (
            torch.from_numpy(array).to(self.device, non_blocking=True) for array in windows
        )
        labels = self._labels[frames].long().masked_fill(~is_inside, UNSCORED)
        return self._keypoints[frames], labels


def _fit(dataset: Dataset, free_bytes: int) -> bool:
    arrays = (dataset.keypoints, dataset.labels, dataset.likelihood)
    return sum(array.nbytes for array in arrays if array is not None) <= LARGEST_SHARE * free_bytes
