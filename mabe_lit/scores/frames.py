"""The scored frames of all tracks, asked one class at a time, whether classes exclude each other.

Everything else about scores of frames is the same for both kinds of labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED

_Labels = npt.NDArray[Any]
_Floats = npt.NDArray[np.floating[Any]]
_Bools = npt.NDArray[np.bool_]


class ClassFrames(NamedTuple):
    """The frames in which somebody looked for one class, ``(N,)`` each.

    Attributes:
        truth: Whether it happens.
        predicted: Whether it is predicted.
        probability: How probable it is.
    """

    truth: _Bools
    predicted: _Bools
    probability: _Floats


class ScoredFrames(Protocol):
    """What scores ask of labels and prediction; ``__len__`` is how many frames were scored."""

    def __len__(self) -> int: ...

    def of_class(self, index: int) -> ClassFrames:
        """The frames in which somebody looked for class ``index``."""

    def confusion_matrix(self) -> npt.NDArray[np.int64]:
        """``(C, C)``, a row a true class, or ``(C, 2, 2)``, a row no and yes in truth."""

    def calibration_error(self) -> float:
        """How far probabilities are from shares, see ``expected_calibration_error``."""


def scored_frames(
    probabilities: Sequence[_Floats], labels: Sequence[_Labels], predicted: Sequence[_Labels]
) -> ScoredFrames:
    """The scored frames of all tracks together.

    Args:
        probabilities: ``(N, C)`` for each track.
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no.
    """
    kind = IndependentFrames if labels[0].ndim == 2 else ExclusiveFrames
    return kind(np.concatenate(probabilities), np.concatenate(labels), np.concatenate(predicted))


class ExclusiveFrames:
    """Frames of one class each."""

    def __init__(self, probabilities: _Floats, labels: _Labels, predicted: _Labels) -> None:
        """Keep the scored ones of ``(N, C)``, ``(N,)`` and ``(N,)``."""
        is_scored = labels != UNSCORED
        self._probabilities = probabilities[is_scored]
        self._labels, self._predicted = labels[is_scored], predicted[is_scored]

    def __len__(self) -> int:
        return len(self._labels)

    def of_class(self, index: int) -> ClassFrames:
        """Every scored frame, for all classes were looked for in it."""
        probability = self._probabilities[:, index]
        return ClassFrames(self._labels == index, self._predicted == index, probability)

    def confusion_matrix(self) -> npt.NDArray[np.int64]:
        """``(C, C)`` frames, a row a true class, a column a predicted one."""
        C = self._probabilities.shape[1]
        cells = self._labels.astype(np.int64) * C + self._predicted
        return np.bincount(cells, minlength=C * C).reshape(C, C)

    def calibration_error(self) -> float:
        """That of the most probable class."""
        is_right = self._probabilities.argmax(axis=1) == self._labels
        return expected_calibration_error(self._probabilities.max(axis=1), is_right)


class IndependentFrames:
    """Frames of a yes or no a class."""

    def __init__(self, probabilities: _Floats, labels: _Labels, predicted: _Labels) -> None:
        """Keep ``(N, C)`` of each."""
        self._is_looked_for = labels != UNSCORED
        self._probabilities, self._labels, self._predicted = probabilities, labels, predicted

    def __len__(self) -> int:
        return int(self._is_looked_for.any(axis=1).sum())

    def of_class(self, index: int) -> ClassFrames:
        """The frames in which somebody looked for class ``index``."""
        looked = self._is_looked_for[:, index]
        return ClassFrames(
            self._labels[looked, index] == 1,
            self._predicted[looked, index] == 1,
            self._probabilities[looked, index],
        )

    def confusion_matrix(self) -> npt.NDArray[np.int64]:
        """``(C, 2, 2)`` frames, rows no and yes in truth, columns no and yes in prediction."""
        each = map(self.of_class, range(self._labels.shape[1]))
        counts = [np.bincount(2 * f.truth + f.predicted, minlength=4) for f in each]
        return np.stack(counts).reshape(-1, 2, 2)

    def calibration_error(self) -> float:
        """That of every probability of a yes, all classes together."""
        looked = self._is_looked_for
        return expected_calibration_error(self._probabilities[looked], self._labels[looked] == 1)


def expected_calibration_error(
    confidence: npt.NDArray[np.floating[Any]], is_right: _Bools, bins: int = 15
) -> float:
    """Mean distance of confidence from accuracy over equally wide bins of confidence.

    Bins are open below and closed above, and count by their frames.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.

    Args:
        confidence: ``(N,)`` probability of what is claimed of each frame, at least one.
        is_right: ``(N,)`` whether it is so.
        bins: How many.

    Returns:
        0 to 1; 0 where frames of which the network is p sure are right in a share p.
    """
    confidence = confidence.astype(np.float64)
    index = np.clip(np.ceil(confidence * bins) - 1, 0, bins - 1).astype(np.int64)
    gap = np.bincount(index, weights=is_right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(confidence))
