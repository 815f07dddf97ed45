"""``python -m mabe_lit``, or ``mabe-lit``: which commands there are, and each of them by name."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

from mabe_lit.shell import InputError, one_line_errors

COMMANDS = {
    "prepare": "pose and annotation files -> a dataset folder",
    "fit": "dataset folders (simulated mice if none are named) -> a trained network and its scores",
    "evaluate": "a checkpoint and a labelled dataset -> scores and figures",
    "predict": "a checkpoint and pose files -> frames and bouts, as tables, for BORIS, for Bento",
    "baseline": "boosted trees on the same features, to see whether the network is worth it",
    "compare": "several runs side by side",
    "simulate": "simulated labs -> a folder in the layout of MABe 2025",
    "benchmark": "how fast training, prediction and data are on this machine",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command that is named first; print each with a sentence where none is."""
    name, *arguments = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        for command, sentence in COMMANDS.items():
            print(f"python -m mabe_lit.{command:<10} {sentence}")
        print("\nmabe-lit NAME is the same. Each has --help; --print_config shows its keys and")
        print("their defaults as YAML.")
        return
    with one_line_errors():
        if name not in COMMANDS:
            close = difflib.get_close_matches(name, COMMANDS, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise InputError(f"{name}: no such command; {hint}there are {', '.join(COMMANDS)}")
        import_module(f"mabe_lit.{name}").main(arguments)


if __name__ == "__main__":
    main()
