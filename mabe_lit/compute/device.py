"""Where to compute, and in which number format."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import nn

from mabe_lit.shell import InputError

Precision = Literal["fp32", "bf16", "fp16"]

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def resolve_device(device: str) -> torch.device:
    """The device that ``auto``, ``cpu`` or ``cuda`` stands for on this machine.

    Raises:
        InputError: If it is cuda and there is none, or another word.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise InputError(f"device: must be auto, cpu or cuda, got {device!r}")
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise InputError("device: is cuda, but PyTorch finds no GPU here; allowed are auto and cpu")
    return torch.device("cuda" if has_cuda and device != "cpu" else "cpu")


def resolve_precision(precision: str, device: torch.device) -> Precision:
    """The number format of matrix products that ``auto`` stands for on ``device``.

    Raises:
        InputError: If the device does not compute in the format asked for.
    """
    if device.type == "cuda":
        # Cards before Ampere (a T4, say) emulate bf16 slowly and are built for fp16.
        fastest: Precision = (
            "bf16" if torch.cuda.get_device_capability(device) >= (8, 0) else "fp16"
        )
    else:
        # Builds without oneDNN, such as those for Apple's chips, do not have the operator.
        has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        has_bf16 = has_onednn and torch.ops.mkldnn._is_mkldnn_bf16_supported()
        fastest = "bf16" if has_bf16 else "fp32"
        if precision == "fp16":
            raise InputError("precision: is fp16, but a CPU computes in fp32 and bf16")
    return fastest if precision == "auto" else precision  # type: ignore[return-value]


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """A context in which matrix products on ``device`` have this precision."""
    return torch.autocast(device.type, dtype=_DTYPES[precision], enabled=precision != "fp32")


@contextmanager
def cast_weights(network: nn.Module, precision: Precision) -> Iterator[None]:
    """A context in which weights of linear layers and convolutions have this precision.

    In inference mode ``autocast`` casts them anew at each call, to the same numbers. Norms and
    recurrent layers stay in float32. Afterwards every weight is what and where it was, however the
    context ends.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, (nn.Linear, nn.Conv1d))]
    weights = [weight for layer in layers for weight in layer.parameters(recurse=False)]
    full = [weight.data for weight in weights]
    try:
        for weight in weights:
            weight.data = weight.data.to(_DTYPES[precision])
        yield
    finally:
        for weight, data in zip(weights, full, strict=True):
            weight.data = data
