"""What the features of a window need to know of its recording, from windows all over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mabe_lit.config import Config
from mabe_lit.data import Dataset
from mabe_lit.data.mapped import PoseReader
from mabe_lit.data.windows import Stretches, tiling_windows
from mabe_lit.features.augment import all_views
from mabe_lit.features.pose_features import PoseFeatures
from mabe_lit.features.views import Views, seen_as

_WINDOWS = (32, 1024)
"""Windows of a scene that are looked at, and frames in each."""
_TRACK_WINDOWS = (16, 256)
"""The same of a label track, of which a recording has many."""


@torch.no_grad()
def recording_contexts(
    features: PoseFeatures,
    dataset: Dataset,
    views: Views | None,
    *,
    config: Config,
    mirror_order: Sequence[int],
) -> Tensor:
    """Describe the recording of each label track, see ``PoseFeatures.describe_recording``.

    Where training mirrors windows or swaps the animals, recordings are described alike that differ
    in that alone: all these views of their windows count.

    Args:
        features: On the device that computes them.
        dataset: The recordings.
        views: Of the label tracks; None where all are plain scenes.
        config: How training shows windows.
        mirror_order: For each key point the one on the animal's other side.

    Returns:
        ``(tracks, context_dim)``, on the CPU; ones where the features do without.
    """
    tracks = dataset.tracks
    if not features.needs_context:
        return torch.ones(len(tracks), features.context_dim)
    device = features.center.device
    likelihood = dataset.likelihood if features.reads_likelihood else None
    reader = PoseReader(dataset.keypoints, likelihood)
    most, length = _TRACK_WINDOWS if features.has_agents else _WINDOWS
    contexts = []
    read: tuple[int, Tensor, Tensor] | None = None
    for number, track in enumerate(tracks):
        entry = dataset.entry_of(track)
        if read is None or read[0] != track.recording:  # tracks of a recording see the same windows
            first_frame, frames = np.array([entry.first_frame]), np.array([entry.frames])
            grid = tiling_windows(
                Stretches.whole(first_frame, frames),
                length=min(length, entry.frames),
                gap=config.frame_gap,
            )
            picked = np.linspace(0, len(grid) - 1, min(most, len(grid))).astype(np.int64)
            windows = grid.frames_of(picked)
            is_inside = torch.from_numpy(windows.is_inside).to(device)
            read = (track.recording, reader[windows.frames].to(device), is_inside)
        _, keypoints, is_inside = read
        own = None if views is None else views[torch.full((len(keypoints),), number)].to(device)
        keypoints, own = seen_as(keypoints, own)
        shown = all_views(keypoints, config, mirror_order)
        V = len(shown) // len(keypoints)
        seconds = torch.full((len(shown),), config.frame_gap / entry.fps, device=device)
        own = own if own is None else own.repeat(V)
        is_real = is_inside.repeat(V, 1)
        contexts.append(features.describe_recording(shown, seconds, is_real, own).cpu())
    return torch.stack(contexts)
