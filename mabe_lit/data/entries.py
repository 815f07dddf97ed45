"""Rows of a dataset's table of contents: its recordings, and the label tracks of these."""

from __future__ import annotations

from dataclasses import dataclass

from mabe_lit.pose import Recording


@dataclass(frozen=True)
class Entry:
    """One recording's place: frames ``first_frame`` to ``first_frame + frames`` of the arrays.

    Attributes:
        name: The recording's.
        first_frame: Where it begins.
        frames: How long it is.
        fps: Frames per second.
        has_likelihood: Whether the tracker told likelihoods.
        group: See ``Recording.group``.
        animals: Names of its animals, the first ones of the arrays' axis of animals; None where
            they are those of the dataset.
        points: Which points its animals have, a row of ``point_sets``; None where all have all.
    """

    name: str
    first_frame: int
    frames: int
    fps: float
    has_likelihood: bool = False
    group: str = ""
    animals: list[str] | None = None
    points: int | None = None

    @classmethod
    def of(cls, recording: Recording) -> Entry:
        """That of a recording by itself."""
        is_told = recording.likelihood is not None
        place = (recording.name, 0, len(recording), recording.fps)
        return cls(*place, has_likelihood=is_told, group=recording.group)


@dataclass(frozen=True)
class TrackEntry:
    """One label track: frames ``first_frame`` to ``first_frame + frames`` of all tracks' labels.

    Attributes:
        recording: Its recording, an index into the entries.
        first_place: Where its labels begin, see ``LabelRuns``.
        agent: Index of the animal that acts; None for the scene.
        target: Index of the animal that it is done to, if there is one.
        looked_for: Row of ``looked_for`` of the dataset: which classes it is about; None for all.
    """

    recording: int
    first_place: int
    agent: int | None = None
    target: int | None = None
    looked_for: int | None = None
