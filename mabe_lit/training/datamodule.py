"""Batches of windows from prepared recordings, simulated first where asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch.utils.data import DataLoader

from mabe_lit.compute import resolve_device
from mabe_lit.config import Config
from mabe_lit.data import Dataset, open_dataset, open_scored, open_split, write_dataset
from mabe_lit.data.batches import (
    PoolRows,
    TrainingBatches,
    ValidationBatches,
    scored_stretches,
)
from mabe_lit.data.folds import open_fold
from mabe_lit.data.frames import Frames, FramesOnDisk, open_frames
from mabe_lit.data.windows import WindowFrames, tiling_windows
from mabe_lit.features import Batch
from mabe_lit.shell import InputError
from mabe_lit.simulation import (
    GROUP_SIMULATION_VERSION,
    SIMULATION_VERSION,
    simulate_group,
    simulate_recordings,
)
from mabe_lit.training.module import BehaviorClassifier

SIMULATED_RECORDING_FRAMES = 6_000
"""Frames of one simulated recording; a split has as many recordings as it needs."""

_STATISTICS_FRAMES = 100_000


class BehaviorDataModule(pl.LightningDataModule):
    """Training windows at a fresh phase each epoch, validation windows that show a frame once."""

    train: Dataset
    val: Dataset
    _train_windows: _Windows
    _val_windows: _Windows

    def __init__(self, config: Config) -> None:
        """Set up for the folders and windows that ``config`` names; nothing is read yet."""
        super().__init__()
        self.config = config

    def prepare_data(self) -> None:
        """Simulate the recordings, unless the folders already hold just these."""
        if self.config.dataset != "synthetic":
            return
        splits = (
            ("train", self.config.train_data_dir, self.config.synthetic_train_frames),
            ("val", self.config.val_data_dir, self.config.synthetic_val_frames),
        )
        for index, (split, directory, frames) in enumerate(splits):
            _simulate_into(Path(directory), split, frames, (self.config.seed, index), self.config)

    def setup(self, stage: str | None = None) -> None:
        """Open both folders and check that they describe the same animals and classes.

        Raises:
            InputError: If a folder is missing or damaged, the two do not fit together, or there
                are fewer recordings than folds.
        """
        if hasattr(self, "train"):  # Lightning asks again
            return
        if self.config.fold is not None:
            whole = open_scored(
                "train_data_dir", self.config.train_data_dir, verify=self.config.verify
            )
            self.train, self.val = open_fold(whole, self.config)
            return
        self.train, self.val = open_split(
            ("train_data_dir", self.config.train_data_dir),
            ("val_data_dir", self.config.val_data_dir),
            verify=self.config.verify,
        )

    def statistics_windows(self) -> tuple[Batch, torch.Tensor]:
        """A sample of the training windows, on the CPU, for the features' scales.

        Returns:
            The sample, and ``(B, T)`` which of its frames are no padding.
        """
        length, gap = self.config.sequence_length, self.config.frame_gap
        stretches = scored_stretches(self.train, length * gap)
        grid = tiling_windows(stretches, length=length, gap=gap)
        count = min(len(grid), max(_STATISTICS_FRAMES // self.config.sequence_length, 1))
        picked = np.linspace(0, len(grid) - 1, count).astype(np.int64)
        with_likelihood = self._train_windows.with_likelihood
        frames = FramesOnDisk(self.train, with_likelihood=with_likelihood)
        windows = grid.frames_of(picked)
        return self._train_windows.gather(frames, windows), torch.from_numpy(windows.is_inside)

    def describe_recordings(self, classifier: BehaviorClassifier) -> None:
        """Take from each recording what ``classifier`` needs to know of it beside each window."""
        self._train_windows, self._val_windows = (
            _Windows(split, self.config, classifier) for split in (self.train, self.val)
        )

    def describe_source(self) -> dict[str, Any]:
        """What the recordings are known by, as plain values that a checkpoint keeps.

        Returns:
            ``digests`` of both folders, where known; ``fps``, each rate of the training recordings;
            ``likelihood_below``, what was missing when they were prepared; ``background``, the
            class of frames where nothing happens; ``reading``, how pose files were read, see
            ``PoseOptions.to_dict``; ``mabe2025``, how that data set's videos were read; None if
            unknown.
        """
        source = self.train.source
        is_mabe2025 = source.get("mabe2025") is not None
        return {
            "digests": {"train_data_dir": self.train.digest, "val_data_dir": self.val.digest},
            "fps": sorted({entry.fps for entry in self.train.entries}),
            "likelihood_below": source.get("likelihood_below"),
            "background": source.get("background"),
            "reading": source.get("reading"),
            "mabe2025": {key: source.get(key) for key in ("synonyms", "mend")}
            if is_mabe2025
            else None,
        }

    def count_classes(self) -> torch.Tensor:
        """Training frames in which each class happens, summed over label tracks, ``(C,)``."""
        return torch.from_numpy(self.train.count_classes().sum(axis=0))

    def count_looked(self) -> torch.Tensor | None:
        """Training frames in which somebody looked for each class, ``(C,)``; None if exclusive."""
        if not self.train.is_independent:
            return None
        return torch.from_numpy(self.train.count_looked().sum(axis=0))

    def train_dataloader(self) -> DataLoader[Batch]:
        """All windows of the training recordings, in a random order that seed and epoch decide."""
        return _loader(self._train_windows, TrainingBatches(self.train, self.config))

    def val_dataloader(self) -> DataLoader[Batch]:
        """All frames of the validation recordings, each once."""
        return _loader(self._val_windows, ValidationBatches(self.val, self.config))


class _Windows(torch.utils.data.Dataset[Batch]):
    """Gathers a pool of batches at once, from frames that are opened when the first one is wanted.

    By then Lightning has told this process which GPU is its own. A batch is a view of its pool.
    """

    def __init__(self, dataset: Dataset, config: Config, classifier: BehaviorClassifier) -> None:
        self.with_likelihood = classifier.features.reads_likelihood
        self._dataset = dataset
        self._config = config
        self._views = classifier.views_of(dataset, for_training=True)
        self._contexts = classifier.describe_recordings(dataset, self._views)
        self._pool: WindowFrames | None = None
        self._gathered: Batch | None = None
        entries = map(dataset.entry_of, dataset.tracks)
        self._seconds = torch.tensor([config.frame_gap / entry.fps for entry in entries])

    def __getitem__(self, batch: PoolRows) -> Batch:
        if self._pool is not batch.pool or self._gathered is None:
            self._gathered = None  # its memory is free for the next
            self._gathered = self.gather(self._frames, batch.pool)
            self._pool = batch.pool
        gathered, rows = self._gathered, batch.rows
        return {
            "keypoints": gathered["keypoints"][rows],
            "seconds": gathered["seconds"][rows],
            "context": gathered["context"][rows],
            "labels": gathered["labels"][rows],
            "views": None if (views := gathered["views"]) is None else views[rows],
        }

    def gather(self, frames: Frames, windows: WindowFrames) -> Batch:
        """A batch of ``windows``, on the device of ``frames``."""
        keypoints, labels = frames.gather(windows)
        track = torch.from_numpy(windows.track)
        return {
            "keypoints": keypoints,
            "seconds": self._seconds[track].to(frames.device, non_blocking=True),
            "context": self._contexts[track].to(frames.device, non_blocking=True),
            "labels": labels,
            "views": None if self._views is None else self._views[track].to(frames.device),
        }

    @cached_property
    def _frames(self) -> Frames:
        device = resolve_device(self._config.device)
        if device.type == "cuda":
            device = torch.device("cuda", torch.cuda.current_device())
        return open_frames(self._dataset, device, with_likelihood=self.with_likelihood)


def _loader(windows: _Windows, batches: TrainingBatches | ValidationBatches) -> DataLoader[Batch]:
    # A generator of its own: a loader draws a seed for workers whenever it is iterated, which must
    # not shift the network's random numbers in a resumed epoch against those of a whole run.
    return DataLoader(windows, sampler=batches, batch_size=None, generator=torch.Generator())


def _simulate_into(
    directory: Path, split: str, frames: int, seed: tuple[int, int], config: Config
) -> None:
    """Make ``directory`` a dataset of ``frames`` simulated frames or more, unless it is that."""
    animals, swaps = config.synthetic_animals, config.synthetic_swaps
    note: dict[str, Any] = {"version": SIMULATION_VERSION, "seed": list(seed), "frames": frames}
    if animals > 2:
        note |= {"version": GROUP_SIMULATION_VERSION, "animals": animals, "swaps": swaps}
    source = {"simulated": note}
    if directory.exists() and any(directory.iterdir()):
        found = dict(open_dataset(directory).source)
        if found == source:
            return
        if "simulated" not in found:
            raise InputError(
                f"dataset: is synthetic, but {directory} holds recordings, which are left as they "
                f"are; set dataset to recordings to learn from them, or name another folder"
            )
    length = min(frames, SIMULATED_RECORDING_FRAMES)
    count = -(-frames // length)
    recordings = (
        simulate_recordings(count, length, seed, prefix=split)
        if animals == 2
        else simulate_group(
            count, length, seed, animals=animals, prefix=split, swapped_identities=swaps
        )
    )
    write_dataset(recordings, directory, source=source, overwrite=True)
