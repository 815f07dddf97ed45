import pytest
import torch
import torch.nn.functional as F

from mabe_lit import UNSCORED
from mabe_lit.training.epoch_metrics import MeanLoss
from mabe_lit.training.losses import frame_loss, smoothing_loss, weigh_classes


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 20, 4, generator=generator)
    labels = torch.randint(0, 4, (3, 20), generator=generator)
    labels[0, :7] = UNSCORED
    return logits, labels


def test_plain_loss_is_cross_entropy_of_the_scored_frames(batch):
    logits, labels = batch
    expected = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=UNSCORED)
    torch.testing.assert_close(frame_loss(logits, labels), expected)


def test_weighted_loss_is_pytorchs(batch):
    logits, labels = batch
    weights = torch.tensor([1.0, 2.0, 0.5, 3.0])
    expected = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), weight=weights, ignore_index=UNSCORED
    )
    torch.testing.assert_close(frame_loss(logits, labels, class_weights=weights), expected)


def test_smoothed_loss_is_pytorchs(batch):
    logits, labels = batch
    expected = F.cross_entropy(
        logits.flatten(0, 1), labels.flatten(), ignore_index=UNSCORED, label_smoothing=0.1
    )
    torch.testing.assert_close(frame_loss(logits, labels, label_smoothing=0.1), expected)


def test_mean_loss_is_that_of_all_scored_frames_at_once(batch):
    logits, labels = batch
    labels = labels.clone()
    labels[0] = UNSCORED  # the first batch has no scored frame
    labels[1, :5] = UNSCORED
    mean = MeanLoss()
    for window in range(len(labels)):
        part = slice(window, window + 1)
        mean.update(frame_loss(logits[part], labels[part]), labels[part])
    torch.testing.assert_close(mean.compute(), frame_loss(logits, labels))


def test_loss_does_not_see_unscored_frames(batch):
    logits, labels = batch
    changed = logits.clone()
    changed[0, :7] = 100.0
    options = {"class_weights": torch.tensor([1.0, 2, 3, 4]), "label_smoothing": 0.1}
    torch.testing.assert_close(
        frame_loss(changed, labels, **options), frame_loss(logits, labels, **options)
    )


def test_loss_without_a_scored_frame_is_zero():
    assert frame_loss(torch.zeros(1, 3, 2), torch.full((1, 3), UNSCORED)) == 0


@pytest.mark.parametrize("kind", ["balanced", "sqrt"])
def test_class_weights_have_mean_one_over_frames_and_favour_the_rare(kind):
    counts = torch.tensor([10, 100, 890])
    weights = weigh_classes(counts, kind)
    assert float((weights * counts).sum() / counts.sum()) == pytest.approx(1)
    power = 1.0 if kind == "balanced" else 0.5
    assert float(weights[0] / weights[2]) == pytest.approx(89**power, rel=1e-4)


def test_class_weights_of_an_absent_class_are_finite():
    assert weigh_classes(torch.tensor([0, 5, 5]), "balanced").isfinite().all()
    assert weigh_classes(torch.tensor([1, 2]), "none") is None


LOOKED_FOR = torch.tensor([[1, 1, 0, 1], [0, 1, 1, 0], [1, 1, 1, 1]], dtype=torch.bool)


@pytest.fixture
def batch_of_some_classes(batch):
    """Labels of the classes that each window is about."""
    logits, _ = batch
    generator = torch.Generator().manual_seed(1)
    rows = [torch.multinomial(row.float(), 20, True, generator=generator) for row in LOOKED_FOR]
    labels = torch.stack(rows)
    labels[1, 3:9] = UNSCORED
    return logits, labels


@pytest.fixture
def independent_batch():
    generator = torch.Generator().manual_seed(2)
    logits = 2 * torch.randn(3, 20, 4, generator=generator)
    labels = (torch.rand(3, 20, 4, generator=generator) < 0.3).to(torch.int8)
    labels[torch.rand(3, 20, 4, generator=generator) < 0.2] = UNSCORED
    labels[0, :7], labels[1, :, 2] = UNSCORED, UNSCORED
    return logits, labels


def as_two_classes(logits, labels):
    """Each cell as a frame of the classes no and yes, ``(cells, 1, 2)`` and ``(cells, 1)``."""
    logits, labels = logits.flatten(), labels.flatten().long()
    return torch.stack([torch.zeros_like(logits), logits], -1)[:, None], labels[:, None]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, [1.0, 2.0, 0.5, 3.0]])
def test_loss_of_some_classes_is_pytorchs_without_the_others(
    batch_of_some_classes, weights, smoothing
):
    logits, labels = batch_of_some_classes
    weights = None if weights is None else torch.tensor(weights)
    total, weight = 0.0, 0.0
    for row, classes in enumerate(LOOKED_FOR):
        scored = labels[row] != UNSCORED
        kept = classes.nonzero().flatten()
        among = torch.searchsorted(kept, labels[row][scored])
        options = {"weight": None if weights is None else weights[kept], "reduction": "none"}
        each = F.cross_entropy(
            logits[row][scored][:, kept], among, label_smoothing=smoothing, **options
        )
        total += each.sum()
        weight += len(among) if weights is None else weights[labels[row][scored]].sum()
    found = frame_loss(
        logits,
        labels,
        looked_for=LOOKED_FOR,
        class_weights=weights,
        label_smoothing=smoothing,
    )
    torch.testing.assert_close(found, total / weight)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, torch.tensor([1.0, 2.0, 0.3, 3.0])])
@pytest.mark.parametrize("looked_for", [None, torch.ones(3, 4, dtype=torch.bool)])
def test_loss_where_all_classes_are_looked_for_is_pytorchs(batch, looked_for, weights, smoothing):
    logits, labels = batch
    each = F.cross_entropy(
        logits.flatten(0, 1),
        labels.flatten(),
        weight=weights,
        ignore_index=UNSCORED,
        reduction="none",
        label_smoothing=smoothing,
    )
    scored = labels.flatten()[labels.flatten() != UNSCORED]
    weight = torch.tensor(float(len(scored))) if weights is None else weights[scored].sum()
    found = frame_loss(
        logits, labels, looked_for=looked_for, class_weights=weights, label_smoothing=smoothing
    )
    torch.testing.assert_close(found * weight, each.sum())
    unmasked = frame_loss(logits, labels, class_weights=weights, label_smoothing=smoothing)
    assert torch.equal(found, unmasked)


@pytest.mark.parametrize("loss", [frame_loss, smoothing_loss])
def test_logits_of_classes_that_nobody_looked_for_do_not_matter(batch_of_some_classes, loss):
    logits, labels = batch_of_some_classes
    changed = logits.masked_fill(~LOOKED_FOR[:, None], 1000.0)
    options = {"label_smoothing": 0.1} if loss is frame_loss else {}
    expected = loss(logits, labels, looked_for=LOOKED_FOR, **options)
    assert expected > 0
    assert torch.equal(loss(changed, labels, looked_for=LOOKED_FOR, **options), expected)


@pytest.mark.parametrize(("weight", "smoothing"), [(1.0, 0.0), (1.0, 0.2), (7.0, 0.0)])
def test_independent_loss_is_that_of_two_classes_in_each(independent_batch, weight, smoothing):
    logits, labels = independent_batch
    expected = frame_loss(
        *as_two_classes(logits, labels),
        class_weights=torch.tensor([1.0, weight]),
        label_smoothing=smoothing,
    )
    weights = torch.full((4,), weight)
    found = frame_loss(logits, labels, class_weights=weights, label_smoothing=smoothing)
    torch.testing.assert_close(found, expected)


def test_smoothed_yes_weighs_what_its_label_does():
    logits = torch.zeros(1, 1, 2)  # a cross-entropy of log 2 whatever is expected
    logits[..., 1] = torch.tensor(3.0).log()  # probability 3/4
    labels = torch.tensor([[[1, 0]]], dtype=torch.int8)
    found = frame_loss(
        logits, labels, class_weights=torch.tensor([5.0, 100.0]), label_smoothing=0.2
    )
    yes, no = torch.tensor([0.75, 0.25]).log()
    expected = (5 * torch.tensor(2.0).log() - 0.1 * yes - 0.9 * no) / (5 + 1)
    torch.testing.assert_close(found, expected)


def test_independent_weights_are_of_their_classes_yes():
    logits = torch.zeros(1, 2, 2)
    logits[..., 1] = torch.tensor(3.0).log()
    labels = torch.tensor([[[1, 1], [0, UNSCORED]]], dtype=torch.int8)
    found = frame_loss(logits, labels, class_weights=torch.tensor([2.0, 4.0]))
    half, yes = torch.tensor([0.5, 0.75]).log()
    torch.testing.assert_close(found, -(2 * half + 4 * yes + half) / 7)


def test_independent_loss_does_not_see_what_nobody_looked_for(independent_batch):
    logits, labels = independent_batch
    changed = logits.masked_fill(labels == UNSCORED, 1000.0).requires_grad_()
    options = {"class_weights": torch.tensor([1.0, 2, 3, 4]), "label_smoothing": 0.1}
    loss = frame_loss(changed, labels, **options) + smoothing_loss(changed, labels)
    same = frame_loss(logits, labels, **options) + smoothing_loss(logits, labels)
    torch.testing.assert_close(loss, same)
    loss.backward()
    assert not changed.grad[labels == UNSCORED].any()
    assert changed.grad[0, 10:][labels[0, 10:] != UNSCORED].all()


def test_independent_smoothing_is_that_of_two_classes_in_each(independent_batch):
    logits, labels = independent_batch
    cells = [values.transpose(1, 2).flatten(0, 1)[..., None] for values in (logits, labels)]
    logits_of_two = torch.cat([torch.zeros_like(cells[0]), cells[0]], -1)  # (B C, T, 2)
    expected = smoothing_loss(logits_of_two, cells[1][..., 0])
    torch.testing.assert_close(smoothing_loss(logits, labels), expected)


@pytest.mark.parametrize("shape", [(2, 5), (2, 5, 4)])
@pytest.mark.parametrize("looked_for", [None, torch.zeros(2, 4, dtype=torch.bool)])
def test_batch_that_nobody_scored_gives_no_loss_and_no_gradient(shape, looked_for):
    logits = torch.randn(2, 5, 4, requires_grad=True)
    labels = torch.full(shape, UNSCORED)
    options = {"class_weights": torch.ones(4), "label_smoothing": 0.1}
    loss = frame_loss(logits, labels, looked_for=looked_for, **options)
    loss = loss + smoothing_loss(logits, labels, looked_for=looked_for)
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()  # NaN is no zero


def test_window_about_no_class_leaves_the_gradients_of_the_others_alone(batch_of_some_classes):
    logits, labels = batch_of_some_classes
    gradients = []
    for windows in (2, 3):  # the third window has no class the second time
        leaf = logits[:windows].clone().requires_grad_()
        seen, looked_for = labels[:windows].clone(), LOOKED_FOR[:windows].clone()
        seen[2:], looked_for[2:] = UNSCORED, False
        loss = frame_loss(leaf, seen, looked_for=looked_for, label_smoothing=0.1)
        (loss + smoothing_loss(leaf, seen, looked_for=looked_for)).backward()
        gradients.append(leaf.grad)
    torch.testing.assert_close(gradients[1][:2], gradients[0])
    assert not gradients[1][2].any()


@pytest.mark.parametrize("shape", [(2, 5), (2, 5, 4)])
def test_losses_read_no_value(shape):
    """A tensor of ``meta`` has none, so whatever a GPU would be waited for fails there."""
    logits = torch.empty(2, 5, 4, device="meta")
    labels = torch.empty(shape, dtype=torch.long, device="meta")
    looked_for = torch.empty(2, 4, dtype=torch.bool, device="meta")
    weights = torch.empty(4, device="meta")
    options = {"class_weights": weights, "label_smoothing": 0.1}
    assert frame_loss(logits, labels, looked_for=looked_for, **options).is_meta
    assert smoothing_loss(logits, labels, looked_for=looked_for).is_meta


def test_mean_loss_weighs_batches_by_their_scored_labels(independent_batch):
    logits, labels = independent_batch
    mean = MeanLoss()
    for window in range(len(labels)):
        part = slice(window, window + 1)
        mean.update(frame_loss(logits[part], labels[part]), labels[part])
    torch.testing.assert_close(mean.compute(), frame_loss(logits, labels))


def test_weight_of_a_yes_is_how_many_noes_there_are_to_it():
    yes, looked = torch.tensor([10, 50, 1, 0, 0, 30]), torch.tensor([100, 100, 1000, 40, 0, 30])
    balanced = weigh_classes(yes, "balanced", looked)
    # Never, never looked for and always: the most, 1 and the least.
    torch.testing.assert_close(balanced, torch.tensor([9.0, 1.0, 100.0, 100.0, 1.0, 0.01]))
    root = weigh_classes(yes, "sqrt", looked)
    torch.testing.assert_close(root, torch.tensor([3.0, 1.0, 999**0.5, 100.0, 1.0, 0.01]))
    assert weigh_classes(yes, "none", looked) is None
