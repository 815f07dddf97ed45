"""Frame probabilities of independent actions -> one action a frame, by the habits of each lab.

Where each lab has raters of its own, who mean something else by the same word, each has a threshold
of its own for each action. Of the actions that reach theirs, one is taken, see ``choose_actions``:
MABe 2025 allows an agent but one action toward a target in a frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.decisions import MOST_S
from mabe_lit.scores.digests import are_among
from mabe_lit.scores.one_action import choose_actions
from mabe_lit.scores.thresholds import Thresholds

NEVER = 2.0
"""A threshold that no probability reaches."""

_Bools = npt.NDArray[np.bool_]
_Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ActionThresholds:
    """Those of one lab. Times are in seconds, so they hold at any frame rate.

    Attributes:
        thresholds: ``C`` probabilities from which on an action is predicted, above 0 and at most 1;
            or ``NEVER``.
        smoothing_s: ``C`` widths of the moving average of each action's probability; 0 is none.
    """

    thresholds: tuple[float, ...]
    smoothing_s: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check lengths and ranges."""
        if len(self.thresholds) != len(self.smoothing_s):
            raise ValueError(
                f"Expected a threshold and a smoothing for each class but got "
                f"{len(self.thresholds)} and {len(self.smoothing_s)}"
            )
        if not all(0 < each <= 1 or each == NEVER for each in self.thresholds):
            raise ValueError(
                f"Expected `thresholds` to be above 0 and at most 1, or {NEVER} for never, but got "
                f"{self.thresholds}"
            )
        if not all(0 <= seconds <= MOST_S for seconds in self.smoothing_s):
            raise ValueError(
                f"Expected `smoothing_s` to be 0 to {MOST_S} but got {self.smoothing_s}"
            )

    @classmethod
    def identity(cls, classes: int) -> Self:
        """Those that predict whatever is as probable as not."""
        return cls((0.5,) * classes, (0.0,) * classes)

    @classmethod
    def mean_of(cls, several: Sequence[ActionThresholds]) -> ActionThresholds:
        """For each action the mean of those that ever predict it: never only where all say so.

        Thresholds are averaged as logarithms: what counts of them are their ratios.
        """
        thresholds = np.array([each.thresholds for each in several])
        is_known = thresholds != NEVER
        count = is_known.sum(axis=0).clip(min=1)
        logs = np.where(is_known, np.log(thresholds), 0).sum(axis=0) / count
        mean = np.where(is_known.any(axis=0), np.exp(logs).clip(max=1), NEVER)
        seconds = np.where(is_known, [each.smoothing_s for each in several], 0).sum(axis=0) / count
        return cls(tuple(mean.tolist()), tuple(seconds.tolist()))

    def describe(self, class_names: Sequence[str]) -> dict[str, dict[str, float | None]]:
        """Numbers by class; a threshold of None is never."""
        thresholds = [None if each == NEVER else each for each in self.thresholds]
        return {
            "thresholds": dict(zip(class_names, thresholds, strict=True)),
            "smoothing_s": dict(zip(class_names, self.smoothing_s, strict=True)),
        }

    def to_dict(self) -> dict[str, list[float]]:
        """As plain values."""
        return {"thresholds": list(self.thresholds), "smoothing_s": list(self.smoothing_s)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``."""
        thresholds, smoothing_s = values["thresholds"], values["smoothing_s"]
        return cls(tuple(map(float, thresholds)), tuple(map(float, smoothing_s)))


@dataclass(frozen=True)
class LabThresholds:
    """How probabilities become one action a frame in each lab.

    Attributes:
        others: In labs that are none of ``labs``: new ones, those with too few videos to fit to, or
            all of them.
        labs: In each lab; labs are groups of recordings.
        fitted_on: Digests of the tracks' labels that they were fitted on, see ``digest_labels``;
            none for ones that were not fitted.
    """

    KIND: ClassVar[str] = "labs"
    """What tells them from other decisions in a checkpoint."""

    others: ActionThresholds
    labs: Mapping[str, ActionThresholds] = field(default_factory=dict)
    fitted_on: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that all are of as many classes."""
        counts = sorted({len(each.thresholds) for each in (self.others, *self.labs.values())})
        if len(counts) > 1:
            raise ValueError(f"Expected one number of classes but got {counts}")

    @classmethod
    def identity(cls, classes: int) -> Self:
        """Those that predict the most probable action that is as probable as not."""
        return cls(ActionThresholds.identity(classes))

    @classmethod
    def like(cls, decisions: Thresholds | LabThresholds) -> LabThresholds:
        """The same thresholds and smoothing in all labs, where they are not each lab's already."""
        if isinstance(decisions, LabThresholds):
            return decisions
        in_all = ActionThresholds(decisions.thresholds, decisions.smoothing_s)
        return cls(in_all, {}, decisions.fitted_on)

    @property
    def is_identity(self) -> bool:
        """Whether nothing was fitted."""
        return not self.labs and self.others == ActionThresholds.identity(
            len(self.others.thresholds)
        )

    def apply(self, probabilities: _Floats, fps: float, group: str = "") -> _Bools:
        """Decide each frame of one track.

        Args:
            probabilities: ``(N, C)``; 0 where an action is not looked for, which is never a yes.
            fps: Frames per second, > 0.
            group: The lab.

        Returns:
            ``(N, C)`` yes or no, at most one yes a frame.

        Raises:
            ValueError: If there is another number of classes.
        """
        own = self.labs.get(group, self.others)
        is_any = probabilities.any(axis=0) & (np.array(own.thresholds) != NEVER)
        chosen = choose_actions(
            probabilities,
            own.thresholds,
            is_any.tolist(),
            smoothing_s=own.smoothing_s,
            fps=fps,
        )
        is_chosen: _Bools = chosen[:, None] == np.arange(probabilities.shape[1])
        return is_chosen

    def were_fitted_on(self, labels: Sequence[npt.NDArray[np.integer[Any]]]) -> bool:
        """Whether some of these labels of tracks are those that they were fitted on."""
        return are_among(labels, self.fitted_on)

    def to_dict(self) -> dict[str, Any]:
        """All fields as plain values, what a checkpoint holds."""
        return {
            "kind": self.KIND,
            "others": self.others.to_dict(),
            "labs": {lab: each.to_dict() for lab, each in self.labs.items()},
            "fitted_on": list(self.fitted_on),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, classes: int) -> LabThresholds:
        """The inverse of ``to_dict``.

        Raises:
            ValueError: If a field is missing or wrong, or they are for another number of classes.
        """
        try:
            found = cls(
                ActionThresholds.from_dict(values["others"]),
                {str(lab): ActionThresholds.from_dict(v) for lab, v in values["labs"].items()},
                tuple(map(str, values["fitted_on"])),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"Expected all fields of LabThresholds but got {values!r:.200}"
            ) from error
        if len(found.others.thresholds) != classes:
            raise ValueError(
                f"Expected thresholds for {classes} classes but got {len(found.others.thresholds)}"
            )
        return found

    @classmethod
    def mean_of(cls, several: Sequence[Thresholds | LabThresholds]) -> LabThresholds:
        """For the mean probabilities of several models; each lab is that of those that have it."""
        each = [cls.like(decisions) for decisions in several]
        names = sorted({lab for one in each for lab in one.labs})
        return cls(
            ActionThresholds.mean_of([one.others for one in each]),
            {
                lab: ActionThresholds.mean_of([one.labs[lab] for one in each if lab in one.labs])
                for lab in names
            },
            tuple(sorted({digest for one in each for digest in one.fitted_on})),
        )

    def describe(self, class_names: Sequence[str]) -> dict[str, Any]:
        """Thresholds and smoothing by class, and those of each lab, for a reader."""
        labs = {lab: each.describe(class_names) for lab, each in self.labs.items()}
        return self.others.describe(class_names) | {"labs": labs}
