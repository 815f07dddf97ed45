"""Where an HDF5 file keeps texts of any length; on a damaged one the HDF5 library can hang.

Source: HDF5 File Format Specification 3.0, III.E "Disk Format: Level 1E - Global Heap".
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from mabe_lit.shell import InputError

_COLLECTION = b"GCOL\x01\0\0\0"
_HEADER_BYTES = 16
"""Of a collection, and of each object in it."""


def check_heaps(path: Path) -> None:
    """Raise ``InputError`` if the objects of a heap do not lead to its end.

    The library goes from object to object by their sizes. Object 0 is the space left, header
    included; with size 0 the library stays there.
    """
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        start = content.find(_COLLECTION)
        while start >= 0:
            if not _leads_to_its_end(content, start):
                raise InputError(
                    f"{path}: is a damaged or incomplete HDF5 file (its heap at byte {start} "
                    "has an object of no size)"
                )
            start = content.find(_COLLECTION, start + len(_COLLECTION))


def _leads_to_its_end(content: mmap.mmap, start: int) -> bool:
    place = start + _HEADER_BYTES
    if place > len(content):
        return True  # the file is cut short here, which the library notices
    (size,) = struct.unpack_from("<Q", content, start + 8)
    end = min(start + size, len(content))
    while place + _HEADER_BYTES <= end:
        number, _, _, size = struct.unpack_from("<HHIQ", content, place)
        if number == 0 and size == 0:
            return False
        place += size if number == 0 else _HEADER_BYTES + -(-size // 8) * 8
    return True
