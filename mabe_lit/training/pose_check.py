"""Whether poses are what a network was trained on; putting them in its order by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mabe_lit.data import Task
from mabe_lit.pose import Recording
from mabe_lit.shell import InputError

_LOST_SHARE = 0.01
"""Share of frames in which an animal has no tracked point from which on it is told."""


def check_pose(
    animal_names: Sequence[str],
    keypoint_names: Sequence[str],
    task: Task,
    *,
    are_alike: bool,
    where: str,
) -> None:
    """Raise ``InputError`` if poses are not of the training's animals and key points.

    Animals may have other names, but not the same ones in another order if training told them
    apart; where they are agents and targets, there may be more or fewer as well. Key points must
    have the same names in the same order.

    Args:
        animal_names: Animals of the poses.
        keypoint_names: Their key points.
        task: What the training asked.
        are_alike: Whether the training took its animals to be alike.
        where: Where the poses are, for the message.
    """
    animals, keypoints = task.animal_names, task.keypoint_names
    if not task.has_agents:
        _check_count(animal_names, animals, where)
        is_reordered = tuple(animal_names) != animals and sorted(animal_names) == sorted(animals)
        if is_reordered and not are_alike:
            raise InputError(
                f"{where}: has the animals {', '.join(animal_names)} in this order, but the "
                f"checkpoint was trained on {', '.join(animals)}"
            )
    _check_missing(keypoint_names, keypoints, where)
    if tuple(keypoint_names) != keypoints:
        raise InputError(
            f"{where}: has the key points {', '.join(keypoint_names)}, "
            f"but the checkpoint was trained on {', '.join(keypoints)}"
        )


def fit_pose(
    recording: Recording, task: Task, *, are_alike: bool, where: str
) -> tuple[Recording, tuple[str, ...]]:
    """A recording with the training's animals and key points, in its order.

    Animals of the same names are put in order; others keep theirs, and take the places that are
    left. Animals that are agents and targets stay as they are. Other key points are left out; one
    that is missing is never tracked, where training knew animals without some. Arguments as of
    ``check_pose``.

    Returns:
        The recording, and notes on what was left out, which animal was taken for which, and which
        agents and targets are lost for long.

    Raises:
        InputError: If a key point is missing, or there are more animals or fewer.
    """
    notes = []
    if not task.has_agents:
        recording, taken = _in_places(recording, task.animal_names, are_alike, where)
        notes += taken
    lacking = [name for name in task.keypoint_names if name not in recording.keypoint_names]
    if lacking and task.lacks_points and len(lacking) < len(task.keypoint_names):
        recording = _with_lacking(recording, lacking)
        notes.append(f"key points that are not tracked here: {', '.join(lacking)}")
    _check_missing(recording.keypoint_names, task.keypoint_names, where)
    if left := [name for name in recording.keypoint_names if name not in task.keypoint_names]:
        notes.append(f"key points that the training had not, left out: {', '.join(left)}")
    recording = recording.with_keypoints(task.keypoint_names)
    if recording.has_point is not None and not (task.lacks_points or recording.has_point.all()):
        pairs = zip(recording.animal_names, recording.has_point, strict=True)
        lacking = [name for name, has in pairs if not has.all()]
        notes.append(f"animals lack key points that all in training had: {', '.join(lacking)}")
    return recording, (*notes, *(_told_of_lost(recording) if task.has_agents else ()))


def _in_places(
    recording: Recording, animals: tuple[str, ...], are_alike: bool, where: str
) -> tuple[Recording, list[str]]:
    """The recording with its animals in the training's places, and a note on who took which."""
    _check_count(recording.animal_names, animals, where)
    others = [name for name in recording.animal_names if name not in animals]
    taken = [name if name in recording.animal_names else others.pop(0) for name in animals]
    recording = recording.in_order_of(tuple(taken))
    pairs = [f"{a} for {b}" for a, b in zip(taken, animals, strict=True) if a != b]
    if not pairs or len(animals) == 1 or are_alike:
        return recording, []
    return recording, [f"animals have other names than in training: taken is {', '.join(pairs)}"]


def _with_lacking(recording: Recording, names: Sequence[str]) -> Recording:
    """The same with further key points, which no animal has."""
    N, A, K, _ = recording.keypoints.shape
    more = len(names)
    has_point = np.ones((A, K), bool) if recording.has_point is None else recording.has_point
    likelihood = recording.likelihood
    if likelihood is not None:
        untold = np.full((N, A, more), np.nan, np.float32)
        likelihood = np.concatenate([likelihood, untold], axis=2)
    untracked = np.full((N, A, more, 2), np.nan, np.float32)
    return replace(
        recording,
        keypoints=np.concatenate([recording.keypoints, untracked], axis=2),
        keypoint_names=(*recording.keypoint_names, *names),
        likelihood=likelihood,
        has_point=np.concatenate([has_point, np.zeros((A, more), bool)], axis=1),
    )


def _check_count(found: Sequence[str], animals: Sequence[str], where: str) -> None:
    if len(found) != len(animals):
        hint = "; --animals chooses them by name" if set(animals) < set(found) else ""
        raise InputError(
            f"{where}: has {len(found)} animals ({', '.join(found)}), "
            f"but the checkpoint was trained on {len(animals)} ({', '.join(animals)}){hint}"
        )


def _check_missing(found: Sequence[str], keypoints: Sequence[str], where: str) -> None:
    if missing := [name for name in keypoints if name not in found]:
        raise InputError(
            f"{where}: has the key points {', '.join(found)}, but the checkpoint was trained on "
            f"{', '.join(keypoints)}; missing are {', '.join(missing)}"
        )


def _told_of_lost(recording: Recording) -> list[str]:
    """A line for each animal that has no tracked point in some of the frames."""
    return [
        f"{animal} has no tracked point in {100 * share:.0f} % of the frames; what is predicted of "
        "it there is a guess"
        for animal, share in zip(recording.animal_names, recording.lost_shares, strict=True)
        if share > _LOST_SHARE
    ]
