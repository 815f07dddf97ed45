"""Files of the field, read into recordings.

A pose format is a module with ``matches(head)`` and ``read(path) -> Tracks``, an annotation format
one with ``matches(head)`` and ``read(path, fps=, channel=) -> Annotation``. To add one, write the
module and name it below. Files are told apart by what they begin with, never by their names.
"""

from __future__ import annotations

import csv
import warnings
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

from mabe_lit.pose import MOST_FPS, Recording, is_rate
from mabe_lit.readers import bento, boris, caltech, deeplabcut, frame_labels, hdf5
from mabe_lit.readers.calms21 import read_calms21
from mabe_lit.readers.files import list_files, match_annotations, read_head, recording_name
from mabe_lit.readers.intervals import Annotation, Interval, label_frames
from mabe_lit.readers.tracks import Tracks, to_recording
from mabe_lit.shell import InputError, InputWarning

__all__ = [
    "Annotation",
    "Interval",
    "check_reading_options",
    "label_frames",
    "list_annotation_files",
    "list_pose_files",
    "match_annotations",
    "read_annotation",
    "read_calms21",
    "read_poses",
    "recording_name",
]

POSE_FORMATS = {
    "DeepLabCut or Lightning Pose CSV": deeplabcut,
    "HDF5 of SLEAP or DeepLabCut": hdf5,
}
ANNOTATION_FORMATS = {
    "Caltech Behavior Annotator text": caltech,
    "Bento annotation": bento,
    "BORIS events": boris,
    "CSV of frame labels": frame_labels,
}


def list_pose_files(path: Path | str, *, with_empty: bool = False) -> list[Path]:
    """The pose file itself, or all pose files of a folder, 2 before 11.

    Annotations among them are left out. Where DeepLabCut wrote CSV and HDF5 of one name, the CSV
    is taken.

    Args:
        path: A file or a folder.
        with_empty: Empty files are among them, for whoever reads them to tell.

    Returns:
        At least one file, no two of one recording.

    Raises:
        InputError: If ``path`` is missing, holds no poses, a file that is neither poses nor
            annotation, or two pose files of one recording.
    """
    files = _list(path, "--poses", POSE_FORMATS, ANNOTATION_FORMATS, with_empty=with_empty)
    with_text = {file.stem for file in files if file.suffix.lower() == ".csv"}
    files = [f for f in files if f.suffix.lower() == ".csv" or f.stem not in with_text]
    counts = Counter(map(recording_name, files))
    for name in (name for name, count in counts.items() if count > 1):
        same = ", ".join(file.name for file in files if recording_name(file) == name)
        raise InputError(f"--poses {path}: recording {name!r} has several pose files: {same}")
    return files


def list_annotation_files(path: Path | str) -> list[Path]:
    """The annotation file itself, or all annotation files of a folder, 2 before 11.

    Raises:
        InputError: If ``path`` is missing or holds no annotation.
    """
    return _list(path, "--annotations", ANNOTATION_FORMATS, POSE_FORMATS)


def read_poses(path: Path | str, *, fps: float = 30.0, likelihood_below: float = 0.1) -> Recording:
    """Read the tracks of one recording, unscored.

    Args:
        path: A pose file of any format in ``POSE_FORMATS``.
        fps: Frames per second of the video, > 0.
        likelihood_below: Points that the tracker holds less likely become NaN, as do those at
            exactly (0, 0).

    Raises:
        InputError: If the file is missing, damaged or of another format, or an animal is never
            tracked.
    """
    path = Path(path)
    tracks: Tracks = _read(path, POSE_FORMATS, ANNOTATION_FORMATS)
    return to_recording(tracks, fps=fps, likelihood_below=likelihood_below)


def check_reading_options(fps: float | None, likelihood_below: float | None) -> None:
    """Raise ``InputError`` unless ``fps`` is above 0 and ``likelihood_below`` 0 to 1, or None."""
    if fps is not None and not is_rate(fps):
        raise InputError(f"--fps is {fps:g}, expected a number above 0, at most {MOST_FPS:g}")
    if likelihood_below is not None and not 0 <= likelihood_below <= 1:
        raise InputError(f"--likelihood_below is {likelihood_below:g}, expected 0 to 1")


def read_annotation(path: Path | str, *, fps: float, channel: str | None = None) -> Annotation:
    """Read the intervals that somebody scored in one recording.

    Args:
        path: An annotation file of any format in ``ANNOTATION_FORMATS``.
        fps: Frames per second of the video, > 0; turns seconds into frames.
        channel: The annotator's channel, or BORIS's subject; None where there is one (BORIS: for
            all subjects).

    Raises:
        InputError: If the file is missing, damaged or of another format, or has other channels.
    """
    path = Path(path)
    formats = ANNOTATION_FORMATS, POSE_FORMATS
    annotation: Annotation = _read(path, *formats, fps=fps, channel=channel)
    return annotation


_Formats = dict[str, ModuleType]


def _read(path: Path, wanted: _Formats, others: _Formats, **options: Any) -> Any:
    try:
        return _find_format(path, wanted, others).read(path, **options)
    except csv.Error as error:
        raise InputError(f"{path}: is not a readable table ({error})") from error


def _find_format(path: Path, wanted: _Formats, others: _Formats) -> ModuleType:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    head = read_head(path)
    for module in wanted.values():
        if module.matches(head):
            return module
    other = next((name for name, module in others.items() if module.matches(head)), None)
    first_line = head.strip().splitlines()[0][:40]
    found = other or f"a file that begins with {first_line!r}"
    raise InputError(f"{path}: is {found}, expected {' or '.join(wanted)}")


def _list(
    path: Path | str,
    option: str,
    wanted: _Formats,
    others: _Formats,
    *,
    with_empty: bool = False,
) -> list[Path]:
    files = list_files(path, option)
    if files == [Path(path)]:
        _find_format(files[0], wanted, others)
        return files
    heads = {file: None if with_empty and _is_empty(file) else read_head(file) for file in files}
    found = [file for file in files if heads[file] is None or _matches_any(heads[file], wanted)]
    known = [file for file in files if _matches_any(heads[file], others)]
    unknown = [file.name for file in files if file not in found and file not in known]
    if not found:
        what = f"{len(known)} are {', '.join(others)}" if known else f"such as {unknown[0]}"
        raise InputError(
            f"{option} {path}: none of its {len(files)} files is {' or '.join(wanted)}; {what}"
        )
    if unknown:
        names = ", ".join(unknown)
        warnings.warn(
            f"{path}: neither poses nor annotations, left out: {names}", InputWarning, stacklevel=3
        )
    return found


def _is_empty(file: Path) -> bool:
    try:
        read_head(file)
    except InputError:
        return True
    return False


def _matches_any(head: str | None, formats: _Formats) -> bool:
    return head is not None and any(module.matches(head) for module in formats.values())
