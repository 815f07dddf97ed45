"""Pose windows -> per-frame features, in torch, on the device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

FRONT_NAMES = ("nose", "snout", "head", "neck", "ear", "top")
"""Parts of a key point's name that say it lies in front, the best first."""
BACK_NAMES = ("tail_base", "tailbase", "tail base", "tailstart", "tti", "tail", "hip", "rump")
"""Parts of a key point's name that say it lies behind, the best first."""

COORDINATE_SCALE = 0.25
"""Body lengths that become 1 for the network. The animals are many body lengths apart, but
movements of a tenth of one tell behaviours apart: standardising would bury them."""


class PoseFeatures(nn.Module):
    """Key points of a window as standardised per-frame numbers.

    ``coordinates`` moves and turns each window as one rigid body: the first animal at the window's
    middle frame is the origin and faces +x, and lengths are in its body lengths, times four.
    ``pixels`` leaves the coordinates as they were tracked, standardised by the training recordings.
    Missing points are interpolated between the neighbouring frames of the window; NaN never comes
    out.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, kind: str, animals: int, keypoint_names: tuple[str, ...]) -> None:
        """Set up for these animals and key points; ``kind`` is ``coordinates`` or ``pixels``."""
        super().__init__()
        if kind not in ("coordinates", "pixels"):
            raise ValueError(f"Expected `kind` to be coordinates or pixels but got {kind!r}")
        self.kind = kind
        self.front, self.back = find_body_axis(keypoint_names)
        self.output_dim = animals * len(keypoint_names) * 2
        self.register_buffer("mean", torch.zeros(self.output_dim))
        self.register_buffer("std", torch.ones(self.output_dim))

    def forward(self, keypoints: Tensor) -> Tensor:
        """``(B, T, A, K, 2)`` pixels, NaN where untracked -> ``(B, T, D)`` scaled, without NaN."""
        return (self.raw(keypoints) - self.mean) / self.std

    def raw(self, keypoints: Tensor) -> Tensor:
        """``(B, T, A, K, 2)`` pixels -> ``(B, T, D)`` unscaled, order animal, key point, (x, y)."""
        points = fill_missing(keypoints)
        if self.kind == "coordinates":
            points = align_to_first_animal(points, self.front, self.back)
        return points.flatten(2)  # (B, T, D)

    @torch.no_grad()
    def fit(self, keypoints: Tensor) -> None:
        """Take statistics from sample windows ``(B, T, A, K, 2)`` of the training recordings."""
        if self.kind == "coordinates":
            self.std.fill_(COORDINATE_SCALE)
            return
        sample = self.raw(keypoints).flatten(0, 1)  # (B T, D)
        self.mean.copy_(sample.mean(0))
        self.std.copy_(sample.std(0, correction=0).clamp(min=1e-3))


def find_body_axis(keypoint_names: tuple[str, ...]) -> tuple[int, int]:
    """Indices of the key points at an animal's front and back end, by their names.

    Where the names say nothing, the first key point is the front and the last the back.
    """
    names = [name.lower() for name in keypoint_names]
    front = _first_match(names, FRONT_NAMES, default=0)
    back = _first_match(names, BACK_NAMES, default=len(names) - 1)
    return (front, back) if front != back else (0, len(names) - 1)


def fill_missing(keypoints: Tensor) -> Tensor:
    """Interpolate missing points between the frames of a window in which they were seen.

    Before the first and after the last sighting the nearest one holds. A point that is missing in
    the whole window takes the mean of its animal's points in the same frame; an animal that is
    missing, the mean of all.

    Args:
        keypoints: ``(B, T, A, K, 2)``, NaN where untracked.

    Returns:
        ``(B, T, A, K, 2)`` without NaN; all zero in a window without any point.
    """
    B, T, A, K, _ = keypoints.shape
    is_seen = ~torch.isnan(keypoints).any(-1)  # (B, T, A, K)
    known = torch.where(is_seen[..., None], keypoints, 0.0)
    frame = torch.arange(T, device=keypoints.device).view(1, T, 1, 1)
    before = torch.where(is_seen, frame, -1).cummax(1).values
    after = torch.where(is_seen, frame, T).flip(1).cummin(1).values.flip(1)
    is_ever_seen = (before >= 0) | (after < T)
    left = torch.where(before >= 0, before, after).clamp(max=T - 1)
    right = torch.where(after < T, after, before).clamp(min=0)
    share = (frame - left) / (right - left).clamp(min=1)  # 0 at the left sighting, 1 at the right
    left_point = known.gather(1, left[..., None].expand(B, T, A, K, 2))
    right_point = known.gather(1, right[..., None].expand(B, T, A, K, 2))
    filled = left_point + share[..., None] * (right_point - left_point)
    animal_mean, is_animal_seen = _masked_mean(filled, is_ever_seen, (3,))
    everyone, _ = _masked_mean(filled, is_ever_seen, (2, 3))
    fallback = torch.where(is_animal_seen, animal_mean, everyone)
    return torch.where(is_ever_seen[..., None], filled, fallback)


def align_to_first_animal(points: Tensor, front: int, back: int) -> Tensor:
    """Put the first animal of each window's middle frame at the origin, facing +x.

    The whole window is moved, turned and scaled as one.

    Args:
        points: ``(B, T, A, K, 2)`` pixels, without NaN.
        front: Key point at the front end of the body axis.
        back: Key point at its back end.

    Returns:
        ``(B, T, A, K, 2)`` in body lengths: the first animal's median distance from back to front
        in the window.
    """
    middle = points.shape[1] // 2
    axis = points[:, :, 0, front] - points[:, :, 0, back]  # (B, T, 2)
    length = axis.norm(dim=-1).median(dim=1).values.clamp(min=1.0)  # (B,)
    origin = points[:, middle, 0].mean(dim=1)  # (B, 2)
    facing = axis[:, middle] + torch.tensor([1e-6, 0.0], device=points.device)
    cos, sin = (facing / facing.norm(dim=-1, keepdim=True)).unbind(-1)  # (B,)
    rotation = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    centred = (points - origin[:, None, None, None]) / length[:, None, None, None, None]
    return torch.einsum("btakx,bxy->btaky", centred, rotation)


def _masked_mean(points: Tensor, mask: Tensor, dims: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    count = mask.sum(dims, keepdim=True)[..., None]
    total = torch.where(mask[..., None], points, 0.0).sum(dims, keepdim=True)
    return total / count.clamp(min=1), count > 0


def _first_match(names: list[str], parts: tuple[str, ...], *, default: int) -> int:
    for part in parts:
        for index, name in enumerate(names):
            if part in name:
                return index
    return default
