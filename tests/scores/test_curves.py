import numpy as np
import pytest

from mabe_lit.scores.curves import (
    best_epoch,
    plot_compared_curves,
    plot_curves,
    read_epochs,
    save_curves,
)
from mabe_lit.shell import InputError

F1 = (0.3, 0.7, 0.6, 0.7)


def epochs_of(macro_f1, **more):
    """Epochs with another number in every place, and these in validation's macro F1."""
    return [
        {
            "epoch": number,
            "train_loss": 1 / number,
            "train_macro_f1": value / 2,
            "val_loss": 2 / number,
            "val_macro_f1": value,
        }
        | more
        for number, value in enumerate(macro_f1, start=1)
    ]


def curves_of(axes):
    """What is drawn over the epochs, by label."""
    return {line.get_label(): line for line in axes.lines if len(line.get_xdata()) > 2}


def stars_of(axes):
    lines = [line for line in axes.lines if line.get_marker() == "*" and len(line.get_xdata())]
    return [(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in lines]


def legend_of(figure):
    return [text.get_text().strip() for text in figure.legends[0].get_texts()]


def test_best_epoch_is_the_first_of_the_highest_macro_f1():
    assert best_epoch(epochs_of(F1)) == 1


def test_curves_are_the_epochs_numbers():
    epochs = epochs_of(F1)
    for axes, name in zip(plot_curves(epochs, title="x").axes, ("loss", "macro_f1"), strict=True):
        curves = curves_of(axes)
        for stage, label in (("train", "training"), ("val", "validation")):
            assert list(curves[label].get_xdata()) == [1, 2, 3, 4]
            expected = [epoch[f"{stage}_{name}"] for epoch in epochs]
            assert list(curves[label].get_ydata()) == expected


def test_best_epoch_is_marked_in_both_panels_and_told_in_the_title():
    figure = plot_curves(epochs_of(F1), title="rats")
    loss, macro_f1 = figure.axes
    assert stars_of(loss) == [(2, 2 / 2)]
    assert stars_of(macro_f1) == [(2, 0.7)]
    assert figure.get_suptitle() == "rats: best epoch 2, validation macro F1 0.700"
    assert legend_of(figure) == ["training", "validation", "best epoch"]


def test_epochs_of_an_earlier_release_have_no_macro_f1_of_training():
    epochs = epochs_of(F1)
    for epoch in epochs[:2]:
        del epoch["train_macro_f1"]
    curve = curves_of(plot_curves(epochs, title="x").axes[1])["training"]
    np.testing.assert_array_equal(curve.get_ydata(), [np.nan, np.nan, 0.3, 0.35])
    for epoch in epochs[2:]:
        del epoch["train_macro_f1"]
    assert set(curves_of(plot_curves(epochs, title="x").axes[1])) == {"validation"}


def test_loss_that_is_not_finite_leaves_a_gap():
    epochs = epochs_of(F1)
    epochs[1]["val_loss"] = float("inf")
    figure = plot_curves(epochs, title="x")
    np.testing.assert_array_equal(
        curves_of(figure.axes[0])["validation"].get_ydata(), [2, np.nan, 2 / 3, 2 / 4]
    )


@pytest.mark.parametrize(("largest", "scale"), [(0.9, "linear"), (1.1, "log")])
def test_losses_that_differ_more_than_tenfold_are_on_a_log_scale(largest, scale):
    epochs = epochs_of(F1, train_loss=0.1, val_loss=0.2)
    epochs[0]["train_loss"] = largest
    assert plot_curves(epochs, title="x").axes[0].get_yscale() == scale


def test_small_differences_in_macro_f1_look_small():
    low, high = (
        plot_curves(epochs_of((0.8, 0.801), train_macro_f1=0.8), title="x").axes[1].get_ylim()
    )
    assert high - low == pytest.approx(0.1)


@pytest.mark.parametrize("count", [1, 2, 300])
def test_saved_curves_are_a_figure_alone_in_its_folder(tmp_path, count):
    epochs = epochs_of(np.linspace(0.1, 0.9, count))
    save_curves(plot_curves(epochs, title="a $run$ of _mine"), tmp_path / "curves.png")
    assert [file.name for file in tmp_path.iterdir()] == ["curves.png"]
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_compared_curves_are_those_of_validation_each_with_its_best_epoch(tmp_path):
    runs = {"net": epochs_of(F1), "_other $1$": epochs_of((0.2, 0.4, 0.5))}
    figure = plot_compared_curves(runs)
    for axes, name in zip(figure.axes, ("val_loss", "val_macro_f1"), strict=True):
        drawn = [list(line.get_ydata()) for line in curves_of(axes).values()]
        assert drawn == [[epoch[name] for epoch in epochs] for epochs in runs.values()]
    assert stars_of(figure.axes[1]) == [(2, 0.7), (3, 0.5)]
    assert legend_of(figure) == ["net", "_other $1$", "best epoch"]
    save_curves(figure, tmp_path / "curves.png")


def test_compared_curves_of_many_runs_all_look_different():
    runs = {f"run {number}": epochs_of(F1) for number in range(20)}
    lines = curves_of(plot_compared_curves(runs).axes[1]).values()
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 20


def test_epochs_are_read_without_what_they_lack(tmp_path):
    (tmp_path / "metrics.csv").write_text("epoch,val_macro_f1,train_macro_f1\n1,0.5,\n2,0.6,0.7\n")
    assert read_epochs(tmp_path / "metrics.csv") == [
        {"epoch": 1.0, "val_macro_f1": 0.5},
        {"epoch": 2.0, "val_macro_f1": 0.6, "train_macro_f1": 0.7},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no epoch"),
        ("epoch,val_macro_f1\n", "holds no epoch"),
        ("epoch,val_loss\n1,0.5\n", "has no column val_macro_f1"),
        ("epoch,val_macro_f1\n1,0.5\n\n2,high\n", "line 4: val_macro_f1 is 'high', expected a num"),
        ("epoch,val_macro_f1\n1,nan\n", "line 2: val_macro_f1 is 'nan', expected a number"),
        ("epoch,val_macro_f1\n1\n", "line 2: val_macro_f1 is '', expected a number"),
        ("epoch,val_macro_f1\n1,2,3\n", r"line 2: beyond the titles is \['3'\], expected"),
        ("epoch,val_loss,val_macro_f1\n1,x,0.5\n", "line 2: val_loss is 'x', expected a number"),
    ],
)
def test_damaged_epochs_are_named(tmp_path, text, message):
    (tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(InputError, match=rf"metrics.csv: {message}"):
        read_epochs(tmp_path / "metrics.csv")
