"""Predictions -> files: tables of our own, and the formats of other tools.

A format is a module with ``SUFFIXES``, the endings of the files that a recording gets,
``check(behaviors, is_independent=)``, which refuses names that the tool cannot hold or tells what
is written for them, and ``write(folder, prediction)``. To add one, write the module and name it
below. May import ``shell``, ``pose`` and ``scores``.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from mabe_lit.shell import InputError, InputWarning, folder_filled_atomically
from mabe_lit.writers import bento, boris, tables
from mabe_lit.writers.prediction import Prediction, TrackPrediction, behaviors_of

__all__ = [
    "FORMATS",
    "Prediction",
    "TrackPrediction",
    "check_formats",
    "check_names",
    "write_prediction",
]

FORMATS: dict[str, ModuleType] = {"csv": tables, "boris": boris, "bento": bento}


def check_formats(formats: Sequence[str]) -> None:
    """Raise ``InputError`` if there is no format, one is unknown or comes twice."""
    expected = f"expected one or more of {', '.join(FORMATS)}"
    if not formats:
        raise InputError(f"--format: names none; {expected}")
    for name in formats:
        if name not in FORMATS:
            raise InputError(f"--format: {name!r} is unknown; {expected}")
        if formats.count(name) > 1:
            raise InputError(f"--format: {name!r} comes twice; {expected}")


def check_names(
    formats: Sequence[str],
    class_names: Sequence[str],
    background: str | None,
    *,
    is_independent: bool = False,
) -> None:
    """Before anything is predicted: can the formats hold the names?

    Warns of names that are replaced, and where the background is not known but would be left out.
    Independent classes have none.

    Raises:
        InputError: If a format cannot hold a name.
    """
    for name in formats:
        FORMATS[name].check(behaviors_of(class_names, background), is_independent=is_independent)
    of_events = [name for name in formats if FORMATS[name] is not tables]
    if of_events and background is None and not is_independent:
        warnings.warn(
            InputWarning(
                "the training does not tell which class is its background; all classes are "
                f"written as bouts of {' and '.join(of_events)}"
            ),
            stacklevel=2,
        )


def write_prediction(folder: Path, prediction: Prediction, formats: Sequence[str]) -> list[Path]:
    """Write a recording's files in all formats, all or none.

    Args:
        folder: Where; a recording that is named by a folder has its files in a folder of that name.
        prediction: The recording's.
        formats: Names in ``FORMATS``.

    Returns:
        The files.
    """
    folder = folder.joinpath(*prediction.name.split("/")[:-1])
    with folder_filled_atomically(folder) as temporary:
        for name in formats:
            FORMATS[name].write(temporary, prediction)
    suffixes = (suffix for name in formats for suffix in FORMATS[name].SUFFIXES)
    return [folder / f"{prediction.stem}{suffix}" for suffix in suffixes]
