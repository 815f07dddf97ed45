"""Volumes as folders, and each container's working copy of them."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from grpclib import GRPCError, Status

Signature = tuple[int, int]
"""Time of the last change in nanoseconds, and size in bytes."""


@dataclass(eq=False)
class Volume:
    """What is committed, as a folder."""

    id: str
    name: str
    folder: Path
    version: int
    created: float = field(default_factory=time.time)

    def locate(self, path: str) -> Path:
        """The file or folder at a path of the Volume."""
        root = self.folder.resolve()
        found = (root / path.lstrip("/")).resolve()
        if not found.is_relative_to(root):
            raise GRPCError(Status.INVALID_ARGUMENT, "path leaves the volume")
        return found


class WorkingCopy:
    """A container's view of a Volume.

    A commit publishes what changed since the last one, the last writer of a file wins. What others
    commit is not seen.
    """

    def __init__(self, stored: Path, work: Path) -> None:
        self._stored, self.folder = stored, work
        for path in list_signatures(stored):
            _copy_whole(stored / path, work / path)
        self._base = list_signatures(work)

    def commit(self) -> tuple[list[str], list[str]]:
        """Publish; returns the changed and the deleted paths."""
        now = list_signatures(self.folder)
        changed = sorted(path for path in now if self._base.get(path) != now[path])
        deleted = sorted(path for path in self._base if path not in now)
        for path in changed:
            try:
                _copy_whole(self.folder / path, self._stored / path)
            except FileNotFoundError:
                continue  # deleted meanwhile: the next commit sees it
        for path in deleted:
            (self._stored / path).unlink(missing_ok=True)
        self._base = now
        return changed, deleted


def list_signatures(root: Path) -> dict[str, Signature]:
    """Every file below ``root``, by relative path."""
    found = {}
    for path in root.rglob("*"):
        try:
            if path.is_file():
                status = path.stat()
                found[str(path.relative_to(root))] = (status.st_mtime_ns, status.st_size)
        except FileNotFoundError:
            continue
    return found


def _copy_whole(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.emulator{os.getpid()}")
    try:
        shutil.copy2(source, temporary)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
