"""Reading windows from memory-mapped arrays keeps them out of memory."""

import os

import numpy as np
import pytest

from mabe_lit.data import mapped
from mabe_lit.data.mapped import WindowReader
from mabe_lit.timing.data_path import resident_bytes


@pytest.fixture
def on_disk(tmp_path, monkeypatch):
    """An array, and a reader of the same on disk that takes it for a large one."""
    monkeypatch.setattr(mapped, "LARGE_BYTES", 1_000)
    array = np.arange(5_000, dtype=np.float32).reshape(1_000, 5)
    np.save(tmp_path / "array.npy", array)
    return array, WindowReader(np.load(tmp_path / "array.npy", mmap_mode="r"))


def test_windows_are_the_arrays_whether_mapped_or_not(on_disk):
    array, reader = on_disk
    rng = np.random.default_rng(0)
    for _ in range(20):
        frames = rng.integers(0, 1_000, (4, 16))
        assert np.array_equal(reader[frames], array[frames])
        assert np.array_equal(WindowReader(array)[frames], array[frames])


def test_windows_without_gaps_and_padding(on_disk):
    array, reader = on_disk
    frames = np.array([0, 17, 984, 400])[:, None] + np.arange(16)
    assert np.array_equal(reader[frames], array[frames])


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="windows are not read from the file here")
def test_neighbours_are_read_by_one_call_in_whatever_order_they_are_asked_for(on_disk, monkeypatch):
    array, reader = on_disk
    preadv, calls = os.preadv, []
    monkeypatch.setattr(mapped, "_MOST_PARTS", 50)
    monkeypatch.setattr(
        os, "preadv", lambda f, parts, place: calls.append(len(parts)) or preadv(f, parts, place)
    )
    starts = np.random.default_rng(0).permutation(np.r_[160:480:16, 500:820:16, 990 - 16 * 3])
    frames = starts[:, None] + np.arange(16)
    assert np.array_equal(reader[frames], array[frames])
    assert sorted(calls) == [1, 20, 20]
    calls.clear()
    frames = np.arange(0, 992, 8)[:, None] + np.arange(8)
    assert np.array_equal(reader[frames], array[frames])
    assert calls == [50, 50, 24], "no more parts in a call than the system takes"


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="windows are not read from the file here")
def test_files_that_are_read_in_parts(on_disk, monkeypatch):
    array, reader = on_disk
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda f, parts, place: preadv(f, [parts[0][:100]], place))
    frames = np.array([3, 900, 19])[:, None] + np.arange(16)
    assert np.array_equal(reader[frames], array[frames])


@pytest.mark.parametrize("gap", [1, 3])
def test_windows_at_the_edges_with_gaps_and_padding(on_disk, gap):
    array, reader = on_disk
    starts = np.array([0, 400, 999 - 15 * gap, 990])
    frames = np.minimum(starts[:, None] + gap * np.arange(16), 999)
    assert np.array_equal(reader[frames], array[frames])


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="windows are not read from the file here")
def test_a_file_cut_short_is_an_error(on_disk, tmp_path):
    _, reader = on_disk
    with (tmp_path / "array.npy").open("r+b") as file:
        file.truncate(10_000)
    reader[np.arange(16)[None]]
    with pytest.raises(OSError, match="has become shorter") as error:
        reader[900 + np.arange(16)[None]]
    assert error.value.filename == str(tmp_path / "array.npy")


def test_a_dataset_that_was_replaced_is_read_as_it_was_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped, "LARGE_BYTES", 1_000)
    file, old = tmp_path / "array.npy", np.ones((1_000, 5), np.float32)
    np.save(file, old)
    opened = np.load(file, mmap_mode="r")
    for new in (2 * old, old[:10]):
        np.save(tmp_path / "new.npy", new)
        (tmp_path / "new.npy").replace(file)
        assert (WindowReader(opened)[np.arange(16)[None]] == 1).all()


def test_a_large_array_in_another_order_is_read_right(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped, "LARGE_BYTES", 1_000)
    array = np.asfortranarray(np.arange(5_000, dtype=np.float32).reshape(1_000, 5))
    np.save(tmp_path / "array.npy", array)
    frames = 7 + np.arange(16)[None]
    reader = WindowReader(np.load(tmp_path / "array.npy", mmap_mode="r"))
    assert np.array_equal(reader[frames], array[frames])


def test_a_large_array_does_not_end_up_in_memory(tmp_path, monkeypatch):
    if not resident_bytes():
        pytest.skip("the system does not tell how much memory a process has")
    monkeypatch.setattr(mapped, "LARGE_BYTES", 16 << 20)
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
    assert grown_by(np.load(file, mmap_mode="r")) > 128 << 20, "or nothing was saved"
