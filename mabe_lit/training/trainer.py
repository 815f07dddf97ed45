"""A classifier for a dataset, and the Trainer that trains it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment

from mabe_lit.compute import resolve_precision
from mabe_lit.config import Config
from mabe_lit.data import Dataset, Task
from mabe_lit.training.callbacks import EmaWeights, Patience, StopAtOnce
from mabe_lit.training.module import BehaviorClassifier

_TRAINER_PRECISION: dict[str, Any] = {"fp32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


def build_classifier(config: Config, dataset: Dataset) -> BehaviorClassifier:
    """One for the animals, key points and classes of ``dataset``; its weights are the seed's."""
    torch.manual_seed(config.seed)
    return BehaviorClassifier(config, Task.of(dataset), has_likelihood=dataset.has_likelihood)


def build_trainer(
    config: Config,
    device: torch.device,
    *,
    callbacks: list[pl.Callback],
    plugins: Sequence[Any] = (),
    **options: Any,
) -> pl.Trainer:
    """The Trainer of a run; ``options`` are further ones of Lightning's ``Trainer``."""
    return pl.Trainer(
        # Named, or Lightning would take a job of SLURM for several processes that SLURM started.
        plugins=[LightningEnvironment(), *plugins],
        accelerator="gpu" if device.type == "cuda" else "cpu",
        devices=config.devices,
        strategy="auto" if config.devices == 1 else "ddp",
        precision=_TRAINER_PRECISION[resolve_precision(config.precision, device)],
        max_epochs=config.epochs,
        gradient_clip_val=config.grad_clip or None,
        callbacks=[*callbacks, *_optional_callbacks(config)],
        logger=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        **options,
    )


def _optional_callbacks(config: Config) -> list[pl.Callback]:
    callbacks: list[pl.Callback] = []
    if config.devices > 1:
        callbacks.append(StopAtOnce())
    if config.ema_decay:
        callbacks.append(EmaWeights(config.ema_decay))
    if config.patience:
        callbacks.append(Patience("val_macro_f1", mode="max", patience=config.patience))
    return callbacks
