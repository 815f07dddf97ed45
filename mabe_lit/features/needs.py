"""Which animals and points each column is made from, and which columns so are known of a window."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Names = Callable[[tuple[str, ...], tuple[str, ...]], Sequence[str]]
"""Names of animals and of points -> a name a column, in which those it is made from are named."""

_TOKEN = re.compile("\0([ak])([0-9]+)\0")
MARKS = ("missing", "likelihood")
"""Ends of the names of columns that tell of the tracking itself, and so are always known."""


class ColumnNeeds(nn.Module):
    """Tells of each window which columns are made from what is there.

    A point that an animal does not have, or that its lab does not track, and an animal that is not
    there are nowhere: what is computed from them would be invented.
    """

    needs_point: Tensor
    needs_animal: Tensor

    def __init__(self, names: Names, *, animals: int, keypoints: int) -> None:
        """For the columns that ``names`` names, of so many animals and key points."""
        super().__init__()
        tokens = (
            tuple(f"\0a{number}\0" for number in range(animals)),
            tuple(f"\0k{number}\0" for number in range(keypoints)),
        )
        columns = list(names(*tokens))
        points = torch.zeros(len(columns), animals, keypoints)
        needed = torch.zeros(len(columns), animals)
        for column, name in enumerate(columns):
            if name.endswith(MARKS):
                continue
            animal = 0
            for kind, number in _TOKEN.findall(name):
                if kind == "a":
                    animal = int(number)
                    needed[column, animal] = 1
                else:  # a point is named behind its animal
                    points[column, animal, int(number)] = 1
        self.register_buffer("needs_point", points.flatten(1).t(), persistent=False)  # (A K, D)
        self.register_buffer("needs_animal", needed.t(), persistent=False)  # (A, D)

    def are_known(self, has_point: Tensor, is_there: Tensor) -> Tensor:
        """Which columns are known.

        Args:
            has_point: ``(B, A, K)`` bool, which points the animals have.
            is_there: ``(B, T, A)`` bool, in which frames the animals are seen.

        Returns:
            ``(B, T, D)`` bool.
        """
        lacking = (~has_point).flatten(1).to(self.needs_point.dtype) @ self.needs_point  # (B, D)
        absent = (~is_there).to(self.needs_animal.dtype) @ self.needs_animal  # (B, T, D)
        return (absent + lacking[:, None]) == 0


def where_there(missing: Tensor, has_point: Tensor, reach: Tensor | None) -> Tensor:
    """In which frames animals are there, ``(B, T, A)`` bool.

    Args:
        missing: ``(B, T, A, K)`` bool, where a point was not tracked.
        has_point: ``(B, A, K)`` bool, which points the animals have; none if they do not exist.
        reach: As in ``where_seen``; None where an animal that was lost is there nevertheless.
    """
    if reach is None:
        return has_point.any(-1)[:, None].expand(-1, missing.shape[1], -1)
    return where_seen(missing | ~has_point[:, None], reach)


def where_seen(missing: Tensor, reach: Tensor) -> Tensor:
    """In which frames an animal counts as seen: one of its points is tracked nearby.

    Args:
        missing: ``(B, T, A, K)`` bool, where a point was not tracked.
        reach: ``(B,)`` frames before and after a sighting in which the animal is still there.

    Returns:
        ``(B, T, A)`` bool.
    """
    T = missing.shape[1]
    is_seen = ~missing.all(-1).transpose(1, 2)  # (B, A, T)
    frame = torch.arange(T, device=missing.device)
    far = 4 * T  # from any frame of the window
    before = torch.where(is_seen, frame, -far).cummax(-1).values
    after = torch.where(is_seen, frame, far).flip(-1).cummin(-1).values.flip(-1)
    nearest = torch.minimum(frame - before, after - frame)
    is_near: Tensor = (nearest <= reach[:, None, None]) & (nearest < far - T)
    return is_near.transpose(1, 2)
