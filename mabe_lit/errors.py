"""The one exception for what a user can cause, and how a command ends on it."""

from __future__ import annotations

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

    That is an ``InputError`` or a failure of the file system. An ``InputWarning`` inside is
    shown as one line as well; what libraries warn of is not for the user. Any other exception is a defect of the package and keeps its traceback.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", InputWarning)
        warnings.showwarning = lambda message, *_: print(
            f"warning: {_one_line(message)}", file=sys.stderr
        )
        try:
            yield
        except InputError as error:
            _fail(_one_line(error))
        except OSError as error:
            _fail(_one_line(f"{error.filename}: {error.strerror}" if error.filename else error))
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(130)


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


def _fail(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)
