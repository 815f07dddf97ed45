"""Several networks as one: the mean of their answers.

Source: Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep
Ensembles", NeurIPS 2017: networks that differ in nothing but their starting weights err
differently, and their mean errs less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mabe_lit.models.network import Network


class Averaged(Network):
    """Networks of one architecture, which learn side by side and do not see each other."""

    def __init__(self, members: Sequence[Network]) -> None:
        """Average ``members``, at least one, which read the same features."""
        super().__init__()
        self.members = nn.ModuleList(members)
        self.smoothing_weight = members[0].smoothing_weight

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logarithms of the members' mean probability."""
        return self._mean(torch.stack([member(features) for member in self.members]))

    def stages(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(M S, B, T, C)`` logits of each member's stages."""
        return torch.cat([cast(Network, member).stages(features) for member in self.members])

    def answer(self, stages: Tensor) -> Tensor:
        """The mean ``(B, T, C)`` of the answers that are in the members' ``(M S, B, T, C)``."""
        pairs = zip(self.members, stages.chunk(len(self.members)), strict=True)
        return self._mean(torch.stack([cast(Network, m).answer(each) for m, each in pairs]))

    def _mean(self, logits: Tensor) -> Tensor:
        """``(M, B, T, C)`` logits -> ``(B, T, C)`` logarithms of their mean probability."""
        return logits.float().log_softmax(-1).logsumexp(0) - math.log(len(self.members))
