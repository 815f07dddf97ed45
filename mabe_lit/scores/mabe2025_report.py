"""The score of MABe 2025 as an evaluation tells it: numbers, a table, a figure."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from mabe_lit.data import Dataset
from mabe_lit.scores.decision_kinds import AnyDecisions, decide_tracks
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.lab_thresholds import NEVER, LabThresholds
from mabe_lit.scores.mabe2025 import ActionScore, Mabe2025Scores
from mabe_lit.scores.mabe2025_tracks import is_of_mabe2025, score_dataset
from mabe_lit.scores.palette import save_figure
from mabe_lit.shell import written_atomically

FILES = TABLE, FIGURE = ("mabe2025.csv", "mabe2025.png")
_COLUMNS = ("lab", "action", "TP", "FP", "FN", "F", "threshold")


def score_of_dataset(
    dataset: Dataset,
    probabilities: Sequence[npt.NDArray[np.floating[Any]]],
    decisions: AnyDecisions,
) -> Mabe2025Scores | None:
    """The competition's score of a dataset of its videos.

    Args:
        dataset: The videos; labs are their groups.
        probabilities: ``(N, C)`` for each track.
        decisions: What decides; where they allow several actions in a frame, the one that exceeds
            its threshold most is taken.

    Returns:
        The score with the thresholds; None of other data, and where nothing happens.
    """
    if not is_of_mabe2025(dataset) or isinstance(decisions, Decisions):
        return None
    by_lab = LabThresholds.like(decisions)
    scores = score_dataset(dataset, decide_tracks(by_lab, probabilities, dataset))
    if scores is None:
        return None

    def with_threshold(action: ActionScore) -> ActionScore:
        of_lab = by_lab.labs.get(action.lab, by_lab.others)
        threshold = of_lab.thresholds[dataset.class_names.index(action.action)]
        return action._replace(threshold=threshold)

    return replace(scores, actions=tuple(map(with_threshold, scores.actions)))


def as_values(scores: Mabe2025Scores) -> dict[str, Any]:
    """Plain values: the ``score``, that of each of the ``labs``, and F1 by lab and action."""
    actions: dict[str, dict[str, float]] = {}
    for each in scores.actions:
        actions.setdefault(each.lab, {})[each.action] = each.f1
    return {"score": scores.score, "labs": dict(scores.labs), "f1": actions}


def format_mabe2025(values: Mapping[str, Any]) -> str:
    """What ``as_values`` gave in one line."""
    labs = ", ".join(f"{lab} {score:.3f}" for lab, score in values["labs"].items())
    return f"score of MABe 2025: {values['score']:.3f} ({labs})"


def save_report(folder: Path, scores: Mabe2025Scores | None) -> None:
    """Write ``mabe2025.csv`` and ``mabe2025.png``; those of an earlier evaluation go if None."""
    if scores is None:
        for name in FILES:
            (folder / name).unlink(missing_ok=True)
        return
    with (
        written_atomically(folder / TABLE) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for each in scores.actions:
            numbers = each.tp, each.fp, each.fn, f"{each.f1:.6f}"
            writer.writerow((each.lab, each.action, *numbers, _in_words(each.threshold)))
    save_figure(plot_actions(scores), folder / FIGURE)


def _in_words(threshold: float | None) -> str:
    if threshold is None:
        return ""
    return "never" if threshold == NEVER else f"{threshold:.4g}"


def plot_actions(scores: Mabe2025Scores) -> Figure:
    """F1 of each action in each lab, and the mean of each lab; empty where an action is not."""
    labs = list(scores.labs)
    actions = sorted({each.action for each in scores.actions})
    f1 = np.full((len(labs), len(actions) + 1), np.nan)
    for each in scores.actions:
        f1[labs.index(each.lab), actions.index(each.action)] = each.f1
    f1[:, -1] = list(scores.labs.values())
    width, height = 2.6 + 0.42 * f1.shape[1], 1.8 + 0.32 * len(labs)
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(f1, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for row, column in np.argwhere(~np.isnan(f1)).tolist():
        value = f1[row, column]
        color = "white" if value > 0.5 else "black"
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=color, fontsize=7)
    names = [*actions, "mean"]
    axes.set_xticks(range(len(names)), names, rotation=60, ha="right", parse_math=False)
    axes.set_yticks(range(len(labs)), labs, parse_math=False)
    axes.axvline(len(actions) - 0.5, color="black", linewidth=0.8)
    axes.set_title(f"F1 of each lab's actions; score {scores.score:.3f}", fontsize=10)
    return figure
