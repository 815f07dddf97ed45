"""Prepared recordings: flat arrays, memory-mapped, and a table of contents.

======================  ==========================================================================
``keypoints.npy``       ``(N, A, K, 2)`` float32, all recordings end to end
``label_starts.npy``    ``(M,)`` int64, where runs of equal labels begin, see ``LabelRuns``
``label_codes.npy``     ``(M,)`` uint16, what the runs say
``label_sets.npy``      ``(S, C)`` int8, yes, no or nobody looked of each class, for each code
``likelihood.npy``      ``(N, A, K)`` float32, only where a tracker told how sure it was
``dataset.json``        format version, names, digests, and a row a recording and label track
======================  ==========================================================================

Folders of release 0.1 have ``labels.npy``, ``(N,)`` int16, one label a frame of each scene.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit import UNSCORED
from mabe_lit.data.entries import Entry, TrackEntry
from mabe_lit.data.label_runs import LabelRuns, runs_of
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.shell import InputWarning

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Recordings on disk, opened without reading them.

    Attributes:
        directory: The folder.
        keypoints: ``(N, A, K, 2)`` float32, memory-mapped, read-only.
        runs: Labels of all tracks.
        entries: One a recording, in the order of the arrays.
        tracks: One a label track, in the order of the runs.
        animal_names: ``A`` names; those of the recording with the most animals, where recordings
            have their own.
        keypoint_names: ``K`` names.
        class_names: ``C`` names.
        source: How the folder was made, as the writer described it.
        likelihood: ``(N, A, K)`` float32, memory-mapped, read-only; see ``Recording``. None if no
            recording in the folder has one.
        digest: Short name of all that is in the arrays, None in a folder of an earlier release.
        looked_for: ``(L, C)`` bool: sets of classes that tracks are about.
        point_sets: ``(P, A, K)`` bool: sets of points that animals have.
        files: The arrays as they lie in the folder, by file, in the order of their digests.
    """

    directory: Path
    keypoints: np.ndarray
    runs: LabelRuns
    entries: tuple[Entry, ...]
    tracks: tuple[TrackEntry, ...]
    animal_names: tuple[str, ...]
    keypoint_names: tuple[str, ...]
    class_names: tuple[str, ...]
    source: Mapping[str, Any]
    likelihood: np.ndarray | None = None
    digest: str | None = None
    looked_for: npt.NDArray[np.bool_] | None = None
    point_sets: npt.NDArray[np.bool_] | None = None
    files: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index: int) -> Recording:
        """Recording ``index``, its pose as views into the arrays."""
        entry = self.entries[index]
        names = self.animals_of(entry)
        frames = slice(entry.first_frame, entry.first_frame + entry.frames)
        animals = slice(0, len(names))
        is_told = self.likelihood is not None and entry.has_likelihood
        has_point = None
        if entry.points is not None and self.point_sets is not None:
            has_point = self.point_sets[entry.points, animals]
        return Recording(
            entry.name,
            self.keypoints[frames, animals],
            tuple(self.label_track(track) for track in self._tracks_of[index]),
            entry.fps,
            names,
            self.keypoint_names,
            self.class_names,
            self.likelihood[frames, animals] if is_told else None,  # type: ignore[index]
            has_point,
            entry.group,
        )

    @classmethod
    def of(
        cls, recording: Recording, whose: Sequence[tuple[int | None, int | None]] = ((None, None),)
    ) -> Dataset:
        """One recording in memory, nothing of which is scored.

        Args:
            recording: Its pose.
            whose: Agent and target of its tracks, as indices of its animals.
        """
        N, C = len(recording), len(recording.class_names)
        unscored = np.full(N, UNSCORED, np.int16)
        runs = runs_of([unscored] * len(whose), is_independent=False, classes=C)
        has_point = recording.has_point
        entry = Entry.of(recording)
        return cls(
            Path(),
            recording.keypoints,
            runs,
            (entry if has_point is None else replace(entry, points=0),),
            tuple(TrackEntry(0, number * N, *who) for number, who in enumerate(whose)),
            recording.animal_names,
            recording.keypoint_names,
            recording.class_names,
            {},
            recording.likelihood,
            point_sets=None if has_point is None else has_point[None],
        )

    @property
    def has_likelihood(self) -> bool:
        """Whether a recording has the tracker's likelihoods."""
        return any(entry.has_likelihood for entry in self.entries)

    @property
    def is_independent(self) -> bool:
        """Whether several behaviours of a track may happen in one frame."""
        return self.runs.is_independent

    @property
    def has_agents(self) -> bool:
        """Whether labels are of single animals, not of the whole scene."""
        return any(track.agent is not None for track in self.tracks)

    @property
    def is_scored(self) -> bool:
        """Whether somebody looked for anything in any frame."""
        return bool(self.count_looked().any())

    @property
    def who(self) -> list[tuple[int, int | None, int | None]] | None:
        """Recording, agent and target of each track; None where labels are of scenes."""
        if not self.has_agents:
            return None
        return [(track.recording, track.agent, track.target) for track in self.tracks]

    def animals_of(self, entry: Entry) -> tuple[str, ...]:
        """Names of a recording's animals."""
        return self.animal_names if entry.animals is None else tuple(entry.animals)

    def entry_of(self, track: TrackEntry) -> Entry:
        """The recording of a track."""
        return self.entries[track.recording]

    def labels_of(self, track: TrackEntry) -> np.ndarray:
        """``(N,)`` or ``(N, C)`` labels of a track, see ``LabelTrack``."""
        first = track.first_place
        return self.runs.labels(first, first + self.entry_of(track).frames)

    def all_labels(self) -> list[np.ndarray]:
        """Labels of each track."""
        return [self.labels_of(track) for track in self.tracks]

    def label_track(self, track: TrackEntry) -> LabelTrack:
        """A track with its labels and the names of its animals."""
        names = self.animals_of(self.entry_of(track))
        agent, target = (None if a is None else names[a] for a in (track.agent, track.target))
        about = None
        if not self.is_independent and track.looked_for is not None:
            is_about = self.classes_of(track)
            about = tuple(
                name for name, is_it in zip(self.class_names, is_about, strict=True) if is_it
            )
        return LabelTrack(self.labels_of(track), agent, target, about)

    def classes_of(self, track: TrackEntry) -> npt.NDArray[np.bool_]:
        """``(C,)`` which classes a track is about."""
        if track.looked_for is None or self.looked_for is None:
            return np.ones(len(self.class_names), bool)
        return np.asarray(self.looked_for[track.looked_for])

    def count_classes(self) -> _Ints:
        """Scored frames of each class in each track, ``(tracks, C)``."""
        return self._counts[0]

    def count_looked(self) -> _Ints:
        """Frames of each track in which somebody looked for each class, ``(tracks, C)``."""
        return self._counts[1]

    def per_recording(self, values: _Ints) -> _Ints:
        """``(tracks, C)`` numbers summed over the tracks of each recording, ``(R, C)``."""
        sums = np.zeros((len(self), values.shape[1]), np.int64)
        np.add.at(sums, [track.recording for track in self.tracks], values)
        return sums

    def subset(self, recordings: Sequence[int]) -> Dataset:
        """A dataset of some of the recordings, in the order of the arrays, which stay the same."""
        chosen = sorted(recordings)
        number = {index: place for place, index in enumerate(chosen)}
        return replace(
            self,
            entries=tuple(self.entries[index] for index in chosen),
            tracks=tuple(
                replace(track, recording=number[track.recording])
                for track in self.tracks
                if track.recording in number
            ),
        )

    @cached_property
    def _counts(self) -> tuple[_Ints, _Ints]:
        counts = np.zeros((2, len(self.tracks), len(self.class_names)), np.int64)
        for number, track in enumerate(self.tracks):
            stop = track.first_place + self.entry_of(track).frames
            counts[:, number] = self.runs.count(track.first_place, stop)
        return counts[0], counts[1]

    @cached_property
    def _tracks_of(self) -> list[list[TrackEntry]]:
        found: list[list[TrackEntry]] = [[] for _ in self.entries]
        for track in self.tracks:
            found[track.recording].append(track)
        return found


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
