"""The formats there are, and telling by how a file begins which one it is of.

A pose format is a module with ``matches(head)``, ``read(path) -> Tracks`` and ``read_names(path)``,
which gives the same without rows; an annotation format one with ``matches(head)`` and ``read(path,
channel=) -> list[Events]``. To add one, write the module and name it below. A file may be of a pose
format and of an annotation format.
"""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from mabe_lit.readers.events import Events
from mabe_lit.readers.files import first_line, list_files, read_head
from mabe_lit.readers.label_formats import (
    bento,
    binary_columns,
    boris,
    boris_project,
    caltech,
    frame_labels,
    interval_tables,
    jabs_labels,
    observer,
    solomon,
)
from mabe_lit.readers.label_formats.channels import (
    NoSuchChannelError,
    SeveralChannelsError,
    join_channels,
)
from mabe_lit.readers.labels import videos
from mabe_lit.readers.pose_formats import deeplabcut, hdf5, simba, sleap_csv
from mabe_lit.shell import InputError, InputWarning

POSE_FORMATS = {
    "DeepLabCut or Lightning Pose CSV": deeplabcut,
    "HDF5 of SLEAP, DeepLabCut or JABS": hdf5,
    "SLEAP's analysis CSV": sleap_csv,
    "SimBA's table": simba,
}
ANNOTATION_FORMATS = {
    "Caltech Behavior Annotator text": caltech,
    "Bento annotation": bento,
    "BORIS project": boris_project,
    "JABS annotation": jabs_labels,
    "The Observer's event log": observer,
    "Solomon Coder's text": solomon,
    "CSV of frame labels": frame_labels,
    "BORIS events": boris,
    "table of bouts": interval_tables,
    "table of 0/1 columns": binary_columns,
}
_MOST_NAMED = 5

Formats = dict[str, ModuleType]


def read_poses_file(path: Path, *, names_only: bool = False) -> Any:
    """``Tracks`` of a pose file, without rows if its names alone are wanted."""
    module = find_format(path, POSE_FORMATS, ANNOTATION_FORMATS)
    try:
        return module.read_names(path) if names_only else module.read(path)
    except csv.Error as error:
        raise InputError(f"{path}: is not a readable table ({error})") from error


def read_annotation_file(
    path: Path, *, channels: Sequence[str], by_subject: bool = False
) -> tuple[list[Events], frozenset[str]]:
    """What an annotation file says, or those channels of it that it has, and which these are.

    Args:
        path: The file.
        channels: The channels that are wanted.
        by_subject: Read all channels where none is wanted, since they may be those of animals.

    Raises:
        InputError: If it cannot be read, or has none of several channels or not the only one.
    """
    module = find_format(path, ANNOTATION_FORMATS, POSE_FORMATS)
    found: dict[str, list[Events]] = {}
    missing: list[NoSuchChannelError] = []
    try:
        if len(channels) < 2:
            return _read_channel(module, path, *channels), frozenset(channels)
        for channel in channels:
            try:
                found[channel] = _read_channel(module, path, channel)
            except NoSuchChannelError as error:
                missing.append(error)
    except SeveralChannelsError as error:
        if not by_subject:
            raise
        found = {channel: module.read(path, channel=channel) for channel in error.names}
        joined = join_channels(found, are_channels=True)
        return [replace(one, by_channel=True) for one in joined], frozenset()
    except csv.Error as error:
        raise InputError(f"{path}: is not a readable table ({error})") from error
    if not found:
        raise missing[0]
    are_channels = getattr(module, "HAS_CHANNELS", False)
    return join_channels(found, are_channels=are_channels), frozenset(found)


def _read_channel(module: ModuleType, path: Path, channel: str | None = None) -> list[Events]:
    """A file's observations; where ``channel`` chose a subject, it says so."""
    observed: list[Events] = module.read(path, channel=channel)
    told = {event.subject for one in observed for event in one.events}
    if channel is None or getattr(module, "HAS_CHANNELS", False) or not told <= {channel}:
        return observed
    return [replace(one, agents=frozenset({channel})) for one in observed]


def find_format(path: Path, wanted: Formats, others: Formats) -> ModuleType:
    """The format of a file.

    Raises:
        InputError: If the file is missing, empty, or of none of the formats that are wanted.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    head = read_head(path)
    for module in wanted.values():
        if _matches(head, module):
            return module
    other = next((name for name, module in others.items() if _matches(head, module)), None)
    found = other or f"a file that begins with {first_line(head).strip()[:40]!r}"
    raise InputError(f"{path}: is {found}, expected {' or '.join(wanted)}")


def list_known(
    path: Path | str,
    option: str,
    wanted: Formats,
    others: Formats,
    *,
    is_named: Callable[[Path], bool] | None = None,
    is_other: Callable[[Path], bool] | None = None,
    with_empty: bool = False,
    tell_unknown: bool = True,
) -> list[Path]:
    """The file itself, or those files of a folder and its folders that are of a format.

    JSON of no format is left out without a word, unless there is nothing else.

    Args:
        path: A file or a folder.
        option: What the path was given as, for the message.
        wanted: Formats to list.
        others: Formats that may lie among them.
        is_named: Whether a file that is of no format is wanted nonetheless, by its name.
        is_other: Whether a file that is of no format is another's, by its name.
        with_empty: Empty files are wanted; else they are left for the listing of the others.
        tell_unknown: Warn of files that are of no format.

    Raises:
        InputError: If ``path`` is missing or holds nothing that is wanted.
    """
    files = list_files(path, option)
    if files == [Path(path)]:
        find_format(files[0], wanted, others)
        return files
    heads = {file: _head_or_none(file) for file in files}
    files = [file for file in files if _may_be_meant(file, heads[file])] or files
    known = [
        file
        for file in files
        if _matches_any(heads[file], others | {"table of videos": videos})
        or (is_other and is_other(file))
    ]
    found = [
        file
        for file in files
        if _matches_any(heads[file], wanted)
        or (file not in known and is_named and is_named(file))
        or (with_empty and heads[file] is None and file not in known)
    ]
    unknown = [f for f in files if f not in found and f not in known and heads[f] is not None]
    if not found:
        if empty := [file for file in files if heads[file] is None]:
            raise InputError(f"{empty[0]}: is empty")
        what = f"{len(known)} are {', '.join(others)}" if known else f"such as {unknown[0].name}"
        raise InputError(
            f"{option} {path}: none of its {len(files)} files is {' or '.join(wanted)}; {what}"
        )
    if unknown and tell_unknown:
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        listed = ", ".join(file.name for file in unknown[:_MOST_NAMED]) + more
        message = f"{path}: neither poses nor annotations, left out: {listed}"
        warnings.warn(InputWarning(message), stacklevel=3)
    return found


def _head_or_none(file: Path) -> str | None:
    try:
        return read_head(file)
    except InputError:  # it is empty
        return None


def _may_be_meant(file: Path, head: str | None) -> bool:
    """Whether a file counts at all; JSON that no format knows lies beside anything."""
    is_json = file.suffix.lower() == ".json"
    return not is_json or _matches_any(head, POSE_FORMATS | ANNOTATION_FORMATS)


def _matches_any(head: str | None, formats: Formats) -> bool:
    return head is not None and any(_matches(head, module) for module in formats.values())


def _matches(head: str, module: ModuleType) -> bool:
    """Whether a file that begins with ``head`` is of a format; no table of cells is of none."""
    try:
        return bool(module.matches(head))
    except csv.Error:
        return False
