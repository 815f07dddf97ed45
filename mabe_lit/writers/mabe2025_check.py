"""Whether a submission to MABe 2025 is what its author means, before it is sent.

The competition ignores in silence whatever it does not know, and voids a submission for one frame
with two actions. Here each of that is a line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mabe_lit.pose.mabe2025_labels import SELF, Labeled, name_pair, parse_labeled
from mabe_lit.scores.mabe2025_bouts import COLUMNS, describe_conflict, find_conflicts, find_repeats
from mabe_lit.shell import InputError
from mabe_lit.writers.mabe2025 import HEADER
from mabe_lit.writers.mabe2025_faults import DOUBTFUL, IGNORED, REFUSED, Fault, Faults

_NOTHING = ("", "nan", "null", "none", "na", "<na>")
_NUMBER = re.compile(r"\s*-?[0-9]{1,15}\s*")
_MOST_FRAME = 2**31 - 1


def check_submission(
    file: Path | str, test: Path | str, mice: Mapping[int, Collection[str]] | None = None
) -> list[Fault]:
    """What the competition would refuse, ignore or count against its author.

    Args:
        file: The submission.
        test: The competition's ``test.csv``, or the folder that it is in.
        mice: ``mouse1``, ... that have tracks, by video, where the caller has read them; mice that
            ``behaviors_labeled`` names may have none.

    Returns:
        What is wrong, a fault a kind: first what is refused, then what is ignored, then what is
        doubtful. None for a good submission.

    Raises:
        InputError: If a file cannot be read, or ``test`` lacks a column.
    """
    looked_for = read_looked_for(test)
    header, rows = _read(Path(file))
    faults = Faults()
    if not _check_shape(header, rows, faults):
        return faults.listed()
    places = [header.index(name) for name in COLUMNS]
    row_id = header.index("row_id")
    known = _Known(looked_for, mice or {})
    counted: dict[int, tuple[Any, ...]] = {}
    for row, cells in enumerate(rows):
        if cells[row_id].strip() != str(row):
            faults.add(REFUSED, "row_id does not count 0, 1, 2, ...", row, repr(cells[row_id]))
        bout = _read_bout(row, [cells[place] for place in places], faults)
        if bout is not None and known.counts(row, bout, faults):
            counted[row] = bout
    if counted:
        _check_bouts(counted, faults)
    return faults.listed()


def read_looked_for(table: Path | str) -> dict[int, tuple[Labeled, ...]]:
    """What somebody looked for, by video.

    Args:
        table: The competition's ``test.csv`` or ``train.csv``, or the folder with the former.

    Raises:
        InputError: If it cannot be read, or lacks a column.
    """
    file = Path(table)
    file = file / "test.csv" if file.is_dir() else file
    header, rows = _read(file)
    for name in ("video_id", "behaviors_labeled"):
        if name not in header:
            raise InputError(f"{file}: column {name} is missing, found {', '.join(header)}")
    video, labeled = header.index("video_id"), header.index("behaviors_labeled")
    looked_for: dict[int, tuple[Labeled, ...]] = {}
    for number, cells in enumerate(rows):
        where = f"{file}: row {number}"
        if len(cells) != len(header):
            raise InputError(f"{where}: has {len(cells)} cells, the header has {len(header)}")
        if not _NUMBER.fullmatch(cells[video]):
            raise InputError(
                f"{where}, video_id: found {cells[video]!r:.60}, expected a whole number"
            )
        cell = "" if _is_nothing(cells[labeled]) else cells[labeled]
        looked_for[int(cells[video])] = parse_labeled(cell, f"{where}, behaviors_labeled")
    return looked_for


class _Known:
    """What the competition knows, and so counts."""

    def __init__(
        self, looked_for: Mapping[int, Sequence[Labeled]], mice: Mapping[int, Collection[str]]
    ) -> None:
        self._listed = {video: set(labeled) for video, labeled in looked_for.items()}
        self._named = {
            video: {mouse for each in labeled for mouse in each[:2]}
            for video, labeled in looked_for.items()
        }
        self._tracked = {video: {*names, SELF} for video, names in mice.items()}
        self._actions = {each.action for labeled in looked_for.values() for each in labeled}

    def counts(self, row: int, bout: tuple[Any, ...], faults: Faults) -> bool:
        """Whether a row counts; notes why not, or what is strange where it does."""
        video, agent, target, action, start, stop = bout
        for what, example in self._reasons(video, agent, target, action):
            faults.add(IGNORED, what, row, example)
            return False
        absent = {agent, target} - self._tracked.get(video, {agent, target})
        if absent:
            what = "the mouse has no track in its video"
            faults.add(DOUBTFUL, what, row, f"{min(absent)} in video {video}")
        if start == stop:
            what = "start_frame is stop_frame: no frame, but its action counts as predicted"
            faults.add(DOUBTFUL, what, row, f"{action} at {start} in video {video}")
        return True

    def _reasons(
        self, video: int, agent: str, target: str, action: str
    ) -> Iterator[tuple[str, str]]:
        """Why a row does not count, with an example; nothing where it does."""
        if video not in self._listed:
            yield "the video is not in test.csv", str(video)
            return
        try:
            named = name_pair(agent, target, "")
        except InputError:
            yield "agent_id or target_id is no mouse", f"{agent!r:.40} to {target!r:.40}"
            return
        if named != (agent, target):
            example = f"{agent!r} to {target!r}, expected {named[0]} to {named[1]}"
            yield "mice are written mouse1, mouse2, ... and self", example
        if action not in self._actions:
            near = get_close_matches(action, sorted(self._actions), 1)
            meant = f", perhaps {near[0]}" if near else ""
            yield "nobody looked for the action in any video", f"{action!r:.40}{meant}"
        absent = set(named) - self._tracked.get(video, self._named[video] | {SELF})
        if absent and (*named, action) not in self._listed[video]:
            yield "the mouse is not in its video", f"{min(absent)} in video {video}"
        if (*named, action) not in self._listed[video]:
            example = f"{action} of {named[0]} to {named[1]} in video {video}"
            yield "nobody looked for the action of this pair in its video", example


def _read(file: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows, without blank lines."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            header, *rows = [row for row in csv.reader(text) if row] or [[]]
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{file}: is not a readable table ({error})") from error
    return header, rows


def _check_shape(header: list[str], rows: list[list[str]], faults: Faults) -> bool:
    """Whether there are rows that can be checked."""
    expected = f"expected {', '.join(HEADER)}"
    missing = [name for name in HEADER if name not in header]
    if missing:
        faults.add_file(REFUSED, f"column {', '.join(missing)} is missing, {expected}")
    if twice := sorted({name for name in header if header.count(name) > 1}):
        faults.add_file(REFUSED, f"column {', '.join(twice)} is there twice, {expected}")
    if extra := [name for name in header if name not in HEADER]:
        faults.add_file(DOUBTFUL, f"column {', '.join(map(repr, extra))} is unknown, {expected}")
    if not rows:
        faults.add_file(REFUSED, "there are no rows, expected a row a bout")
    ragged = [number for number, cells in enumerate(rows) if len(cells) != len(header)]
    for row in ragged:
        what = f"not as many cells as the header, which has {len(header)}"
        faults.add(REFUSED, what, row, str(len(rows[row])))
    return bool(rows) and not (missing or twice or ragged)


def _read_bout(row: int, cells: list[str], faults: Faults) -> tuple[Any, ...] | None:
    """The cells of ``COLUMNS``, numbers as such; None with a fault where one is wrong."""
    bout: list[Any] = []
    for name, cell in zip(COLUMNS, cells, strict=True):
        if _is_nothing(cell):
            faults.add(REFUSED, f"{name} is empty", row, repr(cell))
        elif name not in ("video_id", "start_frame", "stop_frame"):
            bout.append(cell)
        elif not _NUMBER.fullmatch(cell):
            faults.add(REFUSED, f"{name} is no whole number", row, repr(cell))
        elif name != "video_id" and abs(int(cell)) > _MOST_FRAME:
            faults.add(REFUSED, f"{name} is no frame of a video", row, repr(cell))
        else:
            bout.append(int(cell))
    if len(bout) < len(COLUMNS):
        return None
    if bout[-2] > bout[-1]:
        faults.add(REFUSED, "start_frame is after stop_frame", row, f"{bout[-2]} and {bout[-1]}")
        return None
    return tuple(bout)


def _is_nothing(cell: str) -> bool:
    return cell.strip().lower() in _NOTHING


def _check_bouts(counted: Mapping[int, tuple[Any, ...]], faults: Faults) -> None:
    """Frames that two rows claim."""
    import pandas as pd

    bouts = pd.DataFrame(counted.values(), index=list(counted), columns=list(COLUMNS))
    for first, second in find_conflicts(bouts):
        example = f"{first} and {second}: {describe_conflict(bouts, first, second)}"
        for row in (first, second):
            faults.add(REFUSED, "two actions of one pair in a frame void it all", row, example)
    for row in find_repeats(bouts):
        video, agent, target, action, start, stop = counted[row]
        example = f"{action} of {agent} to {target} in {start} to {stop} of video {video}"
        what = "frames of another row of the same action and pair again; they count once"
        faults.add(DOUBTFUL, what, row, example)
