"""Annotation files: which there are, and what somebody scored in them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

from mabe_lit.readers.events import Events
from mabe_lit.readers.formats import (
    ANNOTATION_FORMATS,
    POSE_FORMATS,
    list_known,
    read_annotation_file,
)
from mabe_lit.readers.poses.files import is_named_as_poses
from mabe_lit.shell import InputError, InputWarning, describe_error


def list_annotation_files(path: Path | str, *, tell_unknown: bool = True) -> list[Path]:
    """The annotation file itself, or all annotation files of a folder and its folders, 2 before 11.

    Empty files are among them, for whoever reads them to tell.

    Args:
        path: A file or a folder.
        tell_unknown: Warn of files that are neither poses nor annotations.

    Raises:
        InputError: If ``path`` is missing or holds no annotation.
    """
    formats = ANNOTATION_FORMATS, POSE_FORMATS
    return list_known(
        path,
        "--annotations",
        *formats,
        is_other=is_named_as_poses,
        with_empty=True,
        tell_unknown=tell_unknown,
    )


def read_annotations(
    path: Path | str, *, channel: str | Sequence[str] | None = None
) -> list[Events]:
    """Read what somebody scored, an observation each.

    Args:
        path: An annotation file of any format in ``ANNOTATION_FORMATS``.
        channel: The annotator's channel, or BORIS's subject, or several, of which the file need
            not have all; None where there is one (BORIS: for all subjects).

    Raises:
        InputError: If the file is missing, damaged or of another format, or has other channels.
    """
    return read_annotation_file(Path(path), channels=_listed(channel))[0]


def read_all_annotations(
    files: Sequence[Path],
    *,
    channel: str | Sequence[str] | None = None,
    skip_bad: bool = False,
    by_subject: bool = False,
) -> list[Events]:
    """Read annotation files, see ``read_annotations``.

    Args:
        files: The files.
        channel: See ``read_annotations``.
        skip_bad: Go on without files that cannot be read.
        by_subject: Read all channels where none is chosen; labels are told apart by animals.

    Raises:
        InputError: Naming all files that cannot be read, unless these are to be skipped, of which
            a warning tells; also then if all are. Or if one of several channels is in no file.
    """
    channels = _listed(channel)
    observed: list[Events] = []
    found: frozenset[str] = frozenset()
    failed: list[str] = []
    for file in files:
        try:
            events, channels_here = read_annotation_file(
                file, channels=channels, by_subject=by_subject
            )
            observed += events
            found |= channels_here
        except (InputError, OSError) as error:
            failed.append(describe_error(error))
    if failed and skip_bad and len(failed) < len(files):
        message = f"{len(failed)} of {len(files)} annotations left out: {'; '.join(failed)}"
        warnings.warn(InputWarning(message), stacklevel=2)
    elif failed:
        raise InputError("; ".join(failed))
    if missing := [name for name in channels if name not in found]:
        raise InputError(f"--channel: no annotation has {', '.join(missing)}")
    return observed


def _listed(channel: str | Sequence[str] | None) -> list[str]:
    return [channel] if isinstance(channel, str) else list(channel or ())
