"""Networks: ``(B, T, D)`` features -> ``(B, T, C)`` logits, one architecture a file."""

from __future__ import annotations

from mabe_lit.config import Config
from mabe_lit.models.answers import Answers, answers_of
from mabe_lit.models.averaged import Averaged
from mabe_lit.models.conformer import Conformer
from mabe_lit.models.conv_bilstm import ConvBiLSTM
from mabe_lit.models.ms_tcn import MultiStageTCN
from mabe_lit.models.network import Network
from mabe_lit.models.pooled import Pooled
from mabe_lit.models.tcn import TCN
from mabe_lit.models.transformer import Transformer


def build_model(
    config: Config, *, input_dim: int, num_classes: int, is_independent: bool = False
) -> Network:
    """The network that ``config.model_type`` names, for so many features and classes.

    ``is_independent`` says that classes do not exclude each other, see ``answers``.
    """
    answers = answers_of(is_independent)
    columns = input_dim if config.pool == 1 else 2 * input_dim
    members = [
        _build_architecture(config, columns, num_classes, answers) for _ in range(config.members)
    ]
    network = members[0] if config.members == 1 else Averaged(members, answers=answers)
    if config.pool == 1:
        return network
    return Pooled(network, config.pool, input_dim=input_dim, answers=answers)


def _build_architecture(
    config: Config, input_dim: int, num_classes: int, answers: Answers
) -> Network:
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
            stages = config.num_stages
            return MultiStageTCN(**sizes, num_stages=stages, dropout=dropout, answers=answers)
        case "conformer":
            return Conformer(
                **sizes,
                num_heads=config.num_heads,
                attention_reach=config.attention_reach,
                dropout=dropout,
            )
