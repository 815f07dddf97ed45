"""Who does it to whom: whether the prediction names the right animals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED

_Labels = npt.NDArray[Any]
_Floats = npt.NDArray[np.floating[Any]]
_Bools = npt.NDArray[np.bool_]

Who = tuple[int, Any, Any]
"""A track's recording, agent and target; agent and target are None where there is none."""


def score_agents(
    probabilities: Sequence[_Floats],
    labels: Sequence[_Labels],
    predicted: Sequence[_Labels],
    who: Sequence[Who],
    class_names: Sequence[str],
) -> dict[str, dict[str, Any]] | None:
    """How often what happens and is found is of the right agent, and toward the right target.

    Counted are the frames of a recording in which a behaviour happens in some track and is
    predicted in some track, of those in which somebody looked for it in the frame. Of the predicted
    tracks the most probable one counts; several may be true, and any of these is right. Where there
    is but one agent (or target) to choose from, nothing is counted.

    Args:
        probabilities: ``(N, C)`` for each track.
        labels: For each track ``(N,)`` class indices or ``(N, C)`` 1 and 0, ``UNSCORED`` where
            nobody looked.
        predicted: For each track ``(N,)`` class indices or ``(N, C)`` yes and no.
        who: Recording, agent and target of each track.
        class_names: ``C`` names.

    Returns:
        ``which_agent`` and ``which_target``, the share of right ones by class, None where nothing
        was counted; and ``frames``, how many frames count, by class. None if no track has an agent.
    """
    if all(agent is None for _, agent, _ in who):
        return None
    counts = np.zeros((2, len(class_names), 2), np.int64)  # agent and target, class, right and all
    for tracks in _by_recording(who):
        names = np.array([who[track][1:] for track in tracks], object)
        is_pair = np.array([target is not None for target in names[:, 1]])
        for c in range(len(class_names)):
            about = [_of_class(probabilities[t], labels[t], predicted[t], c) for t in tracks]
            can_be = np.array([looked.any() for _, looked, *_ in about])
            for role, is_asked in enumerate((can_be, can_be & is_pair)):
                asked = np.flatnonzero(is_asked)
                whose = np.unique(names[asked, role].astype(str), return_inverse=True)[1]
                if len(set(whose.tolist())) > 1:
                    counts[role, c] += _count([about[index] for index in asked], whose)
    shares = [
        {
            name: float(right / frames) if frames else None
            for name, (right, frames) in zip(class_names, of_role, strict=True)
        }
        for of_role in counts
    ]
    frames = dict(zip(class_names, counts[:, :, 1].max(axis=0).tolist(), strict=True))
    return {"which_agent": shares[0], "which_target": shares[1], "frames": frames}


def _by_recording(who: Sequence[Who]) -> Iterator[list[int]]:
    """The tracks of each recording."""
    tracks: dict[int, list[int]] = {}
    for track, (recording, _, _) in enumerate(who):
        tracks.setdefault(recording, []).append(track)
    yield from tracks.values()


def _of_class(
    probabilities: _Floats, labels: _Labels, predicted: _Labels, c: int
) -> tuple[_Floats, _Bools, _Bools, _Bools]:
    """Of a class in a track, ``(N,)`` each: probability, looked for, happens, predicted."""
    if labels.ndim == 2:
        looked = labels[:, c] != UNSCORED
        happens, is_predicted = labels[:, c] == 1, predicted[:, c] == 1
    else:  # what a track is not about has no probability in it
        looked = (labels != UNSCORED) & probabilities[:, c].any()
        happens, is_predicted = labels == c, predicted == c
    return probabilities[:, c], looked, happens, is_predicted & looked


def _count(
    about: Sequence[tuple[_Floats, _Bools, _Bools, _Bools]], whose: npt.NDArray[np.int64]
) -> tuple[int, int]:
    """Frames in which the most probable track is of a true one's animal, and all that count.

    Args:
        about: Of each track, see ``_of_class``.
        whose: The animal of each track, as a number.
    """
    probability, _, happens, is_predicted = (np.stack(each) for each in zip(*about, strict=True))
    counts = happens.any(axis=0) & is_predicted.any(axis=0)
    named = whose[np.where(is_predicted, probability, -1).argmax(axis=0)]
    is_right = (happens & (whose[:, None] == named)).any(axis=0)
    return int((is_right & counts).sum()), int(counts.sum())
