"""Recordings -> a dataset folder, see ``mabe_lit.data.dataset``; recording by recording."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.data.array_file import ArrayFile, put_on_disk
from mabe_lit.data.digest import checksum, dataset_digest
from mabe_lit.data.entries import Entry, TrackEntry
from mabe_lit.data.index import FORMAT_VERSION
from mabe_lit.data.label_runs import RunWriter
from mabe_lit.pose import LabelTrack, Recording, is_numbered
from mabe_lit.shell import InputError, folder_replaced_atomically


def write_dataset(
    recordings: Iterable[Recording],
    directory: Path | str,
    *,
    source: Mapping[str, Any] | None = None,
    overwrite: bool = False,
) -> None:
    """Write ``recordings`` to ``directory``, whole or not at all.

    The folder is written under a temporary name beside ``directory`` and renamed when complete.
    One recording after the other is taken and written, so that they need not fit into memory.

    Args:
        recordings: At least one, with the same key points and classes and with different names;
            with the same animals, unless their labels are of single animals.
        directory: The folder to make; its parents are made as well.
        source: What to note of where the recordings came from; plain JSON values.
        overwrite: Replace an existing dataset.

    Raises:
        InputError: If the recordings do not fit together, or ``directory`` may not be replaced.
        OSError: If the folder cannot be written.
    """
    directory = Path(directory)
    check_writable(directory, overwrite=overwrite)
    with folder_replaced_atomically(directory) as temporary:
        _write_files(recordings, temporary, dict(source or {}))


def check_writable(directory: Path, *, overwrite: bool) -> None:
    """Raise ``InputError`` if ``directory`` exists and is not a dataset that may be replaced."""
    if not directory.exists():
        return
    if not directory.is_dir():
        raise InputError(f"{directory}: is a file, expected a folder to write a dataset to")
    is_empty = not any(directory.iterdir())
    if not is_empty and not (directory / "dataset.json").is_file():
        raise InputError(f"{directory}: holds files that are not a dataset, and is left as it is")
    if not is_empty and not overwrite:
        raise InputError(f"{directory}: already holds a dataset; --force replaces it")


class _Table:
    """Rows of the table of contents, as recordings are written."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.tracks: list[TrackEntry] = []
        self.animal_names: tuple[str, ...] = ()
        self._looked_for: dict[tuple[int, ...], int] = {}
        self._points: dict[tuple[tuple[bool, ...], ...], int] = {}
        self._frames = self._places = 0

    def add(self, recording: Recording) -> None:
        """Add the next recording and its tracks."""
        if recording.name in self.entries:
            raise InputError(f"recording {recording.name!r} is there more than once")
        names = recording.animal_names
        if len(names) > len(self.animal_names):
            self.animal_names = names
        entry = replace(
            Entry.of(recording),
            first_frame=self._frames,
            animals=None if _is_of_scene(recording) else list(names),
            points=self._row_of_points(recording),
            fps=float(recording.fps),
        )
        for track in tracks_of(recording):
            agent, target = (
                None if a is None else names.index(a) for a in (track.agent, track.target)
            )
            about = self._row_of_classes(track, recording.class_names)
            self.tracks.append(TrackEntry(len(self.entries), self._places, agent, target, about))
            self._places += len(recording)
        self.entries[recording.name] = entry
        self._frames += len(recording)

    def rows(self, keypoints: int) -> dict[str, Any]:
        """The table, for ``keypoints`` key points, as plain values."""
        A = len(self.animal_names)
        padding = ((False,) * keypoints,)
        return {
            "recordings": [_row(entry) for entry in self.entries.values()],
            "tracks": [_row(track) for track in self.tracks],
            "looked_for": [list(row) for row in self._looked_for],
            "point_sets": [
                [int(mark) for animal in (rows + padding * A)[:A] for mark in animal]
                for rows in self._points
            ],
        }

    def _row_of_classes(self, track: LabelTrack, class_names: Sequence[str]) -> int | None:
        if track.is_independent:
            about = tuple(map(int, (track.labels != UNSCORED).any(axis=0)))
        else:
            names = class_names if track.looked_for is None else track.looked_for
            about = tuple(int(name in names) for name in class_names)
        if all(about):
            return None
        return self._looked_for.setdefault(about, len(self._looked_for))

    def _row_of_points(self, recording: Recording) -> int | None:
        if recording.has_point is None or recording.has_point.all():
            return None
        marks = tuple(map(tuple, recording.has_point.tolist()))
        return self._points.setdefault(marks, len(self._points))


def tracks_of(recording: Recording) -> tuple[LabelTrack, ...]:
    """Its label tracks; an unscored one of the scene where nobody scored it."""
    return recording.tracks or (LabelTrack(recording.labels),)


def _is_of_scene(recording: Recording) -> bool:
    return all(track.agent is None for track in recording.tracks)


def _row(of: Entry | TrackEntry) -> dict[str, Any]:
    """What is not as by default."""
    defaults = {each.name: each.default for each in fields(of)}
    return {key: value for key, value in asdict(of).items() if value != defaults[key]}


def _write_files(recordings: Iterable[Recording], directory: Path, source: dict[str, Any]) -> None:
    first: Recording | None = None
    table = _Table()
    with (
        ArrayFile(directory / "keypoints.npy", np.float32) as keypoints,
        ArrayFile(directory / "label_starts.npy", np.int64) as starts,
        ArrayFile(directory / "label_codes.npy", np.uint16) as codes,
        ArrayFile(directory / "label_sets.npy", np.int8) as sets,
        ExitStack() as opened,
    ):
        likelihoods: ArrayFile | None = None
        for recording in recordings:
            if first is None:
                first = recording
                runs = RunWriter(
                    is_independent=any(t.is_independent for t in recording.tracks),
                    classes=len(recording.class_names),
                )
            _check_alike(recording, first)
            if likelihoods is None and recording.likelihood is not None:
                file = ArrayFile(directory / "likelihood.npy", np.float32)
                likelihoods = opened.enter_context(file)
                for entry in table.entries.values():
                    likelihoods.append(_untold(recording, entry.frames, len(table.animal_names)))
            table.add(recording)
            A = len(table.animal_names)
            _append(keypoints, recording.keypoints, A)
            if likelihoods is not None:
                told = recording.likelihood
                told = _untold(recording, len(recording), A) if told is None else told
                _append(likelihoods, told, A)
            for track in tracks_of(recording):
                of_track = runs.add(track.labels)
                starts.append(of_track[0])
                codes.append(of_track[1])
        if first is None:
            raise InputError("there are no recordings to write")
        sets.append(runs.sets)
        arrays = [keypoints, starts, codes, sets, *([likelihoods] if likelihoods else [])]
        digests = {file.name: file.digest() for file in arrays}
    index: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "animal_names": table.animal_names,
        "keypoint_names": first.keypoint_names,
        "class_names": first.class_names,
        "is_independent": runs.is_independent,
        **table.rows(len(first.keypoint_names)),
    }
    index |= {"digest": dataset_digest(list(digests.values()), index)}
    index |= {"source": source, "files": digests}
    index |= {"checksum": checksum(index)}
    with (directory / "dataset.json").open("w", encoding="utf-8") as file_of_table:
        json.dump(index, file_of_table, indent=1)
        put_on_disk(file_of_table)


def _append(file: ArrayFile, values: np.ndarray, animals: int) -> None:
    """Write values ``(N, A, ...)`` as those of so many animals, of which the last are not there."""
    file.widen(animals)
    N, A, *rest = values.shape
    if animals > A:
        more = np.full((N, animals - A, *rest), np.nan, np.float32)
        values = np.concatenate([values, more], axis=1)
    file.append(values)


def _untold(recording: Recording, frames: int, animals: int) -> np.ndarray:
    """``(frames, A, K)`` likelihoods of a recording like ``recording`` whose tracker told none."""
    return np.full((frames, animals, recording.keypoints.shape[2]), np.nan, np.float32)


def _check_alike(recording: Recording, first: Recording) -> None:
    if _is_of_scene(recording) != _is_of_scene(first):
        raise InputError(
            f"recording {recording.name!r} has labels of "
            f"{'the scene' if _is_of_scene(recording) else 'single animals'}, which "
            f"{first.name!r} has not"
        )
    # Animals that act have roles, whatever they are called and how many there are.
    alike = ("animal_names",) if _is_of_scene(recording) else ()
    for what in (*alike, "keypoint_names", "class_names"):
        if getattr(recording, what) != getattr(first, what):
            raise InputError(
                f"recording {recording.name!r} has {what} {list(getattr(recording, what))}, "
                f"but {first.name!r} has {list(getattr(first, what))}"
                f"{_advice(recording, first) if what == 'animal_names' else ''}"
            )


def _advice(recording: Recording, first: Recording) -> str:
    """What makes the animals of two recordings the same."""
    own, others = recording.animal_names, first.animal_names
    if all(map(is_numbered, (*own, *others))):
        if len(own) == len(others):
            return f"; --animals {len(own)}, how many there are, gives tracks the same names"
        return "; --animals N makes N animals of the tracks, if each recording has as many"
    if shared := [name for name in others if name in own]:
        return f"; --animals {' '.join(shared)} takes those that both have"
    return ""
