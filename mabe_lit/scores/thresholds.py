"""Frame probabilities of independent behaviours -> yes or no, behaviour by behaviour.

Where behaviours may overlap, each is a question of its own: it has its own smoothing over time,
its own threshold and its own shortest bout. For F1 the best answer to such a question is a
threshold on the probability, and where a behaviour is rare or hard it lies below one half: at half
of the F1 that it reaches.

Source: Lipton, Elkan and Naryanaswamy, "Optimal Thresholding of Classifiers to Maximize F1
Measure", ECML 2014.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.bouts import half_width_of, merge_short_bouts, smooth_frames
from mabe_lit.scores.decisions import MOST_S
from mabe_lit.scores.digests import are_among

_Bools = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Thresholds:
    """How probabilities become yes or no. Times are in seconds, so they hold at any frame rate.

    Attributes:
        thresholds: ``C`` probabilities from which on a behaviour is predicted, above 0.
        smoothing_s: ``C`` widths of the moving average of each behaviour's probability; 0 is none.
        minimum_bout_s: ``C`` seconds that a bout of each behaviour, and a gap between two, lasts
            at least, see ``answer``.
        fitted_on: Digests of the tracks' labels that they were fitted on, see ``digest_labels``;
            none for ones that were not fitted.
    """

    thresholds: tuple[float, ...]
    smoothing_s: tuple[float, ...]
    minimum_bout_s: tuple[float, ...]
    fitted_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check lengths and ranges."""
        lengths = [len(self.thresholds), len(self.smoothing_s), len(self.minimum_bout_s)]
        if len(set(lengths)) != 1:
            raise ValueError(
                f"Expected a threshold, a smoothing and a minimum bout for each class but got "
                f"{', '.join(map(str, lengths))}"
            )
        if not all(0 < threshold <= 1 for threshold in self.thresholds):
            raise ValueError(
                f"Expected `thresholds` to be above 0 and at most 1 but got {self.thresholds}"
            )
        if not all(0 <= seconds <= MOST_S for seconds in (*self.smoothing_s, *self.minimum_bout_s)):
            raise ValueError(
                f"Expected `smoothing_s` and `minimum_bout_s` to be finite and >= 0 and at most "
                f"{MOST_S} but got {self.smoothing_s} and {self.minimum_bout_s}"
            )

    @classmethod
    def identity(cls, classes: int) -> Thresholds:
        """Those that predict whatever is as probable as not."""
        return cls((0.5,) * classes, (0.0,) * classes, (0.0,) * classes)

    @property
    def is_identity(self) -> bool:
        """Whether the prediction is just what is as probable as not."""
        is_half = all(threshold == 0.5 for threshold in self.thresholds)
        return is_half and not any((*self.smoothing_s, *self.minimum_bout_s))

    def apply(self, probabilities: _Floats, fps: float, group: str = "") -> _Bools:
        """Decide each frame of one track.

        Args:
            probabilities: ``(N, C)``; 0 where a behaviour is not looked for, which is never a yes.
            fps: Frames per second, > 0.
            group: Of the recording; it makes no difference.

        Returns:
            ``(N, C)`` yes or no.

        Raises:
            ValueError: If there is another number of classes.
        """
        if probabilities.shape[1] != len(self.thresholds):
            raise ValueError(
                f"Expected probabilities of {len(self.thresholds)} classes "
                f"but got {probabilities.shape[1]}"
            )
        settings = zip(self.thresholds, self.smoothing_s, self.minimum_bout_s, strict=True)
        decided = np.zeros(probabilities.shape, bool)
        for c, (threshold, smoothing_s, minimum_bout_s) in enumerate(settings):
            probability = smooth(probabilities[:, c], smoothing_s, fps)
            decided[:, c] = answer(probability, threshold, minimum_bout_s, fps)
        return decided

    def were_fitted_on(self, labels: Sequence[npt.NDArray[np.integer[Any]]]) -> bool:
        """Whether some of these labels of tracks are those that they were fitted on."""
        return are_among(labels, self.fitted_on)

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values, what a checkpoint holds."""
        return {name: list(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None, *, classes: int) -> Thresholds:
        """The inverse of ``to_dict``; the identity of None.

        Raises:
            ValueError: If a field is missing or wrong, or they are for another number of classes.
        """
        if values is None:
            return cls.identity(classes)
        try:
            thresholds = cls(
                thresholds=tuple(map(float, values["thresholds"])),
                smoothing_s=tuple(map(float, values["smoothing_s"])),
                minimum_bout_s=tuple(map(float, values["minimum_bout_s"])),
                fitted_on=tuple(map(str, values["fitted_on"])),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"Expected all fields of Thresholds but got {values!r:.200}"
            ) from error
        if len(thresholds.thresholds) != classes:
            raise ValueError(
                f"Expected thresholds for {classes} classes but got {len(thresholds.thresholds)}"
            )
        return thresholds

    @classmethod
    def mean_of(cls, several: Sequence[Thresholds]) -> Thresholds:
        """The mean of each number, for the mean probabilities of several models."""
        if len(several) == 1:
            return several[0]

        def mean(field: str) -> tuple[float, ...]:
            return tuple(np.mean([getattr(each, field) for each in several], axis=0).tolist())

        return cls(
            thresholds=mean("thresholds"),
            smoothing_s=mean("smoothing_s"),
            minimum_bout_s=mean("minimum_bout_s"),
            fitted_on=tuple(sorted({digest for each in several for digest in each.fitted_on})),
        )

    def describe(self, class_names: Sequence[str]) -> dict[str, Any]:
        """Thresholds, smoothing and minimum durations by class, for a reader."""
        return {
            "thresholds": dict(zip(class_names, self.thresholds, strict=True)),
            "smoothing_s": dict(zip(class_names, self.smoothing_s, strict=True)),
            "minimum_bout_s": dict(zip(class_names, self.minimum_bout_s, strict=True)),
        }


def smooth(probability: _Floats, smoothing_s: float, fps: float) -> _Floats:
    """The moving average of one behaviour's probability, ``(N,)``."""
    return smooth_frames(probability[:, None], half_width_of(smoothing_s, fps))[:, 0]


def answer(probability: _Floats, threshold: float, minimum_bout_s: float, fps: float) -> _Bools:
    """Yes from the threshold on, without short bouts and short gaps.

    Of bouts and gaps together the shortest is turned first, until none is too short. Short gaps
    first would join scattered false alarms to bouts; short bouts first would take a bout that
    flickers away piece by piece. The shortest is what speaks for itself least, whichever it is.

    Args:
        probability: ``(N,)`` of one behaviour, smoothed.
        threshold: What makes a yes.
        minimum_bout_s: Seconds that a bout, and a gap between two, lasts at least.
        fps: Frames per second.

    Returns:
        ``(N,)`` yes or no. What is left below the minimum is a whole track that is shorter.
    """
    is_yes: _Bools = probability >= threshold
    minimum_frames = int(minimum_bout_s * fps + 0.5)
    if minimum_frames <= 1 or not is_yes.any():
        return is_yes
    merged = merge_short_bouts(is_yes.astype(np.int8), (minimum_frames, minimum_frames))
    return merged.astype(bool)
