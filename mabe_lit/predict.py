"""``python -m mabe_lit.predict``: a checkpoint and pose files -> behaviours, and bouts."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mabe_lit.shell import (
    InputError,
    InputWarning,
    check_output,
    describe_error,
    folder_filled_atomically,
    one_line_errors,
    parse_arguments,
    tune_process,
)

if TYPE_CHECKING:
    from mabe_lit.writers.summaries import Summaries

_MOST_NAMED = 5


def predict(
    *,
    checkpoint: list[str] | str | None = None,
    poses: str | None = None,
    output: str | None = None,
    mabe2025: str | None = None,
    check: str | None = None,
    skip_bad: bool = False,
    fps: float | None = None,
    likelihood_below: float | None = None,
    raw: bool = False,
    device: str = "auto",
    format: list[str] | str = "csv",
    pose_pattern: str | None = None,
    name_until: str | None = None,
    tracking_starts: int | None = None,
    animals: list[str] | None = None,
    animal_prefixes: list[str] | None = None,
    rename: list[str] | None = None,
    group: str | None = None,
) -> list[Path]:
    """Label every frame of recordings that nobody scored.

    Args:
        checkpoint: Checkpoint of a training, such as best.ckpt in a run's folder; of several the
            mean probability counts, and the mean of their decisions.
        poses: Pose file, or a folder of them and of folders, with the key points of the training.
        output: Folder for the files of each recording, where those of a recording in a folder go
            into such a folder; and for summary.csv (how often and how long each behaviour) and
            transitions.csv (what follows what) of all recordings of this call; files of earlier
            calls may lie there, but count in neither. Beside mabe2025 the submission, a file.
        mabe2025: MABe 2025's folder, instead of poses: its test videos.
        check: A submission to check beside mabe2025, instead of a checkpoint and an output; prints
            what the competition would refuse, ignore or doubt, a line each.
        skip_bad: Beside mabe2025, go on without videos that cannot be read.
        fps: Frames per second of the videos; that of the training recordings if left out.
        likelihood_below: Points that the tracker holds less likely than this are missing; what was
            so in training if left out.
        raw: Predict the most probable class of each frame, without smoothing, class weights and
            minimum bouts.
        device: Where to compute: auto, cpu or cuda.
        format: One or more of csv (NAME.frames.csv, NAME.bouts.csv), boris (NAME.boris, a project
            to open in BORIS, and NAME.boris.csv, the table that it would export) and bento
            (NAME.annot). For boris and bento, frames of the class that was the training's
            background are those without a bout; prepare --background reads them so.
        pose_pattern: Which files count, such as '*_filtered.h5', where a recording has several.
        name_until: Text at which the tool's part of a file's name begins, if it is an unknown one.
        tracking_starts: Frame of the first row, if the rows' own numbers do not tell.
        animals: How many animals there are, to join tracks that break off; or names of those to
            take. This and how points are called and rows placed is as in training if left out.
        animal_prefixes: What the points of each animal begin with, such as B_ W_, in tables of one
            animal that hold several.
        rename: Other names of key points, each OLD=NEW.
        group: Group of the recordings, such as a lab, where the training had groups; behaviours
            are those that somebody looked for in it.

    Returns:
        The files of the recordings, in the order of the recordings; or the submission.

    Raises:
        InputError: If checkpoint and poses cannot be read or do not fit together, or a submission
            would be refused. A file among others that cannot be read is named at the end, when the
            tables of the others are there.
    """
    given_all = dict(locals())
    if mabe2025 is not None:
        return _submit(given_all)
    checkpoint, poses, output = _needed(given_all)
    # torch takes seconds to import; --help and a wrong key do not wait for it.
    from mabe_lit.compute import resolve_device
    from mabe_lit.data import Entry, warn_of_untold
    from mabe_lit.inference import load_ensemble
    from mabe_lit.readers import PoseOptions, PoseReader, check_reading_options, find_pose_files
    from mabe_lit.writers import (
        Prediction,
        TrackPrediction,
        check_formats,
        check_names,
        write_prediction,
    )
    from mabe_lit.writers.summaries import Summaries

    formats = [format] if isinstance(format, str) else format
    check_output(output)
    check_formats(formats)
    check_reading_options(fps, likelihood_below)
    given: dict[str, Any] = {"animals": animals, "animal_prefixes": animal_prefixes}
    given |= {"rename": rename, "tracking_starts": tracking_starts}
    PoseOptions.of(**given)  # what is wrong with it is told before the checkpoint is read
    resolve_device(device)
    classifier = load_ensemble(checkpoint, raw=raw)
    fps, likelihood_below = _as_trained(classifier.trained_on, fps, likelihood_below)
    names = (classifier.class_names, classifier.background)
    check_names(formats, *names, is_independent=classifier.task.is_independent)
    classifier.warn_of_group(group)
    which = {"pose_pattern": pose_pattern, "name_until": name_until}
    found = find_pose_files(poses, **which, with_empty=True)
    for line in found.notes:
        print(line, flush=True)
    trained = classifier.trained_on.get("reading") or {}
    as_trained = {key: trained.get(key) if value is None else value for key, value in given.items()}
    options = PoseOptions.of(**as_trained, likelihood_below=likelihood_below)
    reader = PoseReader(found, options, agree=False)
    summaries = Summaries()
    written: list[Path] = []
    entries: list[Entry] = []
    failed: list[str] = []
    for number, (name, file) in enumerate(reader.files.items(), 1):
        try:
            recording = reader.read(name, fps)
            recording, notes = classifier.fit_pose(recording, where=str(file))
            recording = replace(recording, group=group or "")
            found_tracks = classifier.predict_recording(recording, where=str(file), device=device)
            tracks = tuple(TrackPrediction(*track) for track in found_tracks)
        except (InputError, OSError) as error:
            failed.append(describe_error(error))
            continue
        for note in notes:
            reader.note(name, note)
        prediction = Prediction(name, tracks, classifier.class_names, fps, classifier.background)
        written += write_prediction(Path(output), prediction, formats)
        summaries.add(prediction)
        entries.append(Entry.of(recording))
        if len(found) > 1:
            print(f"{number} of {len(found)}: {name}", flush=True)
    reader.warn()
    if entries:
        _write_summaries(summaries, Path(output))
    _raise_failed(failed, len(entries), output)
    if classifier.reads_likelihood:
        warn_of_untold(entries, poses)
    return written


def _submit(given: Mapping[str, Any]) -> list[Path]:
    """Write or check a submission, as the options of ``predict`` ask."""
    from mabe_lit.runs.submission import submit_as_given

    parameters = inspect.signature(predict).parameters
    return submit_as_given(given, {key: each.default for key, each in parameters.items()})


def _needed(given: Mapping[str, Any]) -> tuple[list[str] | str, str, str]:
    """Checkpoint, poses and output, which only a submission does without.

    Raises:
        InputError: If one is missing, or another option is of submissions.
    """
    needed = ("checkpoint", "poses", "output")
    if missing := [f"--{key}" for key in needed if given[key] is None]:
        raise InputError(f"give {', '.join(missing)}; see --help")
    for key in ("check", "skip_bad"):
        if given[key]:
            raise InputError(f"--{key} goes with --mabe2025 alone")
    return given["checkpoint"], given["poses"], given["output"]


def _raise_failed(failed: Sequence[str], others: int, output: str) -> None:
    """Raise ``InputError`` where recordings failed, beside so many others that did not."""
    if failed:
        beside = f"; the tables of {others} others are in {output}" if others else ""
        more = f"; {len(failed) - _MOST_NAMED} more" if len(failed) > _MOST_NAMED else ""
        raise InputError(f"{'; '.join(failed[:_MOST_NAMED])}{more}{beside}")


def _as_trained(
    trained_on: Mapping[str, Any], fps: float | None, likelihood_below: float | None
) -> tuple[float, float]:
    """Rate and threshold: those given, else the training's, else what ``prepare`` takes.

    Raises:
        InputError: If no rate is given and the training recordings have several.
    """
    rates = trained_on.get("fps") or [30.0]
    if fps is None and len(rates) > 1:
        listed = " and ".join(f"{rate:g}" for rate in rates)
        raise InputError(f"--fps is missing: training had recordings of {listed} frames a second")
    trained_below = trained_on.get("likelihood_below")
    if trained_below is None:
        trained_below = 0.1
    elif likelihood_below is not None and likelihood_below != trained_below:
        warnings.warn(
            InputWarning(
                f"--likelihood_below is {likelihood_below:g}, but training had {trained_below:g}"
            ),
            stacklevel=3,
        )
    return (
        rates[0] if fps is None else fps,
        trained_below if likelihood_below is None else likelihood_below,
    )


def _write_summaries(summaries: Summaries, folder: Path) -> None:
    from mabe_lit.writers.tables import write_tables

    with folder_filled_atomically(folder) as temporary:
        write_tables(temporary, summaries.tables())


def main(argv: Sequence[str] | None = None) -> None:
    """The command: predict, then say what lies where."""
    tune_process()
    with one_line_errors():
        arguments = parse_arguments(predict, argv, prog="python -m mabe_lit.predict")
        files = predict(**arguments)
        if arguments["mabe2025"] is None:
            where = arguments["output"]
            print(f"{len(files)} files, summary.csv and transitions.csv are in {where}")


if __name__ == "__main__":
    main()
