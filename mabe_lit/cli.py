"""One option grammar for every command: ``--config FILE``, then ``--key value`` on top of it.

jsonargparse reads it from a dataclass or a function: its types, defaults and docstrings are the options, and
``--help`` and ``--print_config`` follow from them. Nothing here imports torch.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser, Namespace, set_parsing_settings

from mabe_lit.errors import InputError

set_parsing_settings(docstring_parse_attribute_docstrings=True)


def parse_arguments(
    target: Callable[..., Any],
    argv: Sequence[str] | None,
    *,
    prog: str,
    skip: set[str] | None = None,
) -> dict[str, Any]:
    """Read the keyword arguments of ``target`` from a command line.

    Args:
        target: A function or dataclass whose parameters have types and documentation.
        argv: The arguments after the command's name; those of the process when None.
        prog: The command, for ``--help``.
        skip: Parameters of ``target`` that are no options.

    Returns:
        A value for each parameter.

    Raises:
        InputError: On an unknown key, a missing value or one of the wrong type, and on an unreadable config file.
    """
    parser = ArgumentParser(prog=prog, exit_on_error=False, description=_summary(target))
    parser.add_argument("--config", action="config", help="A YAML file with any of the keys below.")
    add = parser.add_class_arguments if isinstance(target, type) else parser.add_function_arguments
    add(target, skip=skip)
    try:
        with open(os.devnull, "w") as devnull, contextlib.redirect_stderr(devnull):
            namespace: Namespace = parser.parse_args(None if argv is None else list(argv))
    except ArgumentError as error:
        raise InputError(_explain(str(error), parser)) from error
    values = dict(vars(namespace))
    values.pop("config", None)
    return values


def _summary(target: Callable[..., Any]) -> str:
    return (target.__doc__ or "").strip().split("\n\n")[0]


def _explain(message: str, parser: ArgumentParser) -> str:
    return message
