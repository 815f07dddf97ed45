"""Animals as bodies: where they are, where they face, and how long they are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from mabe_lit.pose.gaps import frames_last
from mabe_lit.pose.skeleton import find_body_axis, order_of_ends


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
    front: int | Tensor,
    back: int | Tensor,
    length: Tensor | None = None,
) -> Bodies:
    """Bodies of windows whose gaps are filled.

    Args:
        keypoints: ``(B, T, A, K, 2)`` pixels, without NaN.
        missing: ``(B, T, A, K)``, true where the point was not tracked.
        likelihood: ``(B, T, A, K)`` the tracker's confidence in the point, 0 to 1.
        seconds: ``(B,)`` from one frame of the window to the next.
        front: Key point at the front end of the body axis; ``(B, A)`` where animals differ.
        back: Key point at its back end, likewise.
        length: ``(B,)`` length of the body axes in pixels; if left out, it is measured in each
            window, where they are tracked.
    """
    points = frames_last(keypoints)
    ahead, behind = (point_of(points, end) for end in (front, back))  # (2, A, B, T)
    axis = ahead - behind
    norm = vector_length(axis)  # (A, B, T)
    if length is None:
        lost = missing.permute(2, 3, 0, 1)[None]  # (1, A, K, B, T)
        is_lost = (point_of(lost, front) | point_of(lost, back))[0]
        if isinstance(front, Tensor):  # an animal of a single point has no axis
            is_lost = is_lost | (front == back).t()[..., None]
        seen = norm.masked_fill(is_lost, torch.nan).movedim(1, 0).flatten(1)  # (B, A T)
        length = seen.nanmedian(dim=1).values.nan_to_num(1.0).clamp(min=1.0)  # (B,)
    upward = points.new_zeros(2, 1, 1, 1)
    upward[0] = 1.0  # set there: a tensor from here would wait for the GPU
    return Bodies(
        points=points,
        missing=missing.to(points.dtype).permute(2, 3, 0, 1),
        likelihood=likelihood.permute(2, 3, 0, 1),
        centre=(ahead + behind) / 2,
        heading=torch.where(norm > 1e-3, axis / norm.clamp(min=1e-3), upward),
        length=length[:, None].to(torch.float32),
        seconds=seconds[:, None].to(torch.float32),
    )


class BodyAxis(nn.Module):
    """Which key points an animal's axis runs between.

    Attributes:
        front: The best front of all key points, by their names.
        back: The best back.
    """

    _fronts: Tensor
    _backs: Tensor

    def __init__(self, keypoint_names: tuple[str, ...]) -> None:
        """Look at the names, see ``mabe_lit.pose.skeleton``."""
        super().__init__()
        self.front, self.back = find_body_axis(keypoint_names)
        fronts, backs = order_of_ends(keypoint_names)
        self.register_buffer("_fronts", torch.tensor(fronts), persistent=False)
        self.register_buffer("_backs", torch.tensor(backs), persistent=False)

    def ends(self, has_point: Tensor | None) -> tuple[int | Tensor, int | Tensor]:
        """Front and back; where animals do not have all points, the best that each has.

        Args:
            has_point: ``(B, A, K)`` bool; None where all have all.

        Returns:
            Key points, or ``(B, A)`` of them; the same twice where an animal has one alone.
        """
        if has_point is None:
            return self.front, self.back
        front = self._fronts[has_point[..., self._fronts].to(torch.uint8).argmax(-1)]
        is_other = has_point[..., self._backs] & (self._backs != front[..., None])
        back = self._backs[is_other.to(torch.uint8).argmax(-1)]
        return front, torch.where(is_other.any(-1), back, front)


def mark_lacking(bodies: Bodies, has_point: Tensor) -> Bodies:
    """The same with -1 for missing where an animal does not have a point, ``(B, A, K)``."""
    is_had = has_point.permute(1, 2, 0)[..., None]  # (A, K, B, 1)
    return replace(bodies, missing=torch.where(is_had, bodies.missing, -1.0))


def point_of(values: Tensor, point: int | Tensor) -> Tensor:
    """``(n, A, K, B, T)`` of all points -> ``(n, A, B, T)`` of one, or of one for each animal."""
    if isinstance(point, int):
        return values[:, :, point]
    index = point.t()[None, :, None, :, None]  # (1, A, 1, B, 1)
    return values.gather(2, index.expand(len(values), -1, -1, -1, values.shape[-1]))[:, :, 0]


def vector_length(vector: Tensor) -> Tensor:
    """``(2, ...)`` -> ``(...)``; ``Tensor.norm`` of the first dimension is 100 times slower."""
    return torch.hypot(vector[0], vector[1])
