"""Every architecture: shapes, what a frame's answer depends on, and that it learns."""

import pytest
import torch
import torch.nn.functional as F

from mabe_lit import UNSCORED
from mabe_lit.compute import cast_weights
from mabe_lit.config import Config
from mabe_lit.models import build_model, conformer, tcn, transformer
from mabe_lit.models.dropout import Dropout, attend
from mabe_lit.shell import InputError
from mabe_lit.training.losses import smoothing_loss

NAMES = ("transformer", "conv_bilstm", "tcn", "ms_tcn", "conformer")
B, D, C = 3, 5, 4


def tiny_network(name, **changes):
    torch.manual_seed(0)
    values = {
        "hidden_dim": 16,
        "num_layers": 2,
        "num_heads": 2,
        "attention_reach": 8,
        "num_stages": 3,
    }
    config = Config(model_type=name, **(values | changes))
    return build_model(config, input_dim=D, num_classes=C)


def random_features(frames, seed=1):
    return torch.randn(B, frames, D, generator=torch.Generator().manual_seed(seed))


def frames_that_matter(network, frames, frame):
    """Which input frames the logits of ``frame`` depend on."""
    features = random_features(frames).requires_grad_()
    network.eval()(features)[0, frame].sum().backward()
    return features.grad[0].abs().sum(dim=-1).nonzero().flatten().tolist()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frames", [1, 7, 8, 64, 300])
def test_network_gives_logits_for_any_number_of_frames(name, frames):
    logits = tiny_network(name)(random_features(frames))
    assert logits.shape == (B, frames, C)
    assert logits.isfinite().all()


@pytest.mark.parametrize("name", NAMES)
def test_last_stage_is_the_answer(name):
    network, features = tiny_network(name).eval(), random_features(20)
    stages = network.stages(features)
    assert stages.shape == (3 if name == "ms_tcn" else 1, B, 20, C)
    torch.testing.assert_close(stages[-1], network(features))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_reaches_every_parameter(name):
    network = tiny_network(name)
    network(random_features(40)).square().sum().backward()
    without = [
        key
        for key, weight in network.named_parameters()
        if weight.grad is None or not weight.grad.any() or not weight.grad.isfinite().all()
    ]
    assert without == []


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_a_batch_are_independent(name):
    network, features = tiny_network(name).eval(), random_features(30)
    changed = features.clone()
    changed[1:] = 100 * random_features(30, seed=2)[1:]
    torch.testing.assert_close(network(changed)[0], network(features)[0])


@pytest.mark.parametrize("name", NAMES)
def test_evaluation_draws_no_random_numbers_and_training_does(name):
    network, features = tiny_network(name, dropout=0.5), random_features(30)
    assert not torch.equal(network(features), network(features))
    network.eval()
    assert torch.equal(network(features), network(features))


@pytest.mark.parametrize("name", NAMES)
def test_bf16_is_close_to_fp32(name):
    network, features = tiny_network(name).eval(), random_features(40)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = network(features)
    torch.testing.assert_close(half.float(), network(features), atol=0.1, rtol=0.1)


def test_attention_of_what_autocast_casts_rounds_after_each_step():
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 4, 16, 8).bfloat16()
    scores = (query.float() * 8**-0.5).bfloat16().float() @ key.float().transpose(-1, -2)
    weights = scores.bfloat16().float().softmax(-1).bfloat16()
    expected = (weights.float() @ value.float()).bfloat16()
    found = attend(query, key, value, Dropout(0.1).eval(), is_cast=True)
    # Sums in another order may round to the neighbouring number, of 8 bits.
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=2**-7)
    exact = F.scaled_dot_product_attention(query.double(), key.double(), value.double())
    fused = attend(query, key, value, Dropout(0.1).eval())
    assert (fused - exact).square().mean() < (found - exact).square().mean()


def test_attention_is_told_what_autocast_casts(monkeypatch):
    network, features = tiny_network("transformer").eval(), random_features(20)
    told = []

    def listen(*arguments, is_cast):
        told.append(is_cast)
        return attend(*arguments, is_cast=is_cast)

    monkeypatch.setattr(transformer, "attend", listen)
    network(features)
    assert told == [False, False]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        network(features)
        assert told[2:] == [True, True]
        with cast_weights(network, "bf16"):
            network(features)
    assert told[4:] == [False, False]


@pytest.mark.parametrize("name", NAMES)
def test_network_learns_whether_a_frame_came_up_recently(name):
    """The class is whether a pulse was among the last four frames: it needs the neighbours."""
    network = tiny_network(name, hidden_dim=32, num_stages=2, dropout=0.0)
    features = random_features(64)
    pulses = torch.rand(B, 64, generator=torch.Generator().manual_seed(3)) < 0.1
    features[..., 0] = 3.0 * pulses
    labels = F.max_pool1d(F.pad(pulses.float(), (3, 0)), 4, stride=1).long()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-3)
    for _ in range(80):
        logits = network.stages(features)
        expected = labels.expand(len(logits), -1, -1)
        loss = F.cross_entropy(logits.flatten(0, 2), expected.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (network.eval()(features).argmax(dim=-1) == labels).float().mean() > 0.97


def test_tcn_sees_exactly_its_receptive_field():
    seen = frames_that_matter(tiny_network("tcn", num_layers=2), frames=101, frame=50)
    field = tcn.receptive_field(2)
    assert field == 1 + 2 * (1 + 2 + 4 + 8)
    assert (seen[0], seen[-1]) == (50 - field // 2, 50 + field // 2)


def test_tcn_sees_several_hundred_frames_by_default():
    assert tcn.receptive_field(Config().num_layers) == 511


def test_tcn_dilation_starts_over_at_the_longest():
    assert tcn.dilations(6) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1, 2]


def test_conformer_sees_exactly_its_receptive_field():
    network = tiny_network("conformer", num_layers=2, attention_reach=8)
    seen = frames_that_matter(network, frames=101, frame=50)
    field = conformer.receptive_field(2, 8)
    assert field == 1 + 2 * 2 * (8 + 3)
    assert (seen[0], seen[-1]) == (50 - field // 2, 50 + field // 2)


def test_conformer_says_the_same_wherever_the_window_starts():
    network, features = tiny_network("conformer").eval(), random_features(120)
    edge = conformer.receptive_field(2, 8) // 2
    later = network(features[:, 5:])[:, edge:]
    torch.testing.assert_close(later, network(features)[:, 5 + edge :], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("frames", [1, 5, 8, 21])
def test_local_attention_is_attention_within_a_band(frames):
    torch.manual_seed(0)
    attention = conformer.LocalAttention(hidden_dim=16, num_heads=2, reach=8)
    x = torch.randn(B, frames, 16)
    rotation = conformer.rotary_angles(frames, 8, x.device)
    query, key, value = attention.query_key_value(x).view(B, frames, 3, 2, 8).unbind(2)
    query, key = (conformer.rotate(each, rotation) for each in (query, key))
    scores = torch.einsum("bqhe,bkhe->bhqk", query, key) / 8**0.5
    frame = torch.arange(frames)
    scores = scores.masked_fill((frame[:, None] - frame).abs() > 8, float("-inf"))
    mixed = torch.einsum("bhqk,bkhe->bqhe", scores.softmax(dim=-1), value)
    expected = attention.output(mixed.flatten(2))
    torch.testing.assert_close(attention(x, rotation), expected)


def test_rotary_product_depends_on_the_distance_of_frames():
    angles = conformer.rotary_angles(50, 8, torch.device("cpu"))
    first, second = torch.randn(2, 8).expand(50, 1, 2, 8).unbind(2)
    turned = [conformer.rotate(each[None], angles)[0, :, 0] for each in (first, second)]
    products = turned[0] @ turned[1].T  # (50, 50)
    torch.testing.assert_close(products[3, 10], products[33, 40], atol=1e-4, rtol=1e-4)


def test_smoothing_loss_equals_the_naive_loop():
    logits = 3 * torch.randn(B, 9, C, generator=torch.Generator().manual_seed(4))
    labels = torch.zeros(B, 9, dtype=torch.long)
    labels[0, 3], labels[1, 0], labels[2, 5:] = UNSCORED, UNSCORED, UNSCORED
    log_probs = logits.log_softmax(dim=-1)
    squares = []
    for row in range(B):
        for frame in range(1, 9):
            if UNSCORED in (labels[row, frame], labels[row, frame - 1]):
                continue
            for c in range(C):
                change = abs(log_probs[row, frame, c] - log_probs[row, frame - 1, c])
                squares.append(min(change, 4.0) ** 2)
    assert max(squares) == 16.0
    torch.testing.assert_close(smoothing_loss(logits, labels), sum(squares) / len(squares))


def test_smoothing_loss_has_no_gradient_where_nothing_counts():
    logits = torch.randn(1, 6, C, requires_grad=True)
    loss = smoothing_loss(logits, torch.full((1, 6), UNSCORED))
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()


def test_smoothing_loss_takes_the_earlier_frame_as_given():
    logits = torch.randn(1, 2, C, requires_grad=True)
    smoothing_loss(logits, torch.zeros(1, 2, dtype=torch.long)).backward()
    assert not logits.grad[0, 0].any()
    assert logits.grad[0, 1].any()


@pytest.mark.parametrize("name", ["conv_bilstm", "tcn", "ms_tcn"])
def test_width_is_free_where_there_are_no_heads(name):
    assert tiny_network(name, hidden_dim=7)(random_features(5)).shape == (B, 5, C)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("transformer", r"hidden_dim: must be a multiple of num_heads \(4\), got 18"),
        ("conformer", r"hidden_dim: must be a multiple of 2 x num_heads \(4\), got 18"),
    ],
)
def test_width_must_suit_the_heads(name, message):
    with pytest.raises(InputError, match=message):
        Config(model_type=name, hidden_dim=18, num_heads=4)


@pytest.mark.parametrize("name", ["tcn", "ms_tcn"])
@pytest.mark.parametrize("frames", [1, 3, 8, 30, 64])
def test_pooled_network_answers_for_every_frame(name, frames):
    network = tiny_network(name, pool=8)
    features = random_features(frames)
    assert network(features).shape == (B, frames, C)
    stages = network.eval().stages(features)
    assert stages.shape[1:] == (B, frames, C)
    later = torch.cat([features[:, :1].expand(-1, 4, -1), features], 1)
    phases = stages[-1], network.stages(later)[-1][:, 4:]
    mean = torch.stack(phases).softmax(-1).mean(0)
    torch.testing.assert_close(network(features).softmax(-1), mean)


def test_answer_to_one_step_is_spread_over_its_neighbours():
    network = tiny_network("tcn", pool=4).eval()
    steps = torch.zeros(1, 9, 3)
    steps[0, 4] = 1.0  # frames 16 to 19
    logits = network._to_frames(steps, 36)[0, :, 0]
    assert logits.sum().item() == pytest.approx(4, rel=1e-5), "as much as the step's four frames"
    assert torch.equal(logits > 0, (torch.arange(36) - 17.5).abs() < 8), "two steps to each side"
    torch.testing.assert_close(logits, logits.flip(0))  # the middle step is in the middle
    assert (logits[:18].diff() >= 0).all()


def test_pooled_network_sees_mean_and_deviation_of_each_steps_frames():
    network = tiny_network("tcn", pool=4).eval()
    features = random_features(16)
    frames = features.view(B, 4, 4, D)
    expected = torch.cat([frames.mean(2), frames.std(2, correction=0)], -1)
    torch.testing.assert_close(network._to_steps(features), expected)
    shuffled = frames[:, :, [2, 0, 3, 1]].flatten(1, 2)
    torch.testing.assert_close(network.stages(shuffled), network.stages(features))


def test_pooled_network_keeps_what_its_architecture_asks_of_the_loss():
    assert (
        tiny_network("ms_tcn", pool=2).smoothing_weight == tiny_network("ms_tcn").smoothing_weight
    )


@pytest.mark.parametrize("name", ["tcn", "ms_tcn"])
def test_members_learn_for_themselves_and_answer_by_their_mean(name):
    network = tiny_network(name, members=3).eval()
    features = random_features(16)
    each = [member(features).softmax(-1) for member in network.members]
    assert not torch.allclose(each[0], each[1])
    mean = torch.stack(each).mean(0)
    torch.testing.assert_close(network(features).softmax(-1), mean)
    assert len(network.stages(features)) == 3 * len(network.members[0].stages(features))
    network.stages(features)[0].sum().backward()
    assert not any(weight.grad.any() for weight in network.members[1].parameters())


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("name", ["tcn", "ms_tcn"])
def test_answer_from_the_stages_is_the_networks(name, members):
    network = tiny_network(name, members=members).eval()
    features = random_features(16)
    answer = network.answer(network.stages(features))
    torch.testing.assert_close(answer.softmax(-1), network(features).softmax(-1))


@pytest.mark.parametrize("members", [1, 3])
def test_answer_from_the_stages_of_a_pooled_network_is_that_of_its_first_steps(members):
    network = tiny_network("ms_tcn", pool=4, members=members).eval()
    features = random_features(16)
    last = network.stages(features).unflatten(0, (members, -1))[:, -1]  # (M, B, T, C)
    answer = network.answer(network.stages(features))
    torch.testing.assert_close(answer.softmax(-1), last.softmax(-1).mean(0))


def test_pooled_answer_does_not_depend_on_where_half_a_step_begins():
    network = tiny_network("tcn", pool=8).eval()
    features = random_features(1600)
    whole, rest = network(features), network(features[:, 4:])
    middle = slice(700, 900)
    torch.testing.assert_close(rest[:, middle], whole[:, 704:904], atol=1e-4, rtol=1e-4)
    one_later = network(features[:, 1:])
    assert (one_later[:, middle] - whole[:, 701:901]).abs().max() > 1e-2


def test_deviations_within_a_step_are_scaled_by_the_training_windows():
    network = tiny_network("tcn", pool=4)
    features = random_features(400) * torch.tensor([0.01, 0.1, 1.0, 1.0, 1.0])
    padded = torch.cat([features, features[:, -1:].expand(-1, 402, -1)], 1)  # a still picture
    is_inside = torch.arange(802).expand(len(padded), -1) < 400
    network.fit_scales(padded, is_inside)
    steps = network._to_steps(features)[..., D:].flatten(0, 1)
    torch.testing.assert_close(steps.median(dim=0).values, torch.zeros(D), atol=1e-5, rtol=0)
    low, high = steps.quantile(torch.tensor([0.25, 0.75]), dim=0)
    torch.testing.assert_close((high - low)[1:], torch.full((D - 1,), 1.35), atol=0.9, rtol=0)
    assert steps[:, 0].abs().max() < 1, "a column that hardly varies stays small"
    restored = tiny_network("tcn", pool=4)
    restored.load_state_dict(network.state_dict())
    assert torch.equal(restored.eval()(features), network.eval()(features))
