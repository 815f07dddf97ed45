"""What happens when: truth over prediction along time, track by track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from mabe_lit import UNSCORED
from mabe_lit.scores.palette import NO_COLOR, UNSCORED_COLOR, class_color
from mabe_lit.scores.shown import ShownTrack

_MOST_TRACKS = 40
_MOST_LINES = 60

_Labels = npt.NDArray[Any]


def plot_ethogram(
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    tracks: Sequence[ShownTrack],
    class_names: Sequence[str],
) -> Figure:
    """Truth over prediction, for as many tracks as can be read.

    A pair of rows a track where classes exclude each other, for the first 40. Where they are
    independent, a pair of thin rows for each behaviour of a track that happens or is predicted
    there, up to about 60; tracks in which there is none are left out.

    Args:
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no.
        tracks: Whose they are.
        class_names: ``C`` names.
    """
    if labels[0].ndim == 1:
        return _plot_exclusive(labels, predicted, tracks, class_names)
    return _plot_independent(labels, predicted, tracks, class_names)


def _plot_exclusive(
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    tracks: Sequence[ShownTrack],
    class_names: Sequence[str],
) -> Figure:
    shown = range(min(len(labels), _MOST_TRACKS))
    colors = [UNSCORED_COLOR, *(class_color(index) for index in range(len(class_names)))]
    figure = Figure(figsize=(12, 1.4 + 0.5 * len(shown)), layout="constrained")
    all_axes = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
    for track, axes in zip(shown, all_axes, strict=True):
        rows = np.stack([labels[track], predicted[track]])
        _show(axes, np.where(rows == UNSCORED, 0, rows + 1), colors, tracks[track], left_points=60)
        axes.axhline(1, color="white", linewidth=1)
        axes.set_yticks([0.5, 1.5], ["true", "predicted"], fontsize=6)
    longest = max(len(labels[track]) / tracks[track].fps for track in shown)
    which = f"; the first {len(shown)} of {len(tracks)}" if len(shown) < len(tracks) else ""
    all_axes[-1].set(xlim=(0, longest), xlabel=f"time (s){which}")
    _name_colors(figure, colors, ["unscored", *class_names])
    return figure


def _plot_independent(
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    tracks: Sequence[ShownTrack],
    class_names: Sequence[str],
) -> Figure:
    C = len(class_names)
    lines = _lines(labels, predicted)
    colors = [UNSCORED_COLOR, NO_COLOR, *(class_color(index, dark=True) for index in range(C))]
    count = sum(map(len, lines.values()))
    left_points = 16 + 3.5 * max(map(len, class_names))  # beside the names of classes
    figure = Figure(figsize=(12, 1.3 + 0.25 * count + 0.08 * len(lines)), layout="constrained")
    all_axes = figure.subplots(
        len(lines), 1, sharex=True, squeeze=False, height_ratios=[len(c) for c in lines.values()]
    )[:, 0]
    for (track, classes), axes in zip(lines.items(), all_axes, strict=True):
        rows = np.stack([labels[track].T[classes], predicted[track].T[classes]], axis=1)
        code = np.array(classes)[:, None, None] + 2  # the colour of a yes
        rows = np.where(rows == UNSCORED, 0, np.where(rows == 1, code, 1))
        rows = rows.reshape(2 * len(classes), -1)
        _show(axes, rows, colors, tracks[track], left_points=left_points)
        for line in range(1, 2 * len(classes)):
            axes.axhline(line, color="white", linewidth=0.4 if line % 2 else 2)
        middles = 2 * np.arange(len(classes)) + 1
        axes.set_yticks(middles, [class_names[c] for c in classes], fontsize=6)
        axes.tick_params(axis="y", length=0)
    longest = max(len(labels[track]) / tracks[track].fps for track in lines)
    which = "" if len(lines) == len(tracks) else f"; {len(lines)} of {len(tracks)} tracks"
    all_axes[-1].set(xlim=(0, longest), xlabel=f"time (s); upper row true, lower predicted{which}")
    _name_colors(figure, colors, ["nobody looked", "no", *class_names])
    return figure


def _lines(labels: Sequence[_Labels], predicted: Sequence[_Labels]) -> dict[int, list[int]]:
    """The classes to show by track, at least one of one track."""
    lines: dict[int, list[int]] = {}
    for track, (label, decided) in enumerate(zip(labels, predicted, strict=True)):
        occurs = (label == 1).any(axis=0) | ((decided == 1) & (label != UNSCORED)).any(axis=0)
        classes = np.flatnonzero(occurs).tolist()
        if lines and sum(map(len, lines.values())) + len(classes) > _MOST_LINES:
            break
        if classes:
            lines[track] = classes
    return lines or {0: list(range(labels[0].shape[1]))}


def _show(
    axes: Axes,
    rows: npt.NDArray[np.integer[Any]],
    colors: Sequence[str],
    track: ShownTrack,
    *,
    left_points: float,
) -> None:
    """Draw ``(rows, N)`` indices of colours, and the track's title so far left of them."""
    axes.imshow(
        rows,
        aspect="auto",
        interpolation="nearest",
        cmap=ListedColormap(colors),
        vmin=0,
        vmax=len(colors) - 1,
        extent=(0, rows.shape[1] / track.fps, len(rows), 0),
    )
    axes.annotate(
        track.title,
        (0, 0.5),
        (-left_points, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=8,
        parse_math=False,  # a name may have a dollar sign
    )


def _name_colors(figure: Figure, colors: Sequence[str], names: Sequence[str]) -> None:
    # Matplotlib leaves out of its legend what begins with an underscore, which a name may.
    handles = [
        Patch(color=color, label=f" {name}") for color, name in zip(colors, names, strict=True)
    ]
    figure.legend(
        handles=handles, loc="outside upper center", ncols=min(len(names), 9), frameon=False
    )
