"""Figures: confusion matrix, precision-recall curves, ethogram; a comparison of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset
from mabe_lit.scores.metrics import Scores
from mabe_lit.shell import written_atomically

# Okabe and Ito's colours, which people with any colour vision can tell apart; grey is unscored.
_COLORS = ("#D55E00", "#0072B2", "#009E73", "#E8E4D8", "#CC79A7", "#F0E442", "#56B4E9", "#E69F00")
_UNSCORED_COLOR = "#9A9A9A"
_ETHOGRAM_RECORDINGS = 40

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.integer[Any]]


def save_figures(
    folder: Path,
    scores: Scores,
    probabilities: Sequence[_Floats],
    labels: Sequence[_Ints],
    predicted: Sequence[_Ints],
    dataset: Dataset,
) -> None:
    """Write ``confusion_matrix.png``, ``precision_recall.png`` and ``ethogram.png`` to ``folder``.

    Args:
        folder: Where to; must exist.
        scores: Scores of the prediction.
        probabilities: ``(N, C)`` for each recording.
        labels: ``(N,)`` for each recording, ``UNSCORED`` where nobody scored the frame.
        predicted: ``(N,)`` for each recording.
        dataset: Names and frame rates of the recordings.
    """
    names = dataset.class_names
    _save(plot_confusion_matrix(scores.confusion_matrix, names), folder / "confusion_matrix.png")
    figure = plot_precision_recall(np.concatenate(probabilities), np.concatenate(labels), names)
    _save(figure, folder / "precision_recall.png")
    _save(plot_ethogram(labels, predicted, dataset), folder / "ethogram.png")


def plot_confusion_matrix(matrix: Sequence[Sequence[int]], class_names: Sequence[str]) -> Figure:
    """Shares of each true class (a row) that were predicted as each class (a column)."""
    counts = np.asarray(matrix)
    share = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    side = 2.2 + 0.8 * len(class_names)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(share.shape):
        color = "white" if share[row, column] > 0.5 else "black"
        text = f"{share[row, column]:.2f}\n{counts[row, column]:,}"
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=8)
    axes.set_xticks(range(len(class_names)), class_names, rotation=30, ha="right")
    axes.set_yticks(range(len(class_names)), class_names)
    axes.set(xlabel="predicted", ylabel="true", title="Share of the true class's frames")
    return figure


def plot_precision_recall(
    probabilities: _Floats, labels: _Ints, class_names: Sequence[str]
) -> Figure:
    """Precision over recall of each class, ``probabilities (N, C)`` and ``labels (N,)``."""
    from sklearn.metrics import average_precision_score, precision_recall_curve

    figure = Figure(figsize=(5.5, 5), layout="constrained")
    axes = figure.add_subplot()
    is_scored = labels != UNSCORED
    for index, name in enumerate(class_names):
        truth = labels[is_scored] == index
        if not truth.any():
            continue
        score = probabilities[is_scored, index]
        precision, recall, _ = precision_recall_curve(truth, score, drop_intermediate=True)
        area = average_precision_score(truth, score)
        color = _class_color(index, dark=True)
        axes.step(recall, precision, where="post", color=color, label=f"{name} ({area:.2f})")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("Precision and recall (average precision)")
    axes.legend(loc="lower left", frameon=False)
    return figure


def plot_ethogram(labels: Sequence[_Ints], predicted: Sequence[_Ints], dataset: Dataset) -> Figure:
    """Truth over prediction, a pair of rows a recording, for the first 40 recordings."""
    shown = min(len(labels), _ETHOGRAM_RECORDINGS)
    colors = [_UNSCORED_COLOR, *(_class_color(i) for i in range(len(dataset.class_names)))]
    figure = Figure(figsize=(12, 1.4 + 0.5 * shown), layout="constrained")
    all_axes = figure.subplots(shown, 1, sharex=True, squeeze=False)[:, 0]
    for index, axes in enumerate(all_axes):
        entry = dataset.entries[index]
        rows = np.stack([labels[index], predicted[index]])
        rows = np.where(rows == UNSCORED, 0, rows + 1)
        axes.imshow(
            rows,
            aspect="auto",
            interpolation="nearest",
            cmap=ListedColormap(colors),
            vmin=0,
            vmax=len(colors) - 1,
            extent=(0, entry.frames / entry.fps, 2, 0),
        )
        axes.axhline(1, color="white", linewidth=1)
        axes.set_yticks([0.5, 1.5], ["true", "predicted"], fontsize=6)
        axes.set_ylabel(entry.name, rotation=0, ha="right", va="center", labelpad=42, fontsize=8)
    longest = max(entry.frames / entry.fps for entry in dataset.entries[:shown])
    all_axes[-1].set(xlim=(0, longest), xlabel="time (s)")
    names = ["unscored", *dataset.class_names]
    handles = [Patch(color=color, label=name) for color, name in zip(colors, names, strict=True)]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(names), frameon=False)
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
        axes.plot(scores, rows, "o", color=_class_color(index, dark=True), label=name)
    axes.set_yticks(rows, list(macro_f1))
    axes.invert_yaxis()
    axes.set(xlabel="F1", xlim=(0, 1))
    columns = len(per_class[0]) + 1
    figure.legend(loc="outside upper center", ncols=min(columns, 6), frameon=False)
    _save(figure, file)


def _class_color(index: int, *, dark: bool = False) -> str:
    color = _COLORS[index % len(_COLORS)]
    return "#7F7A66" if dark and color == "#E8E4D8" else color


def _save(figure: Figure, file: Path) -> None:
    FigureCanvasAgg(figure)
    with written_atomically(file) as temporary:
        figure.savefig(temporary, dpi=150)
