"""The encoder of the first version: post-norm, sinusoidal positions, a label for each frame.

Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017, sections 3.1 to 3.5.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mabe_lit.models.dropout import Dropout, SharedDropout, attend
from mabe_lit.models.network import Network


class Transformer(Network):
    """Linear projection, positions, encoder layers, linear head."""

    def __init__(
        self,
        *,
        input_dim: int,
        num_classes: int,
        hidden_dim: int,
        num_layers: int,
        num_heads: int,
        dropout: float,
    ) -> None:
        """Build with feed-forward layers of 4 x ``hidden_dim``."""
        super().__init__()
        self.input = nn.Linear(input_dim, hidden_dim)
        self.num_heads = num_heads
        self.dropout = SharedDropout(dropout)
        self.layers = nn.ModuleList(
            EncoderLayer(hidden_dim=hidden_dim, num_heads=num_heads, dropout=self.dropout)
            for _ in range(num_layers)
        )
        self.head = nn.Linear(hidden_dim, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits."""
        x = self.input(features)  # (B, T, H)
        B, T, H = x.shape
        self.dropout.begin_step(largest=B * T * max(4 * H, self.num_heads * T))
        positions = sinusoidal_positions(T, H, x.device)
        x = self.dropout(
            x + positions.to(x.dtype)
        )  # what follows stays in a half type, if it is one
        for layer in self.layers:
            x = layer(x)
        return self.head(x)  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each added to its input and then normalised."""

    def __init__(self, *, hidden_dim: int, num_heads: int, dropout: Dropout) -> None:
        """Build a layer whose ``num_heads`` heads share ``hidden_dim``."""
        super().__init__()
        self.num_heads = num_heads
        self.query_key_value = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.attention_output = nn.Linear(hidden_dim, hidden_dim)
        self.attention_norm = nn.LayerNorm(hidden_dim)
        self.expand = nn.Linear(hidden_dim, 4 * hidden_dim)
        self.contract = nn.Linear(4 * hidden_dim, hidden_dim)
        self.output_norm = nn.LayerNorm(hidden_dim)
        self.dropout = dropout
        nn.init.xavier_uniform_(self.query_key_value.weight)
        nn.init.zeros_(self.query_key_value.bias)
        nn.init.zeros_(self.attention_output.bias)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, T, H)`` -> ``(B, T, H)``."""
        x = self.attention_norm(x + self.dropout(self._attend(x)))
        hidden = self.dropout(F.relu(self.expand(x)))  # (B, T, 4 H)
        return self.output_norm(x + self.dropout(self.contract(hidden)))  # type: ignore[no-any-return]

    def _attend(self, x: Tensor) -> Tensor:
        B, T, H = x.shape
        heads = self.query_key_value(x).view(B, T, 3, self.num_heads, H // self.num_heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # (B, heads, T, H / heads) each
        is_cast = heads.dtype != self.query_key_value.weight.dtype
        mixed = attend(query, key, value, self.dropout, is_cast=is_cast)
        return self.attention_output(mixed.transpose(1, 2).reshape(B, T, H))  # type: ignore[no-any-return]


def sinusoidal_positions(frames: int, width: int, device: torch.device) -> Tensor:
    """Sines and cosines of the frame number, ``(frames, width)``; source: section 3.5."""
    frame = torch.arange(frames, device=device, dtype=torch.float32)[:, None]
    rate = torch.exp(torch.arange(0, width, 2, device=device) * (-math.log(10000.0) / width))
    angle = frame * rate  # (T, ceil(H / 2))
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)[:, :width]
