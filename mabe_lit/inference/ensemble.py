"""One trained classifier or several, as one: the mean of their probabilities, one decision."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit.data import Dataset, Task, check_learnt
from mabe_lit.data.task import KIND_WORDS, kind_of
from mabe_lit.inference.probabilities import iter_probabilities
from mabe_lit.pose import Recording
from mabe_lit.scores import AnyDecisions, average_decisions, identity_decisions
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.training import BehaviorClassifier, load_classifier


class PredictedTrack(NamedTuple):
    """What was predicted of one label track.

    Attributes:
        probabilities: ``(N, C)``.
        predicted: ``(N,)`` class indices, or ``(N, C)`` bool where behaviours are independent.
        agent: The animal that acts; None for the scene.
        target: The other animal that it is done to; None if there is none.
        looked_for: Classes that it is about; None for all.
    """

    probabilities: npt.NDArray[np.float32]
    predicted: npt.NDArray[Any]
    agent: str | None
    target: str | None
    looked_for: tuple[str, ...] | None


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
    def task(self) -> Task:
        """What the first one's recordings asked; the others' asked the same."""
        return self.classifiers[0].task

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
    def tells_groups(self) -> bool:
        """Whether it makes a difference which group a recording is of."""
        is_told = any(classifier.config.group_embedding for classifier in self.classifiers)
        return self.task.groups_differ or (is_told and self.task.groups not in ((), ("",)))

    def is_unknown(self, group: str) -> bool:
        """Whether training had not this group, and would have told it from others."""
        return self.tells_groups and group not in self.task.groups

    def warn_of_group(self, group: str | None) -> None:
        """Warn where a group makes no difference, or is none of the training's."""
        known = ", ".join(filter(None, self.task.groups))
        if group is not None and not self.tells_groups:
            why = "had no groups" if not known else f"tells its groups {known} not apart"
            message = f"--group {group} makes no difference: the training {why}"
        elif self.is_unknown(group or ""):
            given = "--group is not given" if group is None else f"--group {group} is none of these"
            message = (
                f"training had the groups {known}; {given}: what they have in common is taken, and "
                "the behaviours of all"
            )
        else:
            return
        warnings.warn(InputWarning(message), stacklevel=3)

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
        """See ``BehaviorClassifier.fit_pose``; of the classifier that knows the least lack."""
        strictest = min(self.classifiers, key=lambda one: one.task.lacks_points)
        return strictest.fit_pose(recording, where=where)

    def check_labels(self, dataset: Dataset, *, where: str) -> None:
        """Raise ``InputError`` if labels ``where`` are not of the kind that the training had.

        Warns of groups that the training had not.
        """
        if dataset.class_names != self.class_names:
            raise InputError(
                f"{where}: has the classes {', '.join(dataset.class_names)}, "
                f"but the checkpoint was trained on {', '.join(self.class_names)}"
            )
        theirs = Task.of(dataset)
        if theirs.is_independent != self.task.is_independent or theirs.kinds - self.task.kinds:
            raise InputError(
                f"{where}: its labels are {' and '.join(_labels_asked(theirs))}, but those of the "
                f"training were {' and '.join(_labels_asked(self.task))}"
            )
        check_learnt(dataset, self.task, where=where)
        if unknown := [group for group in theirs.groups if self.is_unknown(group)]:
            warnings.warn(
                InputWarning(
                    f"{where}: {', '.join(unknown) or 'no group'} is none of the groups of the "
                    f"training, {', '.join(filter(None, self.task.groups))}; what these have in "
                    "common is taken, and the behaviours of all"
                ),
                stacklevel=3,
            )

    def predict_probabilities(
        self, dataset: Dataset, *, device: str
    ) -> Iterator[npt.NDArray[np.float32]]:
        """The mean of the classifiers' probabilities ``(N, C)``, track by track."""
        each = [iter_probabilities(one, dataset, device=device) for one in self.classifiers]
        for of_track in zip(*each, strict=True):
            found = [probabilities for _, probabilities in of_track]
            yield found[0] if len(found) == 1 else np.mean(found, axis=0)

    def predict_recording(
        self, recording: Recording, *, where: str, device: str
    ) -> Iterator[PredictedTrack]:
        """Predict each track that the training asks of a recording, see ``fit_pose``.

        Raises:
            InputError: If the recording has other key points or animals than the training, or one
                animal where pairs are asked for.
        """
        self.check_pose(recording.animal_names, recording.keypoint_names, where=where)
        names = recording.animal_names
        whose = self.task.whose(len(names), recording.group)
        if not whose:
            raise InputError(
                f"{where}: has one animal, {names[0]}, but the checkpoint labels what an animal "
                "does to another one"
            )
        recording = replace(recording, tracks=(), class_names=self.class_names)
        dataset = Dataset.of(recording, whose)
        found = self.predict_probabilities(dataset, device=device)
        for track, probabilities in zip(dataset.tracks, found, strict=True):
            agent, target = (None if a is None else names[a] for a in (track.agent, track.target))
            is_about = self.task.classes_for(recording.group, kind_of(track))
            yield PredictedTrack(
                probabilities,
                self.decisions.apply(probabilities, recording.fps, recording.group),
                agent,
                target,
                None if is_about.all() else tuple(np.array(self.class_names, object)[is_about]),
            )


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
            ("key points", first.task.keypoint_names, other.task.keypoint_names),
            ("number of animals", _animals_asked(first.task), _animals_asked(other.task)),
            ("kinds of labels", _labels_asked(first.task), _labels_asked(other.task)),
            ("behaviours", _behaviors_asked(first.task), _behaviors_asked(other.task)),
        ):
            if ours != theirs:
                raise InputError(
                    f"--checkpoint {path}: has the {what} {', '.join(map(str, theirs))}, "
                    f"but {paths[0]} has {', '.join(map(str, ours))}; several checkpoints must "
                    "have the same"
                )
    if raw:
        decisions: AnyDecisions = identity_decisions(
            len(first.class_names), is_independent=first.task.is_independent
        )
    else:
        decisions = average_decisions([classifier.decisions for classifier in classifiers])
    return Ensemble(tuple(classifiers), decisions)


def _animals_asked(task: Task) -> tuple[str, ...]:
    """How many animals poses must have."""
    return ("any",) if task.has_agents else (str(len(task.animal_names)),)


def _labels_asked(task: Task) -> tuple[str, ...]:
    """Whose labels there are, and whether they exclude each other."""
    kind = "of independent behaviours" if task.is_independent else "one class a frame"
    return (kind, *(KIND_WORDS[each] for each in sorted(task.kinds)))


def _behaviors_asked(task: Task) -> tuple[str, ...]:
    """What was looked for in each group and kind of tracks."""
    return tuple(
        f"{' and '.join(names)} {KIND_WORDS[kind]}{f' in group {group}' if group else ''}"
        for group, kinds in task.looked_for.items()
        for kind, names in kinds.items()
    )
