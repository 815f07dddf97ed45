"""Reading windows from memory-mapped arrays keeps them out of memory."""

import numpy as np
import pytest

from mabe_lit import mapped
from mabe_lit.mapped import WindowReader
from mabe_lit.timing_data import resident_bytes


def test_windows_are_the_arrays_whether_mapped_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped, "BUDGET_BYTES", 1_000)
    array = np.arange(5_000, dtype=np.float32).reshape(1_000, 5)
    np.save(tmp_path / "array.npy", array)
    on_disk = WindowReader(np.load(tmp_path / "array.npy", mmap_mode="r"))
    rng = np.random.default_rng(0)
    for _ in range(20):
        frames = rng.integers(0, 1_000, (4, 16))
        assert np.array_equal(on_disk[frames], array[frames])
        assert np.array_equal(WindowReader(array)[frames], array[frames])


def test_memory_stays_within_the_budget(tmp_path, monkeypatch):
    if not resident_bytes():
        pytest.skip("the system does not tell how much memory a process has")
    monkeypatch.setattr(mapped, "BUDGET_BYTES", 16 << 20)
    file = tmp_path / "large.npy"
    array = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(2_000_000, 32))
    array[:] = 1
    del array

    def grown_by(read):
        before = resident_bytes()
        for start in range(0, 2_000_000 - 6_400, 6_400):
            read[start + np.arange(6_400).reshape(100, 64)]
        return resident_bytes() - before

    assert grown_by(WindowReader(np.load(file, mmap_mode="r"))) < 64 << 20
    assert grown_by(np.load(file, mmap_mode="r")) > 128 << 20, "or there is nothing to give back"
