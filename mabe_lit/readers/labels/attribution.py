"""Whose label is it: which recording each observation of an annotation file is of.

The video that an observation names decides, by its file's name; where it names none that is
there, the observation's own name, then the file's. Nothing is taken for another recording's
because it is the only one left.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mabe_lit.readers.events import Event, Events, Medium
from mabe_lit.readers.labels.parts import united
from mabe_lit.readers.names import begins_with, composed
from mabe_lit.shell import InputError


@dataclass(frozen=True)
class Attribution:
    """Which events are of which recording.

    Attributes:
        events: Those of each recording that has any; times count from its video's start.
        fps: Frames per second of the recording's video, where the annotation tells.
        unused: What belongs to no recording, for a message.
        renamed: Recordings whose annotation names another video and was matched by the file's
            name: the recording and what is named.
    """

    events: Mapping[str, Events]
    fps: Mapping[str, float]
    unused: tuple[str, ...]
    renamed: Mapping[str, str]


def attribute(
    observed: Sequence[Events],
    names: Sequence[str],
    *,
    owner_of_file: Callable[[Path], str | None],
    seconds_of: Callable[[str], float],
    by_subject: bool = False,
) -> Attribution:
    """Find the recording of each observation.

    Args:
        observed: All observations of all annotation files.
        names: The recordings.
        owner_of_file: The recording that a file is named after, None if there is none.
        seconds_of: The length of a recording by its tracking, where no annotation tells it.
        by_subject: Take rows of several subjects of a recording, each for itself.

    Raises:
        InputError: If an observation could be of several recordings, is of several videos of
            unknown length, or a recording has several annotations that differ, or rows of several
            subjects that are not to be told apart.
    """
    claims: dict[str, list[Events]] = {}
    fps: dict[str, float] = {}
    unused: dict[tuple[Path, str], str] = {}
    used: set[tuple[Path, str]] = set()
    renamed: dict[str, str] = {}
    in_file = Counter(path for path, _ in {(one.path, one.observation) for one in observed})
    for one in observed:
        key = (one.path, one.observation)
        owners = [_owner_of_medium(medium, names, one.path) for medium in one.media]
        if any(owners):
            for owner, piece, medium in _cut(one, owners, seconds_of):
                claims.setdefault(owner, []).append(piece)
                if medium.fps is not None:
                    fps[owner] = medium.fps
            used.add(key)
            continue
        named = _owner_by_name(one, names, owner_of_file, is_alone=in_file[one.path] == 1)
        if named is None:
            unused[key] = _describe(one)
            continue
        if len(one.media) > 1:
            raise InputError(
                f"{one.path}: {_describe(one)} is of {len(one.media)} videos, none of which is a "
                f"recording here: {', '.join(_file_name(medium) for medium in one.media)}; "
                "name the pose files after the videos"
            )
        used.add(key)
        claims.setdefault(named, []).append(one)
        for medium in one.media:
            # A video of the same name and more, such as a_reencode.mp4, is no other one.
            if not begins_with(_file_name(medium), _last(named)):
                renamed[named] = _file_name(medium)
            if medium.fps is not None:
                fps[named] = medium.fps
    return Attribution(
        {
            name: _the_only(name, united(found, by_subject=by_subject))
            for name, found in claims.items()
        },
        fps,
        tuple(text for key, text in unused.items() if key not in used),
        renamed,
    )


def _cut(
    one: Events, owners: Sequence[str | None], seconds_of: Callable[[str], float]
) -> list[tuple[str, Events, Medium]]:
    """The part of an observation that is of each video; times run on from one to the next."""
    if len(owners) == 1 and owners[0] is not None:
        return [(owners[0], one, one.media[0])]
    parts = []
    start_s = 0.0
    for place, (owner, medium) in enumerate(zip(owners, one.media, strict=True)):
        is_last = place == len(owners) - 1
        length_s = medium.length_s
        if length_s is None and owner is not None and not is_last:
            length_s = seconds_of(owner)
        if length_s is None and not is_last:
            raise InputError(
                f"{one.path}: {_describe(one)}: the length of {_file_name(medium)} is not told and "
                "no recording has its name, so the times of the videos after it are not known"
            )
        stop_s = math.inf if length_s is None or is_last else start_s + length_s
        if owner is not None:
            piece = one.clipped(start_s, stop_s)
            if medium.length_s is not None:
                watched = (piece.watched[0], min(piece.watched[1], medium.length_s))
                piece = replace(piece, watched=watched)
            parts.append((owner, replace(piece, media=(medium,)), medium))
        start_s = stop_s
    return parts


def _owner_of_medium(medium: Medium, names: Sequence[str], path: Path) -> str | None:
    """The recording that a video's file name is of."""
    stem, folders = medium.stem, medium.folders
    if not stem:
        return None
    for same in (str.__eq__, lambda a, b: _plain(a) == _plain(b)):
        found = [name for name in names if same(name.rpartition("/")[2], stem)]
        found = [name for name in found if not _is_of_another_folder(name, folders, names)]
        if len(found) > 1:
            found = _in_same_folder(found, folders, path)
        if len(found) == 1:
            return found[0]
        if found:
            raise InputError(
                f"{path}: {_file_name(medium)} may be any of the recordings {', '.join(found)}"
            )
    return None


def _is_of_another_folder(name: str, folders: Sequence[str], names: Sequence[str]) -> bool:
    """Whether a video lies in a folder of other recordings, in ``day2`` and not in ``day1``."""
    own = name.split("/")[:-1]
    others = {part for other in names for part in other.split("/")[:-1]} - set(own)
    return bool(own and folders) and folders[-1] in others


def _in_same_folder(found: list[str], folders: Sequence[str], path: Path) -> list[str]:
    """Those whose folders are the video's own, or else the annotation file's."""
    for beside in (tuple(folders), path.parent.parts):
        nearer = [
            name
            for name in found
            if (own := tuple(name.split("/")[:-1])) and beside[-len(own) :] == own
        ]
        if nearer:
            return nearer
    return found


def _owner_by_name(
    one: Events,
    names: Sequence[str],
    owner_of_file: Callable[[Path], str | None],
    *,
    is_alone: bool,
) -> str | None:
    """The recording that the observation, or a file with nothing else in it, is named after."""
    by_observation = [n for n in names if one.observation and one.observation in (n, _last(n))]
    by_file = owner_of_file(one.path) if is_alone else None
    if len(by_observation) > 1 and by_file not in by_observation:
        raise InputError(
            f"{one.path}: observation {one.observation!r} may be any of the recordings "
            f"{', '.join(by_observation)}"
        )
    if by_observation and by_file is not None and by_file not in by_observation:
        raise InputError(
            f"{one.path}: is named after recording {by_file!r}, but its observation is called "
            f"{one.observation!r}, as another recording is; rename one of them"
        )
    return by_file or (by_observation[0] if by_observation else None)


def _the_only(name: str, found: Sequence[Events]) -> Events:
    """The events of a recording, where several files do not differ in what they say of it."""
    contents = {(one.unit, one.watched, tuple(sorted(map(_as_told, one.events)))) for one in found}
    if len(contents) > 1:
        are_namesakes = len({one.path.name for one in found}) < len({one.path for one in found})
        listed = ", ".join(
            dict.fromkeys(
                f"{one.path if are_namesakes else one.path.name}{_in_file(one)}" for one in found
            )
        )
        raise InputError(
            f"recording {name!r} has {len(found)} annotations that differ: {listed}; keep one, in "
            "one format; those of another annotator make another dataset"
        )
    return found[0]


def _as_told(event: Event) -> tuple[float, float, str, str, tuple[str, ...], str]:
    return (
        event.start,
        event.stop,
        f"{event.behavior} {event.answer}",
        event.subject,
        event.modifiers,
        event.target,
    )


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _file_name(medium: Medium) -> str:
    return medium.file_name or "a video without a name"


def _plain(name: str) -> str:
    """A name without what systems differ in: case, and how accents are composed."""
    return composed(name).casefold()


def _in_file(one: Events) -> str:
    return f" ({one.observation})" if one.observation else ""


def _describe(one: Events) -> str:
    if not one.observation:
        return one.path.name
    return f"observation {one.observation!r} of {one.path.name}"
