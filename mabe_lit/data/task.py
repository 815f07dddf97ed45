"""What is asked of a network: whose behaviours, which of them, and whether they exclude others."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import compress
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mabe_lit.data.dataset import Dataset
from mabe_lit.data.entries import TrackEntry
from mabe_lit.shell import InputError, InputWarning

SCENE, OWN, PAIR = KINDS = ("scene", "own", "pair")
"""Kinds of label tracks: of a scene; of an animal by itself; of an agent toward a target."""

KIND_WORDS = {SCENE: "of the scene", OWN: "of single animals", PAIR: "of agents toward targets"}
"""What the labels of each kind are."""


def kind_of(track: TrackEntry) -> str:
    """Which of ``KINDS`` a track is."""
    if track.agent is None:
        return SCENE
    return OWN if track.target is None else PAIR


@dataclass(frozen=True)
class Task:
    """What the recordings of a training ask.

    Attributes:
        animal_names: ``A`` names.
        keypoint_names: ``K`` names.
        class_names: ``C`` names.
        is_independent: Whether several behaviours of a track may happen in one frame.
        lacks_points: Whether some animals do not have some of the points.
        looked_for: By group and kind of track, the classes that somebody looked for; empty for
            scenes of no group in which somebody looked for all.
    """

    animal_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    class_names: tuple[str, ...]
    is_independent: bool = False
    lacks_points: bool = False
    looked_for: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        """What the recordings of a dataset ask."""
        found: dict[str, dict[str, npt.NDArray[np.bool_]]] = {}
        for track in dataset.tracks:
            kinds = found.setdefault(dataset.entry_of(track).group, {})
            about = dataset.classes_of(track)
            kinds[kind_of(track)] = kinds.get(kind_of(track), np.zeros_like(about)) | about
        names = np.array(dataset.class_names, object)
        if list(found) == [""] and list(found[""]) == [SCENE] and found[""][SCENE].all():
            found = {}  # as where nothing is told, and in earlier releases
        return cls(
            dataset.animal_names,
            dataset.keypoint_names,
            dataset.class_names,
            dataset.is_independent,
            any(entry.points is not None for entry in dataset.entries),
            {
                group: {kind: tuple(names[about]) for kind, about in sorted(kinds.items())}
                for group, kinds in sorted(found.items())
            },
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of the recordings, sorted."""
        return tuple(self.looked_for)

    @property
    def groups_differ(self) -> bool:
        """Whether other behaviours were looked for in some groups than in others."""
        kinds = list(self.looked_for.values())
        return any(each != kinds[0] for each in kinds)

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of tracks that there are."""
        found = {kind for kinds in self.looked_for.values() for kind in kinds}
        return frozenset(found or {SCENE})

    @property
    def has_agents(self) -> bool:
        """Whether labels are of single animals."""
        return SCENE not in self.kinds

    @property
    def is_plain(self) -> bool:
        """Whether each window is a scene of animals with all points, and asks for all classes."""
        everything = {group: {SCENE: self.class_names} for group in self.looked_for}
        return not self.lacks_points and self.looked_for in (everything, {})

    def classes_for(self, group: str, kind: str) -> npt.NDArray[np.bool_]:
        """``(C,)`` classes to predict in tracks of a kind; in an unknown group, those of any."""
        groups = [group] if group in self.looked_for else list(self.looked_for)
        names = {name for each in groups for name in self.looked_for[each].get(kind, ())}
        if not self.looked_for:
            names = set(self.class_names)
        return np.array([name in names for name in self.class_names], bool)

    def whose(self, animals: int, group: str) -> list[tuple[int | None, int | None]]:
        """Agent and target of each track to predict in a recording of so many animals."""
        if not self.has_agents:
            return [(None, None)]
        own = [(a, None) for a in range(animals)]
        pairs = [(a, b) for a in range(animals) for b in range(animals) if a != b]
        found: list[tuple[int | None, int | None]] = []
        for kind, tracks in ((OWN, own), (PAIR, pairs)):
            if self.classes_for(group, kind).any():
                found += tracks
        return found

    def to_dict(self) -> dict[str, Any]:
        """As plain values, what a checkpoint holds."""
        return {
            "animal_names": list(self.animal_names),
            "keypoint_names": list(self.keypoint_names),
            "class_names": list(self.class_names),
            "is_independent": self.is_independent,
            "lacks_points": self.lacks_points,
            "looked_for": {
                group: {kind: list(names) for kind, names in kinds.items()}
                for group, kinds in self.looked_for.items()
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of ``to_dict``; what an earlier release did not tell is a plain scene."""
        return cls(
            tuple(values["animal_names"]),
            tuple(values["keypoint_names"]),
            tuple(values["class_names"]),
            is_independent=values.get("is_independent", False),
            lacks_points=values.get("lacks_points", False),
            looked_for={
                group: {kind: tuple(names) for kind, names in kinds.items()}
                for group, kinds in values.get("looked_for", {}).items()
            },
        )


def check_learnt(dataset: Dataset, task: Task, *, where: str) -> None:
    """Warn where somebody looked for what a training did not, which is never predicted then.

    Also where animals lack points, which a training did not see.

    Args:
        dataset: Labels to compare with predictions.
        task: What the training asked.
        where: Where the labels are, for the message.

    Raises:
        InputError: If the training looked for nothing at all in some tracks.
    """
    theirs = Task.of(dataset)
    if theirs.lacks_points and not task.lacks_points:
        message = f"{where}: some animals lack key points that all in training had"
        warnings.warn(InputWarning(message), stacklevel=3)
    asked = theirs.looked_for or {"": {SCENE: dataset.class_names}}
    for group, kinds in asked.items():
        for kind, names in kinds.items():
            whose = KIND_WORDS[kind] + (f" in group {group}" if group else "")
            is_learnt = task.classes_for(group, kind)
            learnt = list(compress(task.class_names, is_learnt))
            if not learnt:
                raise InputError(f"{where}: has labels {whose}, of which the training had none")
            if unlearnt := [name for name in names if name not in learnt]:
                message = (
                    f"{where}: in labels {whose} somebody looked for {', '.join(unlearnt)}, but "
                    f"nobody did in training, so it is never predicted there"
                )
                warnings.warn(InputWarning(message), stacklevel=3)
