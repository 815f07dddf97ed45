"""One trained classifier or several, as one: the mean of their probabilities, one decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.data import Entry
from mabe_lit.inference.probabilities import predict_probabilities
from mabe_lit.pose import Recording
from mabe_lit.scores import AnyDecisions, Decisions, average_decisions
from mabe_lit.shell import InputError
from mabe_lit.training import BehaviorClassifier, load_classifier


@dataclass(frozen=True)
class Ensemble:
    """Classifiers of the same animals, key points and classes.

    Attributes:
        classifiers: At least one; key points and classes are those of the first, as of all.
        decisions: What turns the mean of their probabilities into labels.
    """

    classifiers: tuple[BehaviorClassifier, ...]
    decisions: AnyDecisions

    @property
    def class_names(self) -> tuple[str, ...]:
        """``C`` names."""
        return self.classifiers[0].class_names

    @property
    def animal_names(self) -> tuple[str, ...]:
        """``A`` names."""
        return self.classifiers[0].animal_names

    @property
    def trained_on(self) -> Mapping[str, Any]:
        """What the first one's recordings were, see ``BehaviorDataModule.describe_source``."""
        return self.classifiers[0].trained_on

    @property
    def background(self) -> str | None:
        """The class of frames where nothing happens; None unless all trainings tell the same."""
        told = {classifier.trained_on.get("background") for classifier in self.classifiers}
        return told.pop() if len(told) == 1 else None

    @property
    def reads_likelihood(self) -> bool:
        """Whether a tracker's likelihoods make a difference."""
        return any(classifier.features.reads_likelihood for classifier in self.classifiers)

    def check_pose(
        self, animal_names: Sequence[str], keypoint_names: Sequence[str], *, where: str
    ) -> None:
        """See ``BehaviorClassifier.check_pose``."""
        self.classifiers[0].check_pose(animal_names, keypoint_names, where=where)

    def fit_pose(self, recording: Recording, *, where: str) -> tuple[Recording, tuple[str, ...]]:
        """See ``BehaviorClassifier.fit_pose``."""
        return self.classifiers[0].fit_pose(recording, where=where)

    def predict_probabilities(
        self,
        keypoints: np.ndarray,
        entries: Sequence[Entry],
        *,
        likelihood: np.ndarray | None,
        device: str,
    ) -> list[npt.NDArray[np.float32]]:
        """The mean of the classifiers' probabilities, see ``mabe_lit.inference.probabilities``."""
        each = [
            predict_probabilities(
                classifier, keypoints, entries, likelihood=likelihood, device=device
            )
            for classifier in self.classifiers
        ]
        if len(each) == 1:
            return each[0]
        return [np.mean(of_recording, axis=0) for of_recording in zip(*each, strict=True)]

    def predict_recording(
        self, recording: Recording, *, where: str, device: str
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[Any]]:
        """Probabilities ``(N, C)`` and labels ``(N,)`` of one recording, see ``fit_pose``."""
        self.check_pose(recording.animal_names, recording.keypoint_names, where=where)
        (probabilities,) = self.predict_probabilities(
            recording.keypoints,
            [Entry.of(recording)],
            likelihood=recording.likelihood,
            device=device,
        )
        return probabilities, self.decisions.apply(probabilities, recording.fps)


def load_ensemble(checkpoint: Sequence[str] | str, *, raw: bool) -> Ensemble:
    """Load the classifiers of one checkpoint or of several.

    Args:
        checkpoint: Files of checkpoints, at least one.
        raw: Decide for the most probable class, whatever decisions the checkpoints hold.

    Raises:
        InputError: If a file cannot be loaded, or is of other animals, key points or classes than
            the first.
    """
    paths = [checkpoint] if isinstance(checkpoint, str) else list(checkpoint)
    if not paths:
        raise InputError("--checkpoint: names no file; expected one or more")
    classifiers = [load_classifier(path) for path in paths]
    first = classifiers[0]
    for path, other in zip(paths[1:], classifiers[1:], strict=True):
        for what, ours, theirs in (
            ("classes", first.class_names, other.class_names),
            ("key points", first.keypoint_names, other.keypoint_names),
            ("number of animals", (len(first.animal_names),), (len(other.animal_names),)),
        ):
            if ours != theirs:
                raise InputError(
                    f"--checkpoint {path}: has the {what} {', '.join(map(str, theirs))}, "
                    f"but {paths[0]} has {', '.join(map(str, ours))}; several checkpoints must "
                    "have the same"
                )
    if raw:
        decisions: AnyDecisions = Decisions.identity(len(first.class_names))
    else:
        decisions = average_decisions([classifier.decisions for classifier in classifiers])
    return Ensemble(tuple(classifiers), decisions)
