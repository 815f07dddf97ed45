"""Scores of frames and of bouts. Unscored frames count in none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.scores.bouts import segments

_Ints = npt.NDArray[np.integer[Any]]
_Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ClassScore:
    """Scores of one class; None where it occurs neither in the labels nor in the prediction."""

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
        per_class: Scores of each class, by name.
        confusion_matrix: ``(C, C)`` frames, a row a true class, a column a predicted one.
        segmental: ``f1@10``, ``f1@25``, ``f1@50`` and ``edit``, 0 to 1, see ``score_segments``.
        calibration_error: How far the probability of the most probable class is from how often
            that class is right, see ``expected_calibration_error``.
    """

    macro_f1: float
    map: float | None
    averaged_classes: tuple[str, ...]
    per_class: dict[str, ClassScore]
    confusion_matrix: list[list[int]]
    segmental: dict[str, float]
    calibration_error: float

    def to_dict(self) -> dict[str, Any]:
        """All scores with plain values."""
        return asdict(self)


def score_recordings(
    probabilities: Sequence[_Floats],
    labels: Sequence[_Ints],
    class_names: Sequence[str],
    *,
    average_over: Sequence[str] | None = None,
    predicted: Sequence[_Ints] | None = None,
) -> Scores:
    """Score predictions against labels, all frames of all recordings together.

    Args:
        probabilities: ``(N, C)`` for each recording. Average precision and calibration are theirs.
        labels: ``(N,)`` class indices for each recording, ``UNSCORED`` where nobody scored the
            frame.
        class_names: ``C`` names.
        average_over: Classes whose mean is ``macro_f1`` and ``map``; all when None.
        predicted: ``(N,)`` class indices for each recording; the most probable ones when None.

    Returns:
        The scores; frame scores are scikit-learn's.

    Raises:
        ValueError: If no frame is scored.
    """
    from sklearn.metrics import (  # imports scipy: about a second
        average_precision_score,
        confusion_matrix,
        precision_recall_fscore_support,
    )

    truth = np.concatenate(labels)
    is_scored = truth != UNSCORED
    truth = truth[is_scored]
    probability = np.concatenate(probabilities)[is_scored]
    if len(truth) == 0:
        raise ValueError("Expected at least one scored frame but all are unscored")
    if predicted is None:
        predicted = [each.argmax(axis=1) for each in probabilities]
    decided = np.concatenate(predicted)[is_scored]
    classes = range(len(class_names))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, decided, labels=classes, zero_division=0
    )
    per_class = {}
    for index, name in enumerate(class_names):
        is_predicted = bool((decided == index).any())
        occurs = bool(support[index]) or is_predicted
        per_class[name] = ClassScore(
            precision=float(precision[index]) if is_predicted else (0.0 if occurs else None),
            recall=float(recall[index]) if support[index] else (0.0 if occurs else None),
            f1=float(f1[index]) if occurs else None,
            average_precision=(
                float(average_precision_score(truth == index, probability[:, index]))
                if support[index]
                else None
            ),
            support=int(support[index]),
        )
    averaged = tuple(average_over) if average_over else tuple(class_names)
    return Scores(
        macro_f1=mean_of_known([per_class[name].f1 for name in averaged]) or 0.0,
        map=mean_of_known([per_class[name].average_precision for name in averaged]),
        averaged_classes=averaged,
        per_class=per_class,
        confusion_matrix=confusion_matrix(truth, decided, labels=classes).tolist(),
        segmental=score_segments(predicted, labels),
        calibration_error=expected_calibration_error(probability, truth),
    )


def expected_calibration_error(probabilities: _Floats, labels: _Ints, bins: int = 15) -> float:
    """Mean distance of confidence from accuracy over equally wide bins of confidence.

    Confidence is the probability of the most probable class. Bins are open below and closed
    above, and count by their frames.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Args:
        probabilities: ``(N, C)``.
        labels: ``(N,)`` class indices, all scored.
        bins: How many.

    Returns:
        0 to 1; 0 where frames of which the network is p sure are right in a share p.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    is_right = probabilities.argmax(axis=1) == labels
    index = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.int64)
    gap = np.bincount(index, weights=is_right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(labels))


def score_segments(predicted: Sequence[_Ints], labels: Sequence[_Ints]) -> dict[str, float]:
    """Segmental F1 at 10, 25 and 50 % overlap and the edit score.

    Unscored frames are cut out of both sequences first. F1 counts segments of all recordings
    together, the edit score is the mean over recordings.

    Source: Lea et al., "Temporal Convolutional Networks for Action Segmentation and Detection",
    CVPR 2017, section 4.

    Args:
        predicted: ``(N,)`` class indices for each recording.
        labels: ``(N,)`` class indices for each recording, ``UNSCORED`` where nobody scored the
            frame.

    Returns:
        ``f1@10``, ``f1@25``, ``f1@50``, ``edit``, each 0 to 1.
    """
    overlaps = (0.10, 0.25, 0.50)
    hits, found, true = np.zeros(3), 0, 0
    edits = []
    for prediction, label in zip(predicted, labels, strict=True):
        is_scored = label != UNSCORED
        if not is_scored.any():
            continue
        ours, theirs = segments(prediction[is_scored]), segments(label[is_scored])
        hits += [_count_hits(ours, theirs, overlap) for overlap in overlaps]
        found, true = found + len(ours), true + len(theirs)
        distance = _edit_distance([s.label for s in ours], [s.label for s in theirs])
        edits.append(1 - distance / max(len(ours), len(theirs)))
    f1 = 2 * hits / max(found + true, 1)
    scores = {f"f1@{100 * k:.0f}": float(value) for k, value in zip(overlaps, f1, strict=True)}
    return scores | {"edit": float(np.mean(edits)) if edits else 0.0}


def _count_hits(ours: Sequence[Any], theirs: Sequence[Any], overlap: float) -> int:
    """Segments that share ``overlap`` of the union with a true segment of their class."""
    starts = np.array([s.start_frame for s in theirs])
    stops = np.array([s.stop_frame for s in theirs])
    labels = np.array([s.label for s in theirs])
    is_free = np.ones(len(theirs), bool)
    hits = 0
    for segment in ours:
        common = np.minimum(stops, segment.stop_frame) - np.maximum(starts, segment.start_frame)
        union = np.maximum(stops, segment.stop_frame) - np.minimum(starts, segment.start_frame)
        score = np.where((labels == segment.label) & (common > 0), common / union, 0.0)
        best = int(score.argmax())
        if score[best] >= overlap and is_free[best]:
            is_free[best] = False
            hits += 1
    return hits


def _edit_distance(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """Insertions, removals and changes that turn one sequence into the other (Levenshtein)."""
    target = np.asarray(theirs)
    offset = np.arange(len(target) + 1)
    row = offset.copy()
    for label in ours:
        change = np.minimum(row[1:] + 1, row[:-1] + (target != label))
        row = np.concatenate([[row[0] + 1], change])
        row = np.minimum.accumulate(row - offset) + offset  # insertions, left to right
    return int(row[-1])


def mean_of_known(values: Sequence[float | None]) -> float | None:
    """The mean of those that are not None; None if all are."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def format_scores(scores: Mapping[str, Any]) -> str:
    """``Scores.to_dict()``, or a result that holds as much, as a table of plain text."""
    per_class: Mapping[str, Mapping[str, Any]] = scores["per_class"]
    width = max(len("macro average"), *(len(name) for name in per_class))
    titles = ("precision", "recall", "F1", "avg. precision", "frames")
    rows: list[tuple[str, ...]] = [("", *titles)]
    for name, score in per_class.items():
        values = (score[key] for key in ("precision", "recall", "f1", "average_precision"))
        rows.append((name, *map(_cell, values), f"{score['support']:,}"))
    total = sum(score["support"] for score in per_class.values())
    means = (_cell(scores["macro_f1"]), _cell(scores["map"]))
    rows.append(("macro average", "", "", *means, f"{total:,}"))
    lines = [f"{name:<{width}}" + "".join(f"{cell:>16}" for cell in cells) for name, *cells in rows]
    if len(scores["averaged_classes"]) < len(per_class):
        lines.append(f"averaged over {', '.join(scores['averaged_classes'])}")
    segmental = ", ".join(f"{name} {value:.3f}" for name, value in scores["segmental"].items())
    calibration = f"calibration error: {scores['calibration_error']:.3f}"
    return "\n".join([*lines, f"segmental: {segmental}; {calibration}"])


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
