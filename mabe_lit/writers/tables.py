"""Tables of our own: ``NAME.frames.csv`` with a row a frame, ``NAME.bouts.csv`` with a row a bout.

Both are read as labels again, to be corrected and learned from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mabe_lit.scores.bouts import segments
from mabe_lit.writers.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".frames.csv", ".bouts.csv")
_DECIMALS = 6
"""Of seconds and probabilities; so many digits would cut a long video's times."""


def check(behaviors: Sequence[str]) -> None:
    """Names of any kind have their place in a table."""


def write(folder: Path, prediction: Prediction) -> None:
    """Write both tables into ``folder``; all classes are in them, the background as well."""
    about = (
        prediction.probabilities,
        prediction.predicted,
        prediction.class_names,
        prediction.fps,
    )
    tables = (tabulate_frames(*about), tabulate_bouts(*about))
    names = (f"{prediction.stem}{suffix}" for suffix in SUFFIXES)
    write_tables(folder, dict(zip(names, tables, strict=True)))


def write_tables(folder: Path, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables by file name, their numbers rounded to six decimals."""
    for name, table in tables.items():
        table.round(_DECIMALS).to_csv(folder / name, index=False)


def tabulate_frames(
    probabilities: npt.NDArray[np.float32],
    predicted: npt.NDArray[np.integer[Any]],
    class_names: Sequence[str],
    fps: float,
) -> pd.DataFrame:
    """A row a frame: number, time in seconds, predicted class, probability of each class.

    Args:
        probabilities: ``(N, C)``, as the network gives them.
        predicted: ``(N,)`` class indices; decisions may prefer another than the most probable.
        class_names: ``C`` names.
        fps: Frames per second.
    """
    import pandas as pd

    frame = np.arange(len(probabilities))
    table = {
        "frame": frame,
        "time_s": frame / fps,
        "predicted": np.asarray(class_names)[predicted],
    }
    each = probabilities.astype(np.float64).T  # rounded float32 would print as 0.8797290325
    columns = {f"p_{name}": column for name, column in zip(class_names, each, strict=True)}
    return pd.DataFrame(table | columns)


def tabulate_bouts(
    probabilities: npt.NDArray[np.float32],
    predicted: npt.NDArray[np.integer[Any]],
    class_names: Sequence[str],
    fps: float,
) -> pd.DataFrame:
    """A row a bout, in order; ``stop_frame`` is the first frame after it. Arguments as above."""
    import pandas as pd

    rows = [
        (
            class_names[bout.label],
            bout.start_frame,
            bout.stop_frame,
            bout.start_frame / fps,
            bout.stop_frame / fps,
            (bout.stop_frame - bout.start_frame) / fps,
            float(probabilities[bout.start_frame : bout.stop_frame, bout.label].mean()),
        )
        for bout in segments(predicted)
    ]
    columns = ("behavior", "start_frame", "stop_frame", "start_s", "stop_s", "duration_s")
    return pd.DataFrame(rows, columns=[*columns, "mean_probability"])
