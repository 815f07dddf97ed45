"""The numbers of a table of bouts: where each bout starts and stops."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mabe_lit.readers.intervals import frame_at
from mabe_lit.readers.label_formats.interval_columns import Place, Role, Unit, by_unit
from mabe_lit.readers.label_formats.interval_units import Row
from mabe_lit.readers.label_formats.stop_frames import FrameSpan, is_gapless, is_last_frame
from mabe_lit.readers.label_formats.two_readings import Agreement, Pair, compare
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError, InputWarning

_ROLES: tuple[Role, ...] = ("start", "stop", "duration")


@dataclass(frozen=True)
class Placed:
    """Where the bouts of all rows lie: boundaries in ``unit``.

    ``is_gapless`` tells that they are frames that follow each other without one between; ``rate``
    is frames per second where seconds beside them tell it.
    """

    unit: Unit
    starts: Sequence[float]
    stops: Sequence[float]
    is_gapless: bool
    rate: float | None = None


@dataclass(frozen=True)
class _Reading:
    """What the columns of one unit tell.

    Attributes:
        columns: By what they tell.
        told: ``(rows, 3)`` start, stop and duration; NaN where a cell is empty.
        printed: What the numbers are rounded to, by the longest of them; 0 if all are whole.
        is_last: Whether stops are last frames.
    """

    columns: Mapping[Role, Place]
    told: np.ndarray
    printed: float
    is_last: bool = False

    @property
    def ends(self) -> np.ndarray:
        """``(rows, 2)`` start and the boundary after; a stop goes before a duration."""
        start, stop, duration = self.told.T
        after = np.where(np.isnan(stop), start + duration, stop + self.is_last)
        return np.stack([start, after], axis=1)

    @property
    def is_told(self) -> np.ndarray:
        """``(rows,)`` whether a row tells both ends."""
        return np.asarray(~np.isnan(self.ends).any(axis=1))

    def name(self, role: Role) -> str:
        return (self.columns.get(role) or self.columns["duration"]).name


def place_rows(table: Table, places: Sequence[Place], rows: Sequence[Row]) -> Placed:
    """Where each row's bout lies: in frames if any row tells these, else in seconds.

    Raises:
        InputError: If a row tells no start or no stop, stops before it starts, or its readings
            contradict each other.
    """
    seconds, frames = (_read(table, places, rows, unit) for unit in ("seconds", "frames"))
    _check_whole(table, rows, frames)
    spans = [
        FrameSpan(row.number, row.whose, *map(float, told))
        for row, told in zip(rows, frames.told, strict=True)
        if not np.isnan(told[:2]).any()
    ]
    if spans:
        is_last = is_last_frame(table.path, frames.columns["stop"], spans)
        frames = replace(frames, is_last=is_last)
    for reading, unit in ((frames, "frame"), (seconds, "second")):
        _check_reading(table, rows, reading, unit)
    untold = ~(frames.is_told | seconds.is_told)
    if untold.any():
        row = rows[int(untold.argmax())]
        raise InputError(
            f"{table.path}: line {row.number}: {row.behavior} has no start or no stop, expected "
            "both, in frames or in seconds"
        )
    if not frames.is_told.any():
        starts, stops = seconds.ends.T.tolist()
        return Placed("seconds", starts, stops, is_gapless=False)
    agreement = _agreement(table, rows, frames, seconds)
    starts, stops = _all_in_frames(table, rows, frames, seconds, agreement).T.tolist()
    told = len(spans) == len(rows)
    rate = agreement.rate if agreement else None
    return Placed("frames", starts, stops, is_gapless=told and is_gapless(spans), rate=rate)


def _read(table: Table, places: Sequence[Place], rows: Sequence[Row], unit: Unit) -> _Reading:
    columns = by_unit(table.path, places, unit)
    told = np.full((len(rows), len(_ROLES)), np.nan)
    fractions: list[str] = []
    for role, place in columns.items():
        cells = [row.cells[place.column] for row in rows]
        for at, (row, text) in enumerate(zip(rows, cells, strict=True)):
            if text:
                number = table.number(row.number, place.column, text)
                told[at, _ROLES.index(role)] = number * place.scale
        fractions += (text.replace(",", ".").partition(".")[2].rstrip("0") for text in cells)
    digits = max(map(len, fractions), default=0)
    printed = 10.0**-digits * max(place.scale for place in columns.values()) if digits else 0.0
    return _Reading(columns, told, printed)


def _check_whole(table: Table, rows: Sequence[Row], frames: _Reading) -> None:
    is_broken = frames.told % 1 > 0  # NaN is not
    for at, column in np.argwhere(is_broken):
        name = frames.columns[_ROLES[column]].name
        raise InputError(
            f"{table.path}: line {rows[at].number}, column {name}: found "
            f"{frames.told[at, column]:g}, expected a whole number of frames"
        )


def _check_reading(table: Table, rows: Sequence[Row], reading: _Reading, unit: str) -> None:
    """Raise where a bout stops before it starts, or is not as long as its row says."""
    for row, (start, after), told in zip(rows, reading.ends, reading.told, strict=True):
        where = f"{table.path}: line {row.number}"
        if start < 0 or after < start:
            raise InputError(
                f"{where}: {row.behavior} runs from {unit} {start:g} to {after - reading.is_last:g}"
                ", expected 0 <= start <= stop"
            )
        # NaN, where one of them is not told, compares as no difference.
        if abs(after - start - told[2]) > 1.5 * reading.printed + 1e-6:
            names = [reading.name(role) for role in _ROLES]
            raise InputError(
                f"{where}: {names[2]} is {told[2]:g}, but {names[0]} and {names[1]} make "
                f"{after - start:g}; correct one, or delete the column {names[2]}"
            )


def _agreement(
    table: Table, rows: Sequence[Row], frames: _Reading, seconds: _Reading
) -> Agreement | None:
    """What rows that tell both say of the rate; raises where they contradict each other."""
    pairs = [
        Pair(
            row.number,
            float(frame[end]) - (is_last := frames.is_last and role == "stop"),
            is_last,
            float(time[end]),
            (frames.name(role), seconds.name(role)),
        )
        for row, frame, time in zip(rows, frames.ends, seconds.ends, strict=True)
        for end, role in enumerate(_ROLES[:2])
        if not np.isnan(frame[end] + time[end])
    ]
    agreement = compare(pairs, seconds.printed)
    if agreement and (wrong := agreement.contradiction):
        listed = [
            " ".join(place.name for place in reading.columns.values())
            for reading in (seconds, frames)
        ]
        nearest = frame_at(wrong.time_s, agreement.fps)
        raise InputError(
            f"{table.path}: line {wrong.line_number}: {wrong.names[0]} {wrong.frame:g} and "
            f"{wrong.names[1]} {wrong.time_s:g} contradict each other: at the {agreement.fps:.6g} "
            f"frames/s of {agreement.whose}, {wrong.time_s:g} s is frame {nearest}; correct one, "
            f"or delete the columns {listed[0]} (frames count), or {listed[1]} (seconds count)"
        )
    return agreement


def _all_in_frames(
    table: Table,
    rows: Sequence[Row],
    frames: _Reading,
    seconds: _Reading,
    agreement: Agreement | None,
) -> np.ndarray:
    """``(rows, 2)`` ends in frames; those of rows that tell seconds alone at the others' rate."""
    lacking = np.flatnonzero(~frames.is_told)
    ends = frames.ends
    if not len(lacking):
        return ends
    line = rows[lacking[0]].number
    if agreement is None:
        raise InputError(
            f"{table.path}: line {line}: tells seconds alone, other rows frames, and no row both, "
            "which would tell the rate; expected one of them in all rows"
        )
    warnings.warn(
        f"{table.path}: {len(lacking)} rows tell seconds alone (line {line}) and are taken at "
        f"{agreement.fps:.6g} frames/s, as the other rows tell",
        InputWarning,
        stacklevel=4,
    )
    for at in lacking.tolist():
        ends[at] = [frame_at(float(time_s), agreement.fps) for time_s in seconds.ends[at]]
    return ends
