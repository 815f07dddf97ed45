"""How many frames a second each recording has, by whatever tells it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mabe_lit.readers.labels.attribution import Attribution
from mabe_lit.readers.labels.readings import Findings
from mabe_lit.readers.labels.videos import Video

DEFAULT_FPS = 30.0
"""Frames per second where nothing tells."""


@dataclass
class FrameRates:
    """Frame rates of recordings.

    Attributes:
        videos: What is known of each video.
        fps: The option's rate, where neither ``videos`` nor an annotation tells; None if not given.
        findings: Where readings that were taken are noted.
        attribution: The annotations.
        assumed: Recordings whose frame rate nothing tells.
    """

    videos: Mapping[str, Video]
    fps: float | None
    findings: Findings
    attribution: Attribution = field(default_factory=lambda: Attribution({}, {}, (), {}))
    assumed: set[str] = field(default_factory=set)

    def of(self, name: str) -> float:
        """Frames per second: the table's, else what the annotation tells, else the option's."""
        told = self.videos.get(name, Video()).fps
        if told is not None:
            return told
        events = self.attribution.events.get(name)
        own = self.attribution.fps.get(name) if events is not None else None
        if own is None and events is not None:
            own = events.rate
        if own is None and self.fps is None:
            self.assumed.add(name)
            if events is not None and events.unit == "seconds":
                self.findings.add(
                    "labels are in seconds and nothing tells the frame rate; 30 frames/s is taken "
                    "(--fps, or --videos with a column fps)",
                    name,
                    str(events.path.name),
                )
        if own is None:
            return self.fps or DEFAULT_FPS
        if self.fps is not None and not math.isclose(own, self.fps, abs_tol=0.01):
            self.findings.add(
                f"the annotation tells the frame rate, and it is taken rather than --fps "
                f"{self.fps:g}",
                name,
                f"{own:g} frames/s",
            )
        return own
