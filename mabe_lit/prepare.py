"""``python -m mabe_lit.prepare``: pose and annotation files -> a dataset folder."""

from __future__ import annotations

import dataclasses
import difflib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.data import check_writable, write_dataset
from mabe_lit.pose import Recording
from mabe_lit.readers import (
    Annotation,
    check_reading_options,
    label_frames,
    list_annotation_files,
    list_pose_files,
    match_annotations,
    read_annotation,
    read_calms21,
    read_poses,
    recording_name,
)
from mabe_lit.shell import InputError, InputWarning, one_line_errors, parse_arguments


def prepare(
    *,
    poses: str | None = None,
    annotations: str | None = None,
    classes: list[str] | None = None,
    output: str,
    channel: str | None = None,
    background: str | None = None,
    fps: float = 30.0,
    likelihood_below: float = 0.1,
    calms21: str | None = None,
    force: bool = False,
) -> None:
    """Turn pose and annotation files into a dataset folder to train, evaluate and test on.

    A recording is named by its pose file's stem up to ``DLC``. Its annotation is the file whose
    stem begins with that name, followed by nothing or a separator. Prints what was found in a
    table.

    Args:
        poses: Pose file, or a folder of them.
        annotations: Annotation file, or a folder of them; may be the folder of the poses.
        classes: Behaviours to learn, one or more; frames of any other behaviour are unscored.
        output: Folder to write the dataset to.
        channel: Annotator's channel, such as S1, or BORIS's subject; needed where a file has
            several channels.
        background: Class of the frames that no interval covers, which are unscored without it;
            becomes the last of the classes if it is not among them.
        fps: Frames per second of the videos.
        likelihood_below: Points that the tracker holds less likely than this are missing.
        calms21: CalMS21's JSON file, instead of poses, annotations and classes.
        force: Replace a dataset that is already in the output folder.

    Raises:
        InputError: If an option or a file is wrong; nothing is written then.
        OSError: If the output cannot be written.
    """
    check_reading_options(fps, likelihood_below)
    check_writable(Path(output), overwrite=force)
    if calms21 is not None:
        given = {"poses": poses, "annotations": annotations, "classes": classes}
        given |= {"channel": channel, "background": background}
        for key, value in given.items():
            if value is not None:
                raise InputError(f"--{key} does not go with --calms21, whose file holds everything")
        recordings: Iterable[Recording] = read_calms21(calms21, likelihood_below=likelihood_below)
        source: dict[str, object] = {"calms21": calms21}
    else:
        if poses is None or annotations is None:
            missing = "--poses" if poses is None else "--annotations"
            raise InputError(f"{missing} is missing: give --poses and --annotations, or --calms21")
        pairs = _find_pairs(poses, annotations, fps, channel)
        names = _choose_classes(classes, background, [annotation for _, annotation in pairs])
        recordings = _label(pairs, names, background, fps, likelihood_below)
        source = {"poses": poses, "annotations": annotations, "channel": channel}
        source |= {"background": background}
    source["likelihood_below"] = likelihood_below
    tallies: list[_Tally] = []
    write_dataset(_tallied(recordings, tallies), output, source=source, overwrite=force)
    print(_format_table(tallies))
    print(f"\n{len(tallies)} recordings written to {output}")


class _Tally(NamedTuple):
    """What the table says of one recording, or of all."""

    name: str
    class_names: tuple[str, ...]
    frames: int
    missing: float
    """Missing coordinates, in frames."""
    counts: npt.NDArray[np.int64]
    """``(C + 1,)`` frames of each class, then those that are unscored."""


def _tallied(recordings: Iterable[Recording], tallies: list[_Tally]) -> Iterator[Recording]:
    """Pass recordings on one by one, and note what the table says of each; check them at the end.

    Raises:
        InputError: If nothing is scored.
    """
    for recording in recordings:
        classes, frames = recording.class_names, len(recording)
        labels = [*range(len(classes)), UNSCORED]
        counts = np.array([(recording.labels == label).sum() for label in labels])
        missing = frames * recording.missing_share
        tallies.append(_Tally(recording.name, classes, frames, missing, counts))
        yield recording
    if tallies:
        _check_scored(_sum(tallies))


def _sum(tallies: Sequence[_Tally]) -> _Tally:
    counts = np.sum([tally.counts for tally in tallies], axis=0)
    missing = sum(tally.missing for tally in tallies)
    return _Tally("all", tallies[0].class_names, int(counts.sum()), missing, counts)


def _format_table(tallies: Sequence[_Tally]) -> str:
    """A row a recording with its frames, missing share and frames a class; then all."""
    everything = _sum(tallies)
    rows = [["recording", "frames", "missing %", *everything.class_names, "unscored"]]
    for tally in (*tallies, everything):
        share = f"{100 * tally.missing / tally.frames:.1f}"
        rows.append([tally.name, f"{tally.frames:,}", share, *(f"{n:,}" for n in tally.counts)])
    shares = 100 * everything.counts / everything.frames
    rows.append(["", "", "", *(f"{share:.1f} %" for share in shares)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


_Pair = tuple[Path, Annotation]


def _find_pairs(poses: str, annotations: str, fps: float, channel: str | None) -> list[_Pair]:
    """Each pose file with its annotation, read."""
    pose_files = list_pose_files(poses)
    annotation_files = list_annotation_files(annotations)
    names = [recording_name(file) for file in pose_files]
    matched = match_annotations(names, annotation_files)
    unused = [file.name for file in annotation_files if file not in matched.values()]
    if unused:
        warnings.warn(
            f"{annotations}: no poses for {', '.join(unused)}", InputWarning, stacklevel=3
        )
    return [
        (file, read_annotation(matched[name], fps=fps, channel=channel))
        for file, name in zip(pose_files, names, strict=True)
    ]


def _choose_classes(
    classes: Sequence[str] | None, background: str | None, annotations: Sequence[Annotation]
) -> list[str]:
    """The classes in the order of their labels, the background last unless it is among them."""
    known = set().union(*(annotation.behaviors for annotation in annotations))
    found = f"the annotations hold {', '.join(sorted(known)) or 'none'}"
    if not classes:
        raise InputError(f"--classes is missing; {found}")
    if not all(map(str.strip, classes)):
        raise InputError("--classes: one of them is empty")
    if len(set(classes)) < len(classes):
        raise InputError(f"--classes names one twice: {' '.join(classes)}")
    unknown = [name for name in classes if name not in known and name != background]
    for name in unknown:
        # A behaviour may be rare; but then nothing is called almost like it.
        is_misspelled = difflib.get_close_matches(name, known.difference(classes))
        if is_misspelled or len(unknown) == len(classes):
            raise InputError(f"--classes: no annotation has {name!r}; {found}")
    return [*classes, *([background] if background and background not in classes else [])]


def _label(
    pairs: Sequence[_Pair],
    classes: Sequence[str],
    background: str | None,
    fps: float,
    likelihood_below: float,
) -> Iterator[Recording]:
    past: dict[str, int] = {}
    for pose_file, annotation in pairs:
        tracked = read_poses(pose_file, fps=fps, likelihood_below=likelihood_below)
        labels = label_frames(annotation, len(tracked), classes, background)
        yield dataclasses.replace(tracked, labels=labels, class_names=tuple(classes))
        past[annotation.path.name] = annotation.frames_past(len(tracked))
    if frames := sum(past.values()):
        longest = max(past, key=past.__getitem__)
        warnings.warn(
            f"{sum(map(bool, past.values()))} of {len(past)} annotations run past the tracking by "
            f"{frames} frames in all, {past[longest]} at most ({longest}); these are cut",
            InputWarning,
            stacklevel=3,
        )


def _check_scored(everything: _Tally) -> None:
    """Raise where nothing is scored; warn where a class is nowhere."""
    scored = everything.counts[:-1]
    if not scored.any():
        classes = " or ".join(everything.class_names) or "any class"
        raise InputError(f"no frame is scored as {classes}")
    for name, frames in zip(everything.class_names, scored, strict=True):
        if not frames:
            warnings.warn(
                f"class {name!r} has no frame in any recording", InputWarning, stacklevel=3
            )


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    with one_line_errors():
        arguments = parse_arguments(prepare, argv, prog="python -m mabe_lit.prepare")
        prepare(**arguments)


if __name__ == "__main__":
    main()
