"""Random courses over time, from which simulated movement is made."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Number = TypeVar("_Number", np.float64, np.complex128)


def hold(
    rng: np.random.Generator, draw: npt.NDArray[_Number], change: float
) -> npt.NDArray[_Number]:
    """Keep each value of ``draw (N, ...)`` until a change, of probability ``change`` a frame."""
    fresh = rng.random(draw.shape) < change
    fresh[0] = True
    index = np.arange(len(draw)).reshape(-1, *[1] * (draw.ndim - 1))
    kept = np.maximum.accumulate(np.where(fresh, index, 0), axis=0)
    return np.take_along_axis(draw, kept, axis=0)


def wander(rng: np.random.Generator, shape: tuple[int, ...], frames: float) -> _Floats:
    """Noise of unit variance, smooth along the first axis over about ``frames`` frames."""
    kernel = np.hanning(2 * int(frames) + 3)
    kernel /= np.linalg.norm(kernel)
    spectrum = np.fft.rfft(rng.standard_normal(shape), axis=0)
    response = np.fft.rfft(kernel, shape[0]) if shape[0] >= len(kernel) else np.ones(len(spectrum))
    smooth: _Floats = np.fft.irfft(
        spectrum * response.reshape(-1, *[1] * (len(shape) - 1)), shape[0], axis=0
    )
    return smooth


def smooth(values: _Floats, frames: int) -> _Floats:
    """Mean over about ``frames`` frames around each frame, twice; at the ends over those there are.

    Args:
        values: ``(N, ...)``.
        frames: An odd number.
    """
    index = np.arange(len(values))
    reach = frames // 2
    first, last = (index - reach).clip(0), (index + reach + 1).clip(max=len(values))
    width = (last - first).reshape(-1, *[1] * (values.ndim - 1))
    for _ in range(2):
        total = np.concatenate([np.zeros((1, *values.shape[1:])), values.cumsum(axis=0)])
        values = (total[last] - total[first]) / width
    return values
