"""``modal run launch/upload.py``: prepared recordings to the Volume."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import modal

from launch.app import APP_NAME, VOLUME_NAME, volume
from launch.command_line import cloud_errors, read_options
from mabe_lit.shell import InputError, one_line_errors


@dataclass(frozen=True)
class UploadOptions:
    """Put datasets of python -m mabe_lit.prepare into the Volume, at the same relative path."""

    data: list[str]
    """Folders of prepared recordings, relative to this one."""


def _read() -> UploadOptions:
    options = read_options(UploadOptions, __file__)
    if options is None:
        return UploadOptions([])
    with one_line_errors():
        for folder in options["data"]:
            check_dataset(folder)
    return UploadOptions(**options)


def check_dataset(folder: str) -> None:
    """Raise ``InputError`` unless ``folder`` is a whole dataset with a place in the Volume."""
    from mabe_lit.data import open_dataset, verify_dataset

    if Path(folder).is_absolute() or ".." in Path(folder).parts:
        raise InputError(
            f"data: must be a folder below this one, for it gets the same path in the Volume; "
            f"got {folder!r}"
        )
    verify_dataset(open_dataset(folder))


options = _read()
app = modal.App(APP_NAME)


@app.local_entrypoint()
def main(*arglist: str) -> None:
    """Upload; ``arglist`` was read on import."""
    with cloud_errors():
        for folder in options.data:
            size = upload(Path(folder))
            print(f"{folder} is in the Volume {VOLUME_NAME}: {size / 1e6:.1f} MB", flush=True)


def upload(folder: Path) -> int:
    """Put a dataset's files into the Volume in one step; returns their size in bytes.

    Modal asks for the blocks of files, by their content, that the Volume does not have; what is
    unchanged is not sent again.

    Raises:
        InputError: If a file, read back from there, is not what lies here.
    """
    from mabe_lit.data import open_dataset

    files = [folder / name for name in (*open_dataset(folder).files, "dataset.json")]
    with volume.batch_upload(force=True) as batch:
        for file in files:
            batch.put_file(file, str(PurePosixPath(file)))
    for file in files:
        arrived = hashlib.sha256()
        for chunk in volume.read_file(str(PurePosixPath(file))):
            arrived.update(chunk)
        with file.open("rb") as stream:
            if arrived.digest() != hashlib.file_digest(stream, "sha256").digest():
                raise InputError(
                    f"data: {file} was damaged on its way into the Volume {VOLUME_NAME}, "
                    "or changed here; upload it again"
                )
    return sum(file.stat().st_size for file in files)
