"""Animals as bodies: where they are, where they face, and how long they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mabe_lit.pose.gaps import frames_last


@dataclass(frozen=True)
class Bodies:
    """Animals of some windows in the frame of their own bodies; see ``frames_last`` for the shapes.

    Attributes:
        points: ``(2, A, K, B, T)`` in pixels, without NaN.
        missing: ``(A, K, B, T)`` 1 where the point was not tracked.
        likelihood: ``(A, K, B, T)`` the tracker's confidence in the point, 0 to 1.
        centre: ``(2, A, B, T)`` middle of the body axis, in pixels.
        heading: ``(2, A, B, T)`` unit vector from back to front.
        length: ``(B, 1)`` median length of all animals' body axes, in pixels.
        seconds: ``(B, 1)`` from one frame of the window to the next.
    """

    points: Tensor
    missing: Tensor
    likelihood: Tensor
    centre: Tensor
    heading: Tensor
    length: Tensor
    seconds: Tensor


def find_bodies(
    keypoints: Tensor,
    missing: Tensor,
    likelihood: Tensor,
    seconds: Tensor,
    *,
    front: int,
    back: int,
    length: Tensor | None = None,
) -> Bodies:
    """Bodies of windows whose gaps are filled.

    Args:
        keypoints: ``(B, T, A, K, 2)`` pixels, without NaN.
        missing: ``(B, T, A, K)``, true where the point was not tracked.
        likelihood: ``(B, T, A, K)`` the tracker's confidence in the point, 0 to 1.
        seconds: ``(B,)`` from one frame of the window to the next.
        front: Key point at the front end of the body axis.
        back: Key point at its back end.
        length: ``(B,)`` length of the body axes in pixels; if left out, it is measured in each
            window, where they are tracked.
    """
    points = frames_last(keypoints)
    axis = points[:, :, front] - points[:, :, back]  # (2, A, B, T)
    norm = vector_length(axis)  # (A, B, T)
    if length is None:
        is_lost = (missing[..., front] | missing[..., back]).permute(2, 0, 1)
        seen = norm.masked_fill(is_lost, torch.nan).movedim(1, 0).flatten(1)  # (B, A T)
        length = seen.nanmedian(dim=1).values.nan_to_num(1.0).clamp(min=1.0)  # (B,)
    upward = points.new_zeros(2, 1, 1, 1)
    upward[0] = 1.0  # set there: a tensor from here would wait for the GPU
    return Bodies(
        points=points,
        missing=missing.to(points.dtype).permute(2, 3, 0, 1),
        likelihood=likelihood.permute(2, 3, 0, 1),
        centre=(points[:, :, front] + points[:, :, back]) / 2,
        heading=torch.where(norm > 1e-3, axis / norm.clamp(min=1e-3), upward),
        length=length[:, None].to(torch.float32),
        seconds=seconds[:, None].to(torch.float32),
    )


def vector_length(vector: Tensor) -> Tensor:
    """``(2, ...)`` -> ``(...)``; ``Tensor.norm`` of the first dimension is 100 times slower."""
    return torch.hypot(vector[0], vector[1])
