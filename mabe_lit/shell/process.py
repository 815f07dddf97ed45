"""How this process shares the machine's cores, and when it gives memory back to the system."""

from __future__ import annotations

import ctypes
import os
import sys

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3  # both from glibc's malloc.h
_REUSED_BYTES = 256 << 20
_KEPT_BYTES = 1 << 30


def tune_process() -> None:
    """Set what a command needs to be fast; call before torch is imported.

    What is set in the environment is left alone.
    """
    _share_cores()
    _keep_freed_memory()


def _share_cores() -> None:
    """Let idle threads spin for a moment, then sleep.

    On a machine that others use as well, threads that spin for work take the time of those that
    have it, and training becomes several times slower. Threads that sleep at once must be woken for
    each of a step's hundreds of operations: a step of the default training takes 110 ms on two
    cores, and 86 ms if they spin 2,000 times first. Two such trainings at once take 181 ms a step
    instead of 150 ms; with 3,000 times it would be 225 ms.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ.setdefault("GOMP_SPINCOUNT", "2000")
    os.environ.setdefault("KMP_BLOCKTIME", "0")


def _keep_freed_memory() -> None:
    """Let arrays of up to 256 MiB reuse freed memory, of which up to 1 GiB is kept.

    glibc gives large arrays back to the system, which clears each page anew for the next one:
    650,000 page faults in predicting 50,000 frames with ``configs/social.yaml``, which is 1.3 times
    as fast without them.
    """
    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _REUSED_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
