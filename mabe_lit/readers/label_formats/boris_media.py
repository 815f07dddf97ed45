"""Which videos an observation of a BORIS table is of, and where each begins in its running time.

New exports tell ``Source`` (``player #1:a.mp4;b.mp4|player #2:c.mp4``: one after the other, then
those of another camera), lengths and rates in the same order, and the video of each event. Old
ones tell the players in lines before the table and one length for all of it.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from pathlib import Path

from mabe_lit.readers.events import Medium
from mabe_lit.shell import InputError

_UNKNOWN = ("", "NA", "Not found", "None")
_PLAYER = re.compile(r"player\s*#\s*\d+\s*:?\s*", re.IGNORECASE)
_PRINTED_S = 0.01
"""Events at a video's very end may be printed a little past it."""


def told_media(
    path: Path,
    observation: str,
    before: Sequence[list[str]],
    rows: Sequence[tuple[int, dict[str, str]]],
    offset_s: float,
) -> list[tuple[Medium, ...]]:
    """The videos of each player, in the order they were watched.

    Args:
        path: The file, for messages.
        observation: The observation's name, for messages.
        before: Cells of the lines before the table.
        rows: Line number and cells of the observation's rows.
        offset_s: What BORIS added to the times.

    Returns:
        A tuple a player, the first one's first; none where the file tells of no video.

    Raises:
        InputError: If it is not clear which length is which video's, or rows name another video
            than the one in which their times lie.
    """
    if not rows:
        return []
    first = rows[0][1]
    lengths = _listed(first.get("Media duration (s)", ""))
    rates = _listed(first.get("FPS") or first.get("FPS (frame/s)") or "")
    players = _sources({row.get("Source", "") for _, row in rows}) or _players_before(before)
    named = _named_in_rows(rows)
    if not players or _is_told_by_event(players, lengths):
        players = [_in_order(path, observation, rows, named, lengths[:1], offset_s)]
    total = first.get("Total length", "")
    if not lengths and len(players[0]) == 1 and total not in _UNKNOWN:
        lengths = [[total]]
    if lengths and not offset_s:  # with an offset, the times of old and new releases differ
        _check_places(path, observation, players[0], lengths[0], named)
    return [
        tuple(
            Medium(name, _at(lengths, player, place), _at(rates, player, place, shared=True))
            for place, name in enumerate(names)
        )
        for player, names in enumerate(players)
        if names
    ]


def _check_places(
    path: Path,
    observation: str,
    names: Sequence[str],
    lengths: Sequence[str],
    named: dict[str, list[float]],
) -> None:
    """Raise where a row's time lies in another of several videos than the one it names."""
    seconds = [_seconds(text) for text in lengths]
    known = [value for value in seconds if value is not None]
    if len(names) < 2 or len(known) != len(names):
        return
    edges = [0.0, *itertools.accumulate(known)]
    spans = {Medium(name).file_name: edges[place : place + 2] for place, name in enumerate(names)}
    for name, times_s in named.items():
        file = Medium(name).file_name
        start_s, stop_s = spans.get(file, (-math.inf, math.inf))  # of another camera
        wrong = [t for t in times_s if t < start_s - _PRINTED_S or t > stop_s + _PRINTED_S]
        if wrong:
            raise InputError(
                f"{path}: observation {observation!r}: an event at {wrong[0]:g} s is said to be of "
                f"{file}, which runs from {start_s:g} to {stop_s:g} s; which of the two is right?"
            )


def _listed(text: str) -> list[list[str]]:
    """``4.0;4.0|8.0`` -> a list a player."""
    if text in _UNKNOWN:
        return []
    return [[cell.strip() for cell in player.split(";")] for player in text.split("|")]


def _sources(texts: set[str]) -> list[list[str]]:
    """The videos of each player, where all rows tell the same."""
    texts = {text for text in texts if _PLAYER.match(text)}
    if not texts:
        return []
    if len(texts) > 1:  # each row tells the video of its own event alone
        return []
    players = re.split(r"\|(?=\s*player)", texts.pop(), flags=re.IGNORECASE)
    return [[name.strip() for name in _PLAYER.sub("", text).split(";")] for text in players]


def _players_before(before: Sequence[list[str]]) -> list[list[str]]:
    players: dict[str, list[str]] = {}
    for cells in before:
        if len(cells) > 1 and _PLAYER.fullmatch(cells[0]) and cells[1]:
            players.setdefault(cells[0], []).append(cells[1])
    return list(players.values())


def _named_in_rows(rows: Sequence[tuple[int, dict[str, str]]]) -> dict[str, list[float]]:
    """The times of the events of each video that rows name, in the order of the first ones."""
    named: dict[str, list[float]] = {}
    for _, row in rows:
        name = row.get("Media file name") or row.get("Media file path") or ""
        if name in _UNKNOWN:
            continue
        try:
            time_s = float((row.get("Time") or row.get("Start (s)") or "").replace(",", "."))
        except ValueError:
            time_s = math.nan
        named.setdefault(name, []).append(time_s)
    return dict(sorted(named.items(), key=lambda item: min(item[1])))


def _is_told_by_event(players: list[list[str]], lengths: list[list[str]]) -> bool:
    """Whether there are more lengths than videos in ``Source``: that names an event's own alone."""
    return bool(lengths) and len(players) == 1 and len(lengths[0]) != len(players[0])


def _in_order(
    path: Path,
    observation: str,
    rows: Sequence[tuple[int, dict[str, str]]],
    named: dict[str, list[float]],
    lengths: list[list[str]],
    offset_s: float,
) -> list[str]:
    """The videos that events name, each at the place where its events' times lie."""
    if not lengths:
        return list(named)
    count = len(lengths[0])
    edges = [0.0, *itertools.accumulate(_seconds(text) or math.nan for text in lengths[0])]
    order = [""] * count
    for name, times_s in named.items():
        places = {
            place
            for place in range(count)
            if all(
                edges[place] - _PRINTED_S <= time_s - offset_s <= edges[place + 1] + _PRINTED_S
                for time_s in times_s
            )
        }
        if len(places) != 1:
            raise InputError(
                f"{path}: line {rows[0][0]}: observation {observation!r} has {count} videos of "
                f"{'; '.join(lengths[0])} s, and the times of {name}'s events do not tell which "
                "of them it is"
            )
        order[places.pop()] = name
    return order


def _at(cells: list[list[str]], player: int, place: int, *, shared: bool = False) -> float | None:
    if shared and len(cells) == 1 and len(cells[0]) == 1:  # one for all of them
        player = place = 0
    if player >= len(cells) or place >= len(cells[player]):
        return None
    return _seconds(cells[player][place])


def _seconds(text: str) -> float | None:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value < math.inf else None
