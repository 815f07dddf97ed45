"""Poses of recordings: which files, how they are read, and what all of them share."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from mabe_lit.pose import Recording
from mabe_lit.readers.formats import ANNOTATION_FORMATS, POSE_FORMATS, list_known, read_poses_file
from mabe_lit.readers.poses.files import PoseFiles, choose_pose_files, is_named_as_poses
from mabe_lit.readers.poses.options import PoseOptions
from mabe_lit.readers.tracks.animals import choose_animals, split_animals
from mabe_lit.readers.tracks.fragments import join_tracks
from mabe_lit.readers.tracks.guess_animals import guess_marks
from mabe_lit.readers.tracks.points import agree_on_points, rename_points, select_points
from mabe_lit.readers.tracks.tracks import Tracks, blank_untracked, to_recording
from mabe_lit.shell import InputError, InputWarning

_MOST_NAMED = 3


def find_pose_files(
    path: Path | str,
    *,
    pose_pattern: str | None = None,
    name_until: str | None = None,
    with_empty: bool = False,
) -> PoseFiles:
    """The pose file itself, or the pose file of each recording in a folder and its folders.

    Annotations among them are left out. Files that are called as a tracker calls its tracks are
    among them whatever they hold, for whoever reads them to tell. For the rule by which a recording
    with several files has one, see ``choose_pose_files``.

    Args:
        path: A file or a folder.
        pose_pattern: See ``choose_pose_files``.
        name_until: See ``parse_pose_name``.
        with_empty: Empty files are among them too, whatever they are called; leave it out where
            annotations lie in the same folder, which they may be.

    Returns:
        At least one file, 2 before 11, no two of one recording.

    Raises:
        InputError: If ``path`` is missing or holds no poses, or no rule says which file of a
            recording counts.
    """
    path = Path(path)
    files = list_known(
        path,
        "--poses",
        POSE_FORMATS,
        ANNOTATION_FORMATS,
        is_named=is_named_as_poses,
        with_empty=with_empty,
    )
    root = path if path.is_dir() else path.parent
    return choose_pose_files(root, files, pose_pattern=pose_pattern, name_until=name_until)


def read_poses(
    path: Path | str,
    *,
    fps: float = 30.0,
    likelihood_below: float = 0.1,
    options: PoseOptions | None = None,
    name: str | None = None,
) -> Recording:
    """Read the tracks of one recording, unscored; warns of what was left out or assumed.

    Args:
        path: A pose file of any format in ``POSE_FORMATS``.
        fps: Frames per second of the video, > 0.
        likelihood_below: Points that the tracker holds less likely become NaN, as do those at
            exactly (0, 0) or (-1, -1); that of ``options`` counts if these are given.
        options: How it is read.
        name: What the recording is called; by its file's name if None.

    Raises:
        InputError: If the file is missing, damaged or of another format, or an animal is never
            tracked.
    """
    options = options or PoseOptions(likelihood_below=likelihood_below)
    recording, notes = _read(Path(path), options, fps, name)
    _warn(f"{path}: {note}" for note in notes)
    return recording


class PoseReader:
    """Reads the recordings of a dataset alike: the same key points, animals in the same order.

    Attributes:
        files: The file of each recording.
        options: How they are read; ``keypoints`` are those that all recordings are taken with.
    """

    def __init__(self, files: PoseFiles, options: PoseOptions, *, agree: bool = True) -> None:
        """Read the names at the beginning of each file, and agree on the key points.

        A file whose names cannot be read is left for ``read`` to tell.

        Args:
            files: The recordings.
            options: How they are read.
            agree: Take the points that all recordings have, and animals in the order of the first
                recording; else each is read as it is.

        Raises:
            InputError: If recordings share no point, a wanted one is missing, or one that is to be
                renamed is in none.
        """
        self.files = dict(zip(files.names, files.files, strict=True))
        self.options = options
        self._notes: dict[str, list[str]] = {}
        self._are_alike = agree
        self._animal_names: tuple[str, ...] = ()
        self._animals: dict[str, tuple[str, ...]] = {}
        if agree:
            self._agree()

    def read(self, name: str, fps: float) -> Recording:
        """One recording, unscored.

        Raises:
            InputError: If its file cannot be read.
        """
        recording, notes = _read(self.files[name], self.options, fps, name)
        for note in notes:
            self.note(name, note)
        if not self._are_alike:
            return recording
        self._animal_names = self._animal_names or recording.animal_names
        return recording.in_order_of(self._animal_names)

    def animals_of(self, name: str) -> tuple[str, ...]:
        """The animals of a recording; read whole where its file does not begin with their names.

        Raises:
            InputError: If its file cannot be read.
        """
        if name not in self._animals:
            tracks = _named(self.files[name], self.options)
            is_told = tracks.animal_names and not (tracks.may_break or self.options.animal_count)
            animals = tracks.animal_names if is_told else self.read(name, 30.0).animal_names
            self._animals[name] = animals
        return self._animals[name]

    def note(self, name: str, note: str) -> None:
        """Keep what is to be told of a recording."""
        names = self._notes.setdefault(note, [])
        if name not in names:
            names.append(name)

    def warn(self) -> None:
        """Warn of what was noted, a line for all recordings of which the same is to be told."""
        for note, names in self._notes.items():
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            listed = ", ".join(names[:_MOST_NAMED]) + more
            _warn([f"{listed}: {note}"])
        self._notes = {}

    def _agree(self) -> None:
        bare = replace(self.options, keypoints=(), rename={})
        found: dict[str, Tracks] = {}
        for name, file in self.files.items():
            try:
                found[name] = _named(file, bare)
            except (InputError, OSError):
                continue
        if not found:
            return
        known = {point for tracks in found.values() for point in tracks.keypoint_names}
        if missing := [old for old in self.options.rename if old not in known]:
            raise InputError(
                f"--rename: no recording has {', '.join(missing)}; there are "
                f"{', '.join(sorted(known))}"
            )
        renamed = {
            name: rename_points(tracks, self.options.rename).keypoint_names
            for name, tracks in found.items()
        }
        points, notes = agree_on_points(renamed, self.options.keypoints, union=self.options.union)
        self.options = replace(self.options, keypoints=points)
        _warn(notes)


def _named(path: Path, options: PoseOptions) -> Tracks:
    """Animals and key points alone, as far as the file begins with them."""
    return _arranged(read_poses_file(path, names_only=True), options)


def _read(
    path: Path, options: PoseOptions, fps: float, name: str | None
) -> tuple[Recording, tuple[str, ...]]:
    """A recording and the notes on it."""
    tracks = _arranged(read_poses_file(path), options)
    below = options.likelihood_below
    is_chosen = bool(options.animals)
    if len(tracks.points) and not is_chosen and (tracks.may_break or options.animal_count):
        points = blank_untracked(tracks.points, tracks.likelihood, below)
        # Tracks of one file that nobody named have the same points.
        has_point = None if tracks.has_point is None else tracks.has_point[:1]
        bare = replace(tracks, points=points, has_point=None)
        tracks = join_tracks(bare, options.animal_count)
        if has_point is not None:
            tracks = replace(tracks, has_point=has_point.repeat(len(tracks.animal_names), axis=0))
    return to_recording(
        tracks,
        fps=fps,
        likelihood_below=below,
        name=name,
        first_row=options.first_row,
        are_chosen=is_chosen,
    )


def _arranged(tracks: Tracks, options: PoseOptions) -> Tracks:
    """The animals and key points that the options ask for, by name; of tracks with or without rows.

    Animals are taken as they stand if the table does not begin with their names.
    """
    if options.animal_prefixes:
        tracks = split_animals(tracks, options.animal_prefixes)
    elif len(tracks.animal_names) == 1 and (marks := guess_marks(tracks.keypoint_names)):
        tracks = tracks.noted(
            f"key points are called as those of {len(marks)} animals and taken as one animal's; "
            f"--animal_prefixes {' '.join(marks)} makes them several"
        )
    tracks = choose_animals(tracks, options.animals)
    tracks = rename_points(tracks, options.rename)
    if not options.keypoints:
        return tracks
    return select_points(tracks, options.keypoints, may_lack=options.union)


def _warn(messages: Iterable[str]) -> None:
    for message in messages:
        warnings.warn(InputWarning(message), stacklevel=3)
