"""Values that each key of a ``Config`` may have, in words and as a check, and which go together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

CLOUD_GPUS = ("T4", "L4", "A10G", "L40S", "A100", "A100-80GB", "H100", "H200", "B200")
"""GPUs that a run can be launched on in the cloud."""
MAX_DEVICES = 8
"""Most devices of one machine."""
MAX_SYNTHETIC_ANIMALS = 16
"""Most simulated mice; more would hardly fit into their arena."""

_Range = tuple[str, Callable[[Any], bool]]
_AT_LEAST_ONE: _Range = ("at least 1", lambda value: value >= 1)
_POSITIVE: _Range = ("a number above 0", lambda value: 0 < value < float("inf"))
_NOT_NEGATIVE: _Range = ("a number of 0 or more", lambda value: 0 <= value < float("inf"))
_SHARE: _Range = ("0 or more and below 1", lambda value: 0 <= value < 1)
RANGES: dict[str, _Range] = {
    **dict.fromkeys(
        ("input_dim", "num_classes", "hidden_dim", "num_layers", "num_heads", "sequence_length"),
        _AT_LEAST_ONE,
    ),
    **dict.fromkeys(("attention_reach", "num_stages"), _AT_LEAST_ONE),
    **dict.fromkeys(("epochs", "batch_size", "save_freq", "overlap"), _AT_LEAST_ONE),
    "frame_gap": ("1 to 10,000", lambda value: 1 <= value <= 10_000),
    **dict.fromkeys(("synthetic_train_frames", "synthetic_val_frames"), _AT_LEAST_ONE),
    "synthetic_animals": (
        f"2 to {MAX_SYNTHETIC_ANIMALS}",
        lambda value: 2 <= value <= MAX_SYNTHETIC_ANIMALS,
    ),
    **dict.fromkeys(("weight_decay", "grad_clip", "min_lr"), _NOT_NEGATIVE),
    **dict.fromkeys(("scale_jitter", "patience"), _NOT_NEGATIVE),
    **dict.fromkeys(("dropout", "label_smoothing", "drop_points"), _SHARE),
    **dict.fromkeys(("warmup", "ema_decay"), _SHARE),
    **dict.fromkeys(("pool", "members", "folds", "fold", "prediction_length"), _AT_LEAST_ONE),
    "learning_rate": _POSITIVE,
    "seed": ("0 to 2^32 - 1", lambda value: 0 <= value < 2**32),
    "devices": (f"1 to {MAX_DEVICES}", lambda value: 1 <= value <= MAX_DEVICES),
    "gpu": (
        f"one of {', '.join(CLOUD_GPUS)}, or NAME:n for n of them, up to {MAX_DEVICES}",
        lambda value: bool(re.fullmatch(rf"({'|'.join(CLOUD_GPUS)})(:[1-{MAX_DEVICES}])?", value)),
    ),
}


def find_problems(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with the values of all keys of a ``Config``: a line for each problem."""
    problems = [
        f"{key}: must be {allowed}, got {settings[key]!r}"
        for key, (allowed, is_valid) in RANGES.items()
        if settings[key] is not None and not is_valid(settings[key])
    ]
    if not problems:
        problems += _contradictions(**settings)
    return [*problems, *_wrong_places(**settings)]


def _contradictions(
    *,
    model_type: str,
    hidden_dim: int,
    num_heads: int,
    learning_rate: float,
    min_lr: float,
    sequence_length: int,
    prediction_length: int | None,
    overlap: int,
    folds: int,
    fold: int | None,
    always_train: list[str] | None,
    synthetic_animals: int,
    synthetic_swaps: bool,
    **_: Any,
) -> Iterator[str]:
    """Keys that are valid each but not together."""
    # Rotary positions turn channels in pairs.
    multiple = {"transformer": num_heads, "conformer": 2 * num_heads}.get(model_type, 1)
    if hidden_dim % multiple:
        twice = "2 x " if model_type == "conformer" else ""
        yield f"hidden_dim: must be a multiple of {twice}num_heads ({num_heads}), got {hidden_dim}"
    if min_lr > learning_rate:
        yield f"min_lr: must be at most learning_rate ({learning_rate:g}), got {min_lr:g}"
    key = "prediction_length" if prediction_length else "sequence_length"
    window_frames = prediction_length or sequence_length
    if overlap > window_frames:
        yield f"overlap: must be at most {key} ({window_frames}), got {overlap}"
    if fold is not None and (folds == 1 or fold > folds):
        yield f"fold: must be one of folds, of which there are {folds}, got {fold}"
    if always_train and folds == 1:
        yield "always_train: is of cross-validation, must be null where folds is 1"
    if synthetic_swaps and synthetic_animals == 2:
        yield "synthetic_swaps: is of groups, must be false where synthetic_animals is 2"


def _wrong_places(
    *, train_data_dir: str, val_data_dir: str, run: str | None, **_: Any
) -> Iterator[str]:
    """Folders that would hold two things, or lie outside of where they belong."""
    if Path(train_data_dir) == Path(val_data_dir):
        yield f"val_data_dir: must be another folder than train_data_dir, both are {val_data_dir!r}"
    if run is not None and (run in ("", ".", "..") or Path(run).is_absolute()):
        yield f"run: must be the name of a folder, got {run!r}"
    elif run is not None and ".." in Path(run).parts:
        yield f"run: must stay inside checkpoint_dir, got {run!r}"
