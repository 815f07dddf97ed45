"""Pose windows -> per-frame features, in torch, on the device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mabe_lit.features.scaling import ROBUST_RANGE, robust_scale
from mabe_lit.features.social import GROUPS, social_feature_names, social_features
from mabe_lit.pose import find_body_axis
from mabe_lit.pose.bodies import find_bodies
from mabe_lit.pose.gaps import fill_likelihood, fill_missing, find_missing

COORDINATE_SCALE = 0.25
"""Body lengths that become 1 for the network. The animals are many body lengths apart, but
movements of a tenth of one tell behaviours apart: standardising would bury them."""
COORDINATE_RANGE = 60.0
"""Where ``coordinates`` are cut off, at 15 body lengths: a window may show no whole animal."""


class PoseFeatures(nn.Module):
    """Key points of a window as scaled per-frame numbers.

    ``coordinates`` moves and turns each window as one rigid body: the first animal at the window's
    middle frame is the origin and faces +x, and lengths are in its body lengths, times four.
    ``pixels`` leaves the coordinates as they were tracked, standardised by the training recordings.
    ``social`` describes each animal's posture, motion and relation to the others, see
    ``mabe_lit.features.social``, scaled by median and interquartile range of the training
    recordings, and how sure the tracker was of each point, if ``has_likelihood``.
    Missing points are interpolated between the neighbouring frames of the window; NaN never comes
    out.

    A window's recording lends it a context, see ``describe_recording``: its animals' body length,
    by which ``social`` measures, so that all windows of a recording are measured alike. With
    ``medians``, the recording's median of each feature stands beside the features of each frame.
    Labels depend on what is usual: cameras, animals and those who annotate differ from recording
    to recording, and a window alone does not show by how much.
    """

    center: Tensor
    scale: Tensor

    def __init__(
        self,
        *,
        kind: str,
        animal_names: tuple[str, ...],
        keypoint_names: tuple[str, ...],
        medians: bool = False,
        has_likelihood: bool = False,
    ) -> None:
        """Set up for these animals and key points."""
        super().__init__()
        if kind not in ("coordinates", "pixels", "social"):
            raise ValueError(
                f"Expected `kind` to be coordinates, pixels or social but got {kind!r}"
            )
        self.kind = kind
        self.groups = tuple(g for g in GROUPS if g != "likelihood" or has_likelihood)
        self.medians = medians
        self.front, self.back = find_body_axis(keypoint_names)
        if kind == "social":
            self.frame_names = social_feature_names(animal_names, keypoint_names, self.groups)
        else:
            self.frame_names = tuple(
                f"{animal} {point} {axis}"
                for animal in animal_names
                for point in keypoint_names
                for axis in "xy"
            )
        self.register_buffer("center", torch.zeros(len(self.frame_names)))
        self.register_buffer("scale", torch.ones(len(self.frame_names)))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """A name for each of ``D`` columns: those of the frame, then the recording's medians."""
        usual = (f"{name}, median of the recording" for name in self.frame_names)
        return (*self.frame_names, *(usual if self.medians else ()))

    @property
    def output_dim(self) -> int:
        """Columns in all, ``D``."""
        return len(self.frame_names) * (1 + self.medians)

    @property
    def reads_likelihood(self) -> bool:
        """Whether anything is computed from the tracker's likelihoods."""
        return self.kind == "social" and "likelihood" in self.groups

    @property
    def needs_context(self) -> bool:
        """Whether anything is computed from a context."""
        return self.medians or self.kind == "social"

    @property
    def context_dim(self) -> int:
        """Columns of a context."""
        return 1 + len(self.frame_names) * self.medians

    def forward(self, keypoints: Tensor, seconds: Tensor, context: Tensor | None = None) -> Tensor:
        """Scaled features of windows.

        Args:
            keypoints: ``(B, T, A, K, 2)`` pixels, NaN where untracked; or 3, with the likelihood
                behind x, y. Where that is NaN or left out, what is tracked counts as certain.
            seconds: ``(B,)`` from one frame of a window to the next.
            context: ``(B, context_dim)`` of the windows' recordings, see ``describe_recording``;
                None describes each window as if it were a recording.

        Returns:
            ``(B, T, D)`` without NaN, in the order of ``feature_names``.
        """
        columns = self.raw(keypoints, seconds, context)
        scaled = self._scaled(columns)
        if not self.medians:
            return scaled
        medians = columns.median(dim=1).values if context is None else context[:, 1:]
        return torch.cat([scaled, self._scaled(medians)[:, None].expand_as(scaled)], dim=-1)

    def describe_recording(self, keypoints: Tensor, seconds: Tensor, is_inside: Tensor) -> Tensor:
        """What the features of a window need to know of its recording.

        Args:
            keypoints: ``(W, T, A, K, 2 or 3)`` windows of one recording.
            seconds: ``(W,)`` from one frame of a window to the next.
            is_inside: ``(W, T)`` false where a window reaches beyond the recording.

        Returns:
            ``(context_dim,)``: median length of the animals' body axes in pixels, where tracked,
            1 in a recording that never shows one; then, with ``medians``, the median of each
            feature before scaling.
        """
        axis = keypoints[..., self.front, :2] - keypoints[..., self.back, :2]  # (W, T, A, 2)
        lengths = axis.norm(dim=-1)[is_inside]  # NaN where not tracked
        length: Tensor = lengths.nanmedian().nan_to_num(1.0).clamp(min=1.0).view(1)
        if not self.medians:
            return length
        columns = self.raw(keypoints, seconds, length.expand(len(keypoints), 1))
        return torch.cat([length, columns[is_inside].median(dim=0).values])

    def _scaled(self, columns: Tensor) -> Tensor:
        scaled = (columns - self.center) / self.scale
        largest = {"social": ROBUST_RANGE, "coordinates": COORDINATE_RANGE}.get(self.kind)
        return scaled if largest is None else scaled.clamp(-largest, largest)

    def raw(self, keypoints: Tensor, seconds: Tensor, context: Tensor | None = None) -> Tensor:
        """Features of the frames before scaling, no medians; arguments as those of ``forward``."""
        coordinates, likelihood = keypoints[..., :2], keypoints[..., 2:]
        points, missing = fill_missing(coordinates), find_missing(coordinates)
        if self.kind == "pixels":
            return points.flatten(2)
        if self.kind == "coordinates":
            return align_to_first_animal(points, missing, self.front, self.back).flatten(2)
        bodies = find_bodies(
            points,
            missing,
            fill_likelihood(likelihood, missing),
            seconds,
            front=self.front,
            back=self.back,
            length=None if context is None else context[:, 0],
        )
        return social_features(bodies, self.groups)

    @torch.no_grad()
    def fit(
        self,
        keypoints: Tensor,
        seconds: Tensor,
        context: Tensor | None = None,
        *,
        is_inside: Tensor | None = None,
    ) -> None:
        """Take the scale from sample windows of the training recordings, as in ``forward``.

        ``is_inside (B, T)`` is false where a window has padding; none has where it is None.
        """
        if self.kind == "coordinates":
            self.scale.fill_(COORDINATE_SCALE)
            return
        sample = self.raw(keypoints, seconds, context)  # (B, T, D)
        sample = sample.flatten(0, 1) if is_inside is None else sample[is_inside]  # (N, D)
        if self.kind == "pixels":
            self.center.copy_(sample.mean(0))
            self.scale.copy_(sample.std(0, correction=0).clamp(min=1e-3))
            return
        ends = ("missing", "likelihood")  # from 0 to 1 as they are
        is_share = torch.tensor([name.endswith(ends) for name in self.frame_names])
        self.center.copy_(torch.where(is_share, 0.0, sample.median(dim=0).values))
        self.scale.copy_(torch.where(is_share, 1.0, robust_scale(sample, at_least=0.1)))


def align_to_first_animal(points: Tensor, missing: Tensor, front: int, back: int) -> Tensor:
    """Put the first animal of each window's middle frame at the origin, facing +x.

    The whole window is moved, turned and scaled as one.

    Args:
        points: ``(B, T, A, K, 2)`` pixels, without NaN.
        missing: ``(B, T, A, K)``, true where the point was not tracked.
        front: Key point at the front end of the body axis.
        back: Key point at its back end.

    Returns:
        ``(B, T, A, K, 2)`` in body lengths: the first animal's median distance from back to front
        in the window, where tracked; that of all animals if it never is.
    """
    middle = points.shape[1] // 2
    is_lost = missing[..., front] | missing[..., back]  # (B, T, A)
    lengths = (points[..., front, :] - points[..., back, :]).norm(dim=-1)
    lengths = lengths.masked_fill(is_lost, torch.nan)
    length, of_all = lengths[..., 0].nanmedian(1).values, lengths.flatten(1).nanmedian(1).values
    length = torch.where(length.isnan(), of_all, length).nan_to_num(1.0).clamp(min=1.0)  # (B,)
    axis = points[:, :, 0, front] - points[:, :, 0, back]  # (B, T, 2)
    origin = points[:, middle, 0].mean(dim=1)  # (B, 2)
    facing = torch.stack([axis[:, middle, 0] + 1e-6, axis[:, middle, 1]], -1)
    cos, sin = (facing / facing.norm(dim=-1, keepdim=True)).unbind(-1)  # (B,)
    rotation = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
    centred = (points - origin[:, None, None, None]) / length[:, None, None, None, None]
    return torch.einsum("btakx,bxy->btaky", centred, rotation)
