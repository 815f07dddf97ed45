"""Files that are there whole or not at all, whenever the process is killed."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mabe_lit.shell.errors import InputError


def check_output(folder: Path | str) -> None:
    """Raise ``InputError`` if ``--output`` cannot be a folder, before any work goes into it."""
    folder = Path(folder)
    wrong = next((part for part in (folder, *folder.parents) if part.exists()), None)
    if wrong is not None and not wrong.is_dir():
        raise InputError(f"--output: {wrong} is a file, expected a folder")


@contextmanager
def written_atomically(path: Path | str) -> Iterator[Path]:
    """A temporary file beside ``path`` to write to, renamed to ``path`` when the block ends well.

    What was at ``path`` stays until then. If the block fails, the temporary file is removed.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=path.suffix, dir=path.parent)
    temporary = Path(name)
    try:
        os.close(handle)
        temporary.chmod(0o666 & ~_process_umask())
        yield temporary
        with temporary.open("r+b") as file:  # Windows flushes files alone that may be written
            os.fsync(file.fileno())  # the content is on disk before the name is
        temporary.replace(path)
    except OSError as error:
        if error.filename is None:  # a failed write, such as to a full disk, does not say where
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def folder_filled_atomically(folder: Path) -> Iterator[Path]:
    """A temporary folder inside ``folder``, whose files move up when the block ends well.

    If the block fails, none of them does, and folders that were made for them are removed.
    """
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder))
    try:
        yield temporary
        for file in sorted(temporary.iterdir()):
            if (folder / file.name).is_dir():
                raise IsADirectoryError(errno.EISDIR, "a folder is in the way", folder / file.name)
        for file in sorted(temporary.iterdir()):
            file.replace(folder / file.name)
        made = []
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        for each in made:
            with suppress(OSError):  # something else lies in it by now
                each.rmdir()


@contextmanager
def folder_replaced_atomically(folder: Path) -> Iterator[Path]:
    """A temporary folder beside ``folder``, renamed to it when the block ends well.

    What was at ``folder`` stays until then. If the block fails, the temporary folder is removed.
    A link to a folder stays a link.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old = None
    try:
        temporary.chmod(0o777 & ~_process_umask())
        yield temporary
        if folder.exists():
            # A folder with files in it cannot be replaced in one step, on Windows none can.
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            folder.replace(old / folder.name)
        temporary.replace(folder)
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:  # such as a full disk
            error.filename = str(folder)
        if old is not None:
            if not folder.exists():
                (old / folder.name).replace(folder)
            with suppress(OSError):  # the folder could not be moved there, such as a mount point
                old.rmdir()
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _process_umask() -> int:
    """The permissions that new files do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
