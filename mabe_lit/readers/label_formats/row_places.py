"""Where the rows of a table lie: each a frame, or an instant that lasts until the next."""

from __future__ import annotations

import math
import warnings
from array import array
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from mabe_lit.readers.files import is_number, parse_number
from mabe_lit.readers.label_formats.axis import Axis, find_clock
from mabe_lit.readers.rates import common_rate, rate_of_rows
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError, InputWarning

_GAP_STEPS = 1.5
_JITTER = 0.1
"""Part of a step by which steps of a regular table may differ, beside what times are rounded to."""
_REGULAR = 0.9
_AT_FRAME = 0.25
"""Frames by which times may miss the starts of their frames, in the median."""
_SURE = 2.5e-4
"""Part of a rate by which one told by times may be wrong; 29.97 and 30 differ by more."""
_ABSENT = 0.05
"""Part of the frames between the first row and the last that may lack a row without a word."""
_WARN_AT = 7
"""Calls between a warning here and whoever reads a file, about."""


@dataclass(frozen=True)
class Rows:
    """Where the rows of a table lie.

    Attributes:
        numbers: ``(rows,)`` line of each.
        starts: ``(rows,)`` its first boundary, in ``unit``.
        stops: ``(rows,)`` the boundary after it.
        unit: Frames, or seconds.
        rate: Frames per second, where times beside frames, or regular times alone, tell it.
        is_numbered: Whether the file numbers its frames.
    """

    numbers: np.ndarray
    starts: np.ndarray
    stops: np.ndarray
    unit: Literal["frames", "seconds"]
    rate: float | None = None
    is_numbered: bool = False


@dataclass
class Places:
    """Lines and places of rows, as they are read."""

    table: Table
    axis: Axis
    _numbers: array[int] = field(default_factory=lambda: array("q"))
    _places: array[float] = field(default_factory=lambda: array("d"))
    _clock: array[float] = field(default_factory=lambda: array("d"))
    _has_point: bool = False
    _digits: int = 0

    def __post_init__(self) -> None:
        """Find the column of times beside frames."""
        self._clock_axis = find_clock(self.table.keys, self.axis)

    def add(self, number: int, cells: list[str]) -> None:
        """Take a row in.

        Raises:
            InputError: If its frame number or time is none, or not after the one before.
        """
        if self.axis.column is None:
            place = float(len(self._numbers))
        else:
            text = cells[self.axis.column]
            place = self.table.number(number, self.axis.column, text)
            self._has_point = self._has_point or "." in text or "," in text or "e" in text.lower()
            self._check(number, place)
            if self.axis.unit == "seconds":
                self._note_digits(text)
        if self._clock_axis is not None and self._clock_axis.column is not None:
            text = cells[self._clock_axis.column]
            self._note_digits(text)
            is_told = is_number(text, self.table.delimiter)
            self._clock.append(parse_number(text, self.table.delimiter) if is_told else math.nan)
        self._numbers.append(number)
        self._places.append(place)

    def rows(self) -> Rows:
        """All rows that were taken in.

        Raises:
            InputError: If there are none, or one time alone, or a column ``time`` of whole numbers
                may be frames as well as seconds.
        """
        table, axis = self.table, self.axis
        if not self._numbers:
            raise InputError(f"{table.path}: has no frames")
        starts, lines = np.array(self._places), np.array(self._numbers)
        if axis.unit == "frames":
            _warn_of_absent_frames(table, lines, starts)
            rate = self._rate(starts)
            is_from_one = rate is not None and self._counts_from_one(starts, rate)
            starts = starts - 1 if is_from_one else starts
            is_numbered = axis.column is not None and not is_from_one
            return Rows(lines, starts, starts + 1, "frames", rate, is_numbered)
        name = table.header[axis.column or 0]
        if axis.scale is None and not self._has_point:
            raise InputError(
                f"{table.path}: column {name} holds whole numbers only, which may be frames, "
                "seconds or milliseconds; rename it frame, time_s or time_ms"
            )
        if axis.scale is None and not (starts % 1).any():
            _warn(
                f"{table.path}: column {name} holds whole numbers and is taken for seconds; rename "
                "it frame or time_ms if it is that"
            )
        scale = axis.scale or 1.0
        return _sampled(table, lines, starts * scale, self._printed * scale)

    @property
    def _printed(self) -> float:
        """What times are rounded to, in their own unit; 0 if all are whole."""
        return 10.0**-self._digits if self._digits else 0.0

    def _note_digits(self, text: str) -> None:
        self._digits = max(self._digits, len(text.replace(",", ".").partition(".")[2]))

    def _rate(self, frames: np.ndarray) -> float | None:
        clock = self._clock_axis
        times = np.array(self._clock)
        if clock is None or clock.scale is None or np.isnan(times).any():
            return None
        return rate_of_rows(frames, times * clock.scale, self._printed * clock.scale)

    def _counts_from_one(self, frames: np.ndarray, rate: float) -> bool:
        """Whether times beside frames prove that frame 1 is at 0 s."""
        scale = self._clock_axis.scale if self._clock_axis else None
        first = float(np.median(frames - np.array(self._clock) * (scale or 1.0) * rate))
        return bool(frames[0] >= 1 and abs(first - 1) < _AT_FRAME)

    def _check(self, number: int, place: float) -> None:
        where = f"{self.table.path}: line {number}"
        before = self._places[-1] if self._places else None
        is_frame = self.axis.unit == "frames"
        if is_frame and (place < 0 or place != int(place)):
            raise InputError(f"{where}: frame number is {place:g}, expected 0, 1, 2, ...")
        if place < 0:
            raise InputError(f"{where}: time is {place:g}, expected a number from 0 on")
        if before is not None and place <= before:
            what, each = ("frame", "frame") if is_frame else ("time", "row")
            raise InputError(
                f"{where}: {what} {place:.9g} follows {what} {before:.9g}, expected each {each} "
                "once, in order"
            )


def _warn_of_absent_frames(table: Table, numbers: np.ndarray, frames: np.ndarray) -> None:
    """Tell of a table that lacks frames: they may be thinned, or those at which labels change."""
    between = int(frames[-1] - frames[0]) + 1
    absent = between - len(frames)
    if absent >= _ABSENT * between:
        steps = np.diff(frames)
        row = int(steps.argmax()) + 1
        if len(steps) > 1 and (steps == steps[0]).all():
            _warn(
                f"{table.path}: only one frame in {steps[0]:g} has a row, up to line "
                f"{numbers[-1]}; {absent} of {between} frames ({absent / between:.0%}) have none "
                "and are unscored"
            )
            return
        _warn(
            f"{table.path}: {absent} of {between} frames ({absent / between:.0%}) have no row and "
            f"are unscored, such as those before line {numbers[row]}; a row labels its own frame "
            "alone, expected a table of bouts if labels last until the next row"
        )


def _sampled(table: Table, numbers: np.ndarray, starts_s: np.ndarray, printed_s: float) -> Rows:
    """Rows that last until the next; in a regular table no longer than a step."""
    if len(starts_s) < 2:
        raise InputError(
            f"{table.path}: has one row, and so no step that would tell how long it lasts"
        )
    steps = np.diff(starts_s)
    step = float(np.median(steps))
    margin = _JITTER * step + (printed_s if printed_s < step / 2 else 0.0)
    is_step = np.abs(steps - step) < margin
    stops_s = np.append(starts_s[1:], starts_s[-1] + step)
    rate = None
    if is_step.mean() > _REGULAR:
        step = float(steps[is_step].mean())
        runs = 1 + int((~is_step).sum())
        rate = common_rate(1 / step) if printed_s * runs <= _SURE * steps[is_step].sum() else None
        stops_s[-1] = starts_s[-1] + step
        holes = np.flatnonzero(steps > _GAP_STEPS * step)
        stops_s[holes] = starts_s[holes] + step
        if len(holes):
            more = f", and at {len(holes) - 1} places more" if len(holes) > 1 else ""
            _warn(
                f"{table.path}: line {numbers[holes[0] + 1]}: {steps[holes[0]]:g} s lie between "
                f"this row and the one before, {step:g} s between most{more}; what is between is "
                "unscored"
            )
        if abs(starts_s[0] - step) < margin:
            _warn(
                f"{table.path}: times begin at {starts_s[0]:g} s, one step, and are taken as they "
                "stand, for each row's start; if they are the ends of frames, subtract "
                f"{step:g} s from each"
            )
    else:
        _warn(
            f"{table.path}: times are irregular, such as before line "
            f"{numbers[int(np.abs(steps - step).argmax()) + 1]}, and each label is taken to last "
            "until the next row; expected a table of bouts, with start_s and stop_s, if it does not"
        )
    return Rows(numbers, starts_s, stops_s, "seconds", rate)


def _warn(message: str) -> None:
    warnings.warn(message, InputWarning, stacklevel=_WARN_AT)
