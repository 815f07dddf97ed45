"""Whether a value from a file is of the kind that a type hint asks for, and the kind in words."""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def is_of_kind(value: Any, hint: Any) -> bool:
    """Whether ``value`` is of a type, of one of several, or a list of it.

    ``True`` is no number, a whole number is one.
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return any(type(value) is type(each) and value == each for each in inner)
    if origin in (Union, UnionType):
        return any(is_of_kind(value, each) for each in inner)
    if origin is list:
        return isinstance(value, list) and all(is_of_kind(each, inner[0]) for each in value)
    if isinstance(value, bool) and hint in (int, float):
        return False
    return isinstance(value, (int, float) if hint is float else hint)


def describe_kind(hint: Any) -> str:
    """A type in words."""
    if get_origin(hint) is Literal:
        return f"one of {', '.join(map(str, get_args(hint)))}"
    if get_origin(hint) is list:
        return "a list of names" if get_args(hint) == (str,) else "a list of numbers"
    if get_args(hint):
        return " or ".join(describe_kind(part) for part in get_args(hint))
    return _WORDS.get(hint, "null")
