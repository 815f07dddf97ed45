"""Networks: ``(B, T, D)`` features -> ``(B, T, C)`` logits, one architecture a file."""

from __future__ import annotations

from torch import nn

from mabe_lit.config import Config
from mabe_lit.models.transformer import Transformer


def build_model(config: Config, *, input_dim: int, num_classes: int) -> nn.Module:
    """The network that ``config.model_type`` names, for so many features and classes."""
    return Transformer(
        input_dim=input_dim,
        num_classes=num_classes,
        hidden_dim=config.hidden_dim,
        num_layers=config.num_layers,
        num_heads=config.num_heads,
        dropout=config.dropout,
    )
