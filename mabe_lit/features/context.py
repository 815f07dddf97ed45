"""What the features of a window need to know of its recording, from windows all over it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mabe_lit.config import Config
from mabe_lit.data import Entry
from mabe_lit.data.mapped import PoseReader
from mabe_lit.data.windows import tiling_windows
from mabe_lit.features.augment import all_views
from mabe_lit.features.pose_features import PoseFeatures

_WINDOW_FRAMES = 1024
_WINDOWS = 32


@torch.no_grad()
def recording_contexts(
    features: PoseFeatures,
    keypoints: np.ndarray,
    entries: Sequence[Entry],
    *,
    config: Config,
    mirror_order: Sequence[int],
    likelihood: np.ndarray | None = None,
) -> Tensor:
    """Describe each recording, see ``PoseFeatures.describe_recording``.

    Where training mirrors windows or swaps the animals, recordings are described alike that differ
    in that alone: all these views of their windows count.

    Args:
        features: On the device that computes them.
        keypoints: ``(N, A, K, 2)`` pixels of all recordings end to end; may be memory-mapped.
        entries: Where each of ``R`` recordings lies in them.
        config: How training shows windows.
        mirror_order: For each key point the one on the animal's other side.
        likelihood: ``(N, A, K)`` the tracker's confidence, if it told any.

    Returns:
        ``(R, context_dim)``, on the CPU; ones where the features do without.
    """
    if not features.needs_context:
        return torch.ones(len(entries), features.context_dim)
    device = features.center.device
    reader = PoseReader(keypoints, likelihood if features.reads_likelihood else None)
    contexts = []
    for entry in entries:
        grid = tiling_windows(
            np.array([entry.first_frame]),
            np.array([entry.frames]),
            length=min(_WINDOW_FRAMES, entry.frames),
            gap=config.frame_gap,
        )
        picked = np.linspace(0, len(grid) - 1, min(_WINDOWS, len(grid))).astype(np.int64)
        frames, is_inside = grid.frames_of(picked)
        windows = reader[frames].to(device)
        views = all_views(windows, config, mirror_order)
        seconds = torch.full((len(views),), config.frame_gap / entry.fps, device=device)
        is_real = torch.from_numpy(is_inside).to(device).repeat(len(views) // len(windows), 1)
        contexts.append(features.describe_recording(views, seconds, is_real).cpu())
    return torch.stack(contexts)
