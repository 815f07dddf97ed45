"""Whose a label is within a file: one of its channels, subjects or videos."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mabe_lit.readers.events import Events
from mabe_lit.readers.tables import Table
from mabe_lit.shell import InputError


class NoSuchChannelError(InputError):
    """A file does not have the channel or subject that was asked for."""


class SeveralChannelsError(InputError):
    """A file has several channels, of which none was asked for.

    Attributes:
        names: The channels.
    """

    def __init__(self, path: Path, names: Sequence[str], more: str = "") -> None:
        """The message says how to choose one; ``more`` goes to its end."""
        listed = ", ".join(names)
        super().__init__(
            f"{path}: has channels {listed}; choose one with --channel, or several{more}"
        )
        self.names = tuple(names)


def choose_channel(path: Path, found: Iterable[str], wanted: str | None) -> str:
    """The channel wanted, or the only one there is.

    Raises:
        InputError: If it is not there, or if none is wanted and there are several.
    """
    names = list(found)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise SeveralChannelsError(path, names)
    if wanted not in names:
        raise NoSuchChannelError(f"{path}: has no channel {wanted!r}, only {', '.join(names)}")
    return wanted


def choose_subject(path: Path, found: Iterable[str], wanted: str) -> str:
    """The subject ``wanted`` of those whose events a file holds.

    Raises:
        InputError: If it is not there.
    """
    names = list(dict.fromkeys(filter(None, found)))
    if wanted not in names:
        raise NoSuchChannelError(
            f"{path}: has no subject {wanted!r}, only {', '.join(names) or 'none'}"
        )
    return wanted


def told_modifiers(cells: Iterable[str]) -> tuple[str, ...]:
    """The modifiers of an event, each in its place; empty where one is not told but a later is."""
    parts = [part.strip() for cell in cells for part in cell.split("|")]
    told = ["" if part == "None" else part for part in parts]
    while told and not told[-1]:
        told.pop()
    return tuple(told)


def check_all_told(
    table: Table, columns: Sequence[int | None], told: Iterable[tuple[int | str, ...]]
) -> None:
    """Raise where a row tells nothing in a column that others fill, as merged cells leave it.

    Args:
        table: The table.
        columns: Columns that say whose a row is; None where there is none.
        told: Of each row its line and what it tells in each of them.

    Raises:
        InputError: Naming the first such row.
    """
    rows = list(told)
    for place, column in enumerate(columns, 1):
        empty = [line for line, *_ in (row for row in rows if not row[place])]
        if column is not None and empty and len(empty) < len(rows):
            raise InputError(
                f"{table.path}: line {empty[0]}, column {table.header[column]}: is empty, which "
                "other rows are not; expected whose the row is, in each"
            )


def join_channels(found: Mapping[str, Sequence[Events]], *, are_channels: bool) -> list[Events]:
    """The events of several channels of a file, those of an observation together.

    Args:
        found: What was read of each channel.
        are_channels: Whether each channel is watched for behaviours of its own; a subject is not.
    """
    joined: dict[tuple[object, ...], Events] = {}
    for channel, observed in found.items():
        tag = channel if are_channels else ""
        for one in observed:
            key = one.observation, one.media, one.whose
            events = tuple(replace(event, channel=tag) for event in one.events)
            before = joined.get(key)
            elsewhere = one.elsewhere | (before.elsewhere if before else frozenset())
            agents = one.agents
            if before and agents is not None and before.agents is not None:
                agents |= before.agents
            joined[key] = replace(
                one,
                events=(*before.events, *events) if before else events,
                behaviors=one.behaviors | (before.behaviors if before else frozenset()),
                channels=(*(before.channels if before else ()), *filter(None, [tag])),
                elsewhere=frozenset(told for told in elsewhere if told[1] not in found),
                agents=agents,
            )
    return list(joined.values())
