"""Figures of an evaluation, and a comparison of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mabe_lit.data import Dataset
from mabe_lit.scores.ethogram import plot_ethogram
from mabe_lit.scores.frames import ScoredFrames, scored_frames
from mabe_lit.scores.metrics import Scores
from mabe_lit.scores.palette import class_color, save_figure
from mabe_lit.scores.shown import shown_tracks
from mabe_lit.scores.who_to_whom import plot_who_to_whom

_Floats = npt.NDArray[np.float32]
_Labels = npt.NDArray[Any]


def save_figures(
    folder: Path,
    scores: Scores,
    probabilities: Sequence[_Floats],
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    dataset: Dataset,
) -> None:
    """Write ``confusion_matrix.png``, ``precision_recall.png`` and ``ethogram.png`` to ``folder``.

    Where something is done to a target, ``who_to_whom.png`` as well; one of an earlier evaluation
    goes otherwise.

    Args:
        folder: Where to; must exist.
        scores: Scores of the prediction.
        probabilities: ``(N, C)`` for each track.
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no.
        dataset: Whose tracks these are.
    """
    names, tracks = dataset.class_names, shown_tracks(dataset)
    save_figure(
        plot_confusion_matrix(scores.confusion_matrix, names), folder / "confusion_matrix.png"
    )
    frames = scored_frames(probabilities, labels, predicted)
    save_figure(plot_precision_recall(frames, names), folder / "precision_recall.png")
    save_figure(plot_ethogram(labels, predicted, tracks, names), folder / "ethogram.png")
    background = dataset.source.get("background")
    figure = plot_who_to_whom(labels, predicted, tracks, names, background=background)
    if figure is not None:
        save_figure(figure, folder / "who_to_whom.png")
    else:
        (folder / "who_to_whom.png").unlink(missing_ok=True)


def plot_confusion_matrix(matrix: Sequence[Any], class_names: Sequence[str]) -> Figure:
    """Shares of what is true (a row) that were predicted as what (a column).

    Args:
        matrix: ``(C, C)`` frames by class, or ``(C, 2, 2)`` frames by no and yes of each class.
        class_names: ``C`` names.
    """
    counts = np.asarray(matrix)
    if counts.ndim == 2:
        side = 2.2 + 0.8 * len(class_names)
        figure = Figure(figsize=(side + 0.6, side), layout="constrained")
        axes = figure.add_subplot()
        _show_confusion(axes, counts, class_names, rotation=30, ha="right")
        axes.set(xlabel="predicted", ylabel="true", title="Share of the true class's frames")
        return figure
    columns = min(len(counts), 4)
    rows = -(-len(counts) // columns)
    figure = Figure(figsize=(0.8 + 2.2 * columns, 0.8 + 2.2 * rows), layout="constrained")
    for index, (name, of_class) in enumerate(zip(class_names, counts, strict=True)):
        axes = figure.add_subplot(rows, columns, index + 1)
        _show_confusion(axes, of_class, ("no", "yes"))
        axes.set_title(name, fontsize=9, parse_math=False)
    figure.supxlabel("predicted", fontsize=10)
    figure.supylabel("true", fontsize=10)
    figure.suptitle("Share of the frames of no and of yes", fontsize=11)
    return figure


def _show_confusion(
    axes: Axes, counts: npt.NDArray[Any], names: Sequence[str], **look_below: Any
) -> None:
    share = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(share.shape):
        color = "white" if share[row, column] > 0.5 else "black"
        text = f"{share[row, column]:.2f}\n{counts[row, column]:,}"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(len(names)), names, **look_below)
    axes.set_yticks(range(len(names)), names)


def plot_precision_recall(frames: ScoredFrames, class_names: Sequence[str]) -> Figure:
    """Precision over recall of each class that happens, where somebody looked for it."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure = Figure(figsize=(5.5, 5), layout="constrained")
    axes = figure.add_subplot()
    for index, name in enumerate(class_names):
        truth, _, score = frames.of_class(index)
        if not truth.any():
            continue
        precision, recall, _ = precision_recall_curve(truth, score, drop_intermediate=True)
        area = average_precision_score(truth, score)
        color = class_color(index, dark=True)
        axes.step(recall, precision, where="post", color=color, label=f"{name} ({area:.2f})")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("Precision and recall (average precision)")
    if axes.lines:
        axes.legend(loc="lower left", frameon=False)
    return figure


def save_comparison(
    file: Path, macro_f1: Mapping[str, float], per_class: Sequence[Mapping[str, float | None]]
) -> None:
    """Write a figure of several runs: a bar of macro F1 each, and a dot of F1 for each class.

    Args:
        file: Where to; its folder must exist.
        macro_f1: Macro F1 by run, from top to bottom.
        per_class: F1 by class for each run, None for a class that does not occur; all runs have
            the same classes.
    """
    rows = range(len(macro_f1))
    figure = Figure(figsize=(8, 1.6 + 0.45 * len(macro_f1)), layout="constrained")
    axes = figure.add_subplot()
    values = list(macro_f1.values())
    axes.barh(rows, values, color="#D9D9D9", label="macro average")
    for row, value in zip(rows, values, strict=True):
        axes.text(0.01, row, f"{value:.3f}", va="center", fontsize=8)
    for index, name in enumerate(per_class[0]):
        scores = [np.nan if (f1 := run[name]) is None else f1 for run in per_class]
        axes.plot(scores, rows, "o", color=class_color(index, dark=True), label=name)
    axes.set_yticks(rows, list(macro_f1))
    axes.invert_yaxis()
    axes.set(xlabel="F1", xlim=(0, 1))
    columns = len(per_class[0]) + 1
    figure.legend(loc="outside upper center", ncols=min(columns, 6), frameon=False)
    save_figure(figure, file)
