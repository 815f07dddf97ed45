"""The network's training step as one compiled program, where that pays."""

from __future__ import annotations

import importlib.util
import os
import shutil
from typing import Any

import torch
from torch import nn

from mabe_lit.shell import InputError

WORTHWHILE_STEPS = 5_000
"""Training steps from which on ``auto`` compiles: compiling takes a minute, and saves milliseconds
a step."""


def check_compiler(setting: str, device: torch.device) -> None:
    """Raise ``InputError`` if ``setting`` is ``always`` and there is no compiler for ``device``."""
    if setting == "always" and not _has_compiler(device):
        needed = "Triton with a C compiler" if device.type == "cuda" else "a C++ compiler"
        raise InputError(
            f"compile: is always, but {needed} is not installed; allowed are never and auto"
        )


def compile_training(network: nn.Module, setting: str, *, device: torch.device, steps: int) -> None:
    """Let ``network`` train as a compiled program; its weights and their names stay the same.

    On a GPU small kernels are fused, and a step is recorded once as a CUDA graph and then launched
    as a whole. On a CPU the compiled step of the default setting takes 1.33 times as long as the
    plain one, so ``auto`` leaves it alone there. Evaluation and prediction are not compiled.

    Args:
        network: A ``mabe_lit.models.network.Network``; its ``stages`` are replaced.
        setting: ``never``, ``always``, or ``auto``: on a GPU, for long trainings.
        device: Where it trains.
        steps: Training steps in all.
    """
    is_worthwhile = device.type == "cuda" and steps >= WORTHWHILE_STEPS
    if setting == "always" or (setting == "auto" and is_worthwhile and _has_compiler(device)):
        mode = "reduce-overhead" if device.type == "cuda" else "default"
        stages: Any = network.stages
        compiled: Any = torch.compile(stages, mode=mode, dynamic=False)
        network.stages = compiled


def _has_compiler(device: torch.device) -> bool:
    if device.type == "cuda":  # Triton compiles a part of its own in C
        has_c = os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")
        return bool(has_c) and importlib.util.find_spec("triton") is not None
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except (InvalidCxxCompiler, RuntimeError):
        return False
    return True
