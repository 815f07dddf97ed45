"""Checkpoint files that are known to be whole: behind the last byte stands a digest of the others.

PyTorch writes a zip archive. Its members have checksums, which ``torch.load`` does not compare, and
what lies between them has none. The digest is the archive's comment, which every zip reader skips.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from pathlib import Path

from mabe_lit.shell.errors import InputError

_MARK = b"mabe_lit sha256 "
_DIGEST_BYTES = 64  # in hexadecimal digits
_SEAL_BYTES = len(_MARK) + _DIGEST_BYTES
_HEAD, _END = b"PK\x03\x04", b"PK\x05\x06"
_END_BYTES = 22
"""Of a zip archive's last record, which ends with the length of the comment behind it."""
_READ_BYTES = 1 << 20


def seal_archive(archive: io.BytesIO) -> None:
    """Put a digest of ``archive``, a zip archive without a comment, behind it.

    Source: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16.
    """
    with archive.getbuffer() as content:
        if content[-_END_BYTES:-18] != _END or bytes(content[-2:]) != b"\0\0":
            raise ValueError("Expected `archive` to be a zip archive without a comment")
        content[-2:] = struct.pack("<H", _SEAL_BYTES)
        digest = hashlib.sha256(content)
    digest.update(_MARK)
    archive.seek(0, io.SEEK_END)
    archive.write(_MARK + digest.hexdigest().encode())


def check_archive(path: Path) -> None:
    """Raise ``InputError`` if a checkpoint's bytes are not those that were written.

    Of an archive without a digest, which earlier releases wrote, the members' checksums are
    compared. A file that is no archive at all is left to whoever reads it.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(_HEAD))
        file.seek(max(size - _SEAL_BYTES, 0))
        tail = file.read()
        if tail.startswith(_MARK):
            file.seek(0)
            if _digest(file, size - _DIGEST_BYTES) != tail[len(_MARK) :]:
                raise _damaged(path, "its bytes are not those that were written")
        elif tail[-_END_BYTES:].startswith(_END) and tail.endswith(b"\0\0"):
            _check_members(path)
        elif head == _HEAD:
            raise _damaged(
                path, "cut short or changed at its end, so it is not a readable checkpoint"
            )


def _digest(file: io.BufferedReader, size: int) -> bytes:
    digest = hashlib.sha256()
    while size > 0 and (piece := file.read(min(size, _READ_BYTES))):
        digest.update(piece)
        size -= len(piece)
    return digest.hexdigest().encode()


def _check_members(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            wrong = archive.testzip()
    except OSError:
        raise
    except Exception as error:  # zipfile raises nearly anything on a damaged archive
        raise _damaged(path, f"{error}") from error
    if wrong is not None:
        raise _damaged(path, f"the checksum of {wrong} is not that of its content")


def _damaged(path: Path, how: str) -> InputError:
    return InputError(f"{path}: is damaged: {how}; copy it again")
