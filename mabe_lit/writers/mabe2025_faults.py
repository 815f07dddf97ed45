"""What is wrong with a submission: rows by fault, a line each."""

from __future__ import annotations

from typing import NamedTuple

REFUSED, IGNORED, DOUBTFUL = KINDS = ("refused", "ignored", "doubtful")
"""The competition refuses the file; or does not count these rows; or does, but they may not be
meant."""
_MOST_NAMED = 5


class Fault(NamedTuple):
    """What is wrong with a file or some of its rows; as text one line.

    Attributes:
        kind: ``REFUSED``, ``IGNORED`` or ``DOUBTFUL``.
        rows: Which, from 0 as ``row_id`` counts; none for the file as a whole.
        message: What it is, with the first one as an example.
    """

    kind: str
    rows: tuple[int, ...]
    message: str

    def __str__(self) -> str:
        if not self.rows:
            return f"{self.kind}: {self.message}"
        named = ", ".join(map(str, self.rows[:_MOST_NAMED]))
        more = len(self.rows) - _MOST_NAMED
        others = f" and {more} more" if more > 0 else ""
        return f"{self.kind}: row{'s'[: len(self.rows) > 1]} {named}{others}: {self.message}"


class Faults:
    """Rows by what is wrong with them, as they are found."""

    def __init__(self) -> None:
        """Start without any."""
        self._rows: dict[tuple[str, str], list[int]] = {}
        self._examples: dict[tuple[str, str], str] = {}

    def add(self, kind: str, what: str, row: int, example: str) -> None:
        """Note a fault of a row; ``what`` is the same for all rows, ``example`` of this one."""
        self._rows.setdefault((kind, what), []).append(row)
        self._examples.setdefault((kind, what), example)

    def add_file(self, kind: str, what: str) -> None:
        """Note a fault of the file as a whole."""
        self._rows[kind, what] = []

    def listed(self) -> list[Fault]:
        """Each fault once, what is refused first."""
        faults = []
        for (kind, what), rows in self._rows.items():
            example = self._examples.get((kind, what))
            message = what if example is None else f"{what} (first: {example})"
            faults.append(Fault(kind, tuple(sorted(set(rows))), message))
        return sorted(faults, key=lambda fault: KINDS.index(fault.kind))
