"""``python -m mabe_lit.baseline``: what boosted trees reach on the same data and features.

A network has to score clearly more than this to be worth its training.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from mabe_lit.shell import InputError, check_output, one_line_errors, parse_arguments, tune_process


def baseline(
    *,
    train: str,
    val: str,
    output: str,
    features: Literal["coordinates", "pixels", "social"] = "social",
    seed: int = 42,
) -> dict[str, Any]:
    """Train boosted trees on some recordings and score them on others.

    Args:
        train: Folder of prepared recordings to train on.
        val: Folder of prepared recordings to score, with the same key points and classes.
        output: Folder for metrics.json, result.json and the figures.
        features: What is known of a frame, as in the training of a network; the trees also see
            statistics of it over the seconds around the frame.
        seed: Where the choice of training frames and of the columns at each split starts from.

    Returns:
        What ``result.json`` holds: the fields of ``mabe_lit.scores.metrics.Scores``,
        ``decisions`` None, ``model``, ``features``, ``train_frames`` and ``train_seconds``.

    Raises:
        InputError: If the folders cannot be read or do not fit together, or ``output`` belongs to
            the training of a network.
    """
    # torch and scikit-learn take seconds to import; --help and a wrong key do not wait for them.
    from mabe_lit.data import Task, check_learnt, nothing_to_tell, open_split
    from mabe_lit.evaluate import save_evaluation
    from mabe_lit.models.boosted_trees import fit_boosted_trees
    from mabe_lit.runs import write_result
    from mabe_lit.scores import identity_decisions, score_recordings

    check_output(output)
    if not 0 <= seed < 2**32:
        raise InputError(f"--seed: must be 0 to 2^32 - 1, got {seed}")
    ours, theirs = open_split(("--train", train), ("--val", val))
    if all_that_is_shown := nothing_to_tell(ours):
        raise InputError(
            f"--train: all scored frames in {train} are {all_that_is_shown}, nothing to tell"
        )
    check_learnt(theirs, Task.of(ours), where=f"--val {val}")
    folder = Path(output)
    if (folder / "config.yaml").exists():
        raise InputError(f"--output: {folder} is the folder of a training; give another one")
    started = time.perf_counter()
    model = fit_boosted_trees(ours, kind=features, seed=seed)
    train_seconds = time.perf_counter() - started
    probabilities = list(model.predict_probabilities(theirs))
    decisions = identity_decisions(len(theirs.class_names), is_independent=theirs.is_independent)
    predicted = [decisions.apply(probability, 1.0) for probability in probabilities]
    scores = score_recordings(
        probabilities, theirs.all_labels(), theirs.class_names, who=theirs.who
    )
    metrics = scores.to_dict() | {"decisions": None}
    save_evaluation(folder, metrics, scores, probabilities, predicted, theirs)
    about = {
        "model": "boosted trees",
        "features": features,
        "train_frames": model.train_frames,
        "train_seconds": round(train_seconds, 3),
    }
    return write_result(folder, metrics | about)


def main(argv: Sequence[str] | None = None) -> None:
    """The command: train and score, then print the scores and where they lie."""
    tune_process()
    with one_line_errors():
        arguments = parse_arguments(baseline, argv, prog="python -m mabe_lit.baseline")
        result = baseline(**arguments)
        from mabe_lit.scores import format_scores

        print(format_scores(result))
        print(
            f"trained in {result['train_seconds']:.0f} s on {result['train_frames']:,} frames; "
            f"scores and figures: {arguments['output']}"
        )


if __name__ == "__main__":
    main()
