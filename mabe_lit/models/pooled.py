"""Any network at a lower frame rate."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mabe_lit.models.network import Network


class Pooled(Network):
    """Summarises ``pool`` frames as one step, and interpolates the answer back to frames.

    Behaviour lasts many frames: fewer steps cost less, and the same layers see further. A step has
    the mean of its frames' features and their standard deviation, for what is quick shows in how
    much the frames differ. So the network within reads ``2 D`` features.
    """

    def __init__(self, network: Network, pool: int) -> None:
        """Run ``network``, which reads ``2 D`` features, on steps of ``pool`` frames."""
        super().__init__()
        self.network = network
        self.pool = pool
        self.smoothing_weight = network.smoothing_weight

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits."""
        return self._to_frames(self.network(self._to_steps(features)), features.shape[1])

    def stages(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(S, B, T, C)`` logits of each stage."""
        steps = self.network.stages(self._to_steps(features))  # (S, B, T / pool, C)
        logits = self._to_frames(steps.flatten(0, 1), features.shape[1])  # (S B, T, C)
        return logits.view(*steps.shape[:2], *logits.shape[1:])

    def _to_steps(self, features: Tensor) -> Tensor:
        mean, mean_square = self._average(features), self._average(features.square())
        # Rounding can leave a variance below 0; the root has no gradient at 0.
        deviation = (mean_square - mean.square()).clamp(min=1e-6).sqrt()
        return torch.cat([mean, deviation], dim=-1)  # (B, ceil(T / pool), 2 D)

    def _average(self, values: Tensor) -> Tensor:
        mean = F.avg_pool1d(
            values.transpose(1, 2), self.pool, ceil_mode=True, count_include_pad=False
        )
        return mean.transpose(1, 2)

    def _to_frames(self, logits: Tensor, frames: int) -> Tensor:
        spread = F.interpolate(
            logits.transpose(1, 2), scale_factor=self.pool, mode="linear", align_corners=False
        )
        return spread.transpose(1, 2)[:, :frames]
