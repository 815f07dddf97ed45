"""Files and folders that appear whole."""

import errno
import os
from pathlib import Path

import pytest

from mabe_lit.shell import (
    InputError,
    check_output,
    describe_error,
    folder_replaced_atomically,
    written_atomically,
)

fcntl = pytest.importorskip("fcntl", reason="Windows refuses by itself")


@pytest.fixture
def windows(monkeypatch):
    """What Windows refuses: to flush a file that cannot be written, to rename onto a folder."""
    flush, move = os.fsync, Path.replace

    def fsync(handle):
        if fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "Bad file descriptor")
        flush(handle)

    def replace(self, target):
        if Path(target).is_dir():
            raise PermissionError(errno.EACCES, "Access is denied", str(target))
        return move(self, target)

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.usefixtures("windows")
def test_file_is_written_and_replaced(tmp_path):
    for content in ("one", "two"):
        with written_atomically(tmp_path / "file") as temporary:
            temporary.write_text(content)
        assert (tmp_path / "file").read_text() == content
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_full_disk_names_the_file_and_leaves_what_was_there(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    # What a failed write raises: unlike a failed open, it does not say of which file.
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space left") as found, written_atomically(file):
        raise full
    assert describe_error(found.value) == f"{file}: No space left on device"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert file.read_text() == "one"


@pytest.mark.usefixtures("windows")
def test_folder_is_made_and_replaced(tmp_path):
    for content in ("one", "two"):
        with folder_replaced_atomically(tmp_path / "folder") as temporary:
            (temporary / content).write_text(content)
        assert [path.name for path in (tmp_path / "folder").iterdir()] == [content]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_output_that_is_a_file_is_told_before_any_work(tmp_path):
    file = tmp_path / "scores"
    file.write_text("")
    for output in (file, file / "deeper" / "still"):
        with pytest.raises(InputError, match=r"--output: .*scores is a file, expected a folder"):
            check_output(output)
    check_output(tmp_path / "new" / "folder")
    check_output(tmp_path)
