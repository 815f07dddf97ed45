"""Labels of all tracks as runs of equal frames: memory follows the bouts, not the frames.

Tracks lie end to end, each as long as its recording. A *place* is a frame of a track, counted from
the first frame of the first one. A run has a *code*, the row of a table of label sets that says
yes, no or nobody looked of each class. There are few different ones, whether behaviours exclude
each other or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.shell import InputError

MOST_SETS = 1 << 16
"""Different label sets of a dataset; the codes are 16-bit numbers."""
_CHECKED_RUNS = 1 << 20

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LabelRuns:
    """Runs of equal labels.

    Attributes:
        starts: ``(M,)`` int64, rising places where a run begins; the first is 0.
        codes: ``(M,)`` uint16 row of ``sets``.
        sets: ``(S, C)`` int8: 1 for yes, 0 for no, ``UNSCORED`` for nobody looked.
        places: Frames of all tracks.
        is_independent: Whether several behaviours may happen in one frame.
    """

    starts: np.ndarray
    codes: np.ndarray
    sets: np.ndarray
    places: int
    is_independent: bool

    @cached_property
    def classes_of_sets(self) -> _Ints:
        """``(S,)`` class of each set where classes exclude each other, ``UNSCORED`` for none."""
        if not self.sets.size:  # of no class
            return np.full(len(self.sets), UNSCORED, np.int64)
        is_scored = self.sets.max(axis=1) == 1
        return np.where(is_scored, self.sets.argmax(axis=1), UNSCORED).astype(np.int64)

    @cached_property
    def is_scored_set(self) -> npt.NDArray[np.bool_]:
        """``(S,)`` whether somebody looked for a class of the set."""
        return np.asarray((self.sets != UNSCORED).any(axis=1))

    def between(self, start: int, stop: int) -> tuple[_Ints, npt.NDArray[np.uint16]]:
        """The runs of places ``start`` to before ``stop``: first place of each, and its code."""
        first = int(np.searchsorted(self.starts, start, side="right")) - 1
        end = int(np.searchsorted(self.starts, stop, side="left"))
        starts = np.maximum(self.starts[first:end], start)
        return starts, np.asarray(self.codes[first:end])

    def labels(self, start: int, stop: int) -> np.ndarray:
        """Labels of places ``start`` to before ``stop``.

        Returns:
            ``(n,)`` int16 class indices, or ``(n, C)`` int8 where behaviours are independent.
        """
        starts, codes = self.between(start, stop)
        each = np.repeat(codes, np.diff(starts, append=stop))
        if self.is_independent:
            return np.asarray(self.sets[each])
        return self.classes_of_sets[each].astype(np.int16)

    def count(self, start: int, stop: int) -> tuple[_Ints, _Ints]:
        """Frames in which each class happens and in which somebody looked for it, ``(C,)`` each.

        Where classes exclude each other, somebody who scored a frame looked for all of them.
        """
        starts, codes = self.between(start, stop)
        lengths = np.diff(starts, append=stop)
        of_set = np.bincount(codes, weights=lengths, minlength=len(self.sets)).astype(np.int64)
        sets = np.asarray(self.sets)
        return of_set @ (sets == 1), of_set @ (sets != UNSCORED)

    def scored_stretches(self, start: int, stop: int, *, least_gap: int) -> list[tuple[int, int]]:
        """Where somebody looked for anything, in frames from ``start``.

        Stretches that are less than ``least_gap`` frames apart are one, as are those that begin or
        end less than that from ``start`` or ``stop`` with these.
        """
        starts, codes = self.between(start, stop)
        is_scored = self.is_scored_set[codes]
        if is_scored.all():
            return [(0, stop - start)]
        edges = np.append(starts, stop) - start
        found: list[tuple[int, int]] = []
        for run in np.flatnonzero(is_scored):
            first, last = int(edges[run]), int(edges[run + 1])
            before = found[-1][1] if found else 0
            if first - before < least_gap:
                first, _ = found.pop() if found else (0, 0)
            found.append((first, last))
        if found and stop - start - found[-1][1] < least_gap:
            found[-1] = (found[-1][0], stop - start)
        return found

    def codes_of(self, places: _Ints) -> npt.NDArray[np.uint16]:
        """``(B, T)`` places, rising along each window -> ``(B, T)`` codes.

        What is read is the runs of the windows, whatever number of frames these have.
        """
        B = len(places)
        first, span = places.min(axis=1), int((places.max(axis=1) - places.min(axis=1)).max()) + 1
        first = np.minimum(first, self.places - span)
        spread = self._stretches(first, span).ravel()  # (B span,)
        rows: npt.NDArray[np.uint16] = spread[
            (places - first[:, None]) + span * np.arange(B)[:, None]
        ]
        return rows

    def _stretches(self, first: _Ints, span: int) -> npt.NDArray[np.uint16]:
        """Codes of ``span`` places from each of ``first (B,)`` on, ``(B, span)``."""
        begin = np.searchsorted(self.starts, first, side="right") - 1
        counts = np.searchsorted(self.starts, first + span, side="left") - begin  # (B,) runs
        of_window = np.repeat(np.arange(len(first)), counts)
        number = np.arange(len(of_window)) - np.repeat(np.cumsum(counts) - counts, counts)
        run = begin[of_window] + number
        start = np.maximum(self.starts[run] - first[of_window], 0) + of_window * span
        codes: npt.NDArray[np.uint16] = np.repeat(
            self.codes[run], np.diff(start, append=len(first) * span)
        )
        return codes.reshape(len(first), span)

    def _are_classes(self) -> npt.NDArray[np.bool_]:
        """``(S,)`` whether a set is yes of one class and no of the others, or nobody looked."""
        is_yes, is_no = self.sets == 1, self.sets == 0
        is_class = (is_yes.sum(axis=1) == 1) & (is_yes | is_no).all(axis=1)
        return np.asarray(is_class | ~(is_yes | is_no).any(axis=1))

    def problems(self) -> Iterator[tuple[str, str]]:
        """What is wrong, and in which of ``starts``, ``codes``, ``sets``."""
        if len(self.starts) != len(self.codes):
            yield "codes", f"has {len(self.codes)} runs, the starts are {len(self.starts)}"
            return
        if not np.isin(self.sets, (0, 1, UNSCORED)).all():
            yield "sets", f"holds other numbers than 0, 1 and {UNSCORED}"
        elif not self.is_independent and not (is_right := self._are_classes()).all():
            yield "sets", f"row {int(is_right.argmin())} is no class and not unscored"
        if self.places and (not len(self.starts) or self.starts[0] != 0):
            yield "starts", "does not begin with 0"
        if len(self.starts) and self.starts[-1] >= max(self.places, 1):
            yield "starts", f"has a run from frame {self.starts[-1]} of {self.places} on"
        for begin in range(0, len(self.starts), _CHECKED_RUNS):
            part = slice(begin, begin + _CHECKED_RUNS + 1)  # the next one's first as well
            if (np.diff(self.starts[part]) <= 0).any():
                yield "starts", "does not rise"
                return
            if len(codes := self.codes[part]) and codes.max() >= len(self.sets):
                yield "codes", f"holds {codes.max()}, allowed are 0 to {len(self.sets) - 1}"
                return


class RunWriter:
    """Finds the runs of one track after the other, and gathers the label sets that occur."""

    def __init__(self, *, is_independent: bool, classes: int) -> None:
        """Begin without a track."""
        self.is_independent = is_independent
        self.places = 0
        self._classes = classes
        self._sets: dict[bytes, int] = {}
        if not is_independent:  # the class is the code, unscored is the one after them
            for row in (*np.eye(classes, dtype=np.int8), np.full(classes, UNSCORED, np.int8)):
                self._sets[row.tobytes()] = len(self._sets)

    @property
    def sets(self) -> npt.NDArray[np.int8]:
        """``(S, C)`` the label sets so far."""
        rows = b"".join(self._sets)
        return np.frombuffer(rows, np.int8).reshape(len(self._sets), self._classes)

    def add(self, labels: np.ndarray) -> tuple[_Ints, npt.NDArray[np.uint16]]:
        """Starts and codes of the runs of the next track, ``labels`` as in ``LabelTrack``.

        Raises:
            InputError: If there are too many different label sets.
        """
        changes = labels[1:] != labels[:-1]
        if self.is_independent:
            changes = changes.any(axis=1)
        first = np.concatenate([[0], np.flatnonzero(changes) + 1])
        values = labels[first]
        if self.is_independent:
            codes = self._codes_of(np.ascontiguousarray(values, np.int8))
        else:
            codes = np.where(values == UNSCORED, self._classes, values)
        starts = first.astype(np.int64) + self.places
        self.places += len(labels)
        return starts, codes.astype(np.uint16)

    def _codes_of(self, rows: npt.NDArray[np.int8]) -> _Ints:
        different, inverse = np.unique(rows, axis=0, return_inverse=True)
        numbers = [self._sets.setdefault(row.tobytes(), len(self._sets)) for row in different]
        if len(self._sets) > MOST_SETS:
            raise InputError(
                f"behaviours happen in more than {MOST_SETS} different combinations; "
                "prepare fewer --classes together"
            )
        return np.array(numbers, np.int64)[inverse.ravel()]


def runs_of(tracks: Iterable[np.ndarray], *, is_independent: bool, classes: int) -> LabelRuns:
    """The runs of tracks that are in memory, or whose labels lie in an array of an earlier release.

    An array is read in pieces by whoever gives its pieces as tracks.
    """
    writer = RunWriter(is_independent=is_independent, classes=classes)
    parts = [writer.add(labels) for labels in tracks]
    starts = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.int64)
    codes = np.concatenate([part[1] for part in parts]) if parts else np.zeros(0, np.uint16)
    return LabelRuns(starts, codes, writer.sets, writer.places, is_independent)
