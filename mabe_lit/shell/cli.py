"""One option grammar for every command: ``--config FILE``, then ``--key value`` on top of it.

jsonargparse reads it from a dataclass or a function: its types, defaults and docstrings are the
options, and ``--help`` and ``--print_config`` follow from them. Nothing here imports torch.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

from jsonargparse import ArgumentError, ArgumentParser, Namespace, set_parsing_settings

from mabe_lit.shell.config_file import explain_unknown, find_settings, read_config_file
from mabe_lit.shell.errors import InputError
from mabe_lit.shell.kinds import describe_kind, is_of_kind

set_parsing_settings(docstring_parse_attribute_docstrings=True)


def parse_arguments(
    target: Callable[..., Any],
    argv: Sequence[str] | None,
    *,
    prog: str,
    positional: str | None = None,
    headings: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Read the keyword arguments of ``target`` from a command line.

    Args:
        target: A function or dataclass whose parameters have types and documentation.
        argv: The arguments after the command's name; those of the process when None.
        prog: The command, for ``--help``.
        positional: The parameter that values before the first option belong to; a list.
        headings: For ``--help``, a heading and the first of the parameters below it, in the order
            of the parameters; those of ``target.HEADINGS`` when None, if it has any.

    Returns:
        A value for each parameter.

    Raises:
        InputError: On an unknown key, a missing value or one of the wrong type, and on a config
            file that cannot be read.
    """
    headings = getattr(target, "HEADINGS", {}) if headings is None else headings
    usage = f"{prog} [--config FILE] [--key value ...]" if headings else None
    if positional:
        usage = f"{prog} {positional.upper()} ... [--key value ...]"
    parser = ArgumentParser(prog=prog, usage=usage, exit_on_error=False, allow_abbrev=False)
    of_package = f"for a training also a setting of the package: {', '.join(find_settings())}"
    about = f"A YAML file with any of the keys below; {of_package}."
    parser.add_argument("--config", action="config", metavar="FILE", help=about)
    _add_options(parser, target, headings)
    arguments = _spell_out(argv, target, positional)
    keys = list(inspect.signature(target).parameters)
    removed = getattr(target, "REMOVED", {})
    for index, (option, value) in enumerate(itertools.pairwise(arguments)):
        if option == "--config":
            # Handed on as text: jsonargparse would read the file in the locale's encoding.
            content = read_config_file(value, keys, removed)
            arguments[index + 1] = json.dumps(content, default=str)  # a date is text
        elif not value.strip():
            raise InputError(f"{option.removeprefix('--')}: is empty")
    try:
        with Path(os.devnull).open("w") as devnull, contextlib.redirect_stderr(devnull):
            namespace: Namespace = parser.parse_args(arguments)
    except ArgumentError as error:
        raise InputError(_explain(str(error), target)) from error
    values = dict(vars(namespace))
    values.pop("config", None)
    hints = get_type_hints(target)
    for key, value in values.items():
        if not is_of_kind(value, hints[key]):  # jsonargparse lets null pass
            raise InputError(f"{key}: expected {describe_kind(hints[key])}, got {_in_yaml(value)}")
    return values


def _add_options(
    parser: ArgumentParser, target: Callable[..., Any], headings: Mapping[str, str]
) -> None:
    """Add the parameters of ``target``, those of each heading below it."""

    def add(container: Any, **options: Any) -> None:
        is_class = isinstance(target, type)
        how = container.add_class_arguments if is_class else container.add_function_arguments
        how(target, **options)

    if not headings:
        add(parser)
        return
    parser.description = (inspect.getdoc(target) or "").partition("\n")[0]
    keys = list(inspect.signature(target).parameters)
    ends = [*(keys.index(first) for first in headings.values()), len(keys)][1:]
    start = 0
    for heading, end in zip(headings, ends, strict=True):
        own, start = keys[start:end], end
        add(parser.add_argument_group(heading), as_group=False, skip=set(keys) - set(own))


def _in_yaml(value: Any) -> str:
    return "null" if value is None else f"{value!r:.60}"


def _spell_out(
    argv: Sequence[str] | None, target: Callable[..., Any], positional: str | None
) -> list[str]:
    """Give each option the one value that jsonargparse asks for, and positional ones their option.

    People write ``--force`` and ``--classes a b``, it reads ``--force true`` and
    ``--classes '["a", "b"]'``.
    """
    parameters = inspect.signature(target).parameters.values()
    kinds = {f"--{parameter.name}": str(parameter.annotation) for parameter in parameters}
    options: list[list[str]] = [[f"--{positional}"]] if positional else []
    for argument in sys.argv[1:] if argv is None else argv:
        if argument.startswith("--") or argument == "-h" or not options:
            option, is_joined, value = argument.partition("=")
            options.append([option, value] if is_joined else [argument])
        else:
            options[-1].append(argument)
    if positional and len(options[0]) == 1:
        del options[0]
    spelled: list[str] = []
    for option, *values in options:
        kind = kinds.get(option, "")
        if kind in ("bool", str(bool)) and not values:
            values = ["true"]
        elif "list[" in kind and values and not values[0].startswith("["):
            values = [json.dumps(values)]
        elif option in kinds and len(values) > 1 and "list[" not in kind:
            found = f"{len(values)}: {' '.join(values)}"
            raise InputError(f"{option.removeprefix('--')}: takes one value, got {found:.200}")
        spelled += [option, *values]
    return spelled


def _explain(message: str, target: Callable[..., Any]) -> str:
    """Say what jsonargparse says in one line that names the key and what is allowed."""
    hints = get_type_hints(target)
    keys = list(inspect.signature(target).parameters)
    if match := re.search(r"argument --(\w+)(?:/\S+)?: expected one argument", message):
        return f"{match[1]}: has no value; expected {describe_kind(hints.get(match[1], str))}"
    if match := re.search(r"unrecognized arguments: (\S+)", message):
        return explain_unknown(match[1], keys, getattr(target, "REMOVED", {}))
    if match := re.search(r"arguments are required: (.+)", message):
        return f"give {', '.join(f'--{key}' for key in match[1].split(', '))}; see --help"
    match = re.search(r'Parser key "(\w+)"', message)
    if match and match[1] in hints:
        value = re.search(r"(?:Got|Given) value: (.*)", message)
        received = f", got {value[1]}" if value else ""
        return f"{match[1]}: expected {describe_kind(hints[match[1]])}{received}"
    return message
