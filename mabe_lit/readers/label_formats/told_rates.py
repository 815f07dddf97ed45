"""Frame rates that tables tell in a column of their own."""

from __future__ import annotations

import math
from collections.abc import Iterable

from mabe_lit.pose import is_rate
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError

RATE_KEYS = ("fps", "frame_rate", "framerate", "frames_per_second", "video_fps")
_NEAR = 1e-3
"""Part of a rate by which a measured one may miss it."""


def told_rate(
    table: Table, cells: Iterable[tuple[int, str]], measured: float | None
) -> float | None:
    """The rate that rows of one video tell, else the one measured by its frames and times.

    Args:
        table: The table.
        cells: Line of each row, and what it has in the column of rates; empty ones are left.
        measured: Frames per second by frames beside times; None where these do not tell.

    Raises:
        InputError: If a rate is none, or rows tell two, or another one than is measured.
    """
    column = table.find(RATE_KEYS)
    first: tuple[int, float] | None = None
    for line, text in cells:
        if column is None or not text:
            continue
        rate = table.number(line, column, text)
        where = f"{table.path}: line {line}, column {table.header[column]}"
        if not is_rate(rate):
            raise InputError(f"{where}: found {text!r}, expected frames per second")
        first = first or (line, rate)
        if rate != first[1]:
            raise InputError(
                f"{where}: is {rate:g}, in line {first[0]} {first[1]:g}; expected one rate for all "
                "rows of a video"
            )
    if first is None:
        return measured
    if measured is not None and not math.isclose(measured, first[1], rel_tol=_NEAR):
        raise InputError(
            f"{table.path}: line {first[0]}: tells {first[1]:g} frames/s, but by its numbers and "
            f"times the table counts {measured:g}; correct one of both"
        )
    return first[1]
