"""The submission of MABe 2025: a row a bout, of all videos in one table."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.pose.mabe2025_labels import Labeled, name_pair
from mabe_lit.scores import segments
from mabe_lit.scores.mabe2025_bouts import COLUMNS
from mabe_lit.scores.one_action import NONE
from mabe_lit.shell import InputError, InputWarning, written_atomically

HEADER = ("row_id", *COLUMNS)


@dataclass(frozen=True)
class PairActions:
    """What one mouse does to another, or by itself, frame by frame.

    Attributes:
        video_id: The video.
        agent: The mouse that does it, ``mouse1`` or 1.
        target: The mouse that it is done to; ``self``, or the agent again, for none.
        actions: ``(N,)`` indices of class names, ``NONE`` (-1) where there is none; see
            ``choose_actions``.
        first_frame: Number of the first of these frames in the video's tracking.
    """

    video_id: int
    agent: str | int
    target: str | int
    actions: npt.NDArray[np.integer[Any]]
    first_frame: int = 0


def write_submission(
    file: Path | str,
    pairs: Iterable[PairActions],
    class_names: Sequence[str],
    looked_for: Mapping[int, Iterable[Labeled]],
) -> int:
    """Write all bouts, whole or not at all.

    A frame of a pair has one action, so no two bouts of a pair share one. Bouts that nobody looked
    for in their video are left out with a warning: the competition ignores them.

    Args:
        file: The table.
        pairs: Those that have tracks, each once.
        class_names: ``C`` names.
        looked_for: What somebody looked for, by video, see ``parse_labeled``.

    Returns:
        How many rows.

    Raises:
        InputError: If there is no bout, which the competition refuses.
        ValueError: If a pair comes twice, or an action is none of ``class_names``.
    """
    file = Path(file)
    done: set[tuple[int, str, str]] = set()
    rows: list[tuple[int, str, str, str, int, int]] = []
    left_out: list[str] = []
    for pair in pairs:
        whose = (pair.video_id, *name_pair(pair.agent, pair.target, f"video {pair.video_id}"))
        if whose in done:
            raise ValueError(f"Expected each pair once but got {whose} twice")
        done.add(whose)
        listed = set(looked_for.get(pair.video_id, ()))
        for action, start, stop in _bouts(pair, class_names):
            if (*whose[1:], action) in listed:
                rows.append((*whose, action, start, stop))
            else:
                left_out.append(f"{action} of {whose[1]} to {whose[2]} in video {pair.video_id}")
    if left_out:
        warnings.warn(
            InputWarning(
                f"{file}: {len(left_out)} bouts are left out, for nobody looked for them: "
                f"{left_out[0]}{', ...' if len(left_out) > 1 else ''}"
            ),
            stacklevel=2,
        )
    if not rows:
        raise InputError(f"{file}: nothing is predicted, expected at least one bout to submit")
    file.parent.mkdir(parents=True, exist_ok=True)
    with (
        written_atomically(file) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows((number, *row) for number, row in enumerate(rows))
    return len(rows)


def _bouts(pair: PairActions, class_names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Action, first frame and first frame after it of each bout."""
    for label, start, stop in segments(pair.actions):
        if not NONE <= label < len(class_names):
            raise ValueError(
                f"Expected actions from {NONE} to {len(class_names) - 1} but got {label}"
            )
        if label != NONE:
            yield class_names[label], start + pair.first_frame, stop + pair.first_frame
