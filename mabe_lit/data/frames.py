"""Where the frames of a training and its validation live: in files, or in a GPU's memory."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mabe_lit import UNSCORED
from mabe_lit.data.dataset import Dataset
from mabe_lit.data.mapped import PoseReader
from mabe_lit.data.windows import WindowFrames

LARGEST_SHARE = 0.25
"""Share of a GPU's free memory that the frames of a dataset may take."""

_COPIED_BYTES = 64 << 20


class Frames(Protocol):
    """All frames of a dataset, and the device that windows of them come out on."""

    device: torch.device

    def gather(self, windows: WindowFrames) -> tuple[Tensor, Tensor]:
        """Windows of a grid -> pose and labels.

        Returns:
            ``(B, T, A, K, 2 or 3)`` key points, with the likelihood behind x, y if it was asked for
            and is there; and int64 ``(B, T)`` classes or, where behaviours are independent, int8
            ``(B, T, C)`` marks as in ``LabelTrack``. Padding is ``UNSCORED``.
        """


def open_frames(dataset: Dataset, device: torch.device, *, with_likelihood: bool) -> Frames:
    """The frames of ``dataset`` for a network on ``device``, there if they fit.

    Args:
        dataset: Recordings to gather windows of.
        device: Where the network is.
        with_likelihood: Whether features are computed from the tracker's likelihoods.
    """
    if device.type == "cuda" and _fit(dataset, device, with_likelihood=with_likelihood):
        return ResidentFrames(dataset, device, with_likelihood=with_likelihood)
    is_pinned = device.type == "cuda"
    return FramesOnDisk(dataset, with_likelihood=with_likelihood, is_pinned=is_pinned)


class FramesOnDisk:
    """Frames that are read window by window, see ``mabe_lit.data.mapped``."""

    device = torch.device("cpu")

    def __init__(
        self, dataset: Dataset, *, with_likelihood: bool = False, is_pinned: bool = False
    ) -> None:
        """Read from ``dataset``; into pinned memory, a GPU copies while it computes."""
        likelihood = dataset.likelihood if with_likelihood else None
        self._keypoints = PoseReader(dataset.keypoints, likelihood)
        self._labels = LabelReader(dataset)
        self._is_pinned = is_pinned

    def gather(self, windows: WindowFrames) -> tuple[Tensor, Tensor]:
        """See ``Frames``."""
        batch = (self._keypoints[windows.frames], self._labels[windows])
        return (batch[0].pin_memory(), batch[1].pin_memory()) if self._is_pinned else batch


class ResidentFrames:
    """Poses that are on the device; for a batch only labels and numbers of frames are copied."""

    def __init__(
        self, dataset: Dataset, device: torch.device, *, with_likelihood: bool = False
    ) -> None:
        """Copy the recordings of ``dataset``, not those left out of a subset, to ``device``."""
        self.device = device
        lengths = np.array([entry.frames for entry in dataset.entries])
        self._starts = np.array([entry.first_frame for entry in dataset.entries])
        self._shift = self._starts - np.concatenate([[0], lengths.cumsum()[:-1]])
        likelihood = dataset.likelihood if with_likelihood else None
        reader = PoseReader(dataset.keypoints, likelihood)
        shape = (*dataset.keypoints.shape[1:-1], 2 if likelihood is None else 3)
        self._keypoints = torch.empty(lengths.sum(), *shape, device=device)
        self._labels = LabelReader(dataset)
        step = max(_COPIED_BYTES // (self._keypoints[:1].nbytes or 1), 1)
        for entry, shift in zip(dataset.entries, self._shift.tolist(), strict=True):
            stop = entry.first_frame + entry.frames
            for first in range(entry.first_frame, stop, step):
                frames = np.arange(first, min(first + step, stop))
                place = slice(first - shift, first - shift + len(frames))
                self._keypoints[place] = reader[frames[None]][0].to(device)

    def gather(self, windows: WindowFrames) -> tuple[Tensor, Tensor]:
        """See ``Frames``."""
        frames = windows.frames
        recording = np.searchsorted(self._starts, frames[:, 0], side="right") - 1
        place = torch.from_numpy(frames - self._shift[recording][:, None]).to(self.device)
        return self._keypoints[place], self._labels[windows].to(self.device)


class LabelReader:
    """Gathers labels of windows from the runs of a dataset's tracks."""

    def __init__(self, dataset: Dataset) -> None:
        """Read the labels of all tracks of ``dataset``."""
        self._runs = dataset.runs
        self._shift = np.array(
            [track.first_place - dataset.entry_of(track).first_frame for track in dataset.tracks]
        )
        sets = torch.from_numpy(np.array(self._runs.sets))
        classes = torch.from_numpy(self._runs.classes_of_sets)
        self._meaning = sets if self._runs.is_independent else classes

    def __getitem__(self, windows: WindowFrames) -> Tensor:
        """Labels of windows of a grid, see ``Frames``."""
        places = windows.frames + self._shift[windows.track][:, None]
        codes = torch.from_numpy(self._runs.codes_of(places).astype(np.int64))
        labels = self._meaning[codes]
        is_padding = torch.from_numpy(~windows.is_inside)
        is_padding = is_padding[..., None] if labels.ndim == 3 else is_padding
        return labels.masked_fill(is_padding, UNSCORED)


def _fit(dataset: Dataset, device: torch.device, *, with_likelihood: bool) -> bool:
    arrays = [dataset.keypoints]
    if with_likelihood and dataset.likelihood is not None:
        arrays.append(dataset.likelihood)
    frames = sum(entry.frames for entry in dataset.entries)
    needed = frames * sum(array[:1].nbytes for array in arrays)
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    free, _ = torch.cuda.mem_get_info(device)
    return bool(needed <= LARGEST_SHARE * (free + unused))
