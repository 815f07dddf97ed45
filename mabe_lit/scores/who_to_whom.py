"""Who does how much to whom: agents by targets, true beside predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import yes_bouts
from mabe_lit.scores.shown import ShownTrack

_MOST_ANIMALS = 16
_MOST_NUMBERED = 8
"""Animals, beyond which cells are too small for numbers."""
_PANELS = ("seconds, true", "seconds, predicted", "bouts, true", "bouts, predicted")

_Labels = npt.NDArray[Any]
_Floats = npt.NDArray[np.float64]


def plot_who_to_whom(
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    tracks: Sequence[ShownTrack],
    class_names: Sequence[str],
    *,
    background: str | None = None,
) -> Figure | None:
    """Seconds and bouts of each behaviour from each agent to each target, in all recordings.

    Only frames in which somebody looked count, in the prediction as well. Animals of one name in
    several recordings are one; of more than 16 those are shown that have most to do with others.

    Args:
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no.
        tracks: Whose they are.
        class_names: ``C`` names.
        background: A class that is no behaviour.

    Returns:
        A row of panels a behaviour; None if nothing is done to anybody.
    """
    names = list(dict.fromkeys(name for t in tracks for name in (t.agent, t.target) if name))
    amounts = count_who_to_whom(labels, predicted, tracks, len(class_names), names)
    about = [c for c, name in enumerate(class_names) if name != background]
    seconds = amounts[about, :2].sum(axis=(0, 1))
    busiest = (-seconds.sum(axis=0) - seconds.sum(axis=1)).argsort(kind="stable")
    animals = sorted(busiest[:_MOST_ANIMALS].tolist())
    amounts = amounts[:, :, animals][..., animals]
    animal_names = [names[animal] for animal in animals]
    shown = [c for c in about if amounts[c].any()]
    if not shown:
        return None
    side = 1.1 + 0.42 * len(animal_names)
    figure = Figure(figsize=(4 * side + 0.8, len(shown) * side + 0.5), layout="constrained")
    all_axes = figure.subplots(len(shown), len(_PANELS), sharex=True, sharey=True, squeeze=False)
    for row, (c, axes_of_class) in enumerate(zip(shown, all_axes, strict=True)):
        for panel, axes in enumerate(axes_of_class):
            measure = 2 * (panel // 2)  # truth and prediction share a scale
            most = max(amounts[c, measure : measure + 2].max(), 1e-9)
            _show(axes, amounts[c, panel], most, animal_names, decimals=0 if measure else 1)
            if row == 0:
                axes.set_title(_PANELS[panel], fontsize=9)
            if row == len(shown) - 1:
                axes.set_xlabel("target")
        label = axes_of_class[0].set_ylabel(f"{class_names[c]}\nagent")
        label.set_parse_math(False)  # a name may have a dollar sign
    if len(animals) < len(names):
        figure.suptitle(f"{len(animals)} of {len(names)} animals", fontsize=9)
    return figure


def count_who_to_whom(
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    tracks: Sequence[ShownTrack],
    classes: int,
    animal_names: Sequence[str],
) -> _Floats:
    """``(C, 4, A, A)`` seconds true and predicted, bouts true and predicted; agents are rows."""
    place = {name: index for index, name in enumerate(animal_names)}
    amounts = np.zeros((classes, len(_PANELS), len(place), len(place)))
    for label, decided, track in zip(labels, predicted, tracks, strict=True):
        if track.agent is None or track.target is None:
            continue
        cell = amounts[:, :, place[track.agent], place[track.target]]
        for c in range(classes):
            of_class, wanted = (label[:, c], 1) if label.ndim == 2 else (label, c)
            found = decided[:, c] == 1 if label.ndim == 2 else decided == c
            for panel, happens in enumerate((of_class == wanted, found & (of_class != UNSCORED))):
                cell[c, panel] += happens.sum() / track.fps
                cell[c, panel + 2] += len(yes_bouts(happens, c))
    return amounts


def _show(
    axes: Axes, amounts: _Floats, most: float, animal_names: Sequence[str], *, decimals: int
) -> None:
    """Draw ``(A, A)`` numbers, without those of an animal to itself."""
    itself = np.eye(len(amounts), dtype=bool)
    axes.imshow(np.ma.masked_array(amounts, itself), cmap="Blues", vmin=0, vmax=most)
    axes.set_facecolor("#E5E5E5")
    ticks = range(len(animal_names))
    axes.set_xticks(ticks, animal_names, rotation=90, fontsize=7, parse_math=False)
    axes.set_yticks(ticks, animal_names, fontsize=7, parse_math=False)
    if len(animal_names) > _MOST_NUMBERED:
        return
    for agent, target in zip(*np.nonzero(~itself), strict=True):
        value = amounts[agent, target]
        color = "white" if value > most / 2 else "black"
        text = f"{value:,.{decimals}f}"
        axes.text(target, agent, text, ha="center", va="center", color=color, fontsize=7)
