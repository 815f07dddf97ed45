"""Where to compute: device, precision, compiled steps, several processes.

May import ``shell`` and ``config``.
"""

from mabe_lit.compute.compiled import check_compiler, compile_training
from mabe_lit.compute.device import autocast, cast_weights, resolve_device, resolve_precision
from mabe_lit.compute.distributed import (
    check_devices,
    other_processes,
    process_rank,
    share_of_frames,
)

__all__ = [
    "autocast",
    "cast_weights",
    "check_compiler",
    "check_devices",
    "compile_training",
    "other_processes",
    "process_rank",
    "resolve_device",
    "resolve_precision",
    "share_of_frames",
]
