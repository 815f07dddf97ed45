"""How labels are read where files can be read in two ways, and which reading was taken."""

from __future__ import annotations

from dataclasses import dataclass, field


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
        return [
            f"{sentence}: {name} ({detail})" + (f" and {len(rest)} more recordings" if rest else "")
            for sentence, ((name, detail), *rest) in self.kinds.items()
        ]


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
    """

    classes: tuple[str, ...]
    background: str | None = None
    count_from: int | None = None
    label_fps: float | None = None
    open_until_end: bool = False
