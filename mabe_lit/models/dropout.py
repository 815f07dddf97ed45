"""Dropout, and attention with it, as fast as the device allows."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

_LEVELS = 128


class Dropout(nn.Module):
    """``nn.Dropout``, on a CPU from seven random bits an element.

    A CPU draws ``nn.Dropout``'s random numbers one by one, which takes a third of a transformer's
    step. Seven 64-bit numbers decide on 64 elements in a fraction of the time.
    The share that is dropped is rounded to 1/128, and what stays is scaled by just that share.
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
        return x * self._mask(x)

    def extra_repr(self) -> str:
        """The rate."""
        return f"rate={self.rate}"

    def _mask(self, x: Tensor) -> Tensor:
        mask: Tensor = _scaled_mask(x.numel(), x.dtype, self.rate)
        return mask.view(x.shape)


class SharedDropout(Dropout):
    """Dropout for many places in a network, whose masks are cut from one pool on a CPU.

    Each mask begins at a random place of the pool. Within a mask all elements are independent; two
    masks may have a stretch in common, at places that have nothing to do with each other. Drawing
    a pool a step instead of each mask saves the default training 5 % of its time.
    """

    def __init__(self, rate: float) -> None:
        """Drop a share ``rate``, 0 to below 1, of the elements while training."""
        super().__init__(rate)
        self._largest = 0
        self._pool: Tensor | None = None

    def begin_step(self, largest: int) -> None:
        """Draw a new pool for what is dropped next, none of it larger than ``largest`` elements."""
        self._largest = largest
        self._pool = None

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _mask(self, x: Tensor) -> Tensor:
        if self._pool is None or self._pool.dtype != x.dtype:
            self._pool = _scaled_mask(self._largest * 5 // 4, x.dtype, self.rate)
        places = len(self._pool) - x.numel() + 1
        start = int(torch.randint(places, ()))
        return self._pool[start : start + x.numel()].view(x.shape)


def attend(
    query: Tensor, key: Tensor, value: Tensor, dropout: Dropout, *, is_cast: bool = False
) -> Tensor:
    """Scaled dot-product attention whose weights pass through ``dropout``.

    On a CPU the fused kernel is the slower one with dropout and the faster one without. What
    ``autocast`` casts does without the kernel all the same: so trainings have their validation, and
    its figures stay those of earlier releases to the last digit.

    Args:
        query: ``(B, heads, T, W)``; ``key`` and ``value`` likewise.
        key: What the query is compared with.
        value: What is averaged.
        dropout: Applied to the weights.
        is_cast: Whether the layer before has weights of another type, as under ``autocast``.

    Returns:
        ``(B, heads, T, W)``.
    """
    rate = dropout.rate if dropout.training else 0.0
    if query.device.type != "cpu" or not (rate or is_cast):
        return F.scaled_dot_product_attention(query, key, value, dropout_p=rate)
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)  # (B, heads, T, T)
    weights = torch.softmax(scores, dim=-1, dtype=scores.dtype)
    return dropout(weights) @ value  # type: ignore[no-any-return]


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _scaled_mask(size: int, dtype: torch.dtype, rate: float) -> Tensor:
    """0 for what is dropped, the inverse share of what stays for the rest: ``(size,)``.

    Computed in whole 64-bit words. A word holds a bit for each of 64 elements, set where the
    element stays. Shifted by one bit after the other and masked, it becomes lanes of ``dtype``
    with one of those bits each, and times the bits of the number that keeps the mean, these
    are the mask. A million bf16 take a sixth of the time of ``F.dropout``, a random byte compared
    for each of them two thirds.
    """
    dropped = min(round(rate * _LEVELS), _LEVELS - 1)
    kept = torch.tensor(_LEVELS / (_LEVELS - dropped), dtype=dtype)
    lane_bits = 8 * kept.element_size()
    lane = {16: torch.int16, 32: torch.int32, 64: torch.int64}[lane_bits]
    kept_bits = int(kept.view(lane))
    a_lane_each = sum(1 << shift for shift in range(0, 64, lane_bits))
    words = _stay(-(-size // 64), dropped)
    lanes = words >> torch.arange(lane_bits)[:, None]  # (lane bits, words)
    mask = lanes.bitwise_and_(a_lane_each).flatten().view(lane).mul_(kept_bits)
    return mask.view(dtype)[:size]


def _stay(count: int, dropped: int) -> Tensor:
    """``count`` words whose bits are set with the probability ``1 - dropped / _LEVELS``.

    Each bit belongs to a random number of its own, which has one digit in each of some random
    words. The comparison with ``dropped`` goes from the last digit to the first: a number is below
    if its digit is, or if the digits are equal and what follows is. A random bit may say as well
    that a digit is 0 as that it is 1.
    NumPy draws in half of PyTorch's time, and does less around each operation; PyTorch's generator
    draws the seed.
    """
    places = _LEVELS.bit_length() - 1
    generator = np.random.SFC64(int(torch.randint(2**62, ())))
    is_zero = generator.random_raw(places * count).view(np.int64).reshape(places, count)
    below = np.zeros(count, np.int64)
    for place in range(places):
        if dropped >> place & 1:
            below |= is_zero[place]
        else:
            below &= is_zero[place]
    return torch.from_numpy(~below)
