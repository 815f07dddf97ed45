"""Frame probabilities -> labels: smoothing over time, a weight and a shortest bout for each class.

Classes exclude each other, so a frame's label is the class with the largest *weighted* probability.
Thresholds of one class against the rest would leave frames that pass none or several of them and
need a rule of their own; weights always give one label, are thresholds where there are two
classes, and are close to the best rule: for a score made of a confusion matrix, as macro F1 is,
a linear rule on the probabilities followed by the largest is the best there is (for macro F1 a
weight and an offset a class; the offsets are left out, half as many numbers fit less of chance).

Source: Narasimhan et al., "Consistent Multiclass Algorithms for Complex Performance Measures",
ICML 2015.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.bouts import half_width_of, merge_short_bouts, smooth_frames
from mabe_lit.scores.digests import are_among

_Ints = npt.NDArray[np.integer[Any]]
_Floats = npt.NDArray[np.floating[Any]]

MOST_S = 86_400
"""A day; numbers of frames stay such that computing with them is right."""


@dataclass(frozen=True)
class Decisions:
    """How probabilities become labels. Times are in seconds, so they hold at any frame rate.

    Attributes:
        log_weights: ``C`` natural logarithms of what each class's probability is multiplied by;
            only their differences matter.
        minimum_bout_s: ``C`` seconds that a bout of each class lasts at least; shorter ones are
            absorbed by their neighbours, see ``mabe_lit.scores.bouts.merge_short_bouts``.
        smoothing_s: Width of the moving average of the probabilities; 0 is none.
        fitted_on: Digests of the recordings' labels that they were fitted on, see
            ``digest_labels``; none for ones that were not fitted.
    """

    log_weights: tuple[float, ...]
    minimum_bout_s: tuple[float, ...]
    smoothing_s: float = 0.0
    fitted_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check lengths and ranges."""
        if len(self.log_weights) != len(self.minimum_bout_s):
            raise ValueError(
                f"Expected a log weight and a minimum bout for each class but got "
                f"{len(self.log_weights)} and {len(self.minimum_bout_s)}"
            )
        if not np.isfinite(self.log_weights).all():
            raise ValueError(f"Expected `log_weights` to be finite but got {self.log_weights}")
        durations = (self.smoothing_s, *self.minimum_bout_s)
        if not all(0 <= seconds <= MOST_S for seconds in durations):
            raise ValueError(
                f"Expected `smoothing_s` and `minimum_bout_s` to be finite and >= 0 and at most "
                f"{MOST_S} but got {self.smoothing_s} and {self.minimum_bout_s}"
            )

    @classmethod
    def identity(cls, classes: int) -> Decisions:
        """Those that give each frame its most probable class."""
        return cls((0.0,) * classes, (0.0,) * classes)

    @property
    def is_identity(self) -> bool:
        """Whether labels are just the most probable classes."""
        return self.smoothing_s == 0 and not any(self.minimum_bout_s) and not any(self.log_weights)

    def apply(self, probabilities: _Floats, fps: float, group: str = "") -> _Ints:
        """Decide each frame of one recording.

        Args:
            probabilities: ``(N, C)``, rows sum to 1.
            fps: Frames per second, > 0.
            group: Of the recording; it makes no difference.

        Returns:
            ``(N,)`` class indices.

        Raises:
            ValueError: If there is another number of classes.
        """
        if probabilities.shape[1] != len(self.log_weights):
            raise ValueError(
                f"Expected probabilities of {len(self.log_weights)} classes "
                f"but got {probabilities.shape[1]}"
            )
        return self.label(self.smooth(probabilities, fps), fps)

    def smooth(self, probabilities: _Floats, fps: float) -> _Floats:
        """The first half of ``apply``: the moving average, rows still sum to 1."""
        return smooth_frames(probabilities, half_width_of(self.smoothing_s, fps))

    def label(self, smooth: _Floats, fps: float) -> _Ints:
        """The second half of ``apply``: the largest weighted probability, and minimum bouts."""
        labels = (smooth * np.exp(self.log_weights)).argmax(axis=1)
        minimum_frames = [int(seconds * fps + 0.5) for seconds in self.minimum_bout_s]
        return merge_short_bouts(labels, minimum_frames)

    def were_fitted_on(self, labels: Sequence[_Ints]) -> bool:
        """Whether some of these labels of recordings are those that they were fitted on."""
        return are_among(labels, self.fitted_on)

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values, what a checkpoint holds."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None, *, classes: int) -> Decisions:
        """The inverse of ``to_dict``; the identity of None, for checkpoints older than decisions.

        Raises:
            ValueError: If a field is missing or wrong, or they are for another number of classes.
        """
        if values is None:
            return cls.identity(classes)
        try:
            decisions = cls(
                log_weights=tuple(map(float, values["log_weights"])),
                minimum_bout_s=tuple(map(float, values["minimum_bout_s"])),
                smoothing_s=float(values["smoothing_s"]),
                fitted_on=tuple(map(str, values["fitted_on"])),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"Expected all fields of Decisions but got {values!r:.200}") from error
        if len(decisions.log_weights) != classes:
            raise ValueError(
                f"Expected decisions on {classes} classes but got {len(decisions.log_weights)}"
            )
        return decisions

    def describe(self, class_names: Sequence[str]) -> dict[str, Any]:
        """Smoothing, weights and minimum durations by class, for a reader."""
        return {
            "smoothing_s": self.smoothing_s,
            "log_weights": dict(zip(class_names, self.log_weights, strict=True)),
            "minimum_bout_s": dict(zip(class_names, self.minimum_bout_s, strict=True)),
        }

    @classmethod
    def mean_of(cls, several: Sequence[Decisions]) -> Decisions:
        """The mean of each number, for the mean probabilities of several models.

        The mean of the log weights is the geometric mean of the weights. Weights are centred
        first, because only their differences mean something.
        """
        if len(several) == 1:
            return several[0]
        log_weights = np.array([each.log_weights for each in several])
        log_weights = log_weights - log_weights.mean(axis=1, keepdims=True)
        minimum = np.mean([each.minimum_bout_s for each in several], axis=0)
        return cls(
            log_weights=tuple(log_weights.mean(axis=0).tolist()),
            minimum_bout_s=tuple(minimum.tolist()),
            smoothing_s=float(np.mean([each.smoothing_s for each in several])),
            fitted_on=tuple(sorted({digest for each in several for digest in each.fitted_on})),
        )
