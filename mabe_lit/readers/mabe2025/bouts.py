"""Annotation files of MABe 2025: a row a bout."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack
from mabe_lit.pose.mabe2025_labels import SELF, Labeled, name_pair
from mabe_lit.readers.mabe2025.parquet import TEXT, WHOLE, open_columns
from mabe_lit.readers.mabe2025.tracking import MOST_MICE
from mabe_lit.shell import InputError

_ROWS = {
    "agent_id": WHOLE,
    "target_id": WHOLE,
    "action": TEXT,
    "start_frame": WHOLE,
    "stop_frame": WHOLE,
}


@dataclass(frozen=True)
class Bout:
    """What an agent does to a target, from frame ``start`` to before frame ``stop``."""

    what: Labeled
    start: int
    stop: int

    def __str__(self) -> str:
        return f"{','.join(self.what)} from {self.start} to {self.stop}"


def read_bouts(path: Path) -> list[Bout]:
    """Read an annotation file.

    Raises:
        InputError: If the file is missing, damaged or not of this layout, names a mouse that
            cannot be, or a bout begins before frame 0 or after its end.
    """
    with open_columns(path, _ROWS) as columns:
        agents, targets = columns.whole("agent_id"), columns.whole("target_id")
        starts, stops = columns.whole("start_frame"), columns.whole("stop_frame")
        actions, names = columns.text("action")
    bouts = []
    for row, (agent, target, action, start, stop) in enumerate(
        zip(agents, targets, actions, starts, stops, strict=True)
    ):
        where = f"{path}: row {row}"
        for column, mouse in (("agent_id", agent), ("target_id", target)):
            if not 1 <= mouse <= MOST_MICE:
                raise InputError(f"{where}: {column} is {mouse}, expected 1 to {MOST_MICE}")
        if not 0 <= start <= stop:
            raise InputError(
                f"{where}: start_frame is {start} and stop_frame {stop}, expected 0 or more and no "
                "less than the start"
            )
        what = Labeled(*name_pair(int(agent), int(target), where), names[action].strip())
        bouts.append(Bout(what, int(start), int(stop)))
    return bouts


def label_tracks(
    bouts: Sequence[Bout],
    labeled: Collection[Labeled],
    class_names: Sequence[str],
    frames: range,
) -> tuple[LabelTrack, ...]:
    """Independent labels of the agents and targets that somebody looked at.

    Args:
        bouts: Of ``labeled`` alone.
        labeled: What somebody looked for, of mice that have tracking.
        class_names: ``C`` names.
        frames: The first frame that was tracked to the last; those before it are unscored.

    Returns:
        A track for each agent by itself and toward each target.
    """
    column = {name: index for index, name in enumerate(class_names)}
    labels = {
        pair: np.full((frames.stop, len(column)), UNSCORED, np.int8)
        for pair in sorted({each[:2] for each in labeled}, key=_own_first)
    }
    for agent, target, action in labeled:
        labels[agent, target][frames.start :, column[action]] = 0
    for bout in bouts:
        agent, target, action = bout.what
        labels[agent, target][bout.start : bout.stop, column[action]] = 1
    return tuple(_track(of_pair, *pair) for pair, of_pair in labels.items())


def unscored_tracks(
    pairs: Collection[tuple[str, str]], classes: int, frames: int
) -> tuple[LabelTrack, ...]:
    """Tracks of agents and targets in which nobody looked for any of so many classes."""
    labels = np.full((frames, classes), UNSCORED, np.int8)
    return tuple(_track(labels, *pair) for pair in sorted(pairs, key=_own_first))


def _track(labels: np.ndarray, agent: str, target: str) -> LabelTrack:
    return LabelTrack(labels, agent, None if target == SELF else target)


def _own_first(pair: tuple[str, str]) -> tuple[str, bool, str]:
    agent, target = pair
    return agent, target != SELF, target
