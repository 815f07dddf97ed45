"""What figures tell of a label track beside its labels."""

from __future__ import annotations

from dataclasses import dataclass

from mabe_lit.data import Dataset
from mabe_lit.pose.label_track import track_name


@dataclass(frozen=True)
class ShownTrack:
    """Whose labels they are.

    Attributes:
        recording: The recording's name.
        fps: Its frames per second.
        agent: The animal that acts, None for the scene.
        target: The animal that it is done to, if there is one.
    """

    recording: str
    fps: float
    agent: str | None = None
    target: str | None = None

    @property
    def title(self) -> str:
        """The recording's name, and below it the track's if it has one."""
        whose = track_name(self.agent, self.target)
        return f"{self.recording}\n{whose}" if whose else self.recording


def shown_tracks(dataset: Dataset) -> list[ShownTrack]:
    """The tracks of a dataset, in its order."""
    shown = []
    for track in dataset.tracks:
        entry = dataset.entry_of(track)
        names = dataset.animals_of(entry)
        agent, target = (None if a is None else names[a] for a in (track.agent, track.target))
        shown.append(ShownTrack(entry.name, entry.fps, agent, target))
    return shown
