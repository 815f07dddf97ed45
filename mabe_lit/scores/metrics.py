"""Scores of frames, bouts and agents. Frames where nobody looked count in none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.agents import Who, score_agents
from mabe_lit.scores.frames import ClassFrames, scored_frames
from mabe_lit.scores.segmental import score_segments

_Labels = npt.NDArray[Any]
_Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ClassScore:
    """Scores of one class; None where it occurs neither in the labels nor in the prediction.

    ``support`` is the frames in which it happens.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    average_precision: float | None
    support: int


@dataclass(frozen=True)
class Scores:
    """Scores of a prediction.

    Attributes:
        macro_f1: Mean F1 of the averaged classes that occur in the labels or in the prediction.
        map: Mean average precision of the averaged classes that occur in the labels.
        averaged_classes: What ``macro_f1`` and ``map`` were averaged over.
        per_class: Scores of each class, by name, over the frames in which somebody looked for it.
        confusion_matrix: ``(C, C)`` frames, a row a true class, a column a predicted one;
            ``(C, 2, 2)`` where classes are independent, a row no and yes in truth, a column no and
            yes in the prediction.
        segmental: ``f1@10``, ``f1@25``, ``f1@50`` and ``edit``, 0 to 1, see ``score_segments``.
        calibration_error: How far the probability of the most probable class is from how often
            that class is right, or that of each yes from how often it is one where classes are
            independent; see ``expected_calibration_error``.
        agents: Whether the right animals are named, see ``score_agents``; None where nothing tells
            who does what, and then no part of ``to_dict``.
    """

    macro_f1: float
    map: float | None
    averaged_classes: tuple[str, ...]
    per_class: dict[str, ClassScore]
    confusion_matrix: list[Any]
    segmental: dict[str, float]
    calibration_error: float
    agents: dict[str, dict[str, Any]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """All scores with plain values."""
        values = asdict(self)
        if self.agents is None:
            del values["agents"]
        return values


def score_recordings(
    probabilities: Sequence[_Floats],
    labels: Sequence[_Labels],
    class_names: Sequence[str],
    *,
    average_over: Sequence[str] | None = None,
    predicted: Sequence[_Labels] | None = None,
    who: Sequence[Who] | None = None,
) -> Scores:
    """Score predictions against labels, all frames of all tracks together.

    Classes exclude each other or are independent, which the labels' shape tells. A recording whose
    labels are of the whole scene is one track.

    Args:
        probabilities: ``(N, C)`` for each track. Average precision and calibration are theirs.
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        class_names: ``C`` names.
        average_over: Classes whose mean is ``macro_f1`` and ``map``; all when None.
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no; when None the
            most probable class, or a yes from 0.5 on.
        who: Recording, agent and target of each track; agent and target are None where there is
            none.

    Returns:
        The scores; frame scores are scikit-learn's.

    Raises:
        ValueError: If no frame is scored.
    """
    if predicted is None:
        predicted = [
            decide_plainly(p, label) for p, label in zip(probabilities, labels, strict=True)
        ]
    frames = scored_frames(probabilities, labels, predicted)
    if len(frames) == 0:
        raise ValueError("Expected at least one scored frame but all are unscored")
    per_class = {
        name: _score_class(frames.of_class(index)) for index, name in enumerate(class_names)
    }
    averaged = tuple(average_over) if average_over else tuple(class_names)
    return Scores(
        macro_f1=mean_of_known([per_class[name].f1 for name in averaged]) or 0.0,
        map=mean_of_known([per_class[name].average_precision for name in averaged]),
        averaged_classes=averaged,
        per_class=per_class,
        confusion_matrix=frames.confusion_matrix().tolist(),
        segmental=score_segments(predicted, labels),
        calibration_error=frames.calibration_error(),
        agents=score_agents(probabilities, labels, predicted, who, class_names) if who else None,
    )


def decide_plainly(probabilities: _Floats, labels: _Labels) -> _Labels:
    """The most probable class ``(N,)``, or a yes from 0.5 on ``(N, C)``, as the labels are."""
    return probabilities.argmax(axis=1) if labels.ndim == 1 else probabilities >= 0.5


def _score_class(frames: ClassFrames) -> ClassScore:
    from sklearn.metrics import average_precision_score  # imports scipy: about a second

    truth, predicted, probability = frames
    support, found = int(truth.sum()), int(predicted.sum())
    hits = int((truth & predicted).sum())
    if support + found == 0:
        return ClassScore(None, None, None, None, 0)
    return ClassScore(
        precision=hits / found if found else 0.0,
        recall=hits / support if support else 0.0,
        f1=2 * hits / (support + found),
        average_precision=float(average_precision_score(truth, probability)) if support else None,
        support=support,
    )


def mean_of_known(values: Sequence[float | None]) -> float | None:
    """The mean of those that are not None; None if all are."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def format_scores(scores: Mapping[str, Any]) -> str:
    """``Scores.to_dict()``, or a result that holds as much, as a table of plain text."""
    per_class: Mapping[str, Mapping[str, Any]] = scores["per_class"]
    agents: Mapping[str, Mapping[str, Any]] = scores.get("agents") or {}
    asked = [key for key in ("which_agent", "which_target") if key in agents]
    width = max(len("macro average"), *(len(name) for name in per_class))
    titles = ["precision", "recall", "F1", "avg. precision", "frames"]
    rows = [["", *titles, *(key.replace("_", " ") for key in asked)]]
    for name, score in per_class.items():
        values = [score[key] for key in ("precision", "recall", "f1", "average_precision")]
        named = [_cell(agents[key][name]) for key in asked]
        rows.append([name, *map(_cell, values), f"{score['support']:,}", *named])
    total = sum(score["support"] for score in per_class.values())
    means = [_cell(scores["macro_f1"]), _cell(scores["map"]), f"{total:,}"]
    averaged = scores["averaged_classes"]
    named = [_cell(mean_of_known([agents[key][name] for name in averaged])) for key in asked]
    rows.append(["macro average", "", "", *means, *named])
    lines = [f"{name:<{width}}" + "".join(f"{cell:>16}" for cell in cells) for name, *cells in rows]
    if len(averaged) < len(per_class):
        lines.append(f"averaged over {', '.join(averaged)}")
    segmental = ", ".join(f"{name} {value:.3f}" for name, value in scores["segmental"].items())
    calibration = f"calibration error: {scores['calibration_error']:.3f}"
    return "\n".join([*lines, f"segmental: {segmental}; {calibration}"])


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
