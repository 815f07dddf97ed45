"""Frame rates that files tell by the way, as frames beside seconds."""

from __future__ import annotations

import numpy as np

from mabe_lit.pose import is_rate

COMMON = (24.0, 25.0, 29.97, 30.0, 50.0, 59.94, 60.0, 100.0, 120.0)
_NEAR = 1e-3
"""Part of a rate by which another one may miss it and be the same."""
_ROUNDED = 0.5
"""Frames by which a time may be beside its frame."""


def common_rate(fps: float) -> float | None:
    """The common rate that is within 0.1 % of ``fps``, None if there is none."""
    nearest = min(COMMON, key=lambda rate: abs(rate - fps))
    return nearest if abs(nearest - fps) <= _NEAR * nearest else None


def settle_rate(fps: float, doubt: float) -> float | None:
    """The rate that a measured one is: a common one that is near, else itself to six digits.

    Args:
        fps: Frames per second as measured.
        doubt: Part of it by which it may be wrong.

    Returns:
        None where it may be wrong by more than 0.1 %, or is no rate.
    """
    if not doubt <= _NEAR or not is_rate(fps):
        return None
    return common_rate(fps) or float(f"{fps:.6g}")


def rate_of_rows(frames: np.ndarray, times_s: np.ndarray, printed_s: float) -> float | None:
    """The rate of rows that tell their frame and their time.

    Args:
        frames: ``(rows,)`` numbers that increase.
        times_s: ``(rows,)`` seconds.
        printed_s: What these are rounded to.

    Returns:
        None where they do not agree, or do not tell the rate well enough.
    """
    if len(frames) < 2 or not times_s[-1] > times_s[0]:
        return None
    span_s = float(times_s[-1] - times_s[0])
    fps = settle_rate(float(frames[-1] - frames[0]) / span_s, printed_s / span_s)
    if fps is None:
        return None
    missed = np.abs((times_s - times_s[0]) * fps - (frames - frames[0]))
    return fps if missed.max() <= _ROUNDED + printed_s * fps else None
