"""Any network at a lower frame rate."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from mabe_lit.features.scaling import ROBUST_RANGE, robust_scale
from mabe_lit.models.answers import Answers
from mabe_lit.models.network import Network


class Pooled(Network):
    """Summarises ``pool`` frames as one step, and interpolates the answer back to frames.

    Behaviour lasts many frames: fewer steps cost less, and the same layers see further. A step has
    the mean of its frames' features and their standard deviation, for what is quick shows in how
    much the frames differ. So the network within reads ``2 D`` features. The deviations are small
    beside the means and their distribution has a long tail, so they are scaled by their own median
    and interquartile range: without it, macro F1 on the rats of the README is 0.01 lower.
    An answer is smoothed over two steps: bouts shorter than a step are none, and without it F1@50
    there is 0.05 lower at the same macro F1.
    """

    center: Tensor
    scale: Tensor

    def __init__(self, network: Network, pool: int, *, input_dim: int, answers: Answers) -> None:
        """Run ``network``, which reads ``2 D`` features, on steps of ``pool`` frames."""
        super().__init__()
        self.network = network
        self.pool = pool
        self.answers = answers
        self.register_buffer("center", torch.zeros(input_dim))
        self.register_buffer("scale", torch.ones(input_dim))
        self.smoothing_weight = network.smoothing_weight

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits of a mean probability.

        Where a step begins is chance, and so is a part of the answer: it is the mean of two, for
        steps that begin half a step apart.
        """
        return self.among(features, None)

    def among(self, features: Tensor, looked_for: Tensor | None) -> Tensor:
        """The same among the classes ``looked_for (B, C)``, see ``Network``."""
        early = features[:, :1].expand(-1, self.pool // 2, -1)
        later = self._answer(torch.cat([early, features], 1), looked_for)[:, self.pool // 2 :]
        return self.answers.mean(
            torch.stack([self._answer(features, looked_for), later]), looked_for
        )

    def _answer(self, features: Tensor, looked_for: Tensor | None) -> Tensor:
        steps = self.network.among(self._to_steps(features), looked_for)  # (B, T / pool, C)
        return self._to_frames(steps, features.shape[1])

    def stages(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(S, B, T, C)`` logits of each stage."""
        steps = self.network.stages(self._to_steps(features))  # (S, B, T / pool, C)
        logits = self._to_frames(steps.flatten(0, 1), features.shape[1])  # (S B, T, C)
        return logits.view(*steps.shape[:2], *logits.shape[1:])

    def answer(self, stages: Tensor, looked_for: Tensor | None = None) -> Tensor:
        """One ``(B, T, C)`` of the two that ``forward`` averages: of steps from the first frame."""
        return self.network.answer(stages, looked_for)

    @torch.no_grad()
    def fit_scales(self, features: Tensor, is_inside: Tensor) -> None:
        """Take the scale of the deviations from steps without padding, see ``Network``."""
        deviations = self._mean_and_deviation(features)[1]  # (B, ceil(T / pool), D)
        padded = self._average((~is_inside)[..., None].to(features.dtype))[..., 0]
        # In windows shorter than a step there is none without.
        deviations = deviations[padded == padded.min()]
        self.center.copy_(deviations.median(dim=0).values)
        self.scale.copy_(robust_scale(deviations, at_least=0.05))

    def _to_steps(self, features: Tensor) -> Tensor:
        mean, deviation = self._mean_and_deviation(features)
        scaled = ((deviation - self.center) / self.scale).clamp(-ROBUST_RANGE, ROBUST_RANGE)
        return torch.cat([mean, scaled], dim=-1)  # (B, ceil(T / pool), 2 D)

    def _mean_and_deviation(self, features: Tensor) -> tuple[Tensor, Tensor]:
        mean, mean_square = self._average(features), self._average(features.square())
        # Rounding can leave a variance below 0; the root has no gradient at 0.
        return mean, (mean_square - mean.square()).clamp(min=1e-6).sqrt()

    def _average(self, values: Tensor) -> Tensor:
        mean = F.avg_pool1d(
            values.transpose(1, 2), self.pool, ceil_mode=True, count_include_pad=False
        )
        return mean.transpose(1, 2)

    def _to_frames(self, logits: Tensor, frames: int) -> Tensor:
        spread = F.interpolate(
            logits.transpose(1, 2), scale_factor=self.pool, mode="linear", align_corners=False
        )
        smooth = F.avg_pool1d(
            spread[..., :frames], 2 * self.pool + 1, 1, self.pool, count_include_pad=False
        )
        return smooth.transpose(1, 2)
