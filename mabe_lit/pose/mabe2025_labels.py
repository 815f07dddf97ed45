"""Who does what to whom, as the tables of MABe 2025 name it.

A mouse is ``mouse1`` to ``mouse4`` in ``behaviors_labeled`` and submissions, and a bare number in
annotations and tracks; a target is ``self`` where one is told in words, and the agent's own number
where it is not. Here all are read as ``mouse1`` and ``self``.
"""

from __future__ import annotations

import ast
import json
import numbers
import re
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from mabe_lit.shell import InputError

SELF = "self"
_MOUSE = re.compile(r"(?:mouse)?([1-9][0-9]*)")
_QUOTES = "'\""
_SHOWN = 60
"""Characters of a cell that an error repeats."""


class Labeled(NamedTuple):
    """One behaviour of one pair that somebody looked for in a video."""

    agent: str
    target: str
    action: str


def parse_labeled(cell: object, where: str = "behaviors_labeled") -> tuple[Labeled, ...]:
    """Behaviours that somebody looked for, of a cell of the column ``behaviors_labeled``.

    Args:
        cell: A JSON list of ``agent,target,action``, with the three parts bare or in quotes each; a
            list as Python prints it; one such behaviour alone; a list of strings; or nothing.
        where: What an error says of the cell's place.

    Returns:
        Each behaviour once, in the order of the cell; agents as ``mouse1``, targets as ``mouse2``
        or ``self``. Empty where the cell is empty or NaN: nobody looked for anything.

    Raises:
        InputError: If the cell is none of these.
    """
    return tuple(dict.fromkeys(_parse_one(each, where) for each in _split(cell, where)))


def name_mouse(value: object, where: str) -> str:
    """``mouse1`` for ``mouse1``, ``'mouse1'``, ``1`` and ``1.0``.

    Raises:
        InputError: If ``value`` is no mouse.
    """
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        value = str(int(value))
    elif isinstance(value, float | np.floating) and float(value).is_integer():
        value = str(int(value))  # whole numbers, in a column that has empty cells as well
    found = _MOUSE.fullmatch(_unquote(value)) if isinstance(value, str) else None
    if found is None:
        raise InputError(f"{where}: found mouse {_show(value)}, expected mouse1, mouse2, ... or 1")
    return f"mouse{found[1]}"


def name_pair(agent: object, target: object, where: str) -> tuple[str, str]:
    """Agent and target by name; ``self`` where the target is the agent. Errors as above."""
    agent_name = name_mouse(agent, where)
    if isinstance(target, str) and _unquote(target) == SELF:
        return agent_name, SELF
    target_name = name_mouse(target, where)
    return agent_name, SELF if target_name == agent_name else target_name


def _split(cell: object, where: str) -> list[object]:
    """Behaviours of a cell, not parsed yet."""
    if isinstance(cell, list | tuple):
        return list(cell)
    if cell is None or (isinstance(cell, float | np.floating) and np.isnan(cell)):
        return []
    if not isinstance(cell, str):
        raise _refusal(cell, where)
    text = cell.strip()
    if not text.startswith("["):
        return [text] if text else []
    found = _read_list(text)
    if found is None:
        raise _refusal(cell, where)
    return found


def _read_list(text: str) -> list[object] | None:
    """A list as JSON or as Python prints it; None where it is neither."""
    for read in (json.loads, ast.literal_eval):
        # The last two are what either raises of a text that is nested too deeply.
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            found = read(text)
            return found if isinstance(found, list) else None
    return None


def _parse_one(entry: object, where: str) -> Labeled:
    parts = _unquote(entry).split(",") if isinstance(entry, str) else []
    if len(parts) != 3 or not _unquote(parts[2]):
        raise _refusal(entry, where)
    return Labeled(*name_pair(parts[0], parts[1], where), _unquote(parts[2]))


def _unquote(text: str) -> str:
    """Without space and quotes around; quotes of ``'mouse1','self','rear'`` go part by part."""
    return text.strip().strip(_QUOTES).strip()


def _refusal(found: object, where: str) -> InputError:
    return InputError(
        f'{where}: found {_show(found)}, expected a list such as ["mouse1,mouse2,attack", '
        '"mouse1,self,rear"]'
    )


def _show(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."
