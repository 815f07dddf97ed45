"""Colours of classes, and how figures are written."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mabe_lit.shell import written_atomically

# Okabe and Ito's colours, which people with any colour vision can tell apart; grey is unscored.
_COLORS = ("#D55E00", "#0072B2", "#009E73", "#E8E4D8", "#CC79A7", "#F0E442", "#56B4E9", "#E69F00")
UNSCORED_COLOR = "#9A9A9A"
NO_COLOR = "#F2F2F2"
"""Where somebody looked for a behaviour and it does not happen."""


def class_color(index: int, *, dark: bool = False) -> str:
    """The colour of class ``index``; ``dark`` for what has to be seen on white."""
    color = _COLORS[index % len(_COLORS)]
    return "#7F7A66" if dark and color == "#E8E4D8" else color


def save_figure(figure: Figure, file: Path) -> None:
    """Write ``figure`` to ``file``, a PNG whose folder must exist; whole or not at all."""
    FigureCanvasAgg(figure)
    with written_atomically(file) as temporary:
        figure.savefig(temporary, dpi=150)
