"""``python -m mabe_lit.evaluate``: a checkpoint and labelled recordings -> scores and figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mabe_lit import UNSCORED
from mabe_lit.cli import parse_arguments, share_cores
from mabe_lit.errors import InputError, one_line_errors


def evaluate(
    *,
    checkpoint: str,
    data: str,
    output: str,
    average_over: list[str] | None = None,
    device: str = "auto",
) -> dict[str, Any]:
    """Score a checkpoint on labelled recordings.

    Args:
        checkpoint: Checkpoint of a training, such as best.ckpt in a run's folder.
        data: Folder of prepared recordings with the key points and classes of the training.
        output: Folder for metrics.json and the figures.
        average_over: Classes that macro F1 and MAP are averaged over; all of them if left out.
        device: Where to compute: auto, cpu or cuda.

    Returns:
        What ``metrics.json`` holds: the fields of ``mabe_lit.metrics.Scores``.

    Raises:
        InputError: If checkpoint and data cannot be read or do not fit together.
    """
    # torch takes seconds to import; --help and a wrong key do not wait for it.
    from mabe_lit.atomic import written_atomically
    from mabe_lit.dataset import open_dataset
    from mabe_lit.figures import save_figures
    from mabe_lit.inference import predict_probabilities
    from mabe_lit.metrics import score_recordings
    from mabe_lit.module import load_classifier

    classifier = load_classifier(checkpoint)
    dataset = open_dataset(data)
    classifier.check_pose(dataset.animal_names, dataset.keypoint_names, where=data)
    if dataset.class_names != classifier.class_names:
        raise InputError(
            f"--data {data}: has the classes {', '.join(dataset.class_names)}, "
            f"but the checkpoint was trained on {', '.join(classifier.class_names)}"
        )
    unknown = [name for name in average_over or () if name not in dataset.class_names]
    if unknown:
        raise InputError(
            f"--average_over: {', '.join(unknown)} is not among the classes "
            f"{', '.join(dataset.class_names)}"
        )
    if (dataset.labels == UNSCORED).all():
        raise InputError(f"--data {data}: no frame is scored, so there is nothing to compare with")
    labels = dataset.split(dataset.labels)
    probabilities = predict_probabilities(
        classifier, dataset.keypoints, dataset.entries, device=device
    )
    scores = score_recordings(probabilities, labels, dataset.class_names, average_over=average_over)
    result = scores.to_dict()
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    save_figures(folder, scores, probabilities, labels, dataset)
    with written_atomically(folder / "metrics.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """The command: evaluate, then print the scores and where they lie."""
    share_cores()
    with one_line_errors():
        arguments = parse_arguments(evaluate, argv, prog="python -m mabe_lit.evaluate")
        result = evaluate(**arguments)
        from mabe_lit.metrics import format_scores

        print(format_scores(result))
        print(f"scores and figures: {arguments['output']}")


if __name__ == "__main__":
    main()
