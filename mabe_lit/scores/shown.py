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
    # A dataset of the scene alone has a track a recording.
    tracks = getattr(dataset, "tracks", None)
    if tracks is None:
        return [ShownTrack(entry.name, entry.fps) for entry in dataset.entries]

    def name(animal: int | None) -> str | None:
        return None if animal is None else dataset.animal_names[animal]

    entries = [dataset.entries[track.recording] for track in tracks]
    return [
        ShownTrack(entry.name, entry.fps, name(track.agent), name(track.target))
        for entry, track in zip(entries, tracks, strict=True)
    ]
