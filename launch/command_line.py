"""Options of ``modal run launch/NAME.py``, in the grammar of ``python -m mabe_lit.NAME``.

They are read while ``modal run`` imports the file. Modal calls a local entry point only after it
has made the app, its functions and their image in the cloud, which is too late to find a typing
error, and too late to choose the GPU.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import click  # modal's command line is built on it
import modal

from mabe_lit.shell import InputError, describe_error, one_line_errors, parse_arguments


def read_options(target: Callable[..., Any], file: str) -> dict[str, Any] | None:
    """The options of the command that is being launched.

    Ends the process for ``--help``, and with one line and status 2 where an option is wrong.

    Args:
        target: A function or dataclass whose parameters are the options.
        file: The ``__file__`` of the module that asks.

    Returns:
        A value for each option; None where ``modal run`` is not launching ``file``, as in a
        container.
    """
    arguments = _arguments_after(Path(file))
    if arguments is None:
        return None
    with one_line_errors():
        for flag in ("--detach", "-d"):
            if flag in arguments:
                raise InputError(
                    f"{flag}: is an option of modal itself, it goes before the file: "
                    f"modal run --detach {_name(file)} ..."
                )
        return parse_arguments(target, arguments, prog=f"modal run {_name(file)}")


def is_detached() -> bool:
    """Whether ``modal run`` was given ``--detach``; only known while it imports the file."""
    context = click.get_current_context(silent=True)
    return bool(context and context.params.get("detach"))


@contextmanager
def cloud_errors() -> Iterator[None]:
    """End the command with one line and status 2 on what the user or the service can cause.

    An interrupt is left to Modal, which says whether the run goes on.
    """
    try:
        yield
    except (InputError, OSError) as error:
        _fail(describe_error(error))
    except modal.exception.FunctionTimeoutError:
        _fail("every attempt took longer than timeout allows; the same command goes on from there")
    except modal.exception.Error as error:
        _fail(f"Modal: {type(error).__name__}: {error}")


def _fail(message: str) -> NoReturn:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)


def _name(file: str) -> str:
    return f"launch/{Path(file).name}"


def _arguments_after(file: Path) -> list[str] | None:
    """What follows ``file`` on the command line of ``modal run``."""
    if not modal.is_local() or "run" not in sys.argv:
        return None
    module = f"launch.{file.stem}"
    for index, argument in enumerate(sys.argv):
        reference = argument.partition("::")[0]
        if reference == module or (
            reference.endswith(".py") and Path(reference).resolve() == file.resolve()
        ):
            return sys.argv[index + 1 :]
    return None
