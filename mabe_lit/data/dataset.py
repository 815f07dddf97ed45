"""A folder of prepared recordings: flat arrays, memory-mapped, and a table of contents.

======================  ==========================================================================
``keypoints.npy``       ``(N, A, K, 2)`` float32, all recordings end to end
``labels.npy``          ``(N,)`` int16
``likelihood.npy``      ``(N, A, K)`` float32, only where a tracker told how sure it was
``dataset.json``        format version, names, digests, and a row a recording, see ``Entry``
======================  ==========================================================================
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.data.index import check_index, read_index
from mabe_lit.pose import MOST_FPS, LabelTrack, Recording, is_rate
from mabe_lit.shell import InputError, InputWarning

_CHECKED_FRAMES = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One recording's place: frames ``first_frame`` to ``first_frame + frames`` of the arrays."""

    name: str
    first_frame: int
    frames: int
    fps: float
    has_likelihood: bool = False

    @classmethod
    def of(cls, recording: Recording) -> Entry:
        """That of a recording by itself."""
        is_told = recording.likelihood is not None
        return cls(recording.name, 0, len(recording), recording.fps, has_likelihood=is_told)


@dataclass(frozen=True)
class Dataset:
    """Recordings on disk, opened without reading them.

    Attributes:
        directory: The folder.
        keypoints: ``(N, A, K, 2)`` float32, memory-mapped, read-only.
        labels: ``(N,)`` int16, memory-mapped, read-only.
        entries: One a recording, in the order of the arrays.
        animal_names: ``A`` names.
        keypoint_names: ``K`` names.
        class_names: ``C`` names.
        source: How the folder was made, as the writer described it.
        likelihood: ``(N, A, K)`` float32, memory-mapped, read-only; see ``Recording``. None if no
            recording in the folder has one.
        digest: Short name of all that is in the arrays, None in a folder of an earlier release.
    """

    directory: Path
    keypoints: np.ndarray
    labels: np.ndarray
    entries: tuple[Entry, ...]
    animal_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    class_names: tuple[str, ...]
    source: Mapping[str, Any]
    likelihood: np.ndarray | None = None
    digest: str | None = None

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Recording:
        """Recording ``index``, as views into the arrays."""
        entry = self.entries[index]
        frames = slice(entry.first_frame, entry.first_frame + entry.frames)
        return Recording(
            entry.name,
            self.keypoints[frames],
            (LabelTrack(self.labels[frames]),),
            entry.fps,
            self.animal_names,
            self.keypoint_names,
            self.class_names,
            self.likelihood[frames]
            if self.likelihood is not None and entry.has_likelihood
            else None,
        )

    @property
    def has_likelihood(self) -> bool:
        """Whether a recording has the tracker's likelihoods."""
        return any(entry.has_likelihood for entry in self.entries)

    def split(self, values: np.ndarray) -> list[np.ndarray]:
        """``(N, ...)`` values of all frames -> those of each recording, as views."""
        return [values[e.first_frame : e.first_frame + e.frames] for e in self.entries]

    def count_classes(self) -> npt.NDArray[np.int64]:
        """Scored frames of each class in each recording, ``(R, C)``."""
        classes = len(self.class_names)
        # Unscored frames count as class 0 of C + 1, and are dropped.
        return np.stack(
            [
                np.bincount(np.maximum(labels, -1) + 1, minlength=classes + 1)[1:]
                for labels in self.split(self.labels)
            ]
        )

    def subset(self, recordings: Sequence[int]) -> Dataset:
        """A dataset of some of the recordings, in the order of the arrays, which stay the same."""
        return replace(self, entries=tuple(self.entries[index] for index in sorted(recordings)))


def warn_of_untold(entries: Sequence[Entry], where: str) -> None:
    """Warn of recordings ``where`` without the likelihoods that a training has or had."""
    untold = [entry.name for entry in entries if not entry.has_likelihood]
    if untold:
        warnings.warn(
            InputWarning(
                f"{where}: {len(untold)} of {len(entries)} recordings have no likelihoods, which "
                f"the training has, such as {untold[0]}; points in them count as certain"
            ),
            stacklevel=3,
        )


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
    index = read_index(directory, Entry)
    entries = tuple(Entry(**row) for row in index["recordings"])
    dataset = Dataset(
        directory=directory,
        keypoints=_open_array(directory / "keypoints.npy", np.float32),
        labels=_open_array(directory / "labels.npy", np.int16),
        entries=entries,
        animal_names=tuple(index["animal_names"]),
        keypoint_names=tuple(index["keypoint_names"]),
        class_names=tuple(index["class_names"]),
        source=index["source"],
        likelihood=_open_likelihood(directory, entries),
        digest=index.get("digest"),
    )
    _check(dataset)
    check_index(directory, index)
    return dataset


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


def _open_likelihood(directory: Path, entries: Sequence[Entry]) -> np.ndarray | None:
    if not any(entry.has_likelihood for entry in entries):
        return None
    return _open_array(directory / "likelihood.npy", np.float32)


def _check(dataset: Dataset) -> None:
    """Raise ``InputError`` where the files contradict each other."""
    frames = len(dataset.labels)
    shape = (frames, len(dataset.animal_names), len(dataset.keypoint_names), 2)
    if dataset.keypoints.shape != shape:
        raise InputError(
            f"{dataset.directory / 'keypoints.npy'}: has shape {dataset.keypoints.shape}, "
            f"but labels.npy and dataset.json ask for {shape}"
        )
    if dataset.likelihood is not None and dataset.likelihood.shape != shape[:-1]:
        raise InputError(
            f"{dataset.directory / 'likelihood.npy'}: has shape {dataset.likelihood.shape}, "
            f"but labels.npy and dataset.json ask for {shape[:-1]}"
        )
    expected_start = 0
    for entry in dataset.entries:
        if entry.first_frame != expected_start or entry.frames < 1 or not is_rate(entry.fps):
            raise InputError(
                f"{dataset.directory / 'dataset.json'}: expected recording {entry.name!r} to start "
                f"at frame {expected_start}, with frames above 0 and fps above 0, at most "
                f"{MOST_FPS:g}, but has {asdict(entry)!s:.200}"
            )
        expected_start += entry.frames
    if expected_start != frames:
        raise InputError(
            f"{dataset.directory / 'dataset.json'}: its recordings have {expected_start} frames, "
            f"labels.npy has {frames}"
        )
    for start in range(0, frames, _CHECKED_FRAMES):
        labels = dataset.labels[start : start + _CHECKED_FRAMES]
        wrong = (labels != UNSCORED) & ((labels < 0) | (labels >= len(dataset.class_names)))
        if wrong.any():
            frame = start + int(wrong.argmax())
            allowed = f"0 to {len(dataset.class_names) - 1} and {UNSCORED}"
            raise InputError(
                f"{dataset.directory / 'labels.npy'}: frame {frame} has label "
                f"{dataset.labels[frame]}, allowed are {allowed}"
            )
