"""``dataset.json``, whose types are checked before anything relies on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from mabe_lit.data.digest import checksum
from mabe_lit.shell import InputError, describe_kind, is_of_kind, read_json

FORMAT_VERSION = 2
_READ_VERSIONS = (1, FORMAT_VERSION)
_NAMES = ("animal_names", "keypoint_names", "class_names")


def read_index(directory: Path, row: type, track: type) -> dict[str, Any]:
    """The table of contents of a dataset folder.

    Args:
        directory: The folder.
        row: What a recording's row holds, by its attributes' names and types.
        track: What a label track's row holds, likewise.

    Raises:
        InputError: If it is missing, of another version, or something in it is missing or of
            another type.
    """
    file = directory / "dataset.json"
    if not file.is_file():
        raise InputError(
            f"{directory}: is not a dataset, dataset.json is missing; "
            "make one with python -m mabe_lit.prepare"
        )
    index = read_json(file)
    version = index.get("format_version") if isinstance(index, dict) else None
    if isinstance(version, bool) or version not in _READ_VERSIONS:
        readable = " and ".join(map(str, _READ_VERSIONS))
        raise InputError(
            f"{file}: format version is {version!r:.20}, this release reads {readable}"
        )
    if problem := next(_problems(index, row, track), None):
        raise InputError(f"{file}: is incomplete or damaged ({problem})")
    found: dict[str, Any] = index
    return found


def check_index(directory: Path, index: Mapping[str, Any]) -> None:
    """Raise ``InputError`` if an index is not as it was written; earlier releases noted no sum.

    Called last: whoever can say what is wrong in it says more.
    """
    if index.get("checksum") not in (None, checksum(index)):
        raise InputError(
            f"{directory / 'dataset.json'}: is damaged, its content does not have its checksum; "
            "copy it again, or, if it was edited on purpose, delete its key checksum"
        )


def _problems(index: Mapping[str, Any], kind: type, track: type) -> Iterator[str]:
    yield from _problems_of_names(index)
    yield from _problems_of_source(index)
    yield from _problems_of_table(index, "recordings", kind)
    if len({row["name"] for row in index["recordings"]}) < len(index["recordings"]):
        yield "two recordings have one name"
    if index["format_version"] == 1:
        return
    yield from _problems_of_table(index, "tracks", track)
    if not isinstance(index.get("is_independent"), bool):
        yield f"is_independent: expected true or false, found {_show(index.get('is_independent'))}"
    for key, cells in (
        ("looked_for", len(index["class_names"])),
        ("point_sets", len(index["animal_names"]) * len(index["keypoint_names"])),
    ):
        rows = index.get(key)
        is_list = is_of_kind(rows, list[list[int]])
        if not is_list or not all(len(row) == cells and {*row} <= {0, 1} for row in rows or ()):
            yield f"{key}: expected lists of {cells} times 0 or 1, found {_show(rows)}"


def _problems_of_table(index: Mapping[str, Any], key: str, kind: type) -> Iterator[str]:
    rows = index.get(key)
    if not isinstance(rows, list):
        yield f"{key}: expected a list, found {_show(rows)}"
        return
    hints = get_type_hints(kind)
    for number, row in enumerate(rows, 1):
        for problem in _problems_of_row(row, kind, hints):
            yield f"{key.removesuffix('s')} {number}: {problem}"


def _problems_of_names(index: Mapping[str, Any]) -> Iterator[str]:
    for key in _NAMES:
        names = index.get(key)
        if not is_of_kind(names, list[str]):
            yield f"{key}: expected a list of names, found {_show(names)}"
        elif len(set(index[key])) < len(index[key]):
            yield f"{key}: one name is there twice"


def _problems_of_source(index: Mapping[str, Any]) -> Iterator[str]:
    for key in ("digest", "checksum"):
        if not isinstance(index.get(key), str | None):
            yield f"{key}: expected text, found {_show(index[key])}"
    for key in ("source", *(("files",) if "files" in index else ())):
        if not isinstance(index.get(key), dict):
            yield f"{key}: expected keys and values, found {_show(index.get(key))}"
    if isinstance(source := index.get("source"), dict):
        for key, kind in (("background", str), ("reading", dict)):
            if not isinstance(source.get(key), kind | None):
                yield f"source: {key}: cannot be {_show(source[key])}"
        below = source.get("likelihood_below")
        if below is not None and (not is_of_kind(below, float) or not 0 <= below <= 1):
            yield f"source: likelihood_below: expected 0 to 1, found {_show(below)}"


def _problems_of_row(row: Any, kind: type, hints: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(row, dict):
        yield f"expected keys and values, found {_show(row)}"
        return
    for key in row.keys() - hints:
        yield f"no key {_show(key)} is known"
    for key, hint in hints.items():
        if key not in row and not hasattr(kind, key):  # which has the defaults
            yield f"{key} is missing"
        elif key in row and not is_of_kind(row[key], hint):
            yield f"{key}: expected {describe_kind(hint)}, found {_show(row[key])}"


def _show(value: Any) -> str:
    return f"{value!r:.40}"
