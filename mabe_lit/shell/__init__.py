"""What every command shares: option grammar, one-line errors, processes, files whole or not at all.

May import nothing of this package; nothing here imports torch.
"""

from mabe_lit.shell.atomic import (
    check_output,
    folder_filled_atomically,
    folder_replaced_atomically,
    written_atomically,
)
from mabe_lit.shell.cli import parse_arguments
from mabe_lit.shell.config_file import drop_removed
from mabe_lit.shell.documents import YAML_ERRORS, parse_json, read_json
from mabe_lit.shell.errors import InputError, InputWarning, describe_error, one_line_errors
from mabe_lit.shell.kinds import describe_kind, is_of_kind
from mabe_lit.shell.process import tune_process
from mabe_lit.shell.seal import check_archive, seal_archive

__all__ = [
    "YAML_ERRORS",
    "InputError",
    "InputWarning",
    "check_archive",
    "check_output",
    "describe_error",
    "describe_kind",
    "drop_removed",
    "folder_filled_atomically",
    "folder_replaced_atomically",
    "is_of_kind",
    "one_line_errors",
    "parse_arguments",
    "parse_json",
    "read_json",
    "seal_archive",
    "tune_process",
    "written_atomically",
]
