"""Pose windows -> per-frame features, in torch, on the device."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mabe_lit.features.coordinates import (
    COORDINATE_RANGE,
    COORDINATE_SCALE,
    align_to_first_animal,
    axis_lengths,
)
from mabe_lit.features.needs import MARKS, ColumnNeeds, where_there
from mabe_lit.features.roles import NEIGHBOR_NAMES, ROLES, neighbor_features
from mabe_lit.features.scaling import ROBUST_RANGE, mean_and_deviation, robust_center_and_scale
from mabe_lit.features.social import GROUPS, social_feature_names, social_features
from mabe_lit.features.views import Views
from mabe_lit.pose.bodies import BodyAxis, find_bodies, mark_lacking
from mabe_lit.pose.gaps import fill_likelihood, fill_missing, find_missing

LOST_S = 1.0
"""Seconds around its last sighting in which an animal of a label track counts as there."""


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

    Where label tracks have agents, the animals are agent and target, and ``social`` also tells
    where the nearest other one is, see ``mabe_lit.features.roles``. What would be computed from a
    point that an animal does not have, or from an animal that is not there or lost for longer than
    ``LOST_S``, is 0, as the usual is; a point that was never tracked is marked by -1 among the
    missing ones.

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
        has_agents: bool = False,
        groups: int = 0,
    ) -> None:
        """Set up for these animals and key points, for roles of animals, and for so many groups."""
        super().__init__()
        if kind not in ("coordinates", "pixels", "social"):
            raise ValueError(
                f"Expected `kind` to be coordinates, pixels or social but got {kind!r}"
            )
        self.kind = kind
        self.groups = tuple(g for g in GROUPS if g != "likelihood" or has_likelihood)
        self.medians = medians
        self.has_agents = has_agents
        self.axis = BodyAxis(keypoint_names)
        animals = ROLES if has_agents else animal_names
        own = self._names(animals, keypoint_names)
        self.frame_names = (*own, *(NEIGHBOR_NAMES if has_agents and kind == "social" else ()))
        self.group_names = tuple(f"group {number}" for number in range(groups))
        self.needs = ColumnNeeds(self._names, animals=len(animals), keypoints=len(keypoint_names))
        self.register_buffer("center", torch.zeros(len(self.frame_names)))
        self.register_buffer("scale", torch.ones(len(self.frame_names)))

    def _names(self, animals: tuple[str, ...], points: tuple[str, ...]) -> tuple[str, ...]:
        if self.kind == "social":
            return social_feature_names(animals, points, self.groups)
        return tuple(f"{a} {point} {axis}" for a in animals for point in points for axis in "xy")

    @property
    def feature_names(self) -> tuple[str, ...]:
        """A name for each of ``D`` columns: of the frame, the recording's medians, the groups."""
        usual = (f"{name}, median of the recording" for name in self.frame_names)
        return (*self.frame_names, *(usual if self.medians else ()), *self.group_names)

    @property
    def output_dim(self) -> int:
        """Columns in all, ``D``."""
        return len(self.frame_names) * (1 + self.medians) + len(self.group_names)

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

    def forward(
        self,
        keypoints: Tensor,
        seconds: Tensor,
        context: Tensor | None = None,
        views: Views | None = None,
    ) -> Tensor:
        """Scaled features of windows.

        Args:
            keypoints: ``(B, T, A, K, 2)`` pixels, NaN where untracked; or 3, with the likelihood
                behind x, y. Where that is NaN or left out, what is tracked counts as certain. Where
                tracks have agents, ``A`` is 3, see ``seen_as``.
            seconds: ``(B,)`` from one frame of a window to the next.
            context: ``(B, context_dim)`` of the windows' tracks, see ``describe_recording``;
                None describes each window as if it were a recording.
            views: Of the windows; None where animals have all points and are no agents.

        Returns:
            ``(B, T, D)`` without NaN, in the order of ``feature_names``.
        """
        columns = self.raw(keypoints, seconds, context, views)
        scaled = [self._scaled(columns)]
        if self.medians:
            usual = columns.nanmedian(dim=1).values if context is None else context[:, 1:]
            scaled.append(self._scaled(usual)[:, None].expand_as(scaled[0]))
        if self.group_names and views is not None:
            scaled.append(views.group[:, None].expand(-1, columns.shape[1], -1))
        features = torch.cat(scaled, dim=-1) if len(scaled) > 1 else scaled[0]
        return features if views is None else features.nan_to_num(0.0)

    def describe_recording(
        self, keypoints: Tensor, seconds: Tensor, is_inside: Tensor, views: Views | None = None
    ) -> Tensor:
        """What the features of a window need to know of its recording, or of its label track.

        Args:
            keypoints: ``(W, T, A, K, 2 or 3)`` windows of one recording.
            seconds: ``(W,)`` from one frame of a window to the next.
            is_inside: ``(W, T)`` false where a window reaches beyond the recording.
            views: Of the windows, all of one track.

        Returns:
            ``(context_dim,)``: median length of the animals' body axes in pixels, where tracked,
            1 in a recording that never shows one; then, with ``medians``, the median of each
            feature before scaling, NaN where it is never known.
        """
        animals = keypoints[:, :, : len(ROLES)] if self.has_agents else keypoints
        lengths = axis_lengths(animals, *self._ends(views))[is_inside]  # NaN where not tracked
        length: Tensor = lengths.nanmedian().nan_to_num(1.0).clamp(min=1.0).view(1)
        if not self.medians:
            return length
        columns = self.raw(keypoints, seconds, length.expand(len(keypoints), 1), views)
        return torch.cat([length, columns[is_inside].nanmedian(dim=0).values])

    def _scaled(self, columns: Tensor) -> Tensor:
        scaled = (columns - self.center) / self.scale
        largest = {"social": ROBUST_RANGE, "coordinates": COORDINATE_RANGE}.get(self.kind)
        return scaled if largest is None else scaled.clamp(-largest, largest)

    def raw(
        self,
        keypoints: Tensor,
        seconds: Tensor,
        context: Tensor | None = None,
        views: Views | None = None,
    ) -> Tensor:
        """Features of the frames before scaling, no medians; arguments as those of ``forward``.

        Returns:
            ``(B, T, columns)``; with ``views`` NaN where a column is not known.
        """
        others = keypoints[:, :, 2:, :, :2]
        if self.has_agents:
            keypoints = keypoints[:, :, :2]
        coordinates, likelihood = keypoints[..., :2], keypoints[..., 2:]
        points, missing = fill_missing(coordinates), find_missing(coordinates)
        front, back = self._ends(views)
        bodies = None
        if self.kind == "pixels":
            columns = points.flatten(2)
        elif self.kind == "coordinates":
            columns = align_to_first_animal(points, missing, front, back).flatten(2)
        else:
            bodies = find_bodies(
                points,
                missing,
                fill_likelihood(likelihood, missing),
                seconds,
                front=front,
                back=back,
                length=None if context is None else context[:, 0],
            )
            if views is not None:
                bodies = mark_lacking(bodies, views.has_point)
            columns = social_features(bodies, self.groups)
        if views is None:
            return columns
        # A lost animal of a scene is where it was seen last.
        reach = LOST_S / seconds if self.has_agents else None
        is_there = where_there(missing, views.has_point, reach)
        columns = columns.masked_fill(~self.needs.are_known(views.has_point, is_there), torch.nan)
        if self.has_agents and bodies is not None:
            columns = torch.cat([columns, neighbor_features(bodies, others[:, :, 0], is_there)], -1)
        return columns

    def _ends(self, views: Views | None) -> tuple[int | Tensor, int | Tensor]:
        return self.axis.ends(None if views is None else views.has_point)

    @torch.no_grad()
    def fit(
        self,
        keypoints: Tensor,
        seconds: Tensor,
        context: Tensor | None = None,
        views: Views | None = None,
        *,
        is_inside: Tensor | None = None,
    ) -> None:
        """Take the scale from sample windows of the training recordings, as in ``forward``.

        ``is_inside (B, T)`` is false where a window has padding; none has where it is None.
        """
        if self.kind == "coordinates":
            self.scale.fill_(COORDINATE_SCALE)
            return
        sample = self.raw(keypoints, seconds, context, views)  # (B, T, D)
        sample = sample.flatten(0, 1) if is_inside is None else sample[is_inside]  # (N, D)
        if self.kind == "pixels":
            center, scale = mean_and_deviation(sample)
        else:
            stays = [n.endswith(MARKS) or n in NEIGHBOR_NAMES for n in self.frame_names]
            center, scale = robust_center_and_scale(sample, torch.tensor(stays))
        self.center.copy_(center)
        self.scale.copy_(scale)
