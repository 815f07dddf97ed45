"""Dropout, and attention with it, as fast as the device allows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_LEVELS = 256


class Dropout(nn.Module):
    """``nn.Dropout``, on a CPU from a byte of randomness an element.

    A CPU draws ``nn.Dropout``'s random numbers one by one, which takes a third of a transformer's
    step. Eight bytes of one 64-bit number decide on eight elements in a quarter of the time. The
    share that is dropped is rounded to 1/256, and what stays is scaled by just that share.
    """

    def __init__(self, rate: float) -> None:
        """Drop a share ``rate``, 0 to below 1, of the elements while training."""
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Any tensor -> one of the same shape and type."""
        if not self.training or not self.rate:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.rate)
        return x * _scaled_mask(x, self.rate)

    def extra_repr(self) -> str:
        """The rate."""
        return f"rate={self.rate}"


def attend(query: Tensor, key: Tensor, value: Tensor, dropout: Dropout) -> Tensor:
    """Scaled dot-product attention whose weights pass through ``dropout``.

    On a CPU the fused kernel is the slower one, unless it computes in float32 without dropout.

    Args:
        query: ``(B, heads, T, W)``; ``key`` and ``value`` likewise.
        key: What the query is compared with.
        value: What is averaged.
        dropout: Applied to the weights.

    Returns:
        ``(B, heads, T, W)``.
    """
    rate = dropout.rate if dropout.training else 0.0
    if query.device.type != "cpu" or not (rate or query.dtype == torch.bfloat16):
        return F.scaled_dot_product_attention(query, key, value, dropout_p=rate)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)  # (B, heads, T, T)
    weights = torch.softmax(scores, dim=-1, dtype=scores.dtype)
    return dropout(weights) @ value  # type: ignore[no-any-return]


def _scaled_mask(like: Tensor, rate: float) -> Tensor:
    """0 for what is dropped, the inverse share of what stays for the rest; shaped ``like``."""
    dropped = min(round(rate * _LEVELS), _LEVELS - 1)
    words = torch.empty(-(-like.numel() // 8), dtype=torch.int64, device=like.device)
    words.random_(-(2**63), None)
    level = words.view(torch.uint8)[: like.numel()].view(like.shape)
    return (level >= dropped).to(like.dtype) * (_LEVELS / (_LEVELS - dropped))
