"""Whether poses are what a network was trained on; putting them in its order by name."""

from __future__ import annotations

from collections.abc import Sequence

from mabe_lit.pose import Recording
from mabe_lit.shell import InputError


def check_pose(
    animal_names: Sequence[str],
    keypoint_names: Sequence[str],
    trained_on: tuple[Sequence[str], Sequence[str]],
    *,
    are_alike: bool,
    where: str,
) -> None:
    """Raise ``InputError`` if poses are not of the training's animals and key points.

    Animals may have other names, but not the same ones in another order if training told them
    apart. Key points must have the same names in the same order.

    Args:
        animal_names: Animals of the poses.
        keypoint_names: Their key points.
        trained_on: Animals and key points of the training.
        are_alike: Whether the training took its animals to be alike.
        where: Where the poses are, for the message.
    """
    animals, keypoints = map(tuple, trained_on)
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
    recording: Recording,
    trained_on: tuple[Sequence[str], Sequence[str]],
    *,
    are_alike: bool,
    where: str,
) -> tuple[Recording, tuple[str, ...]]:
    """A recording with the training's animals and key points, in its order.

    Animals of the same names are put in order; others keep theirs, and take the places that are
    left. Other key points are left out. Arguments as of ``check_pose``.

    Returns:
        The recording, and notes on what was left out and which animal was taken for which.

    Raises:
        InputError: If a key point is missing, or there are more animals or fewer.
    """
    animals, keypoints = map(tuple, trained_on)
    _check_count(recording.animal_names, animals, where)
    _check_missing(recording.keypoint_names, keypoints, where)
    notes = []
    others = [name for name in recording.animal_names if name not in animals]
    taken = [name if name in recording.animal_names else others.pop(0) for name in animals]
    recording = recording.in_order_of(tuple(taken))
    pairs = [f"{a} for {b}" for a, b in zip(taken, animals, strict=True) if a != b]
    if pairs and len(animals) > 1 and not are_alike:
        notes.append(f"animals have other names than in training: taken is {', '.join(pairs)}")
    if left := [name for name in recording.keypoint_names if name not in keypoints]:
        notes.append(f"key points that the training had not, left out: {', '.join(left)}")
    return recording.with_keypoints(keypoints), tuple(notes)


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
