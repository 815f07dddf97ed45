"""Whether the numbers of a table of bouts are frames or seconds, where the header does not tell."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mabe_lit.readers.label_formats.interval_columns import Place, Unit
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError, InputWarning


@dataclass(frozen=True)
class Row:
    """A row of a table of bouts: its words, and its cells for the numbers."""

    number: int
    cells: list[str]
    behavior: str
    subject: str
    target: str
    modifiers: tuple[str, ...]
    video: str
    observation: str

    @property
    def whose(self) -> tuple[str, ...]:
        """What tells it apart from rows that it may overlap."""
        return self.video, self.observation, self.subject, self.target


def settle_units(table: Table, places: Sequence[Place], rows: Sequence[Row]) -> list[Place]:
    """The columns, each with a unit: by its name, else by a decimal point among its numbers.

    Raises:
        InputError: If all are whole numbers, which may be frames as well as seconds.
    """
    bounds = [place for place in places if place.role != "duration"]
    told = {place.unit for place in bounds} - {None}
    untold = [place for place in places if place.unit is None]
    unit: Unit = "frames" if told == {"frames"} else "seconds"
    if any(place in untold for place in bounds):
        twice = {p.role for p in bounds if p.unit} & {p.role for p in bounds if not p.unit}
        if twice:  # the other one of two
            unit = "seconds" if told == {"frames"} else "frames"
        elif not told and not _any_has_point(rows, untold):
            names = " and ".join(place.name for place in bounds)
            raise InputError(
                f"{table.path}: {names} hold whole numbers only, which may be frames or seconds; "
                "rename the columns start_frame and stop_frame, or start_s and stop_s"
            )
        elif not told and not _any_is_broken(table, rows, untold):
            _warn_of_seconds(table, bounds)
    weak = [place for place in bounds if place.is_weak]
    filled = [text for row in rows for place in weak if (text := row.cells[place.column])]
    if "frames" not in told and filled and all(text.isdecimal() for text in filled):
        _warn_of_seconds(table, weak)
    return [place if place.unit else replace(place, unit=unit) for place in places]


def _any_has_point(rows: Sequence[Row], places: Sequence[Place]) -> bool:
    cells = (row.cells[place.column].lower() for row in rows for place in places)
    return any("." in cell or "," in cell or "e" in cell for cell in cells)


def _any_is_broken(table: Table, rows: Sequence[Row], places: Sequence[Place]) -> bool:
    """Whether a number is not whole, as frames would be, also where they are printed as 5.0."""
    cells = [(row, place, row.cells[place.column]) for row in rows for place in places]
    return any(
        table.number(row.number, place.column, text) % 1 > 0 for row, place, text in cells if text
    )


def _warn_of_seconds(table: Table, places: Sequence[Place]) -> None:
    warnings.warn(
        f"{table.path}: {' and '.join(place.name for place in places)} are whole numbers and are "
        "taken for seconds; rename the columns start_frame and stop_frame if they are frames",
        InputWarning,
        stacklevel=4,
    )
