"""Seconds of a training step: of a plain loop, of the Trainer, bare; and of prediction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

from mabe_lit import UNSCORED
from mabe_lit.compute import autocast, resolve_precision
from mabe_lit.config import Config
from mabe_lit.inference import predict_probabilities
from mabe_lit.training import BehaviorClassifier, BehaviorDataModule, build_trainer
from mabe_lit.training.optim import build_optimizer

PLAIN_FRAMES = 64
"""Frames in a window of the plain loop, whatever those of the setting."""

WARM_UP = 3
"""Steps before those of a measurement."""


class PlainLoop:
    """The first version's loop: PyTorch's encoder, stacked windows, a loss read each step."""

    def __init__(self, config: Config, data: BehaviorDataModule, device: torch.device) -> None:
        """Stack the windows of ``data`` and build the first Transformer."""
        shape = data.train.keypoints.shape
        dim, classes = int(np.prod(shape[1:])), len(data.train.class_names)
        windows = min(len(data.train.keypoints) // PLAIN_FRAMES, 4096)
        stop = windows * PLAIN_FRAMES
        labels = data.train.runs.labels(0, stop)
        if data.train.is_independent:  # it knew one class a frame
            labels = labels.argmax(axis=1)
        pose = np.nan_to_num(np.array(data.train.keypoints[:stop]))
        self._windows = TensorDataset(
            torch.from_numpy(pose).view(windows, PLAIN_FRAMES, dim),
            torch.from_numpy(labels.astype(np.int64)).view(windows, -1),
        )
        self._device = device
        layer = nn.TransformerEncoderLayer(256, 8, 1024, 0.1, batch_first=True)
        self._input = nn.Linear(dim, 256)
        self._encoder = nn.TransformerEncoder(layer, 4, enable_nested_tensor=False)
        self._head = nn.Linear(256, classes)
        self._model = nn.Sequential(self._input, self._encoder, self._head).to(device).train()
        self._optimizer = torch.optim.AdamW(self._model.parameters(), lr=1e-4)
        self._batches = self._endless(config.batch_size)

    def __call__(self, steps: int) -> float:
        """Seconds a step, over so many."""
        return _seconds_a_step(self._step, steps, self._device)

    def _endless(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield from DataLoader(self._windows, batch_size, shuffle=True, drop_last=True)

    def _step(self) -> None:
        pose, labels = (tensor.to(self._device) for tensor in next(self._batches))
        logits = self._model(pose / 512)
        loss = F.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=UNSCORED, reduction="mean"
        )
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._model.parameters(), 1.0)
        self._optimizer.step()
        loss.item()


@dataclass(frozen=True)
class TrainerLoop:
    """Training ``classifier`` as ``mabe_lit.fit`` does, an epoch of few batches a measurement."""

    config: Config
    data: BehaviorDataModule
    classifier: BehaviorClassifier
    device: torch.device

    def __call__(self, steps: int) -> float:
        """Seconds a step, over so many; from the end of a batch to the end of another."""
        watch = _StopWatch(self.device)
        trainer = build_trainer(
            replace(self.config, epochs=1),
            self.device,
            callbacks=[watch],
            enable_checkpointing=False,
            enable_progress_bar=False,
            limit_train_batches=steps + WARM_UP,
            limit_val_batches=0,
        )
        trainer.fit(self.classifier, self.data.train_dataloader(), self.data.val_dataloader())
        return watch.elapsed / steps


class _StopWatch(pl.Callback):
    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._started = 0.0
        self.elapsed = 0.0

    def on_train_batch_end(self, *arguments: Any, **_: Any) -> None:
        if arguments[-1] == WARM_UP - 1:
            self._started = _now(self._device)

    def on_train_epoch_end(self, *_: Any) -> None:
        self.elapsed = _now(self._device) - self._started


class BareStep:
    """Features, forward, backward, clipping and optimizer on one batch that is already there."""

    def __init__(
        self,
        config: Config,
        data: BehaviorDataModule,
        classifier: BehaviorClassifier,
        device: torch.device,
    ) -> None:
        """Train ``classifier``, which is moved to ``device``, on one batch of ``data``."""
        self._device = device
        self._precision = resolve_precision(config.precision, device)
        self._classifier = classifier.to(device).train()
        self._classifier.log = lambda *_, **__: None  # type: ignore[method-assign]
        self._optimizer = build_optimizer(
            config, classifier.network, fused=self._precision != "fp16"
        )
        batch = next(iter(data.train_dataloader()))
        self._batch: Any = {
            key: None if value is None else value.to(device) for key, value in batch.items()
        }
        self._clip = config.grad_clip

    def __call__(self, steps: int) -> float:
        """Seconds a step, over so many."""
        return _seconds_a_step(self.step, steps, self._device)

    def step(self) -> None:
        """One step."""
        with autocast(self._device, self._precision):
            loss = self._classifier.training_step(self._batch, 0)
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip:
            nn.utils.clip_grad_norm_(self._classifier.network.parameters(), self._clip)
        self._optimizer.step()

    def count_flops(self) -> int:
        """Floating point operations of the matrix products and convolutions of a step."""
        counter = FlopCounterMode(display=False)
        with counter:
            self.step()
        return int(counter.get_total_flops())


def matrix_product_flops_per_s(config: Config, device: torch.device) -> Callable[[int], float]:
    """A measurement of what this device's matrix products reach in the training's precision.

    The operands are those of a feed-forward layer: all frames of a batch, ``hidden_dim`` and four
    times as many columns.
    """
    precision = resolve_precision(config.precision, device)
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]
    rows = config.batch_size * config.sequence_length // config.pool
    left = torch.randn(rows, config.hidden_dim, device=device).to(dtype)
    right = torch.randn(config.hidden_dim, 4 * config.hidden_dim, device=device).to(dtype)

    def measure(repeats: int) -> float:
        left @ right
        started = _now(device)
        for _ in range(repeats):
            left @ right
        return 2 * left.numel() * right.shape[1] * repeats / (_now(device) - started)

    return measure


def predicted_frames_per_s(
    classifier: BehaviorClassifier, data: BehaviorDataModule, device: torch.device
) -> Callable[[int], float]:
    """A measurement of prediction over all validation recordings, from disk to probabilities.

    A frame counts once for each label track.
    """
    frames = sum(data.val.entry_of(track).frames for track in data.val.tracks)

    def measure(_: int) -> float:
        started = _now(device)
        predict_probabilities(classifier, data.val, device=device.type)
        return frames / (_now(device) - started)

    return measure


def _seconds_a_step(step: Callable[[], None], steps: int, device: torch.device) -> float:
    for _ in range(WARM_UP):
        step()
    started = _now(device)
    for _ in range(steps):
        step()
    return (_now(device) - started) / steps


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
