"""Dilated residual convolutions, each looking twice as far as the one before it.

Source: Farha and Gall, "MS-TCN: Multi-Stage Temporal Convolutional Network for Action
Segmentation", CVPR 2019, section 3.1, which builds on Lea et al., "Temporal Convolutional Networks
for Action Segmentation and Detection", CVPR 2017. Dilations start over after a while as in van den
Oord et al., "WaveNet", 2016, section 2.1. The dropout after the projection is ours.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from mabe_lit.models.dropout import Dropout
from mabe_lit.models.network import FrameConv, Network

KERNEL_SIZE = 3
"""Frames that one convolution sees, ``dilation`` apart."""
DOUBLINGS = 10
"""Convolutions until the dilation starts over at 1; the longest is 512 frames."""


class TCN(Network):
    """Linear projection, dilated residual convolutions, linear head."""

    def __init__(
        self,
        *,
        input_dim: int,
        num_classes: int,
        hidden_dim: int,
        num_layers: int,
        dropout: float,
    ) -> None:
        """Build with two convolutions a layer; ``receptive_field`` says how far they see."""
        super().__init__()
        self.input = nn.Linear(input_dim, hidden_dim)
        self.dropout = Dropout(dropout)
        self.blocks = nn.ModuleList(
            DilatedResidual(hidden_dim=hidden_dim, dilation=dilation, dropout=dropout)
            for dilation in dilations(num_layers)
        )
        self.head = nn.Linear(hidden_dim, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits."""
        x = self.dropout(self.input(features))  # (B, T, H)
        for block in self.blocks:
            x = block(x)
        return self.head(x)  # type: ignore[no-any-return]


class DilatedResidual(nn.Module):
    """Dilated convolution and mixing of channels, added to the input."""

    def __init__(self, *, hidden_dim: int, dilation: int, dropout: float) -> None:
        """Build a convolution over the frames ``dilation`` before, at and after each frame."""
        super().__init__()
        self.conv = FrameConv(hidden_dim, hidden_dim, KERNEL_SIZE, dilation=dilation)
        self.mix = nn.Linear(hidden_dim, hidden_dim)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, T, H)`` -> ``(B, T, H)``."""
        return x + self.dropout(self.mix(F.relu(self.conv(x))))  # type: ignore[no-any-return]


def dilations(num_layers: int) -> list[int]:
    """Frames between the taps of each convolution, two convolutions a layer: 1, 2, 4, 8, ..."""
    return [2 ** (i % DOUBLINGS) for i in range(2 * num_layers)]


def receptive_field(num_layers: int) -> int:
    """Frames of input that a frame's logits depend on, itself in the middle; 511 for 4 layers.

    Source: Farha and Gall, section 3.1, for dilations that double.
    """
    return 1 + (KERNEL_SIZE - 1) * sum(dilations(num_layers))
