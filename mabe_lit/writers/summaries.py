"""What happened in recordings, in numbers: how often, how long, what follows what."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from mabe_lit.writers.prediction import Prediction, TrackPrediction

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_FILE, TRANSITIONS_FILE = "summary.csv", "transitions.csv"
_AGENT_COLUMNS = ("agent", "target")
SUMMARY_COLUMNS = (
    "recording",
    *_AGENT_COLUMNS,
    "behavior",
    "bouts",
    "total_s",
    "mean_s",
    "median_s",
    "share",
    "first_onset_s",
    "bouts_per_min",
)
TRANSITION_COLUMNS = ("recording", *_AGENT_COLUMNS, "from", "to", "count", "probability")


class Summaries:
    """Two tables that grow by a few rows a track, in the order that recordings are added."""

    def __init__(self) -> None:
        """Begin without recordings."""
        self._summary: list[tuple[object, ...]] = []
        self._transitions: list[tuple[object, ...]] = []
        self._has_agents = False

    def add(self, prediction: Prediction) -> None:
        """Count what happens in one recording."""
        for track in prediction.tracks:
            self._has_agents |= track.agent is not None
            whose = (prediction.name, track.agent or "", track.target or "")
            names = prediction.class_names
            for label, name in enumerate(names):
                if track.is_about(name):
                    self._summary.append((*whose, name, *_summarize(track, label, prediction.fps)))
            pairs = Counter((one.label, next_.label) for one, next_ in pairwise(track.bouts))
            leaving = Counter(one.label for one, _ in pairwise(track.bouts))
            self._transitions += [
                (*whose, names[one], names[next_], count, count / leaving[one])
                for (one, next_), count in sorted(pairs.items())
            ]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by file name.

        Returns:
            ``summary.csv`` with a row a track and class that it is about, also those that never
            happen (0 bouts, no mean, median and onset), ``share`` of the track's frames;
            ``transitions.csv`` with a row a track and ordered pair of classes of which the second
            follows the first, ``probability`` among all that follows the first. Where classes are
            independent, what follows a bout is the one that begins next, be the first over or not.
            Both have columns ``agent`` and ``target`` where tracks have agents.
        """
        import pandas as pd

        tables = {
            SUMMARY_FILE: pd.DataFrame(self._summary, columns=list(SUMMARY_COLUMNS)),
            TRANSITIONS_FILE: pd.DataFrame(self._transitions, columns=list(TRANSITION_COLUMNS)),
        }
        if self._has_agents:
            return tables
        return {name: table.drop(columns=[*_AGENT_COLUMNS]) for name, table in tables.items()}


def _summarize(track: TrackPrediction, label: int, fps: float) -> tuple[float | None, ...]:
    """Of one class the columns after its name."""
    own = [bout for bout in track.bouts if bout.label == label]
    frames = sum(bout.stop_frame - bout.start_frame for bout in own)
    lengths = [(bout.stop_frame - bout.start_frame) / fps for bout in own]
    return (
        len(own),
        frames / fps,
        fmean(lengths) if own else None,
        median(lengths) if own else None,
        frames / len(track),
        own[0].start_frame / fps if own else None,
        len(own) * 60 * fps / len(track),
    )
