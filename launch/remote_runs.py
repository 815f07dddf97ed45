"""The Volume as seen from this machine: datasets and runs, without starting a container."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import modal
import yaml

from launch.app import VOLUME_NAME, VOLUME_PATH, volume
from mabe_lit.config import Config
from mabe_lit.shell import YAML_ERRORS, InputError, parse_json


@dataclass(frozen=True)
class RemoteFile:
    """A file of the Volume; written at ``mtime``, in seconds since 1970."""

    path: PurePosixPath
    size_bytes: int
    mtime: int


@dataclass(frozen=True)
class RemoteRun:
    """A run's folder in the Volume.

    Attributes:
        name: Its path below the folder of all runs.
        epoch: Complete epochs.
        macro_f1: Of the best epoch in validation, 0 to 1; None before the first.
        is_finished: Whether its result is there.
        changed: When its newest file was written, in seconds since 1970.
        size_bytes: Of all its files.
    """

    name: str
    epoch: int
    macro_f1: float | None
    is_finished: bool
    changed: int
    size_bytes: int


def volume_path(path: str | PurePosixPath) -> str:
    """A configuration's path as the Volume's own interface names it."""
    path = PurePosixPath(path)
    return str(path.relative_to(VOLUME_PATH) if path.is_absolute() else path)


def list_files(folder: str | PurePosixPath, *, recursive: bool = False) -> list[RemoteFile]:
    """The files of a folder, or the one file of that name; none where there is no such folder."""
    try:
        entries = volume.listdir(volume_path(folder), recursive=recursive)
    except (modal.exception.NotFoundError, FileNotFoundError):
        return []
    return [
        RemoteFile(PurePosixPath(entry.path), entry.size, entry.mtime)
        for entry in entries
        if entry.type.name == "FILE"
    ]


def read_text(path: str | PurePosixPath) -> str | None:
    """A small file's text, None where there is no such file."""
    try:
        return b"".join(volume.read_file(volume_path(path))).decode()
    except (modal.exception.NotFoundError, FileNotFoundError):
        return None


def check_datasets(config: Config) -> None:
    """Raise ``InputError`` if recordings to learn from are not there, or do not fit ``config``."""
    if config.dataset == "synthetic":
        return
    for key in ("train_data_dir", "val_data_dir"):
        folder = getattr(config, key)
        text = read_text(PurePosixPath(folder, "dataset.json"))
        if text is None:
            raise InputError(
                f"{key}: {volume_path(folder)} is not in the Volume {VOLUME_NAME}; "
                f"modal run launch/upload.py --data {volume_path(folder)}"
            )
        index = parse_json(text, f"{key}: {volume_path(folder)}/dataset.json in the Volume")
        classes = index.get("class_names") if isinstance(index, dict) else None
        if not (isinstance(classes, list) and all(isinstance(name, str) for name in classes)):
            raise InputError(
                f"{key}: {volume_path(folder)}/dataset.json in the Volume is damaged, it names no "
                f"classes; modal run launch/upload.py --data {volume_path(folder)}"
            )
        if config.num_classes not in (None, len(classes)):
            raise InputError(
                f"num_classes: is {config.num_classes}, but {folder} in the Volume has "
                f"{len(classes)} ({', '.join(classes)})"
            )


def read_result(config: Config) -> dict[str, Any] | None:
    """The result of the same run if it is finished, None if there is still something to do.

    Raises:
        InputError: If a run of this name was started with other settings.
    """
    folder = PurePosixPath(config.run_dir)
    file = folder / "config.yaml"
    text = read_text(file)
    if text is None:
        return None
    where = f"{file} in the Volume"
    try:
        earlier = yaml.safe_load(text)
    except YAML_ERRORS as error:
        raise InputError(f"{where} is damaged ({error})") from error
    if not isinstance(earlier, dict):
        raise InputError(f"{where} is damaged, it holds no keys")
    if differing := config.differing_keys(earlier, where=where):
        now = config.to_dict()
        found = [f"{key} (there {earlier.get(key)!r}, now {now.get(key)!r})" for key in differing]
        raise InputError(
            f"run: {config.run} in the Volume was started with another value of "
            f"{', '.join(found)}; give this run another name"
        )
    result = read_text(folder / "result.json")
    return None if result is None else _parse_result(result, folder)


def _parse_result(text: str, folder: PurePosixPath) -> dict[str, Any]:
    where = f"{folder}/result.json in the Volume"
    result = parse_json(text, where)
    if not isinstance(result, dict) or not isinstance(result.get("macro_f1"), float | int):
        raise InputError(f"{where} is damaged, it holds no scores")
    return result


def list_runs(checkpoint_dir: str) -> list[RemoteRun]:
    """All runs below a folder of the Volume, the one that was written to last first."""
    root = PurePosixPath(volume_path(checkpoint_dir))
    files: dict[PurePosixPath, list[RemoteFile]] = {}
    for file in list_files(checkpoint_dir, recursive=True):
        files.setdefault(file.path.parent, []).append(file)
    runs = [
        _summarize(folder, str(folder.relative_to(root)), files_of_run)
        for folder, files_of_run in files.items()
        if any(file.path.name == "config.yaml" for file in files_of_run)
    ]
    return sorted(runs, key=lambda run: run.changed, reverse=True)


def check_run(checkpoint_dir: str, run: str) -> None:
    """Raise ``InputError``, with the runs that there are, if ``run`` is not among them."""
    if list_files(PurePosixPath(checkpoint_dir, run)):
        return
    names = [other.name for other in list_runs(checkpoint_dir)]
    known = f"there are {_join(names)}" if names else "there is none yet"
    raise InputError(
        f"run: no {run!r} in {volume_path(checkpoint_dir)} of the Volume {VOLUME_NAME}; {known}"
    )


def find_file(checkpoint_dir: str, run: str, name: str) -> RemoteFile:
    """A file of a run.

    Raises:
        InputError: If there is no such run or no such file.
    """
    check_run(checkpoint_dir, run)
    files = list_files(PurePosixPath(checkpoint_dir, run))
    for file in files:
        if file.path.name == name:
            return file
    names = sorted(file.path.name for file in files)
    raise InputError(f"file: no {name!r} in the run {run!r}; there are {_join(names)}")


def _summarize(folder: PurePosixPath, name: str, files: Sequence[RemoteFile]) -> RemoteRun:
    rows = list(csv.DictReader(io.StringIO(read_text(folder / "metrics.csv") or "")))
    result = read_text(folder / "result.json")
    try:
        scores = [float(row["val_macro_f1"]) for row in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}/metrics.csv in the Volume is damaged ({error!r})") from error
    return RemoteRun(
        name=name,
        epoch=len(rows),
        macro_f1=_parse_result(result, folder)["macro_f1"] if result else max(scores, default=None),
        is_finished=result is not None,
        changed=max(file.mtime for file in files),
        size_bytes=sum(file.size_bytes for file in files),
    )


def _join(names: list[str], most: int = 10) -> str:
    more = [f"{len(names) - most} more"] if len(names) > most else []
    return ", ".join(names[:most] + more)
