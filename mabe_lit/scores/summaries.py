"""What happened in recordings, in numbers: how often, how long, what follows what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

from mabe_lit.scores.bouts import Segment

if TYPE_CHECKING:
    import pandas as pd

SUMMARY_FILE, TRANSITIONS_FILE = "summary.csv", "transitions.csv"
SUMMARY_COLUMNS = (
    "recording",
    "behavior",
    "bouts",
    "total_s",
    "mean_s",
    "median_s",
    "share",
    "first_onset_s",
    "bouts_per_min",
)
TRANSITION_COLUMNS = ("recording", "from", "to", "count", "probability")


class Summaries:
    """Two tables that grow by a few rows a recording, in the order that recordings are added."""

    def __init__(self) -> None:
        """Begin without recordings."""
        self._summary: list[tuple[object, ...]] = []
        self._transitions: list[tuple[object, ...]] = []

    def add(
        self, recording: str, bouts: Sequence[Segment], class_names: Sequence[str], fps: float
    ) -> None:
        """Count what happens in one recording.

        Args:
            recording: Its name.
            bouts: All runs of equal labels in order, see ``segments``: together they are all
                frames, at least one.
            class_names: ``C`` names; each gets a row.
            fps: Frames per second, > 0.
        """
        frames = bouts[-1].stop_frame
        for label, name in enumerate(class_names):
            own = [bout for bout in bouts if bout.label == label]
            lengths = [(bout.stop_frame - bout.start_frame) / fps for bout in own]
            happens = bool(own)
            self._summary.append(
                (
                    recording,
                    name,
                    len(own),
                    sum(bout.stop_frame - bout.start_frame for bout in own) / fps,
                    fmean(lengths) if happens else None,
                    median(lengths) if happens else None,
                    sum(bout.stop_frame - bout.start_frame for bout in own) / frames,
                    own[0].start_frame / fps if happens else None,
                    len(own) * 60 * fps / frames,
                )
            )
        pairs = Counter((before.label, after.label) for before, after in pairwise(bouts))
        leaving = Counter(before.label for before, _ in pairwise(bouts))
        self._transitions += [
            (recording, class_names[before], class_names[after], count, count / leaving[before])
            for (before, after), count in sorted(pairs.items())
        ]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by file name.

        Returns:
            ``summary.csv`` with a row a recording and class, also those that never happen (0
            bouts, no mean, median and onset); ``transitions.csv`` with a row a recording and
            ordered pair of classes of which the second follows the first, ``probability`` among
            all that follows the first.
        """
        import pandas as pd

        return {
            SUMMARY_FILE: pd.DataFrame(self._summary, columns=list(SUMMARY_COLUMNS)),
            TRANSITIONS_FILE: pd.DataFrame(self._transitions, columns=list(TRANSITION_COLUMNS)),
        }
