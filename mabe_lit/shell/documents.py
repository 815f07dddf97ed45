"""JSON and YAML files, which may hold anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import yaml

from mabe_lit.shell.errors import InputError

YAML_ERRORS = (
    yaml.YAMLError,
    ValueError,  # a date such as 2024-13-45, or no UTF-8
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)
"""What PyYAML raises on a damaged file; beside the first, it converts values without care."""


def read_json(file: Path) -> Any:
    """What a JSON file holds.

    Raises:
        InputError: If it is not valid JSON, which has no NaN and no infinity, or nested too deeply.
    """
    return parse_json(file.read_bytes(), str(file))


def parse_json(text: bytes | str, where: str) -> Any:
    """The same of a text that was read from ``where``."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise InputError(f"{where}: is not valid JSON ({error})") from error
    except RecursionError as error:
        raise InputError(f"{where}: is not valid JSON here (it is nested too deeply)") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}")
