"""Annotation files that tests write, and what readers found in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mabe_lit.readers import Events, label_frames


def write(folder: Path, text: str, name: str = "a.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def spans(events: Events) -> list[tuple[float, float, str]]:
    """Start, stop and behaviour of each bout."""
    bouts = (event for event in events.events if not event.is_point)
    return [(event.start, event.stop, event.behavior) for event in bouts]


def labels(
    events: Events, frames: int, classes: list[str], background: str | None = None, fps: float = 30
) -> list[int]:
    return label_frames(events.in_frames(fps), frames, classes, background).tolist()


def rows(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def frames_of(*spans: tuple[int, int], total: int) -> np.ndarray:
    """``(total,)`` 1 in the frames of ``spans``, 0 elsewhere."""
    flags = np.zeros(total, int)
    for start, stop in spans:
        flags[start:stop] = 1
    return flags
