"""A dataset folder -> a ``Dataset``, checked; also of an earlier release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.data.dataset import Dataset
from mabe_lit.data.entries import Entry, TrackEntry
from mabe_lit.data.index import check_index, read_index
from mabe_lit.data.label_runs import LabelRuns, runs_of
from mabe_lit.pose import MOST_FPS, is_rate
from mabe_lit.shell import InputError

_LABELS = {"label_starts.npy": np.int64, "label_codes.npy": np.uint16, "label_sets.npy": np.int8}


def open_dataset(directory: Path | str) -> Dataset:
    """Open a dataset folder.

    Args:
        directory: A folder that ``mabe_lit.data.dataset_writer`` made.

    Returns:
        The dataset, its arrays memory-mapped.

    Raises:
        InputError: If a file is missing, damaged, of another version, or contradicts the others.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise InputError(
            f"{directory}: no such folder; make a dataset with python -m mabe_lit.prepare"
        )
    index = read_index(directory, Entry, TrackEntry)
    entries = tuple(Entry(**row) for row in index["recordings"])
    keypoints = _open_array(directory / "keypoints.npy", np.float32)
    likelihood = None
    if any(entry.has_likelihood for entry in entries):
        likelihood = _open_array(directory / "likelihood.npy", np.float32)
    _check_poses(directory, index, entries, keypoints, likelihood)
    if index["format_version"] == 1:
        tracks = tuple(TrackEntry(n, entry.first_frame) for n, entry in enumerate(entries))
        labels = {"labels.npy": _open_array(directory / "labels.npy", np.int16)}
        runs = _runs_of_scenes(directory, labels, entries, len(index["class_names"]))
    else:
        tracks = tuple(TrackEntry(**row) for row in index["tracks"])
        labels = {name: _open_array(directory / name, dtype) for name, dtype in _LABELS.items()}
        runs = _open_runs(directory, index, labels, tracks)
    dataset = Dataset(
        directory=directory,
        keypoints=keypoints,
        runs=runs,
        entries=entries,
        tracks=tracks,
        animal_names=tuple(index["animal_names"]),
        keypoint_names=tuple(index["keypoint_names"]),
        class_names=tuple(index["class_names"]),
        source=index["source"],
        likelihood=likelihood,
        digest=index.get("digest"),
        looked_for=_marks(index.get("looked_for"), (len(index["class_names"]),)),
        point_sets=_marks(index.get("point_sets"), keypoints.shape[1:3]),
        files={"keypoints.npy": keypoints, **labels}
        | ({} if likelihood is None else {"likelihood.npy": likelihood}),
    )
    if problem := next(_problems_of_rows(dataset), None):
        raise InputError(f"{directory / 'dataset.json'}: {problem}")
    check_index(directory, index)
    return dataset


def _marks(rows: Any, shape: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
    """Rows of 0 and 1 as ``(rows, *shape)`` bool; None where there are none."""
    if not rows:
        return None
    return np.array(rows, bool).reshape(len(rows), *shape)


def _open_array(file: Path, dtype: type) -> np.ndarray:
    try:
        # Not np.load, which would open an archive of arrays as well.
        array = np.lib.format.open_memmap(file, mode="r")
    except FileNotFoundError as error:
        raise InputError(f"{file}: is missing") from error
    except OSError:
        raise
    except Exception as error:  # NumPy raises nearly anything on a damaged header
        problem = f"{type(error).__name__}: {error}"
        raise InputError(f"{file}: is not a readable NumPy array ({problem:.200})") from error
    if array.dtype != dtype:
        raise InputError(f"{file}: holds {array.dtype}, expected {np.dtype(dtype)}")
    found, expected = file.stat().st_size, array.offset + array.nbytes
    if found != expected:
        raise InputError(
            f"{file}: is damaged, it has {found} bytes, but its header asks for {expected}"
        )
    return array


def _check_poses(
    directory: Path,
    index: Mapping[str, Any],
    entries: Sequence[Entry],
    keypoints: np.ndarray,
    likelihood: np.ndarray | None,
) -> None:
    """Raise ``InputError`` where the arrays of poses and the table contradict each other."""
    expected_start = 0
    for entry in entries:
        if entry.first_frame != expected_start or entry.frames < 1 or not is_rate(entry.fps):
            raise InputError(
                f"{directory / 'dataset.json'}: expected recording {entry.name!r} to start "
                f"at frame {expected_start}, with frames above 0 and fps above 0, at most "
                f"{MOST_FPS:g}, but has {asdict(entry)!s:.200}"
            )
        expected_start += entry.frames
    shape = (expected_start, len(index["animal_names"]), len(index["keypoint_names"]), 2)
    for name, array, wanted in (
        ("keypoints.npy", keypoints, shape),
        ("likelihood.npy", likelihood, shape[:-1]),
    ):
        if array is not None and array.shape != wanted:
            raise InputError(
                f"{directory / name}: has shape {array.shape}, but dataset.json asks for {wanted}"
            )


def _runs_of_scenes(
    directory: Path, files: Mapping[str, np.ndarray], entries: Sequence[Entry], classes: int
) -> LabelRuns:
    """The runs of a folder of release 0.1, recording by recording."""
    ((name, labels),) = files.items()
    file = directory / name
    frames = sum(entry.frames for entry in entries)
    if labels.shape != (frames,):
        raise InputError(
            f"{file}: has shape {labels.shape}, but the recordings of dataset.json have {frames} "
            "frames"
        )

    def scenes() -> Iterator[np.ndarray]:
        for entry in entries:
            scene = labels[entry.first_frame : entry.first_frame + entry.frames]
            wrong = (scene != UNSCORED) & ((scene < 0) | (scene >= classes))
            if wrong.any():
                frame = int(wrong.argmax())
                raise InputError(
                    f"{file}: frame {entry.first_frame + frame} has label {scene[frame]}, allowed "
                    f"are 0 to {classes - 1} and {UNSCORED}"
                )
            yield scene

    return runs_of(scenes(), is_independent=False, classes=classes)


def _open_runs(
    directory: Path,
    index: Mapping[str, Any],
    files: Mapping[str, np.ndarray],
    tracks: Sequence[TrackEntry],
) -> LabelRuns:
    entries = index["recordings"]
    places = 0
    for number, track in enumerate(tracks, 1):
        if not 0 <= track.recording < len(entries) or track.first_place != places:
            raise InputError(
                f"{directory / 'dataset.json'}: track {number}: expected a recording of the "
                f"{len(entries)} and labels from {places} on, found {asdict(track)!s:.200}"
            )
        places += entries[track.recording]["frames"]
    starts, codes, sets = files.values()
    classes = len(index["class_names"])
    if sets.ndim != 2 or sets.shape[1] != classes:
        raise InputError(
            f"{directory / 'label_sets.npy'}: has shape {sets.shape}, but dataset.json names "
            f"{classes} classes"
        )
    runs = LabelRuns(starts, codes, sets, places, index["is_independent"])
    for what, problem in runs.problems():
        raise InputError(f"{directory / f'label_{what}.npy'}: {problem}")
    return runs


def _problems_of_rows(dataset: Dataset) -> Iterator[str]:
    """What rows of recordings and tracks say that cannot be."""
    sets = 0 if dataset.point_sets is None else len(dataset.point_sets)
    for entry in dataset.entries:
        if entry.points is not None and not 0 <= entry.points < sets:
            yield f"recording {entry.name!r}: points is {entry.points}, there are {sets} sets"
        animals = dataset.animals_of(entry)
        if not 0 < len(animals) <= len(dataset.animal_names) or len(set(animals)) < len(animals):
            yield f"recording {entry.name!r}: animals are {list(animals)!s:.80}"
    about = 0 if dataset.looked_for is None else len(dataset.looked_for)
    kinds = set()
    for number, track in enumerate(dataset.tracks, 1):
        animals = dataset.animals_of(dataset.entry_of(track))
        kinds.add(track.agent is not None)
        given = [animal for animal in (track.agent, track.target) if animal is not None]
        are_animals = all(0 <= animal < len(animals) for animal in given)
        has_sense = len(set(given)) == len(given) and (track.agent is not None or not given)
        is_known = track.looked_for is None or 0 <= track.looked_for < about
        if not (are_animals and has_sense and is_known) or len(kinds) > 1:
            yield f"track {number}: cannot be {asdict(track)!s:.200}"
