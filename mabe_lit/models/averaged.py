"""Several networks as one: the mean of their answers.

Source: Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty Estimation using Deep
Ensembles", NeurIPS 2017: networks that differ in nothing but their starting weights err
differently, and their mean errs less.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from mabe_lit.models.answers import Answers
from mabe_lit.models.network import Network


class Averaged(Network):
    """Networks of one architecture, which learn side by side and do not see each other."""

    def __init__(self, members: Sequence[Network], *, answers: Answers) -> None:
        """Average ``members``, at least one, which read the same features; see ``Answers.mean``."""
        super().__init__()
        self.answers = answers
        self.members = nn.ModuleList(members)
        self.smoothing_weight = members[0].smoothing_weight

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits of the members' mean probability."""
        return self.among(features, None)

    def among(self, features: Tensor, looked_for: Tensor | None) -> Tensor:
        """The same among the classes ``looked_for (B, C)``, see ``Network``."""
        each = [cast(Network, member).among(features, looked_for) for member in self.members]
        return self.answers.mean(torch.stack(each), looked_for)

    def stages(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(M S, B, T, C)`` logits of each member's stages."""
        return torch.cat([cast(Network, member).stages(features) for member in self.members])

    def answer(self, stages: Tensor, looked_for: Tensor | None = None) -> Tensor:
        """The mean ``(B, T, C)`` of the answers that are in the members' ``(M S, B, T, C)``."""
        pairs = zip(self.members, stages.chunk(len(self.members)), strict=True)
        each = [cast(Network, member).answer(part, looked_for) for member, part in pairs]
        return self.answers.mean(torch.stack(each), looked_for)
