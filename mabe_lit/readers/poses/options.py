"""How pose files are read, as a command's options say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mabe_lit.shell import InputError


@dataclass(frozen=True)
class PoseOptions:
    """How pose files are read, the same for all of a dataset.

    Attributes:
        animals: Names of the animals to take; none for all.
        animal_count: How many animals there are, where tracks break off; None if tracks do not.
        animal_prefixes: What the names of each animal's points begin or end with, in tables of one
            animal that hold several.
        keypoints: Points to take; none for all that the recordings share.
        union: Take points that any recording has, not those alone that all have.
        rename: Other names of points.
        first_row: Frame at which the first row belongs; None for its own number.
        likelihood_below: Points that the tracker holds less likely become NaN.
    """

    animals: tuple[str, ...] = ()
    animal_count: int | None = None
    animal_prefixes: tuple[str, ...] = ()
    keypoints: tuple[str, ...] = ()
    union: bool = False
    rename: Mapping[str, str] = field(default_factory=dict)
    first_row: int | None = None
    likelihood_below: float = 0.1

    def to_dict(self) -> dict[str, list[str] | int | None]:
        """Those that hold for the files of a lab, as plain values; see ``of``."""
        count = None if self.animal_count is None else [str(self.animal_count)]
        return {
            "animals": count or list(self.animals) or None,
            "animal_prefixes": list(self.animal_prefixes) or None,
            "rename": [f"{old}={new}" for old, new in self.rename.items()] or None,
            "tracking_starts": self.first_row,
        }

    @classmethod
    def of(
        cls,
        *,
        animals: Sequence[str] | None = None,
        animal_prefixes: Sequence[str] | None = None,
        keypoints: Sequence[str] | None = None,
        rename: Sequence[str] | None = None,
        tracking_starts: int | None = None,
        likelihood_below: float = 0.1,
    ) -> PoseOptions:
        """Options as they stand on a command line.

        Args:
            animals: Names, or one whole number.
            animal_prefixes: At least two.
            keypoints: Names.
            rename: ``OLD=NEW`` each.
            tracking_starts: Frame of the first row.
            likelihood_below: 0 to 1.

        Raises:
            InputError: If one is not as it must be.
        """
        given = {"animals": animals, "animal_prefixes": animal_prefixes, "keypoints": keypoints}
        for key, values in given.items():
            if values is not None and (len(set(values)) < len(values) or not all(values)):
                raise InputError(f"--{key} {' '.join(values)}: names one twice, or is empty")
        if animal_prefixes is not None and len(animal_prefixes) < 2:
            raise InputError(f"--animal_prefixes {' '.join(animal_prefixes)}: expected two or more")
        if tracking_starts is not None and tracking_starts < 0:
            raise InputError(f"--tracking_starts is {tracking_starts}, expected 0 or more")
        pairs = [pair.partition("=") for pair in rename or ()]
        for old, _, new in pairs:
            if not old or not new:
                raise InputError(f"--rename {old}: expected OLD=NEW")
        if len({old for old, _, _ in pairs}) < len(pairs):
            raise InputError(f"--rename {' '.join(rename or ())}: renames one twice")
        is_count = animals is not None and len(animals) == 1 and animals[0].isdecimal()
        count = int(animals[0]) if animals and is_count else None
        if count == 0:
            raise InputError("--animals is 0, expected 1 or more, or names")
        return cls(
            animals=() if is_count else tuple(animals or ()),
            animal_count=count,
            animal_prefixes=tuple(animal_prefixes or ()),
            keypoints=tuple(keypoints or ()),
            rename={old: new for old, _, new in pairs},
            first_row=tracking_starts,
            likelihood_below=likelihood_below,
        )
