"""Which windows make the batches of an epoch, and which batches are gathered at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mabe_lit.config import Config
from mabe_lit.dataset import Dataset
from mabe_lit.distributed import process_rank
from mabe_lit.mapped import is_large
from mabe_lit.windows import WindowFrames, WindowGrid, tiling_windows

POOL_BYTES = 32 << 20
"""Bytes of key points that are read at once, for many batches; for one if it needs more."""
RUN_BYTES = 128 << 10
"""Bytes of the neighbouring windows that are read at once from a large dataset."""


@dataclass(frozen=True, eq=False)
class PoolRows:
    """A batch: windows ``rows`` of a pool, which is one and the same object for all its batches."""

    pool: WindowFrames
    rows: slice

    @property
    def windows(self) -> WindowFrames:
        """``(B, T)`` frames, and which of them are no padding, see ``WindowGrid.frames_of``."""
        frames, is_inside = self.pool
        return frames[self.rows], is_inside[self.rows]


class WindowBatches:
    """The frames of each batch of an epoch; Lightning tells the epoch, as to any sampler.

    Batch after batch lies in a pool of some megabytes, so that windows are found and gathered many
    at a time. Where several processes train together, they share each batch that one alone would
    have, of ``size`` windows a process; the last batch may be smaller. Validation is whole in each
    of them.
    """

    def __init__(
        self, dataset: Dataset, config: Config, *, size: int, length: int, shuffle: bool
    ) -> None:
        """Batches of ``size`` windows of ``length`` frames; shuffled ones differ each epoch."""
        self._dataset = dataset
        self._config = config
        self._length = length
        self._shuffle = shuffle
        self._processes = config.devices if shuffle else 1
        self._process = process_rank(config) if shuffle else 0
        self._step = size * self._processes
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
        order = np.arange(len(grid)) if rng is None else self._shuffled(len(grid), rng)
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
            pool[1][-1] = False
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

    def _tile(self, rng: np.random.Generator | None) -> WindowGrid:
        return tile(self._dataset, self._config, self._length, rng)

    def _rng(self) -> np.random.Generator | None:
        return np.random.default_rng((self._config.seed, self._epoch)) if self._shuffle else None


def tile(
    dataset: Dataset, config: Config, length: int, rng: np.random.Generator | None
) -> WindowGrid:
    """Windows of ``length`` frames that show each frame once; see ``tiling_windows``."""
    return tiling_windows(
        np.array([entry.first_frame for entry in dataset.entries]),
        np.array([entry.frames for entry in dataset.entries]),
        length=length,
        gap=config.frame_gap,
        rng=rng,
    )


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
