"""What the architectures have in common."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Network(nn.Module):
    """Reads ``(B, T, D)`` features, answers with ``(B, T, C)`` logits.

    A network of one stage defines ``forward`` alone. A network that refines its answer also
    defines ``stages``, so that a training can put a loss on each one; whoever wants only the answer
    calls the network, and need not know.
    """

    smoothing_weight: float = 0.0
    """Weight of the smoothing loss beside the cross-entropy that this architecture asks for."""

    def stages(self, features: Tensor) -> Tensor:
        """``(B, T, D)`` features -> ``(S, B, T, C)`` logits of each stage; the last answers."""
        logits: Tensor = self(features)  # (B, T, C)
        return logits[None]

    def among(self, features: Tensor, looked_for: Tensor | None) -> Tensor:
        """What ``forward`` says, ``(B, T, C)``, where a window is about certain classes.

        Only a network that averages answers says something else then, see ``Answers.mean``.

        Args:
            features: ``(B, T, D)``.
            looked_for: ``(B, C)`` bool; None stands for all.
        """
        return self(features)  # type: ignore[no-any-return]

    def answer(self, stages: Tensor, looked_for: Tensor | None = None) -> Tensor:
        """What ``among`` says, ``(B, T, C)``, from ``stages (S, B, T, C)`` that are there."""
        return stages[-1]

    def fit_scales(self, features: Tensor, is_inside: Tensor) -> None:
        """Take scales of what is computed on the way from training windows.

        Args:
            features: ``(B, T, D)``.
            is_inside: ``(B, T)``, false where a window has padding.
        """


class FrameConv(nn.Conv1d):
    """Convolution over the frames of ``(B, T, H)``, as many frames out as in; zeros around them.

    The features of a frame stay next to each other in memory. A CPU computes that up to twice as
    fast as ``nn.Conv1d`` on ``(B, H, T)``, and linear layers and norms need no transposed copies.
    """

    def __init__(
        self, in_dim: int, out_dim: int, kernel_size: int, *, dilation: int = 1, groups: int = 1
    ) -> None:
        """Build for an odd ``kernel_size``, whose middle lies on the frame itself."""
        super().__init__(
            in_dim,
            out_dim,
            kernel_size,
            padding=dilation * (kernel_size // 2),
            dilation=dilation,
            groups=groups,
        )

    def forward(self, x: Tensor) -> Tensor:
        """``(B, T, in_dim)`` -> ``(B, T, out_dim)``."""
        image = x.transpose(1, 2)[:, :, None]  # (B, H, 1, T), channels last in memory
        padding, dilation = (0, int(self.padding[0])), (1, self.dilation[0])
        y = F.conv2d(image, self.weight[:, :, None], self.bias, 1, padding, dilation, self.groups)
        return y[:, :, 0].transpose(1, 2)  # (B, T, H)
