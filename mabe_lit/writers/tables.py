"""Tables of our own: ``NAME.frames.csv`` with a row a frame, ``NAME.bouts.csv`` with a row a bout.

Both are read as labels again, to be corrected and learned from. Where tracks have agents, the rows
of one track follow those of another, and columns ``agent`` and ``target`` tell which it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mabe_lit.shell import InputError
from mabe_lit.writers.prediction import Prediction, TrackPrediction

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".frames.csv", ".bouts.csv")
_DECIMALS = 6
"""Of seconds and probabilities; so many digits would cut a long video's times."""
_COLUMNS = ("frame", "time_s", "agent", "target")


def check(behaviors: Sequence[str], *, is_independent: bool) -> None:
    """Raise ``InputError`` where a column of a behaviour would be called as another.

    Only independent behaviours have columns of their names; others have their place in any case.
    """
    taken = {*_COLUMNS, *(f"p_{name}" for name in behaviors)}
    wrong = [name for name in behaviors if name in taken]
    if is_independent and wrong:
        raise InputError(
            f"--format csv: class {wrong[0]!r} cannot be a column beside {', '.join(_COLUMNS)} and "
            "p_CLASS, expected another name"
        )


def write(folder: Path, prediction: Prediction) -> None:
    """Write both tables into ``folder``; all classes are in them, the background as well.

    They are written track by track: an hour of many pairs is large as one table.
    """
    for suffix, tabulate in zip(SUFFIXES, (tabulate_frames, tabulate_bouts), strict=True):
        file = folder / f"{prediction.stem}{suffix}"
        for number, track in enumerate(prediction.tracks):
            table = tabulate(track, prediction.class_names, prediction.fps)
            is_first = number == 0
            table.round(_DECIMALS).to_csv(
                file, mode="w" if is_first else "a", header=is_first, index=False
            )


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables by file name, their numbers rounded to six decimals."""
    for name, table in tables.items():
        table.round(_DECIMALS).to_csv(folder / name, index=False)


def tabulate_frames(track: TrackPrediction, class_names: Sequence[str], fps: float) -> pd.DataFrame:
    """A row a frame: number, time in seconds, what is predicted, probability of each class.

    What is predicted is one class, or where classes are independent a column of 1 and 0 for each.
    Classes that the track is not about have empty cells.

    Args:
        track: What was predicted.
        class_names: ``C`` names.
        fps: Frames per second.
    """
    import pandas as pd

    frame = np.arange(len(track))
    table: dict[str, Any] = {"frame": frame, "time_s": frame / fps, **_whose(track)}
    if track.is_independent:
        answers = zip(class_names, track.predicted.astype(np.int8).T, strict=True)
        table |= {name: each if track.is_about(name) else None for name, each in answers}
    else:
        table["predicted"] = np.asarray(class_names)[track.predicted]
    # Rounded float32 would print as 0.8797290325.
    probabilities = zip(class_names, track.probabilities.astype(np.float64).T, strict=True)
    for name, each in probabilities:
        table[f"p_{name}"] = each if track.is_about(name) else None
    return pd.DataFrame(table)


def tabulate_bouts(track: TrackPrediction, class_names: Sequence[str], fps: float) -> pd.DataFrame:
    """A row a bout, in order; ``stop_frame`` is the first frame after it. Arguments as above."""
    import pandas as pd

    whose = _whose(track)
    rows = [
        (
            class_names[bout.label],
            *whose.values(),
            bout.start_frame,
            bout.stop_frame,
            bout.start_frame / fps,
            bout.stop_frame / fps,
            (bout.stop_frame - bout.start_frame) / fps,
            float(track.probabilities[bout.start_frame : bout.stop_frame, bout.label].mean()),
        )
        for bout in track.bouts
    ]
    columns = ("start_frame", "stop_frame", "start_s", "stop_s", "duration_s", "mean_probability")
    return pd.DataFrame(rows, columns=["behavior", *whose, *columns])


def _whose(track: TrackPrediction) -> dict[str, str]:
    """Agent and target by column; nothing for the scene."""
    return {} if track.agent is None else {"agent": track.agent, "target": track.target or ""}
