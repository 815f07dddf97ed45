"""A config file, of the user or of the settings that come with the package, by path or by name."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mabe_lit.shell.documents import YAML_ERRORS
from mabe_lit.shell.errors import InputError, InputWarning

_GRIDS = ("sweep",)
"""Files among the settings that hold lists of values, for ``launch/sweep.py`` to combine."""

_READS_REMOVED = "0.1.0"
"""The last release that has the keys which were removed since."""


def find_settings() -> dict[str, Path]:
    """The settings that come with the package: name -> file.

    They lie in ``configs``, beside the package in its repository and inside it once installed.
    """
    package = Path(__file__).resolve().parents[1]
    inside, beside = package / "configs", package.parent / "configs"
    files = sorted((inside if inside.is_dir() else beside).glob("*.yaml"))
    return {file.stem: file for file in files if file.stem not in _GRIDS}


def find_config_file(word: str) -> Path:
    """The file that ``word`` stands for: the one at that path, else the setting of that name.

    Raises:
        InputError: If there is neither.
    """
    path, settings = Path(word), find_settings()
    if path.exists() and not path.is_dir():
        if word in settings:
            message = f"config: {word} is the file here, not the setting of the package"
            warnings.warn(InputWarning(message), stacklevel=2)
        return path
    if word in settings:
        return settings[word]
    names = f"the settings of the package are {', '.join(settings)}"
    if path.is_dir():
        raise InputError(f"config: {path} is a folder, expected a YAML file; {names}")
    raise InputError(f"config: no such file: {path}; {names}")


def read_config_file(
    word: str, keys: Sequence[str], removed: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The keys and values of a YAML file.

    Args:
        word: Its path or name, see ``find_config_file``.
        keys: Keys that it may have.
        removed: Keys that it may have with one value, see ``drop_removed``.

    Returns:
        Those of ``keys`` that the file has.

    Raises:
        InputError: If there is no such file, it is not a mapping, or has other keys.
    """
    path, removed = find_config_file(word), removed or {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"config: {path} is not UTF-8 text") from error
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" line {error.problem_mark.line + 1}"
        raise InputError(f"config: {path}{line}: is not valid YAML: {error.problem}") from error
    except YAML_ERRORS as error:
        raise InputError(f"config: {path}: is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"config: {path}: expected lines of 'key: value', found {content!r:.60}")
    for key, value in content.items():
        if key not in keys and key not in removed:
            raise InputError(f"config: {path}: {explain_unknown(str(key), keys)}")
        if value is content:
            raise InputError(f"config: {path}: {key}: holds itself")
    return drop_removed(content, removed, where=f"config: {path}")


def drop_removed(
    settings: Mapping[str, Any], removed: Mapping[str, Any], *, where: str
) -> dict[str, Any]:
    """What an earlier release wrote, without the keys that are gone.

    Args:
        settings: Keys and values.
        removed: Keys that are gone, and the value at which each did nothing.
        where: What the settings were read from, for the error.

    Returns:
        The other keys and their values.

    Raises:
        InputError: If a key that is gone has another value than that.
    """
    found = [
        f"{key} is {settings[key]!r}, allowed is {nothing!r}"
        for key, nothing in removed.items()
        if settings.get(key, nothing) != nothing
    ]
    if found:
        raise InputError(
            f"{where}: {'; '.join(found)}: removed after release {_READS_REMOVED}; "
            "use that release, or train without"
        )
    return {key: value for key, value in settings.items() if key not in removed}


def explain_unknown(
    word: str, keys: Sequence[str], removed: Mapping[str, Any] | None = None
) -> str:
    """Why ``word`` is none of ``keys``, and what may have been meant."""
    key = word.removeprefix("--").partition("=")[0]
    close = difflib.get_close_matches(key, keys, n=1)
    if key in (removed or {}):
        return f"{word}: was removed; release {_READS_REMOVED} has it"
    is_file = Path(word).suffix in (".yaml", ".yml") or word in find_settings()
    if is_file and not word.startswith("-"):
        return f"{word}: belongs to no option; did you mean --config {word}?"
    if close:
        return f"{word}: no such key; did you mean {close[0]}?"
    return f"{word}: no such key; allowed are {', '.join(keys)}"
