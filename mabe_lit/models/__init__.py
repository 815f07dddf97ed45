"""Networks: ``(B, T, D)`` features -> ``(B, T, C)`` logits, one architecture a file."""

from __future__ import annotations

from mabe_lit.config import Config
from mabe_lit.models.conformer import Conformer
from mabe_lit.models.conv_bilstm import ConvBiLSTM
from mabe_lit.models.ms_tcn import MultiStageTCN
from mabe_lit.models.network import Network
from mabe_lit.models.pooled import Pooled
from mabe_lit.models.tcn import TCN
from mabe_lit.models.transformer import Transformer


def build_model(config: Config, *, input_dim: int, num_classes: int) -> Network:
    """The network that ``config.model_type`` names, for so many features and classes."""
    if config.pool == 1:
        return _build_architecture(config, input_dim, num_classes)
    return Pooled(_build_architecture(config, 2 * input_dim, num_classes), config.pool)


def _build_architecture(config: Config, input_dim: int, num_classes: int) -> Network:
    sizes = {
        "input_dim": input_dim,
        "num_classes": num_classes,
        "hidden_dim": config.hidden_dim,
        "num_layers": config.num_layers,
    }
    dropout = config.dropout
    match config.model_type:
        case "transformer":
            return Transformer(**sizes, num_heads=config.num_heads, dropout=dropout)
        case "conv_bilstm":
            return ConvBiLSTM(**sizes, dropout=dropout)
        case "tcn":
            return TCN(**sizes, dropout=dropout)
        case "ms_tcn":
            return MultiStageTCN(**sizes, num_stages=config.num_stages, dropout=dropout)
        case "conformer":
            return Conformer(
                **sizes,
                num_heads=config.num_heads,
                attention_reach=config.attention_reach,
                dropout=dropout,
            )
