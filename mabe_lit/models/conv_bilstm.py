"""Convolutions for what happens within a moment, an LSTM that reads on from there, both ways.

Source: Sainath et al., "Convolutional, Long Short-Term Memory, Fully Connected Deep Neural
Networks", ICASSP 2015, section 2, with convolutions over time; Graves and Schmidhuber, "Framewise
Phoneme Classification with Bidirectional LSTM Networks", IJCNN 2005, for reading both ways.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mabe_lit.models.dropout import Dropout
from mabe_lit.models.network import FrameConv, Network

KERNEL_SIZE = 5
"""Frames that each of the two convolutions sees."""


class ConvBiLSTM(Network):
    """Two convolutions, a bidirectional LSTM, linear head."""

    def __init__(
        self,
        *,
        input_dim: int,
        num_classes: int,
        hidden_dim: int,
        num_layers: int,
        dropout: float,
    ) -> None:
        """Build an LSTM of ``num_layers`` layers, half of ``hidden_dim`` for each direction."""
        super().__init__()
        half = (hidden_dim + 1) // 2
        self.first_conv = FrameConv(input_dim, hidden_dim, KERNEL_SIZE)
        self.second_conv = FrameConv(hidden_dim, hidden_dim, KERNEL_SIZE)
        self.norm = nn.LayerNorm(hidden_dim)
        self.lstm = nn.LSTM(
            hidden_dim,
            half,
            num_layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if num_layers > 1 else 0.0,
        )
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * half, num_classes)
        for conv in (self.first_conv, self.second_conv):
            nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
        _initialise_lstm(self.lstm)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits."""
        x = F.relu(self.first_conv(features))  # (B, T, H)
        x = F.relu(self.second_conv(x))
        x = self._run_lstm(self.dropout(self.norm(x)))  # (B, T, H), one half a direction
        return self.head(self.dropout(x))  # type: ignore[no-any-return]

    def _run_lstm(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return self.lstm(x)[0]  # type: ignore[no-any-return]
        with torch.autocast("cpu", enabled=False):  # a CPU's LSTM takes twice as long in bf16
            return self.lstm(x.to(self.norm.weight.dtype))[0]  # type: ignore[no-any-return]


def _initialise_lstm(lstm: nn.LSTM) -> None:
    """Make the state keep its length and the forget gates start open.

    Source: Jozefowicz et al., "An Empirical Exploration of Recurrent Network Architectures", ICML
    2015, section 5, for the forget gates; PyTorch stacks the gates as input, forget, cell, output.
    """
    for name, weight in lstm.named_parameters():
        if name.startswith("weight_hh"):
            for gate in weight.chunk(4):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            for gate in weight.chunk(4):
                nn.init.xavier_uniform_(gate)
        else:
            nn.init.zeros_(weight)
            if name.startswith("bias_ih"):
                nn.init.ones_(weight.chunk(4)[1])
