"""``python -m mabe_lit.runs.worker``: one of several processes that train together."""

from __future__ import annotations

from collections.abc import Sequence

from mabe_lit.config import parse_config
from mabe_lit.runs.train import train
from mabe_lit.shell import one_line_errors


def main(argv: Sequence[str] | None = None) -> None:
    """Train as ``mabe_lit.compute.distributed`` asks for; files and output are the first one's."""
    with one_line_errors():
        train(parse_config(argv, prog="python -m mabe_lit.runs.worker"), None)


if __name__ == "__main__":
    main()
