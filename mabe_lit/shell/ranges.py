"""Values that each key of a ``Config`` may have: in words, and as a check."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

CLOUD_GPUS = ("T4", "L4", "A10G", "L40S", "A100", "A100-80GB", "H100", "H200", "B200")
"""GPUs that a run can be launched on in the cloud."""
MAX_DEVICES = 8
"""Most devices of one machine."""

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
    **dict.fromkeys(("weight_decay", "grad_clip", "min_lr"), _NOT_NEGATIVE),
    **dict.fromkeys(("focal_gamma", "edge_mask_s", "mixup", "patience"), _NOT_NEGATIVE),
    **dict.fromkeys(("scale_jitter", "point_jitter", "time_stretch"), _NOT_NEGATIVE),
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
