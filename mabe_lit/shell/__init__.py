"""What every command shares: option grammar, one-line errors, processes, files whole or not at all.

May import nothing of this package; nothing here imports torch.
"""

from mabe_lit.shell.atomic import (
    folder_filled_atomically,
    folder_replaced_atomically,
    written_atomically,
)
from mabe_lit.shell.cli import parse_arguments
from mabe_lit.shell.config_file import drop_removed
from mabe_lit.shell.errors import InputError, InputWarning, describe_error, one_line_errors
from mabe_lit.shell.process import tune_process

__all__ = [
    "InputError",
    "InputWarning",
    "describe_error",
    "drop_removed",
    "folder_filled_atomically",
    "folder_replaced_atomically",
    "one_line_errors",
    "parse_arguments",
    "tune_process",
    "written_atomically",
]
