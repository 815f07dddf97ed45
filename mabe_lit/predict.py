"""``python -m mabe_lit.predict``: a checkpoint and pose files -> behaviours, and bouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mabe_lit.cli import parse_arguments
from mabe_lit.errors import one_line_errors
from mabe_lit.process import tune_process

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


_DECIMALS = 6
"""Of seconds and probabilities in the tables; so many digits would cut a long video's times."""


def predict(
    *,
    checkpoint: list[str] | str,
    poses: str,
    output: str,
    fps: float = 30.0,
    likelihood_below: float = 0.1,
    raw: bool = False,
    device: str = "auto",
) -> list[Path]:
    """Label every frame of recordings that nobody scored.

    Args:
        checkpoint: Checkpoint of a training, such as best.ckpt in a run's folder; of several the
            mean probability counts, and the mean of their decisions.
        poses: Pose file, or a folder of them, with the key points of the training.
        output: Folder for NAME.frames.csv and NAME.bouts.csv of each recording.
        fps: Frames per second of the videos.
        likelihood_below: Points that the tracker holds less likely than this are missing.
        raw: Predict the most probable class of each frame, without smoothing, class weights and
            minimum bouts.
        device: Where to compute: auto, cpu or cuda.

    Returns:
        The files written, two a recording; all of them or, on an error, none.

    Raises:
        InputError: If checkpoint and poses cannot be read or do not fit together.
    """
    # torch takes seconds to import; --help and a wrong key do not wait for it.
    from mabe_lit.atomic import folder_filled_atomically
    from mabe_lit.dataset import Entry, warn_of_untold
    from mabe_lit.device import resolve_device
    from mabe_lit.ensemble import load_ensemble
    from mabe_lit.readers import check_reading_options, list_pose_files, read_poses

    check_reading_options(fps, likelihood_below)
    resolve_device(device)
    classifier = load_ensemble(checkpoint, raw=raw)
    names = []
    entries = []
    with folder_filled_atomically(Path(output)) as temporary:
        for file in list_pose_files(poses):
            recording = read_poses(file, fps=fps, likelihood_below=likelihood_below)
            classifier.check_pose(recording.animal_names, recording.keypoint_names, where=str(file))
            is_told = recording.likelihood is not None
            entries.append(Entry(recording.name, 0, len(recording), fps, has_likelihood=is_told))
            (probabilities,) = classifier.predict_probabilities(
                recording.keypoints,
                entries[-1:],
                likelihood=recording.likelihood,
                device=device,
            )
            predicted = classifier.decisions.apply(probabilities, fps)
            names_and_rate = (classifier.class_names, fps)
            tables = {
                "frames": tabulate_frames(probabilities, predicted, *names_and_rate),
                "bouts": tabulate_bouts(probabilities, predicted, *names_and_rate),
            }
            for kind, table in tables.items():
                names.append(f"{recording.name}.{kind}.csv")
                table.round(_DECIMALS).to_csv(temporary / names[-1], index=False)
    if classifier.reads_likelihood:
        warn_of_untold(entries, poses)
    return [Path(output) / name for name in names]


def tabulate_frames(
    probabilities: npt.NDArray[np.float32],
    predicted: npt.NDArray[np.integer[Any]],
    class_names: Sequence[str],
    fps: float,
) -> pd.DataFrame:
    """A row a frame: number, time in seconds, predicted class, probability of each class.

    Args:
        probabilities: ``(N, C)``, as the network gives them.
        predicted: ``(N,)`` class indices; decisions may prefer another than the most probable.
        class_names: ``C`` names.
        fps: Frames per second.
    """
    import numpy as np
    import pandas as pd

    frame = np.arange(len(probabilities))
    table = {
        "frame": frame,
        "time_s": frame / fps,
        "predicted": np.asarray(class_names)[predicted],
    }
    each = probabilities.astype(np.float64).T  # rounded float32 would print as 0.8797290325
    columns = {f"p_{name}": column for name, column in zip(class_names, each, strict=True)}
    return pd.DataFrame(table | columns)


def tabulate_bouts(
    probabilities: npt.NDArray[np.float32],
    predicted: npt.NDArray[np.integer[Any]],
    class_names: Sequence[str],
    fps: float,
) -> pd.DataFrame:
    """A row a bout, in order; ``stop_frame`` is the first frame after it. Arguments as above."""
    import pandas as pd

    from mabe_lit.bouts import segments

    rows = [
        (
            class_names[bout.label],
            bout.start_frame,
            bout.stop_frame,
            bout.start_frame / fps,
            bout.stop_frame / fps,
            (bout.stop_frame - bout.start_frame) / fps,
            float(probabilities[bout.start_frame : bout.stop_frame, bout.label].mean()),
        )
        for bout in segments(predicted)
    ]
    columns = ("behavior", "start_frame", "stop_frame", "start_s", "stop_s", "duration_s")
    return pd.DataFrame(rows, columns=[*columns, "mean_probability"])


def main(argv: Sequence[str] | None = None) -> None:
    """The command: predict, then say how many files lie where."""
    tune_process()
    with one_line_errors():
        arguments = parse_arguments(predict, argv, prog="python -m mabe_lit.predict")
        files = predict(**arguments)
        print(f"{len(files) // 2} recordings: {len(files)} files in {arguments['output']}")


if __name__ == "__main__":
    main()
