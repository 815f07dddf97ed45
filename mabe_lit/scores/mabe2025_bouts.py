"""Tables of bouts as MABe 2025 has them: one reading of their cells, and how bouts overlap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mabe_lit.pose.mabe2025_labels import name_pair
from mabe_lit.shell import InputError

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("video_id", "agent_id", "target_id", "action", "start_frame", "stop_frame")
PAIR = list(COLUMNS[:3])
"""Columns that say which track a bout is of."""
KEY = list(COLUMNS[:4])
"""Columns that say of which action's frames a bout is."""
_MOST_ID = 2**53 - 1
"""Beyond it not every whole number is a float."""
_MOST_FRAME = 2**31 - 1

_Ints = npt.NDArray[np.int64]
_Groups = npt.NDArray[np.integer[Any]]


def tidy_bouts(table: pd.DataFrame, what: str, extra: tuple[str, ...] = ()) -> pd.DataFrame:
    """The columns of a table of bouts, each in one writing.

    Args:
        table: A row a bout, with at least the columns of ``COLUMNS`` and ``extra``; mice are
            ``mouse1`` or 1, a target may be ``self``, ``stop_frame`` is exclusive.
        what: What an error calls the table.
        extra: Other columns to take, of text.

    Returns:
        ``COLUMNS`` and ``extra``: whole numbers int64, mice ``mouse1`` and ``self``. The index is
        the row, from 0.

    Raises:
        InputError: If there are no rows, a column is missing, or a cell is empty or wrong.
    """
    import pandas as pd

    missing = [name for name in (*COLUMNS, *extra) if name not in table.columns]
    if missing:
        raise InputError(
            f"{what}: column {missing[0]} is missing, expected {', '.join((*COLUMNS, *extra))}"
        )
    if table.empty:
        raise InputError(f"{what}: has no rows, expected a row a bout")
    columns: dict[str, Any] = {"video_id": _whole_numbers(table, "video_id", what, _MOST_ID)}
    columns["agent_id"], columns["target_id"] = _mice(table, what)
    for name in ("action", *extra):
        columns[name] = _texts(table, name, what)
    for name in ("start_frame", "stop_frame"):
        columns[name] = _whole_numbers(table, name, what, _MOST_FRAME)
    is_wrong = columns["start_frame"] > columns["stop_frame"]
    if is_wrong.any():
        row = int(is_wrong.argmax())
        start, stop = columns["start_frame"][row], columns["stop_frame"][row]
        raise InputError(
            f"{what}: row {row}: start_frame {start} is after stop_frame {stop}, expected it before"
        )
    return pd.DataFrame(columns)


def count_frames(groups: _Groups, bouts: pd.DataFrame, n_groups: int) -> _Ints:
    """Frames that the bouts of each group cover, each once however many bouts it is in.

    Args:
        groups: ``(M,)`` group of each bout, 0 to ``n_groups - 1``.
        bouts: ``M`` rows with ``start_frame`` and ``stop_frame``.
        n_groups: How many groups.

    Returns:
        ``(n_groups,)`` frames.
    """
    frames = np.zeros(n_groups, np.int64)
    if bouts.empty:
        return frames
    start, stop = bouts["start_frame"].to_numpy(), bouts["stop_frame"].to_numpy()
    # All groups on one line, one behind the other, so that bouts of two never touch.
    offset = groups * (stop.max() - start.min() + 1) - start.min()
    order = np.argsort(offset + start, kind="stable")
    begin, end = (offset + start)[order], (offset + stop)[order]
    reach = np.maximum.accumulate(end)
    covered = np.concatenate([[-1], reach[:-1]])
    np.add.at(frames, groups[order], np.maximum(end - np.maximum(begin, covered), 0))
    return frames


def find_conflicts(bouts: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """Bouts of two actions of one agent toward one target that share a frame.

    Args:
        bouts: Tidy ones.

    Yields:
        Their index, the one that starts first before the other. Of several earlier bouts of one
        action the one that lasts longest is told.
    """
    pair = bouts.groupby(PAIR, sort=False).ngroup().to_numpy()
    key = bouts.groupby(KEY, sort=False).ngroup().to_numpy()
    of_actions = np.zeros(pair.max(initial=-1) + 1, np.int64)
    is_first = ~bouts.duplicated(KEY).to_numpy()
    of_key = count_frames(key, bouts, int(is_first.sum()))
    np.add.at(of_actions, pair[is_first], of_key[key[is_first]])
    is_wrong = (of_actions > count_frames(pair, bouts, len(of_actions)))[pair]
    for _, of_pair in bouts[is_wrong].groupby(PAIR, sort=False):
        yield from _conflicts_of_pair(of_pair.sort_values("start_frame", kind="stable"))


def _conflicts_of_pair(bouts: pd.DataFrame) -> Iterator[tuple[int, int]]:
    """The same of one pair's bouts in order of their first frames."""
    reach: dict[str, tuple[int, int]] = {}  # last frame so far by action, and whose
    cells = (bouts[name].tolist() for name in ("action", "start_frame", "stop_frame"))
    for row, action, start, stop in zip(bouts.index.tolist(), *cells, strict=True):
        if start == stop:
            continue
        for other, (until, earlier) in reach.items():
            if other != action and until > start:
                yield earlier, row
        reach[action] = max(reach.get(action, (stop, row)), (stop, row))


def find_repeats(bouts: pd.DataFrame) -> list[int]:
    """Index of the bouts that repeat frames of another bout of their action and pair, or all of it.

    Args:
        bouts: Tidy ones; of several the first to start is the one that is repeated.
    """
    ordered = bouts.sort_values([*KEY, "start_frame"], kind="stable")
    of_key = ordered.groupby(KEY, sort=False)["stop_frame"]
    reach = of_key.cummax().groupby([ordered[name] for name in KEY], sort=False).shift()
    is_within = (ordered["start_frame"] < reach) & (ordered["start_frame"] < ordered["stop_frame"])
    is_repeat = is_within | ordered.duplicated(list(COLUMNS))
    return sorted(ordered.index[is_repeat].tolist())


def describe_conflict(bouts: pd.DataFrame, first: int, second: int) -> str:
    """Of two bouts that share a frame: who does what to whom, and where they meet."""
    one, other = bouts.loc[first], bouts.loc[second]
    return (
        f"{one['agent_id']} does both {one['action']} and {other['action']} to {one['target_id']} "
        f"in frame {other['start_frame']} of video {one['video_id']}"
    )


def _whole_numbers(table: pd.DataFrame, name: str, what: str, most: int) -> _Ints:
    import pandas as pd

    numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    is_right = (np.abs(numbers) <= most) & (np.floor(numbers) == numbers)
    _check(table, name, what, ~is_right, "a whole number")
    return numbers.astype(np.int64)


def _texts(table: pd.DataFrame, name: str, what: str) -> list[str]:
    cells = table[name].tolist()
    is_wrong = np.array([not isinstance(cell, str) or not cell for cell in cells])
    _check(table, name, what, is_wrong, "text")
    return cells


def _check(
    table: pd.DataFrame, name: str, what: str, is_wrong: npt.NDArray[np.bool_], expected: str
) -> None:
    if is_wrong.any():
        row = int(is_wrong.argmax())
        (found,) = table[name].iloc[[row]].tolist()
        raise InputError(f"{what}: row {row}, {name}: found {found!r:.60}, expected {expected}")


def _mice(table: pd.DataFrame, what: str) -> tuple[list[str], list[str]]:
    """Agents and targets by name."""
    named: dict[tuple[object, object], tuple[str, str]] = {}
    pairs = list(zip(table["agent_id"].tolist(), table["target_id"].tolist(), strict=True))
    for row, pair in enumerate(pairs):
        if pair not in named:
            named[pair] = name_pair(*pair, f"{what}: row {row}")
    return [named[pair][0] for pair in pairs], [named[pair][1] for pair in pairs]
