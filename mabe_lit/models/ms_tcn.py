"""A TCN whose answer is refined by further TCNs that see nothing but the answer before theirs.

Source: Farha and Gall, "MS-TCN: Multi-Stage Temporal Convolutional Network for Action
Segmentation", CVPR 2019, section 3.2. The refining stages are narrower than the paper's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mabe_lit.models.answers import Answers
from mabe_lit.models.network import Network
from mabe_lit.models.tcn import TCN


class MultiStageTCN(Network):
    """One TCN on features, then ``num_stages - 1`` on class probabilities."""

    smoothing_weight = 0.15
    """The lambda of section 3.3."""

    def __init__(
        self,
        *,
        input_dim: int,
        num_classes: int,
        hidden_dim: int,
        num_layers: int,
        num_stages: int,
        dropout: float,
        answers: Answers,
    ) -> None:
        """Build stages of ``num_layers`` layers; the refining ones are half as wide.

        ``answers`` makes the probabilities that they see.
        """
        super().__init__()
        self.answers = answers
        self.first = TCN(
            input_dim=input_dim,
            num_classes=num_classes,
            hidden_dim=hidden_dim,
            num_layers=num_layers,
            dropout=dropout,
        )
        self.refinements = nn.ModuleList(
            TCN(
                input_dim=num_classes,
                num_classes=num_classes,
                hidden_dim=(hidden_dim + 1) // 2,
                num_layers=num_layers,
                dropout=dropout,
            )
            for _ in range(num_stages - 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits of the last stage."""
        return self._refine(features)[-1]

    def stages(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(S, B, T, C)`` logits of every stage."""
        return torch.stack(self._refine(features))

    def _refine(self, features: Tensor) -> list[Tensor]:
        logits = [self.first(features)]  # (B, T, C) each
        for refinement in self.refinements:
            logits.append(refinement(self.answers.probabilities(logits[-1])))
        return logits
