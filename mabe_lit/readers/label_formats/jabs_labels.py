"""Labels of JABS, ``jabs/annotations/NAME.json``: blocks of each mouse and behaviour.

Only told from other files. What is labelled is one mouse, and what another mouse does in the same
frame is labelled apart; taken together they would be labels of nobody.

Source: https://github.com/KumarLabJax/JABS-behavior-classifier
(``src/jabs/project/video_labels.py``).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from mabe_lit.shell import InputError

_KEYS = ("file", "num_frames", "labels")


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    is_object = head.lstrip().startswith("{")
    return is_object and all(re.search(rf'"{key}"\s*:', head) for key in _KEYS)


def read(path: Path, *, channel: str | None = None) -> NoReturn:
    """Refuse the file.

    Raises:
        InputError: Always.
    """
    raise InputError(
        f"{path}: is an annotation of JABS; its labels are of single animals, which are not read "
        "yet, expected labels of the whole recording"
    )
