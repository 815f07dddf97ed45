"""How windows see their label tracks: whose eyes, which points, which group and classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from mabe_lit.data import Dataset, Entry
from mabe_lit.data.task import Task, kind_of
from mabe_lit.features.roles import pick_roles


@dataclass(frozen=True)
class Views:
    """One a label track or window, ``B`` of them.

    Attributes:
        agent: ``(B,)`` index of the animal that acts, -1 for the scene.
        target: ``(B,)`` index of the animal that it is done to, -1 if there is none.
        has_point: ``(B, A, K)`` bool, points that the animals have; of agent and target alone
            where windows show these.
        group: ``(B, G)`` share of each group of the training: 1 of its own, or the same of all.
        looked_for: ``(B, C)`` bool, classes that the track is about.
        has_agents: Whether tracks are of single animals, not of the scene.
    """

    agent: Tensor
    target: Tensor
    has_point: Tensor
    group: Tensor
    looked_for: Tensor
    has_agents: bool

    def __getitem__(self, which: Tensor | slice) -> Views:
        """Those of some windows."""
        return self._each(lambda values: values[which])

    def __len__(self) -> int:
        return len(self.agent)

    def to(self, device: torch.device) -> Views:
        """The same on another device."""
        return self._each(lambda values: values.to(device, non_blocking=True))

    def repeat(self, times: int) -> Views:
        """All of them so often, one after the other."""
        return self._each(lambda values: torch.cat([values] * times))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Views:
        return Views(
            change(self.agent),
            change(self.target),
            change(self.has_point),
            change(self.group),
            change(self.looked_for),
            self.has_agents,
        )


def views_of(dataset: Dataset, task: Task, *, for_training: bool) -> Views | None:
    """Views of all label tracks of a dataset, or None where all are plain scenes.

    Args:
        dataset: The recordings.
        task: What the training asks.
        for_training: Whether classes are those that somebody looked for in the track itself, or
            in any track of its kind and group.
    """
    if task.is_plain:
        return None
    A, K = dataset.keypoints.shape[1:3]
    tracks = [(track, dataset.entry_of(track)) for track in dataset.tracks]
    has_point = np.stack([_points(dataset, entry, A, K) for _, entry in tracks])
    groups = np.stack([group_shares(task, entry.group) for _, entry in tracks])
    looked_for = np.stack(
        [
            dataset.classes_of(track)
            if for_training
            else task.classes_for(entry.group, kind_of(track))
            for track, entry in tracks
        ]
    )
    return Views(
        torch.tensor([-1 if track.agent is None else track.agent for track, _ in tracks]),
        torch.tensor([-1 if track.target is None else track.target for track, _ in tracks]),
        torch.from_numpy(has_point),
        torch.from_numpy(groups),
        torch.from_numpy(looked_for),
        has_agents=task.has_agents,
    )


def group_shares(task: Task, group: str) -> np.ndarray:
    """``(G,)`` float32: 1 for its own group; for one that training had not, the mean of all."""
    groups = task.groups
    is_own = np.array([name == group for name in groups], np.float32)
    return is_own if is_own.any() else np.full(len(groups), 1 / max(len(groups), 1), np.float32)


def _points(dataset: Dataset, entry: Entry, animals: int, keypoints: int) -> np.ndarray:
    if entry.points is not None and dataset.point_sets is not None:
        return np.asarray(dataset.point_sets[entry.points])
    has_point = np.zeros((animals, keypoints), bool)
    has_point[: len(dataset.animals_of(entry))] = True
    return has_point


def seen_as(keypoints: Tensor, views: Views | None) -> tuple[Tensor, Views | None]:
    """Windows of all animals as their views show them.

    Args:
        keypoints: ``(B, T, A, K, 2 or 3)``.
        views: Of the windows.

    Returns:
        ``(B, T, 3, K, 2 or 3)`` of agent, target and nearest other, and ``has_point`` of the first
        two, where tracks have agents; else all as it is.
    """
    if views is None or not views.has_agents:
        return keypoints, views
    window = torch.arange(len(views), device=keypoints.device)
    of_agent = views.has_point[window, views.agent]  # (B, K)
    of_target = views.has_point[window, views.target.clamp(min=0)]
    of_target = of_target & (views.target >= 0)[:, None]
    has_point = torch.stack([of_agent, of_target], 1)
    chosen = pick_roles(keypoints, views.agent, views.target)
    return chosen, replace(views, has_point=has_point)
