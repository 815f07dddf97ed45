"""Convolution and local attention in turn: what moves within a moment, and what it is part of.

Its cost grows with the frames, not with their square, so that windows can be long, and what it says
of a frame depends neither on where in the window the frame lies nor on what is far away.

Source: Gulati et al., "Conformer: Convolution-augmented Transformer for Speech Recognition",
Interspeech 2020, section 2, with layer norms for batch norms and none at a layer's end, with
convolution before attention and one feed-forward, added in full, after both, and with three later
findings: rotary positions (Su et al., "RoFormer", 2021, section 3.2), attention within a band
(Beltagy et al., "Longformer", 2020, section 3.1) and gated feed-forward layers (Shazeer, "GLU
Variants Improve Transformer", 2020, section 2).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mabe_lit.models.dropout import Dropout
from mabe_lit.models.network import FrameConv, Network

KERNEL_SIZE = 7
"""Frames that a layer's convolution sees; a CPU is slow on wider ones, attention sees further."""


class Conformer(Network):
    """Linear projection, layers of convolution, attention and feed-forward, linear head."""

    def __init__(
        self,
        *,
        input_dim: int,
        num_classes: int,
        hidden_dim: int,
        num_layers: int,
        num_heads: int,
        attention_reach: int,
        dropout: float,
    ) -> None:
        """Build layers that attend to ``attention_reach`` frames to each side."""
        super().__init__()
        self.head_dim = hidden_dim // num_heads
        self.input = nn.Linear(input_dim, hidden_dim)
        self.dropout = Dropout(dropout)
        self.layers = nn.ModuleList(
            ConformerLayer(
                hidden_dim=hidden_dim,
                num_heads=num_heads,
                attention_reach=attention_reach,
                dropout=dropout,
            )
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(hidden_dim)
        self.head = nn.Linear(hidden_dim, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(B, T, C)`` logits."""
        T = features.shape[1]
        rotation = rotary_angles(T, self.head_dim, features.device)  # (T, E / 2)
        x = self.dropout(self.input(features))  # (B, T, H)
        for layer in self.layers:
            x = layer(x, rotation)
        return self.head(self.norm(x))  # type: ignore[no-any-return]


class ConformerLayer(nn.Module):
    """Convolution, attention and feed-forward, each on normalised input and added to it."""

    def __init__(
        self, *, hidden_dim: int, num_heads: int, attention_reach: int, dropout: float
    ) -> None:
        """Build with a feed-forward of 2 x ``hidden_dim``, gated."""
        super().__init__()
        self.conv_norm = nn.LayerNorm(hidden_dim)
        self.conv = GatedConvolution(hidden_dim=hidden_dim)
        self.attention_norm = nn.LayerNorm(hidden_dim)
        self.attention = LocalAttention(
            hidden_dim=hidden_dim, num_heads=num_heads, reach=attention_reach
        )
        self.feed_forward_norm = nn.LayerNorm(hidden_dim)
        self.expand = nn.Linear(hidden_dim, 4 * hidden_dim)
        self.contract = nn.Linear(2 * hidden_dim, hidden_dim)
        self.dropout = Dropout(dropout)

    def forward(self, x: Tensor, rotation: Tensor) -> Tensor:
        """``(B, T, H)`` and the angles of its frames -> ``(B, T, H)``."""
        x = x + self.dropout(self.conv(self.conv_norm(x)))
        x = x + self.dropout(self.attention(self.attention_norm(x), rotation))
        value, gate = self.expand(self.feed_forward_norm(x)).chunk(2, dim=-1)  # (B, T, 2 H) each
        return x + self.dropout(self.contract(value * F.silu(gate)))  # type: ignore[no-any-return]


class GatedConvolution(nn.Module):
    """Gate, convolution within each channel, mixing of channels."""

    def __init__(self, *, hidden_dim: int) -> None:
        """Build a convolution of ``KERNEL_SIZE`` frames."""
        super().__init__()
        self.expand = nn.Linear(hidden_dim, 2 * hidden_dim)
        self.conv = FrameConv(hidden_dim, hidden_dim, KERNEL_SIZE, groups=hidden_dim)
        self.norm = nn.LayerNorm(hidden_dim)
        self.mix = nn.Linear(hidden_dim, hidden_dim)

    def forward(self, x: Tensor) -> Tensor:
        """``(B, T, H)`` -> ``(B, T, H)``."""
        gated = F.glu(self.expand(x), dim=-1)  # (B, T, H)
        return self.mix(F.silu(self.norm(self.conv(gated))))  # type: ignore[no-any-return]


class LocalAttention(nn.Module):
    """Self-attention in which a frame sees the frames at most ``reach`` away.

    Frames are cut into blocks of ``reach``; a block's queries meet the keys of three blocks, its
    own and its neighbours', and a mask leaves the band. Nothing is dropped from the attention
    itself: that would cost the fused kernel.
    """

    def __init__(self, *, hidden_dim: int, num_heads: int, reach: int) -> None:
        """Build ``num_heads`` heads that share ``hidden_dim``."""
        super().__init__()
        self.num_heads = num_heads
        self.reach = reach
        self.query_key_value = nn.Linear(hidden_dim, 3 * hidden_dim)
        self.output = nn.Linear(hidden_dim, hidden_dim)
        nn.init.xavier_uniform_(self.query_key_value.weight)
        nn.init.zeros_(self.query_key_value.bias)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, rotation: Tensor) -> Tensor:
        """``(B, T, H)`` and the angles ``(T, E / 2)`` of its frames -> ``(B, T, H)``."""
        B, T, H = x.shape
        W = min(self.reach, T)  # frames in a block
        blocks = -(-T // W)
        heads = self.query_key_value(x).view(B, T, 3, self.num_heads, H // self.num_heads)
        query, key, value = heads.unbind(2)  # (B, T, heads, E) each
        query, key = rotate(query, rotation), rotate(key, rotation)
        query = _cut(query, width=W, margin=0, blocks=blocks)  # (B blocks, heads, W, E)
        key = _cut(key, width=W, margin=W, blocks=blocks)  # (B blocks, heads, 3 W, E)
        value = _cut(value.to(key.dtype), width=W, margin=W, blocks=blocks)
        band = band_mask(T, width=W, reach=self.reach, device=x.device)  # (blocks, W, 3 W)
        mask = band.repeat(B, 1, 1)[:, None]  # (B blocks, 1, W, 3 W)
        with torch.autocast("cpu", enabled=False):  # a CPU's kernel is slower in bf16 than in fp32
            mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        mixed = mixed.transpose(1, 2).reshape(B, blocks * W, H)[:, :T]
        return self.output(mixed)  # type: ignore[no-any-return]


def _cut(x: Tensor, *, width: int, margin: int, blocks: int) -> Tensor:
    """``(B, T, heads, E)`` -> ``(B blocks, heads, width + 2 margin, E)``, zeros past the edges."""
    B, T, heads, E = x.shape
    x = F.pad(x, (0, 0, 0, 0, margin, margin + blocks * width - T))
    x = x.unfold(1, width + 2 * margin, width)  # (B, blocks, heads, E, width + 2 margin)
    return x.transpose(-1, -2).reshape(B * blocks, heads, width + 2 * margin, E)


def band_mask(frames: int, *, width: int, reach: int, device: torch.device) -> Tensor:
    """True where a query may see a key, ``(blocks, width, 3 width)``.

    Keys of a block start ``width`` frames before its queries. Queries past the last frame see
    themselves, as a softmax over nothing is undefined; what they give is cut off.
    """
    blocks = -(-frames // width)
    query = torch.arange(blocks * width, device=device).view(blocks, width, 1)
    key = query[:, :1] - width + torch.arange(3 * width, device=device)  # (blocks, 1, 3 width)
    is_frame = (key >= 0) & (key < frames)
    return ((query - key).abs() <= reach) & is_frame | (query == key)


def rotary_angles(frames: int, head_dim: int, device: torch.device) -> Tensor:
    """Angle by which a frame turns each pair of a head's channels, ``(frames, head_dim / 2)``."""
    pair = torch.arange(head_dim // 2, device=device, dtype=torch.float32)
    rate = 10_000.0 ** (-2 * pair / head_dim)
    return torch.arange(frames, device=device, dtype=torch.float32)[:, None] * rate


def rotate(x: Tensor, angle: Tensor) -> Tensor:
    """Turn the channel pairs of ``(B, T, heads, E)`` by ``(T, E / 2)`` radians.

    The product of two turned vectors depends on how far apart their frames are, not on where.
    """
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]  # (T, 1, E / 2)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


def receptive_field(num_layers: int, attention_reach: int) -> int:
    """Frames of input that a frame's logits depend on, itself in the middle."""
    return 1 + 2 * num_layers * (attention_reach + KERNEL_SIZE // 2)
