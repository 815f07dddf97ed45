"""``python -m mabe_lit.evaluate``: a checkpoint and labelled recordings -> scores and figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mabe_lit.shell import InputError, check_output, one_line_errors, parse_arguments, tune_process

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mabe_lit.data import Dataset
    from mabe_lit.scores import Scores


def evaluate(
    *,
    checkpoint: list[str] | str,
    data: str,
    output: str,
    average_over: list[str] | None = None,
    raw: bool = False,
    verify: bool = False,
    device: str = "auto",
) -> dict[str, Any]:
    """Score a checkpoint on labelled recordings.

    Args:
        checkpoint: Checkpoint of a training, such as best.ckpt in a run's folder; of several the
            mean probability counts, and the mean of their decisions.
        data: Folder of prepared recordings with the key points and classes of the training.
        output: Folder for metrics.json and the figures; of videos of MABe 2025 mabe2025.csv and
            mabe2025.png as well, the competition's score by lab and action.
        average_over: Classes that macro F1 and MAP are averaged over; all of them if left out.
        raw: Score the most probable class of each frame, without smoothing, class weights and
            minimum bouts; this is what a training reports.
        verify: Compare the recordings with their digests first, and refuse what a copy has damaged.
        device: Where to compute: auto, cpu or cuda.

    Returns:
        What ``metrics.json`` holds: the fields of ``mabe_lit.scores.metrics.Scores``, and
        ``decisions``: None if raw, otherwise what they are and whether they were
        ``fitted_on_this_data``, which makes the scores of the labels too good to be expected
        elsewhere. Of videos of MABe 2025 also ``mabe2025``, the competition's score.

    Raises:
        InputError: If checkpoint and data cannot be read or do not fit together.
    """
    # torch takes seconds to import; --help and a wrong key do not wait for it.
    from mabe_lit.data import check_poses, open_dataset, verify_dataset, warn_of_untold
    from mabe_lit.inference import load_ensemble
    from mabe_lit.scores import decide_tracks, score_recordings
    from mabe_lit.scores.mabe2025_report import as_values, save_report, score_of_dataset

    check_output(output)
    classifier = load_ensemble(checkpoint, raw=raw)
    dataset = open_dataset(data)
    if verify:
        verify_dataset(dataset)
    classifier.check_pose(dataset.animal_names, dataset.keypoint_names, where=data)
    classifier.check_labels(dataset, where=f"--data {data}")
    unknown = [name for name in average_over or () if name not in dataset.class_names]
    if unknown:
        raise InputError(
            f"--average_over: {', '.join(unknown)} is not among the classes "
            f"{', '.join(dataset.class_names)}"
        )
    if not dataset.is_scored:
        raise InputError(f"--data {data}: no frame is scored, so there is nothing to compare with")
    check_poses(dataset)
    if classifier.reads_likelihood:
        warn_of_untold(dataset.entries, data)
    labels = dataset.all_labels()
    probabilities = list(classifier.predict_probabilities(dataset, device=device))
    decisions = classifier.decisions
    predicted = decide_tracks(decisions, probabilities, dataset)
    scores = score_recordings(
        probabilities,
        labels,
        dataset.class_names,
        average_over=average_over,
        predicted=predicted,
        who=dataset.who,
    )
    about = decisions.describe(dataset.class_names) | {
        "fitted_on_this_data": decisions.were_fitted_on(labels)
    }
    result = scores.to_dict() | {"decisions": None if raw else about}
    official = score_of_dataset(dataset, probabilities, decisions)
    if official is not None:
        result["mabe2025"] = as_values(official)
    save_evaluation(Path(output), result, scores, probabilities, predicted, dataset)
    save_report(Path(output), official)
    return result


def save_evaluation(
    folder: Path,
    result: dict[str, Any],
    scores: Scores,
    probabilities: Sequence[npt.NDArray[np.float32]],
    predicted: Sequence[npt.NDArray[Any]],
    dataset: Dataset,
) -> None:
    """Write ``result`` as ``metrics.json``, and the figures, to a folder that is made if need be.

    The other arguments are those of ``mabe_lit.scores.figures.save_figures``.
    """
    from mabe_lit.scores.figures import save_figures
    from mabe_lit.shell import written_atomically

    folder.mkdir(parents=True, exist_ok=True)
    labels = dataset.all_labels()
    save_figures(folder, scores, probabilities, labels, predicted, dataset)
    with written_atomically(folder / "metrics.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1), encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    """The command: evaluate, then print the scores and where they lie."""
    tune_process()
    with one_line_errors():
        arguments = parse_arguments(evaluate, argv, prog="python -m mabe_lit.evaluate")
        result = evaluate(**arguments)
        from mabe_lit.scores import format_scores

        print(format_scores(result))
        if "mabe2025" in result:
            from mabe_lit.scores.mabe2025_report import format_mabe2025

            print(format_mabe2025(result["mabe2025"]))
        if not arguments["raw"] and result["decisions"]["fitted_on_this_data"]:
            print("decisions were fitted on this data, so these scores are too good; see --raw")
        print(f"scores and figures: {arguments['output']}")


if __name__ == "__main__":
    main()
