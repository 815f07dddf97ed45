"""Which windows make the batches of an epoch, and which batches are gathered at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.compute import process_rank
from mabe_lit.config import Config
from mabe_lit.data.dataset import Dataset
from mabe_lit.data.mapped import is_large
from mabe_lit.data.windows import (
    Stretches,
    WindowFrames,
    WindowGrid,
    by_window_length,
    tiling_windows,
)

POOL_BYTES = 32 << 20
"""Bytes of key points that are read at once, for many batches; for one if it needs more."""
RUN_BYTES = 128 << 10
"""Bytes of the neighbouring windows that are read at once from a large dataset."""
VALIDATION_FRAMES = 8_192
"""Frames in a batch that is not trained on."""


@dataclass(frozen=True, eq=False)
class PoolRows:
    """A batch: windows ``rows`` of a pool, which is one and the same object for all its batches."""

    pool: WindowFrames
    rows: slice

    @property
    def windows(self) -> WindowFrames:
        """Frames, and which of them are no padding, see ``WindowGrid.frames_of``."""
        return self.pool.rows(self.rows)


class TrainingBatches:
    """The frames of each batch of an epoch; Lightning tells the epoch, as to any sampler.

    Batch after batch lies in a pool of some megabytes, so that windows are found and gathered many
    at a time. Where several processes train together, they share each batch that one alone would
    have, of ``batch_size`` windows a process; the last batch may be smaller.
    """

    def __init__(self, dataset: Dataset, config: Config) -> None:
        """Batches of ``config.batch_size`` windows, other ones in another order each epoch."""
        self._dataset = dataset
        self._config = config
        self._length = length = config.sequence_length
        self._stretches = scored_stretches(dataset, length * config.frame_gap)
        self._processes = config.devices
        self._process = process_rank(config)
        self._step = config.batch_size * self._processes
        # What is read for a window from a file, with the frames that a gap skips.
        self._window_bytes = length * config.frame_gap * dataset.keypoints[:1].nbytes
        batches = max(POOL_BYTES // (self._window_bytes * self._step or 1), 1)
        self._of_pool = batches * self._step  # windows, of all processes
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration is for."""
        self._epoch = epoch

    def __len__(self) -> int:
        return -(-len(self._tile(self._rng())) // self._step)

    def __iter__(self) -> Iterator[PoolRows]:
        rng = self._rng()
        grid = self._tile(rng)
        order = self._shuffled(len(grid), rng)
        for first in range(0, len(order), self._of_pool):
            yield from self._batches_of_pool(grid, order[first : first + self._of_pool])

    def _batches_of_pool(
        self, grid: WindowGrid, windows: npt.NDArray[np.int64]
    ) -> Iterator[PoolRows]:
        together = [windows[i : i + self._step] for i in range(0, len(windows), self._step)]
        shares = [np.array_split(each, self._processes)[self._process] for each in together]
        # A process without a share shows padding, for which the others wait all the same.
        shown = [s if len(s) else each[:1] for s, each in zip(shares, together, strict=True)]
        pool = grid.frames_of(np.concatenate(shown))
        if not len(shares[-1]):
            pool.is_inside[-1] = False
        edges = itertools.accumulate(map(len, shown), initial=0)
        for start, stop in itertools.pairwise(edges):
            yield PoolRows(pool, slice(start, stop))

    def _shuffled(self, windows: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        if not is_large(self._dataset.keypoints):
            return rng.permutation(windows)
        most = max(RUN_BYTES // self._window_bytes, 1)
        # A power of two, as batch sizes mostly are, so that runs end where pools do.
        run = 1 << (most.bit_length() - 1)
        return shuffle_runs(windows, rng, run=run, among=self._of_pool)

    def _tile(self, rng: np.random.Generator) -> WindowGrid:
        return tiling_windows(
            self._stretches, length=self._length, gap=self._config.frame_gap, rng=rng
        )

    def _rng(self) -> np.random.Generator:
        return np.random.default_rng((self._config.seed, self._epoch))


class ValidationBatches:
    """The frames of each batch of validation: scored frames once, in windows as prediction has."""

    def __init__(self, dataset: Dataset, config: Config) -> None:
        """Batches of up to ``VALIDATION_FRAMES`` frames, or of one window that is longer."""
        frames = [dataset.entry_of(track).frames for track in dataset.tracks]
        self._grids = [
            tiling_windows(
                scored_stretches(dataset, length * config.frame_gap, tracks),
                length=length,
                gap=config.frame_gap,
            )
            for length, tracks in by_window_length(config, frames).items()
        ]

    def __len__(self) -> int:
        return sum(-(-len(grid) // self._size(grid)) for grid in self._grids)

    def __iter__(self) -> Iterator[PoolRows]:
        for grid in self._grids:
            size = self._size(grid)
            for first in range(0, len(grid), size):
                windows = np.arange(first, min(first + size, len(grid)))
                yield PoolRows(grid.frames_of(windows), slice(0, len(windows)))

    def _size(self, grid: WindowGrid) -> int:
        return max(VALIDATION_FRAMES // grid.length, 1)


def scored_stretches(
    dataset: Dataset, least_gap: int, tracks: Iterable[int] | None = None
) -> Stretches:
    """Where windows have something to learn or to score from.

    Args:
        dataset: Recordings and their label tracks.
        least_gap: Frames in a row that nobody scored and that are left out; fewer are not.
        tracks: Which label tracks; all of them if None.
    """
    rows = []
    for number in range(len(dataset.tracks)) if tracks is None else tracks:
        track = dataset.tracks[number]
        entry = dataset.entry_of(track)
        first, stop = track.first_place, track.first_place + entry.frames
        for stretch in dataset.runs.scored_stretches(first, stop, least_gap=least_gap):
            rows.append((number, entry.first_frame, entry.frames, *stretch))
    columns = np.array(rows, np.int64).reshape(len(rows), 5).T
    return Stretches(*columns)


def shuffle_runs(
    windows: int, rng: np.random.Generator, *, run: int, among: int
) -> npt.NDArray[np.int64]:
    """An order of ``windows`` windows of which about ``among`` in a row are some runs, mixed up.

    A disk, and even memory, gives a run of neighbours sooner than as many windows here and there.
    The runs are drawn from everywhere, so a batch shows as many recordings as in any other order.

    Args:
        windows: How many there are, at least 1.
        rng: Draws the order.
        run: Neighbouring windows that are read together.
        among: Windows that are read before any of them is shown, more than ``run``.

    Returns:
        ``(windows,)`` each index once.
    """
    runs = -(-windows // run)
    of_mix = max(among // run, 1)
    starts = np.full(-(-runs // of_mix) * of_mix, windows)  # what is beyond is left out below
    starts[:runs] = rng.permutation(runs) * run
    mixes = (starts[:, None] + np.arange(run)).reshape(-1, of_mix * run)
    order = rng.permuted(mixes, axis=1).ravel()
    return order[order < windows]
