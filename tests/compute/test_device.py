"""Weights that are cast for a while are afterwards what they were."""

import copy

import pytest
import torch
from torch import nn

from mabe_lit.compute import autocast, cast_weights
from mabe_lit.config import Config
from mabe_lit.models import build_model

NAMES = ("transformer", "conv_bilstm", "tcn", "ms_tcn", "conformer")


def tiny_network(name):
    torch.manual_seed(0)
    config = Config(model_type=name, hidden_dim=16, num_layers=2, num_heads=2, attention_reach=8)
    return build_model(config, input_dim=5, num_classes=4)


def dtypes(network, kind):
    layers = [layer for layer in network.modules() if isinstance(layer, kind)]
    return {weight.dtype for layer in layers for weight in layer.parameters()}


def test_linear_layers_and_convolutions_are_cast_norms_and_lstm_are_not():
    network = tiny_network("conv_bilstm")
    with cast_weights(network, "bf16"):
        assert dtypes(network, (nn.Linear, nn.Conv1d)) == {torch.bfloat16}
        assert dtypes(network, (nn.LayerNorm, nn.LSTM)) == {torch.float32}
    assert dtypes(network, nn.Module) == {torch.float32}


@pytest.mark.parametrize("name", ["tcn", "ms_tcn", "conv_bilstm", "conformer"])
def test_cast_weights_answer_as_autocast_does(name):
    network, features = tiny_network(name).eval(), torch.randn(3, 40, 5)
    with torch.inference_mode(), autocast(torch.device("cpu"), "bf16"):
        expected = network(features)
        with cast_weights(network, "bf16"):
            assert torch.equal(network(features), expected)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("interrupted", [False, True])
def test_weights_are_what_and_where_they_were_after_a_cast(name, interrupted):
    network, features = tiny_network(name), torch.randn(3, 40, 5)
    before = copy.deepcopy(network.state_dict())
    places = {key: weight.data_ptr() for key, weight in network.named_parameters()}
    try:
        with torch.inference_mode(), cast_weights(network, "bf16"):
            if interrupted:
                raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert interrupted
    after = network.state_dict()
    assert list(after) == list(before)
    for key, value in before.items():
        assert after[key].dtype == value.dtype
        assert torch.equal(after[key], value)
    assert {key: weight.data_ptr() for key, weight in network.named_parameters()} == places
    network(features).square().sum().backward()
    torch.optim.SGD(network.parameters(), lr=0.1).step()
    for key, weight in network.named_parameters():
        assert not torch.equal(weight, before[key]), f"{key} does not learn any more"
