"""``python -m mabe_lit``: which commands there are."""

from __future__ import annotations

COMMANDS = {
    "prepare": "pose and annotation files -> a dataset folder",
    "fit": "dataset folders (simulated mice if none are named) -> a trained network and its scores",
    "evaluate": "a checkpoint and a labelled dataset -> scores and figures",
    "predict": "a checkpoint and pose files -> frames and bouts as CSV",
    "baseline": "boosted trees on the same features, to see whether the network is worth it",
    "compare": "several runs side by side",
    "benchmark": "how fast training, prediction and data are on this machine",
}


def main() -> None:
    """Print each command with a sentence."""
    for name, sentence in COMMANDS.items():
        print(f"python -m mabe_lit.{name:<10} {sentence}")
    print("\nEach has --help; --print_config shows its keys and their defaults as YAML.")


if __name__ == "__main__":
    main()
