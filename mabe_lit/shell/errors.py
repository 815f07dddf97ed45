"""The one exception for what a user can cause, and how a command ends on it."""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Something that the user gave is wrong; says what, where, what was found, what is allowed."""


class InputWarning(UserWarning):
    """Something that the user gave is used in part, or not as it may have been meant."""


@contextmanager
def one_line_errors() -> Iterator[None]:
    """End the process with one line on stderr and status 2 on what a user can cause.

    That is an ``InputError`` or a failure of the file system. Any other exception is a defect of
    the package and keeps its traceback. Warnings are shown as by ``one_line_warnings``.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal or file of another encoding shows a name that it does not know in escapes.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    with one_line_warnings():
        try:
            yield
        except (InputError, OSError) as error:
            print(f"error: {describe_error(error)}", file=sys.stderr)
            sys.exit(2)
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(130)


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Show an ``InputWarning`` as one line; what libraries warn of is not for the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", InputWarning)
        warnings.showwarning = lambda message, *_: print(
            f"warning: {_one_line(message)}", file=sys.stderr
        )
        yield


def describe_error(error: InputError | OSError) -> str:
    """What is wrong, in one line."""
    if isinstance(error, OSError) and error.filename:
        return _one_line(f"{error.filename}: {error.strerror}")
    return _one_line(error)


def _one_line(message: object) -> str:
    return " ".join(str(message).split())
