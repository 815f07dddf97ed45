"""Optimizers, and the course of the learning rate."""

from __future__ import annotations

import math
from typing import Any

import torch

from mabe_lit.config import Config


def build_optimizer(
    config: Config, network: torch.nn.Module, *, fused: bool
) -> torch.optim.Optimizer:
    """The optimizer that ``config.optimizer`` names; ``fused`` has one kernel for all weights.

    Without, PyTorch chooses: on a GPU a kernel an operation, on a CPU one for each weight as well.
    """
    common: dict[str, Any] = {
        "lr": config.learning_rate,
        "weight_decay": config.weight_decay,
        "fused": fused or None,
    }
    if config.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=0.9, **common)
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(network.parameters(), **common)


def configure_optimizer(
    config: Config, network: torch.nn.Module, *, precision: str, steps: int
) -> dict[str, Any]:
    """Optimizer and course of the learning rate for ``steps`` in all, as Lightning takes them.

    ``precision`` is the Trainer's.
    """
    # A fused step undoes fp16's loss scaling inside the kernel, after gradients are clipped.
    optimizer = build_optimizer(config, network, fused=precision != "16-mixed")
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: learning_rate_factor(config, step, steps)
    )
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def learning_rate_factor(config: Config, step: int, steps: int) -> float:
    """What the learning rate is multiplied by in ``step`` of ``steps``."""
    warmup_steps = round(config.warmup * steps)
    if step < warmup_steps:
        return (step + 1) / (warmup_steps + 1)
    if config.scheduler == "constant":
        return 1.0
    course = min((step - warmup_steps) / max(steps - warmup_steps, 1), 1.0)
    end = config.min_lr / config.learning_rate
    return end + (1 - end) * (1 + math.cos(math.pi * course)) / 2
