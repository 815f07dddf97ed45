"""Logits of classes that exclude each other, and of independent ones."""

import pytest
import torch

from mabe_lit.config import Config
from mabe_lit.models import build_model
from mabe_lit.models.answers import EXCLUSIVE, INDEPENDENT, answers_of

BOTH = [EXCLUSIVE, INDEPENDENT]
B, T, D, C = 3, 16, 5, 4


def random_logits(*shape):
    return 3 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def network_of(answers, **changes):
    torch.manual_seed(0)
    values = {"model_type": "ms_tcn", "hidden_dim": 8, "num_layers": 2, "num_stages": 3}
    config = Config(**(values | changes))
    is_independent = answers.is_independent
    return build_model(config, input_dim=D, num_classes=C, is_independent=is_independent).eval()


@pytest.mark.parametrize("answers", BOTH)
def test_answers_are_found_by_whether_classes_are_independent(answers):
    assert answers_of(answers.is_independent) is answers


def test_probabilities_of_exclusive_classes_are_shared_out_among_those_looked_for():
    odds = torch.tensor([1.0, 3.0, 4.0])
    logits = odds.log().expand(2, 1, 3)
    looked_for = torch.tensor([[True, True, False], [True, True, True]])
    expected = torch.tensor([[[0.25, 0.75, 0.0]], [[0.125, 0.375, 0.5]]])
    found = EXCLUSIVE.probabilities(logits, looked_for)
    torch.testing.assert_close(found, expected)
    assert found[0, 0, 2] == 0


def test_probability_of_an_independent_class_is_its_own():
    logits = torch.tensor([1.0, 3.0, 1.0]).log().expand(2, 1, 3)
    looked_for = torch.tensor([[True, True, False], [True, True, True]])
    expected = torch.tensor([[[0.5, 0.75, 0.0]], [[0.5, 0.75, 0.5]]])
    torch.testing.assert_close(INDEPENDENT.probabilities(logits, looked_for), expected)


def test_exclusive_answers_to_all_classes_are_pytorchs_softmax_to_the_bit():
    logits, everything = random_logits(B, T, C), torch.ones(B, C, dtype=torch.bool)
    for looked_for in (None, everything):
        assert torch.equal(EXCLUSIVE.probabilities(logits, looked_for), logits.softmax(-1))
        assert torch.equal(EXCLUSIVE.choose(logits, looked_for), logits.argmax(-1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("answers", BOTH)
def test_where_nobody_looked_for_a_class_all_are_improbable(answers, dtype):
    logits = random_logits(B, T, C).to(dtype)
    nothing = torch.zeros(B, C, dtype=torch.bool)
    assert not answers.probabilities(logits, nothing).any()


@pytest.mark.parametrize("answers", BOTH)
def test_one_recordings_classes_are_those_of_each_of_its_frames(answers):
    logits, looked_for = random_logits(T, C), torch.tensor([True, False, True, True])
    found = answers.probabilities(logits, looked_for)
    expected = answers.probabilities(logits[None], looked_for[None])[0]
    assert torch.equal(found, expected)


@pytest.mark.parametrize("answers", BOTH)
@pytest.mark.parametrize("is_masked", [False, True])
def test_mean_is_that_of_the_probabilities_among_the_classes_looked_for(answers, is_masked):
    logits = random_logits(5, B, T, C)
    looked_for = None
    if is_masked:
        logits[0, ..., 1] = 50.0  # a member that is sure of what nobody looked for
        looked_for = torch.tensor([[True, False, True, True]]).expand(B, -1)
    expected = torch.stack([answers.probabilities(each, looked_for) for each in logits]).mean(0)
    found = answers.probabilities(answers.mean(logits, looked_for), looked_for)
    torch.testing.assert_close(found, expected)


def test_mean_of_sure_yes_and_no_is_one_half_and_finite():
    logits = torch.tensor([[1000.0, 1000.0], [-1000.0, 1000.0]])
    mean = INDEPENDENT.mean(logits)
    assert mean[0] == 0
    assert mean[1] == 1000


def test_chosen_class_is_one_that_is_looked_for():
    logits = torch.tensor([[[1.0, 2.0, 3.0]]])
    assert EXCLUSIVE.choose(logits, torch.tensor([[True, True, False]])) == 1


def test_independent_class_is_chosen_from_one_half_on():
    logits = torch.tensor([[[0.0, -1e-6, 5.0, 5.0]]])
    looked_for = torch.tensor([[True, True, True, False]])
    assert INDEPENDENT.choose(logits, looked_for).tolist() == [[[True, False, True, False]]]


@pytest.mark.parametrize("answers", BOTH)
def test_refining_stages_see_probabilities(answers):
    network, features = network_of(answers), random_logits(B, T, D)
    first, second, _ = network.stages(features)
    seen = answers.probabilities(first)
    assert torch.equal(network.refinements[0](seen), second)


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("pool", [1, 4])
def test_independent_network_answers_by_the_mean_of_its_members_and_phases(pool, members):
    network, features = network_of(INDEPENDENT, pool=pool, members=members), random_logits(B, T, D)
    phases = [features]
    if pool > 1:
        phases.append(torch.cat([features[:, :1].expand(-1, pool // 2, -1), features], 1))
    one = network.network if pool > 1 else network
    each = []
    for phase in phases:
        steps = network._to_steps(phase) if pool > 1 else phase
        logits = one(steps)
        each.append(network._to_frames(logits, phase.shape[1])[:, -T:] if pool > 1 else logits)
        if members > 1:
            alone = torch.stack([member(steps) for member in one.members])
            torch.testing.assert_close(logits.sigmoid(), alone.sigmoid().mean(0))
    expected = torch.stack(each).sigmoid().mean(0)
    torch.testing.assert_close(network(features).sigmoid(), expected)
    assert network.answer(network.stages(features)).shape == (B, T, C)


@pytest.mark.parametrize("answers", BOTH)
@pytest.mark.parametrize("changes", [{}, {"members": 3}, {"pool": 4}, {"pool": 4, "members": 3}])
def test_network_answers_the_same_when_all_classes_are_looked_for(answers, changes):
    network, features = network_of(answers, **changes), random_logits(B, T, D)
    everything = torch.ones(B, C, dtype=torch.bool)
    assert torch.equal(network.among(features, everything), network(features))
    stages = network.stages(features)
    assert torch.equal(network.answer(stages, everything), network.answer(stages))


@pytest.mark.parametrize("pool", [1, 4])
def test_member_counts_alike_however_sure_it_is_of_what_nobody_looked_for(pool):
    network, features = network_of(EXCLUSIVE, members=2, pool=pool), random_logits(B, T, D)
    looked_for = torch.tensor([True, False, True, True]).expand(B, -1)
    expected = EXCLUSIVE.probabilities(network.among(features, looked_for), looked_for)
    averaged = network.network if pool > 1 else network
    averaged.members[0].refinements[-1].head.bias.data[1] += 50
    found = EXCLUSIVE.probabilities(network.among(features, looked_for), looked_for)
    torch.testing.assert_close(found, expected)
    unaware = EXCLUSIVE.probabilities(network(features), looked_for)
    assert not torch.allclose(unaware, expected)
    answer = network.answer(network.stages(features), looked_for)
    assert answer.isfinite().all()


@pytest.mark.parametrize("answers", BOTH)
def test_compiled_stages_are_the_same(answers):
    network, features = network_of(answers, members=2), random_logits(B, T, D)
    compiled = torch.compile(network.stages, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(features), network.stages(features))
