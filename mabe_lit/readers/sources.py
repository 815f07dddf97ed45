"""Where the recordings of a dataset come from: files of the field, or a data set that is known.

What ``prepare`` is given by name is handed on by name; each function takes what is of its concern.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mabe_lit.pose import Recording
from mabe_lit.readers.calms21 import BACKGROUND, read_calms21
from mabe_lit.readers.labels.labelling import Labelling
from mabe_lit.readers.labels.readings import LabelOptions, SubjectOptions
from mabe_lit.readers.labels.videos import groups_of, read_videos, warn_of_tables
from mabe_lit.readers.mabe2025 import RULES, Mabe2025, read_mabe2025
from mabe_lit.readers.names import owner_of
from mabe_lit.readers.observed import list_annotation_files, read_all_annotations
from mabe_lit.readers.poses.options import PoseOptions
from mabe_lit.readers.poses.reader import PoseReader, find_pose_files
from mabe_lit.shell import InputError, InputWarning

_ANY = ("output", "force")
_WHOLE = {"calms21": "file", "mabe2025": "folder"}
"""Options that name a data set which holds everything, and what they name."""


@dataclass(frozen=True)
class Source:
    """Recordings, to be read one by one, and what is said of them.

    Attributes:
        recordings: Each is read when it is asked for.
        about: What a dataset notes of where they came from.
        warn: Warns of what was found by the end, however that was.
        left_over: Lines of behaviours that are not learnt, after the last recording.
        assumed: Lines of what was taken for want of better, after the last recording.
        may_be_unscored: Whether it is right that nobody scored any of them.
    """

    recordings: Iterable[Recording]
    about: dict[str, Any]
    warn: Callable[[], None] = field(default=lambda: None)
    left_over: Callable[[], list[str]] = field(default=list)
    assumed: Callable[[], list[str]] = field(default=list)
    may_be_unscored: bool = False


def open_source(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Source:
    """The source that the options of ``prepare`` name.

    Args:
        given: Values of all options.
        defaults: What they are where nothing is given.

    Raises:
        InputError: If options do not go together, or what they name is wrong.
    """
    changed = [key for key in given if given[key] != defaults.get(key) and key not in _ANY]
    for name, what in _WHOLE.items():
        if given[name] is None:
            continue
        own = (name, *inspect.signature(_READERS[name]).parameters)
        for key in changed:
            if key not in own:
                raise InputError(
                    f"--{key} does not go with --{name}, whose {what} holds everything"
                )
        return _call(_READERS[name], given)
    of_all = {*inspect.signature(files_source).parameters}
    for key in changed:
        if key not in of_all:
            raise InputError(f"--{key} goes with --mabe2025 alone")
    for key in ("poses", "annotations"):
        if given[key] is None:
            raise InputError(
                f"--{key} is missing: give --poses and --annotations, or --calms21, or --mabe2025"
            )
    return _call(files_source, given)


def calms21_source(*, calms21: str, likelihood_below: float) -> Source:
    """CalMS21's JSON file."""
    recordings = read_calms21(calms21, likelihood_below=likelihood_below)
    about: dict[str, Any] = {"calms21": calms21, "background": BACKGROUND}
    return Source(recordings, about | {"likelihood_below": likelihood_below})


def mabe2025_source(
    *,
    mabe2025: str,
    labs: list[str] | None,
    split: str,
    unscored: bool,
    mend: list[str] | None,
    synonyms: bool,
    keypoints: list[str] | None,
    skip_bad: bool,
) -> Source:
    """MABe 2025's folder."""
    found: Mabe2025 = read_mabe2025(
        mabe2025,
        labs=labs,
        split=split,
        unscored=unscored,
        mend=True if mend is None else mend,
        synonyms=synonyms,
        keypoints=keypoints,
        skip_bad=skip_bad,
    )
    about: dict[str, Any] = {"mabe2025": mabe2025, "labs": labs, "split": split}
    about |= {"unscored": unscored, "mend": mend or list(RULES), "synonyms": synonyms}

    def warn() -> None:
        for note in found.notes():
            _warn(note)

    return Source(found.recordings(), about, warn, may_be_unscored=split == "test" or unscored)


def files_source(
    *,
    poses: str,
    annotations: str,
    pose_pattern: str | None,
    name_until: str | None,
    skip_bad: bool,
    animals: list[str] | None,
    animal_prefixes: list[str] | None,
    keypoints: list[str] | None,
    union: bool,
    rename: list[str] | None,
    likelihood_below: float,
    classes: list[str] | None,
    background: str | None,
    channel: list[str] | str | None,
    subjects: Literal["scene", "each", "pairs"],
    target_modifier: int | None,
    subject_is: list[str] | None,
    overlap: Literal["forbidden", "allowed"] | None,
    none_words: list[str] | None,
    open_until_end: bool,
    fps: float | None,
    videos: str | None,
    group_folder: int | None,
    label_fps: float | None,
    count_from: int | None,
    tracking_starts: int | None,
) -> Source:
    """Pose files and annotation files."""
    options = PoseOptions.of(
        animals=animals,
        animal_prefixes=animal_prefixes,
        keypoints=keypoints,
        rename=rename,
        tracking_starts=tracking_starts,
        likelihood_below=likelihood_below,
    )
    whose = SubjectOptions.of(subjects, target_modifier, subject_is)
    options = replace(options, union=union)
    is_one_folder = poses == annotations
    found = find_pose_files(
        poses, pose_pattern=pose_pattern, name_until=name_until, with_empty=not is_one_folder
    )
    for note in found.notes:
        print(note, flush=True)
    reader = PoseReader(found, options)
    if videos is None:
        warn_of_tables(annotations)
    files = list_annotation_files(annotations, tell_unknown=not is_one_folder)
    known = {} if videos is None else read_videos(videos, found.names)
    labelling = Labelling(
        read_all_annotations(
            files, channel=channel, skip_bad=skip_bad, by_subject=subjects != "scene"
        ),
        found.names,
        reader.read,
        classes=classes,
        options=LabelOptions(
            (),
            background,
            count_from,
            label_fps,
            open_until_end,
            whose,
            overlap,
            tuple(none_words or ()),
        ),
        owner_of_file=lambda file: owner_of(file, found.names, annotations),
        animals_of=reader.animals_of,
        videos=known,
        groups=groups_of(found.names, known, group_folder),
        fps=fps,
        skip_bad=skip_bad,
    )
    about: dict[str, Any] = {"poses": poses, "annotations": annotations, "channel": channel}
    about |= {"background": labelling.background, "reading": options.to_dict()}
    about |= {"subjects": subjects, "overlap": overlap, "none_words": none_words}
    about |= {"union": union, "likelihood_below": likelihood_below}

    def left_over() -> list[str]:
        if not (left := labelling.vocabulary.left_over()):
            return []
        unscored = "" if labelling.is_independent else ", and unscored"
        return [
            f"\nbehaviours that are not among --classes{unscored}:",
            *(f"  {line}" for line in left),
        ]

    def assumed() -> list[str]:
        count = len(labelling.assumed_fps)
        return [f"30 frames/s taken for {count}, as no file tells; see --fps"] if count else []

    return Source(labelling.recordings(), about, reader.warn, left_over, assumed)


_READERS: dict[str, Callable[..., Source]] = {
    "calms21": calms21_source,
    "mabe2025": mabe2025_source,
}


def _call(reader: Callable[..., Source], given: Mapping[str, Any]) -> Source:
    return reader(**{key: given[key] for key in inspect.signature(reader).parameters})


def _warn(message: str) -> None:
    warnings.warn(InputWarning(message), stacklevel=3)
