"""Learning curves: what ``metrics.csv`` says of a run's epochs, and figures of one run or several.

Training is measured as it goes: with dropout, on augmented windows, by weights that still change.
Validation is measured after it, without any of this, so it may well be the better of the two.
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter

from mabe_lit.shell import InputError, written_atomically

# Okabe and Ito's colours, which people with any colour vision can tell apart.
_TRAIN, _VAL = "#E69F00", "#0072B2"
_RUNS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_STYLES = ("-", "--", ":", "-.")
_GREY = "#666666"
_STAR: dict[str, Any] = {
    "marker": "*",
    "markersize": 13,
    "markeredgecolor": "white",
    "linestyle": "",
    "zorder": 3,
}

_NEEDED = ("epoch", "val_macro_f1")

Epochs = Sequence[Mapping[str, float]]
"""The rows of ``metrics.csv``, a mapping from column to number each."""


def read_epochs(file: Path) -> list[dict[str, float]]:
    """Read the rows of a run's ``metrics.csv``.

    Args:
        file: The table; a cell is empty where an epoch has no such number.

    Returns:
        A dictionary an epoch, at least one, without the numbers that it does not have; each has
        ``epoch`` and ``val_macro_f1``.

    Raises:
        InputError: If there is no epoch, or a cell is no number.
    """
    try:
        with file.open(newline="", encoding="utf-8", errors="replace") as stream:
            table = csv.DictReader(stream, restkey="beyond the titles", restval="")
            rows = [(table.line_num, row) for row in table]
    except csv.Error as error:
        raise InputError(f"{file}: is not a readable table ({error})") from error
    if not rows:
        raise InputError(f"{file}: holds no epoch; a training writes a line for each")
    epochs = []
    for line, row in rows:
        epoch = {}
        for column, cell in row.items():
            needs_number = column in _NEEDED
            try:
                if needs_number or cell:
                    epoch[column] = float(cell)
                is_right = not needs_number or math.isfinite(epoch[column])
            except (TypeError, ValueError):
                is_right = False
            if not is_right:
                raise InputError(f"{file}: line {line}: {column} is {cell!r}, expected a number")
        if missing := [column for column in _NEEDED if column not in epoch]:
            raise InputError(f"{file}: has no column {', '.join(missing)}, as a training's has")
        epochs.append(epoch)
    return epochs


def best_epoch(epochs: Epochs) -> int:
    """Which of ``epochs`` has the highest macro F1 in validation, the first of several; from 0."""
    return int(np.nanargmax(_column(epochs, "val_macro_f1")))


def plot_curves(epochs: Epochs, *, title: str) -> Figure:
    """Loss and macro F1 of a run's training and validation, by epoch.

    Args:
        epochs: At least one; training's macro F1 may be missing, as in runs of earlier releases.
        title: The run's name.
    """
    figure, panels = _make_panels(legend_rows=1)
    best = epochs[best_epoch(epochs)]
    for column, axes in panels.items():
        axes.axvline(best["epoch"], color=_GREY, linewidth=1, linestyle=":", zorder=1)
        _draw(axes, epochs, f"train_{column}", color=_TRAIN, label="training")
        _draw(axes, epochs, f"val_{column}", color=_VAL, label="validation")
        axes.plot(best["epoch"], _column([best], f"val_{column}"), color=_VAL, **_STAR)
    about = f"best epoch {best['epoch']:.0f}, validation macro F1 {best['val_macro_f1']:.3f}"
    figure.suptitle(f"{title}: {about}", fontsize=11, parse_math=False)
    _finish(figure, panels, columns=3)
    return figure


def plot_compared_curves(runs: Mapping[str, Epochs]) -> Figure:
    """Loss and macro F1 of several runs in validation, by epoch.

    ``runs`` has at least one epoch of each, by the run's name.
    """
    columns = 3 if max(map(len, runs)) < 30 else 1
    figure, panels = _make_panels(legend_rows=-(-(len(runs) + 1) // columns))
    looks = itertools.cycle(itertools.product(_STYLES, _RUNS))
    for (name, epochs), (style, color) in zip(runs.items(), looks, strict=False):
        best = epochs[best_epoch(epochs)]
        # Matplotlib leaves out of its legend what begins with an underscore, which a name may.
        for column, axes in panels.items():
            _draw(axes, epochs, f"val_{column}", color=color, linestyle=style, label=f" {name}")
            axes.plot(best["epoch"], _column([best], f"val_{column}"), color=color, **_STAR)
    figure.suptitle("Validation of each run", fontsize=11)
    _finish(figure, panels, columns=columns)
    return figure


def save_curves(figure: Figure, file: Path) -> None:
    """Write ``figure`` to ``file``, a PNG whose folder must exist; whole or not at all."""
    FigureCanvasAgg(figure)
    with written_atomically(file) as temporary:
        figure.savefig(temporary, dpi=110)


def _make_panels(*, legend_rows: int) -> tuple[Figure, dict[str, Axes]]:
    """A figure with a panel for each of ``loss`` and ``macro_f1``, and room for a legend below.

    Its margins are fixed: to find the tightest takes longer than to draw all the rest.
    """
    below_inches = 0.65 + 0.22 * legend_rows
    height = 3.8 + below_inches
    figure = Figure(figsize=(9.5, height))
    loss, macro_f1 = figure.subplots(1, 2)
    figure.subplots_adjust(
        left=0.075, right=0.985, bottom=below_inches / height, top=1 - 0.4 / height
    )
    loss.set_ylabel("loss (nats a frame)")
    macro_f1.set_ylabel("macro F1")
    return figure, {"loss": loss, "macro_f1": macro_f1}


def _draw(axes: Axes, epochs: Epochs, column: str, **look: Any) -> None:
    values = _column(epochs, column)
    if np.isfinite(values).any():
        # A line needs two epochs that follow each other; one alone is seen as a dot.
        marker = "." if len(epochs) == 1 else ""
        axes.plot(_column(epochs, "epoch"), values, marker=marker, linewidth=1.8, **look)


def _finish(figure: Figure, panels: Mapping[str, Axes], *, columns: int) -> None:
    """Set scales and legend, once all is drawn."""
    for axes in panels.values():
        low, high = axes.dataLim.intervalx
        axes.set(xlabel="epoch", xlim=(min(low, 1) - 0.5, high + 0.5))
        ticks = MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
        axes.xaxis.set_major_locator(ticks)
        axes.grid(color="#E5E5E5", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    low, high = panels["loss"].dataLim.intervaly
    if 0 < low < high / 10:
        panels["loss"].set_yscale("log")
        panels["loss"].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        panels["loss"].yaxis.set_major_formatter("{x:g}")
        panels["loss"].yaxis.set_minor_formatter(NullFormatter())
    low, high = panels["macro_f1"].get_ylim()
    middle = (low + high) / 2  # what differs by less than a tenth of the scale should look so
    panels["macro_f1"].set_ylim(max(min(low, middle - 0.05), 0), min(max(high, middle + 0.05), 1))
    panels["macro_f1"].plot([], [], color=_GREY, label="best epoch", **_STAR)
    handles = panels["macro_f1"].get_legend_handles_labels()
    legend = figure.legend(*handles, loc="lower center", ncols=columns, frameon=False)
    for text in legend.get_texts():
        text.set_parse_math(False)  # a run's name may have a dollar sign


def _column(epochs: Epochs, name: str) -> npt.NDArray[np.float64]:
    """A number of each epoch, NaN where it has none or it is not finite."""
    values = np.array([epoch.get(name, np.nan) for epoch in epochs])
    return np.where(np.isfinite(values), values, np.nan)
