"""What copying, disks and editors do to files, drawn by a random generator."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch

Rng = np.random.Generator

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
NUMBERS = (b"-1", b"0", b"7", b"99999", b"1e30", b"1e999", b"nan", b"inf", b"x", b"", b"9" * 30)
VALUES: tuple[Any, ...] = (None, True, -1, 0, 3, 1e300, 10**30, "x", "", [], {}, [None], {"a": 1})


def flip_bits(content: bytearray, rng: Rng) -> bytearray:
    for place in rng.integers(len(content), size=int(rng.choice([1, 1, 1, 8]))):
        content[place] ^= 1 << int(rng.integers(8))
    return content


def truncate(content: bytearray, rng: Rng) -> bytearray:
    return content[: int(rng.integers(len(content)))]


def zero_block(content: bytearray, rng: Rng) -> bytearray:
    start, size = int(rng.integers(len(content))), int(rng.choice([1, 16, 512]))
    content[start : start + size] = bytes(len(content[start : start + size]))
    return content


def insert_bytes(content: bytearray, rng: Rng) -> bytearray:
    place = int(rng.integers(len(content) + 1))
    content[place:place] = rng.bytes(int(rng.choice([1, 4, 64])))
    return content


def swap_blocks(content: bytearray, rng: Rng) -> bytearray:
    size = max(min(int(rng.choice([4, 64, 512])), len(content) // 2), 1)
    first, second = sorted(rng.integers(len(content) - size + 1, size=2).tolist())
    if second >= first + size:
        block = content[first : first + size]
        content[first : first + size] = content[second : second + size]
        content[second : second + size] = block
    return content


def double_line(content: bytearray, rng: Rng) -> bytearray:
    lines = content.splitlines(keepends=True)
    place = int(rng.integers(len(lines)))
    return bytearray(b"".join([*lines[: place + 1], *lines[place:]]))


def remove_line(content: bytearray, rng: Rng) -> bytearray:
    lines = content.splitlines(keepends=True)
    del lines[int(rng.integers(len(lines)))]
    return bytearray(b"".join(lines))


def change_number(content: bytearray, rng: Rng) -> bytearray:
    found = list(NUMBER.finditer(content))
    if not found:
        return flip_bits(content, rng)
    place = found[int(rng.integers(len(found)))]
    content[place.start() : place.end()] = NUMBERS[int(rng.integers(len(NUMBERS)))]
    return content


def change_value(content: bytearray, rng: Rng) -> bytearray:
    """Another value, somewhere in a JSON document."""
    document = _changed(json.loads(content), rng)
    return bytearray(json.dumps(document).encode())


def change_number_of_array(content: bytearray, rng: Rng) -> bytearray:
    """Any bits in the place of four bytes behind the header of an array."""
    place = int(rng.integers(32, len(content) // 4 - 1)) * 4
    content[place : place + 4] = rng.choice([rng.bytes(4), b"\0\0\x80\x7f", b"\xff\xff\x7f\x7f"])
    return content


def change_value_of_checkpoint(content: bytearray, rng: Rng) -> bytearray:
    """Another value in what a checkpoint says of itself, written as an earlier release would."""
    checkpoint = torch.load(io.BytesIO(content), weights_only=True)
    checkpoint["mabe_lit"] = _changed(checkpoint["mabe_lit"], rng)
    # A network of billions of weights is no damage to be noticed, it would just take the memory.
    about = checkpoint["mabe_lit"]
    for key in ("hidden_dim", "num_layers", "sequence_length", "members", "overlap"):
        if isinstance(about, dict) and isinstance(config := about.get("config"), dict):
            value = config.get(key)
            config[key] = min(value, 64) if isinstance(value, int | float) else value
    found = io.BytesIO()
    torch.save(checkpoint, found)
    return bytearray(found.getvalue())


def _changed(value: Any, rng: Rng) -> Any:
    if isinstance(value, dict | list) and value and rng.random() < 0.9:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = keys[int(rng.integers(len(keys)))]
        if rng.random() < 0.1:
            del value[key]
        else:
            value[key] = _changed(value[key], rng)
        return value
    return VALUES[int(rng.integers(len(VALUES)))]


def change_hdf5(path: Path, rng: Rng) -> None:
    """Other values, or another shape, of one of the arrays of an HDF5 file."""
    with h5py.File(path, "r+") as file:
        arrays: list[h5py.Dataset] = []
        file.visititems(lambda _, item: arrays.append(item) if hasattr(item, "shape") else None)
        array = arrays[int(rng.integers(len(arrays)))]
        values, name = array[()], array.name
        what = int(rng.integers(3))
        if what == 0:
            del file[name]
        elif what == 1 and np.ndim(values):
            del file[name]
            file[name] = values[: len(values) // 2]
        elif np.ndim(values) and values.dtype.kind == "f":
            flat = values.reshape(-1)
            flat[int(rng.integers(flat.size))] = rng.choice([np.inf, -1e30, 3e38, np.nan, -1.0])
            array[...] = values
        else:
            del file[name]
            file[name] = np.float64(3)


BYTES: tuple[Callable[[bytearray, Rng], bytearray], ...] = (
    flip_bits,
    truncate,
    zero_block,
    insert_bytes,
    swap_blocks,
)
LINES = (double_line, remove_line, change_number)


def damage(path: Path, rng: Rng) -> str:
    """Damage a file in one of the ways that fit its kind; returns which."""
    if path.suffix == ".h5" and rng.random() < 0.4:
        change_hdf5(path, rng)
        return "change_hdf5"
    kinds: list[Callable[[bytearray, Rng], bytearray]] = list(BYTES)
    if path.suffix in (".csv", ".tsv", ".txt", ".annot", ".json", ".yaml"):
        kinds += LINES * 2
    if path.suffix == ".json":
        kinds += [change_value] * 6
    if path.suffix == ".npy":
        kinds += [change_number_of_array] * 3
    if path.suffix == ".ckpt":
        kinds += [change_value_of_checkpoint] * 4
    kind = kinds[int(rng.integers(len(kinds)))]
    path.write_bytes(kind(bytearray(path.read_bytes()), rng))
    return kind.__name__
