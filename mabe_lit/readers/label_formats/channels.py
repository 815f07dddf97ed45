"""Choosing one of the channels that an annotation tool keeps in a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from mabe_lit.shell import InputError


def choose_channel(path: Path, found: Iterable[str], wanted: str | None) -> str:
    """The channel wanted, or the only one there is.

    Raises:
        InputError: If it is not there, or if none is wanted and there are several.
    """
    names = list(found)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None:
        raise InputError(f"{path}: has channels {', '.join(names)}; choose one with --channel")
    if wanted not in names:
        raise InputError(f"{path}: has no channel {wanted!r}, only {', '.join(names)}")
    return wanted


def choose_subject(path: Path, found: Iterable[str], wanted: str) -> str:
    """The subject ``wanted`` of those whose events a file holds.

    Raises:
        InputError: If it is not there.
    """
    names = list(dict.fromkeys(filter(None, found)))
    if wanted not in names:
        raise InputError(f"{path}: has no subject {wanted!r}, only {', '.join(names) or 'none'}")
    return wanted
