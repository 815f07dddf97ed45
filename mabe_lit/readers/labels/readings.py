"""How labels are read where files can be read in two ways, and which reading was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from mabe_lit.readers.labels.words import normalize
from mabe_lit.shell import InputError

Kind = Literal["scene", "each", "pairs"]
Overlap = Literal["forbidden", "allowed"]
_MOST_DETAILS = 3
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass
class Findings:
    """Readings that were taken, each with the recordings that it was taken for."""

    kinds: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def add(self, sentence: str, name: str, detail: str) -> None:
        """Note that ``sentence`` holds for a recording; ``detail`` are its figures."""
        found = self.kinds.setdefault(sentence, [])
        if (name, detail) not in found:
            found.append((name, detail))

    def lines(self) -> list[str]:
        """A line a kind, with the first recording that it was found in."""
        return [_line(sentence, found) for sentence, found in self.kinds.items()]


def _line(sentence: str, found: Sequence[tuple[str, str]]) -> str:
    first = found[0][0]
    details = [detail for name, detail in found if name == first]
    shown = "; ".join(details[:_MOST_DETAILS])
    if len(details) > _MOST_DETAILS:
        shown += f"; {len(details) - _MOST_DETAILS} more"
    others = len({name for name, _ in found}) - 1
    rest = f" and {others} more recording{'' if others == 1 else 's'}" if others else ""
    return f"{sentence}: {first} ({shown}){rest}"


@dataclass(frozen=True)
class SubjectOptions:
    """Whose labels are told apart, and what the animals are called in the annotations.

    Attributes:
        kind: ``scene`` takes all labels together; ``each`` gives each animal its own and, for what
            it does to another one, those of the pair; ``pairs`` gives all of them to pairs.
        target_modifier: Which of the modifiers, from 1 on, names the target; None for whichever
            does.
        subject_is: Animals by other names that annotations have for them.
    """

    kind: Kind = "scene"
    target_modifier: int | None = None
    subject_is: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        kind: Kind = "scene",
        target_modifier: int | None = None,
        subject_is: Sequence[str] | None = None,
    ) -> SubjectOptions:
        """Options as they stand on a command line, ``subject_is`` as ``NAME=ANIMAL`` each.

        Raises:
            InputError: If one is not as it must be, or says nothing of the scene.
        """
        if kind not in KINDS:
            raise InputError(f"--subjects is {kind!r}, expected {', '.join(KINDS)}")
        for key, value in (("target_modifier", target_modifier), ("subject_is", subject_is)):
            if kind == "scene" and value is not None:
                raise InputError(f"--{key} goes with --subjects each or pairs")
        if target_modifier is not None and target_modifier < 1:
            raise InputError(f"--target_modifier is {target_modifier}, expected 1 or more")
        animals: dict[str, str] = {}
        for pair in subject_is or ():
            name, _, animal = pair.partition("=")
            if not name.strip() or not animal.strip():
                raise InputError(f"--subject_is {pair}: expected NAME=ANIMAL")
            if animals.setdefault(normalize(name), animal.strip()) != animal.strip():
                raise InputError(f"--subject_is: {name.strip()} is two animals")
        return cls(kind, target_modifier, animals)


@dataclass(frozen=True)
class LabelOptions:
    """How labels are read where files can be read in two ways.

    Attributes:
        classes: Names in the order of the labels.
        background: The one of frames that were watched and have no other; None if unscored.
        count_from: Number of the first frame in tables whose first number is 1; None decides by
            what fits the tracking.
        label_fps: Frames per second that labels count at, None if as the tracking.
        open_until_end: Whether what was started and never stopped lasts to the end.
        subjects: Whose labels are told apart.
        overlap: Whether several behaviours may happen in one frame; None decides by the files.
        none_words: Words for frames in which somebody looked and nothing happens, where several
            behaviours may; each alone or as ``CHANNEL=WORD``.
    """

    classes: tuple[str, ...]
    background: str | None = None
    count_from: int | None = None
    label_fps: float | None = None
    open_until_end: bool = False
    subjects: SubjectOptions = field(default_factory=SubjectOptions)
    overlap: Overlap | None = None
    none_words: tuple[str, ...] = ()
