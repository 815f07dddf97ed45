"""``python -m mabe_lit.fit``: recordings -> a trained network and its scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mabe_lit.config import Config, parse_config
from mabe_lit.shell import one_line_errors, tune_process


def fit(config: Config, on_checkpoint: Callable[[], object] | None = None) -> dict[str, Any]:
    """Train as ``config`` says, or go on where the same run stopped.

    The run's folder holds everything that is left of it, see ``mabe_lit.runs.folder``. A complete
    run is not trained again.

    Args:
        config: The settings.
        on_checkpoint: Called after every checkpoint is complete under its final name.

    Returns:
        What ``result.json`` holds: scores of the best checkpoint's most probable classes on the
        validation recordings, its path, epochs, steps and seconds, its ``decisions`` with their
        cross-fitted scores, and the recordings it was ``trained_on``. With ``folds``, what
        ``mabe_lit.runs.cross_validation.summarize_folds`` returns.

    Raises:
        InputError: If settings and data contradict each other, or the run's folder belongs to
            other settings or recordings.
    """
    # torch and lightning take seconds to import; --help and a wrong key do not wait for them.
    from mabe_lit.runs import train

    return train(config, on_checkpoint)


def main(argv: Sequence[str] | None = None) -> None:
    """The command: train, then print the scores and where the best checkpoint lies."""
    tune_process()
    with one_line_errors():
        config = parse_config(argv)
        result = fit(config)
        from mabe_lit.runs.folder import format_result

        print(format_result(result))


if __name__ == "__main__":
    main()
