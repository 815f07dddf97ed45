"""Folders as labs have them, of a few seconds: tracking that moves, labels of chosen frames."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from mabe_lit.data import open_dataset
from mabe_lit.pose import Recording
from mabe_lit.prepare import prepare
from mabe_lit.shell import InputWarning

FRAMES = 120
BORIS_HEADER = (
    "Observation id,Observation date,Description,Observation duration,Observation type,Source,"
    "Media duration (s),FPS,Subject,Behavior,Behavioral category,Modifier #1,Behavior type,Time,"
    "Media file name,Image index,Image file path,Comment\n"
)


def paths_of(frames: int, animals: int = 2, points: int = 3) -> np.ndarray:
    """``(frames, animals, points, 2)``: each animal walks along x = y, its points 10 px apart."""
    step = np.arange(frames, dtype=float)[:, None, None, None]
    place = 100.0 * np.arange(animals)[None, :, None, None] + 100
    return step + place + 10.0 * np.arange(points)[None, None, :, None] + np.zeros(2)


def deeplabcut(
    frames: int = FRAMES,
    animals: Sequence[str] = ("m1", "m2"),
    points: Sequence[str] = ("nose", "neck", "tailbase"),
    *,
    first: int = 0,
) -> str:
    """A DeepLabCut CSV; one animal has no row of individuals."""
    columns = [(a, p, c) for a in animals for p in points for c in ("x", "y", "likelihood")]
    rows = [["scorer", *["net"] * len(columns)]]
    for title, level in (("individuals", 0), ("bodyparts", 1), ("coords", 2)):
        if level or len(animals) > 1:
            rows.append([title, *(column[level] for column in columns)])
    values = paths_of(frames, len(animals), len(points)).reshape(frames, -1, 2)
    for frame, pairs in enumerate(values, first):
        cells = (f"{x:g},{y:g},0.99" for x, y in pairs)
        rows.append([str(frame), *cells])
    return "\n".join(",".join(row) for row in rows) + "\n"


def boris(
    events: Iterable[tuple[float, float, str]],
    *,
    medium: str = "v1.mp4",
    length: str = "4",
    observation: str = "o1",
    subject: str = "No focal subject",
    fps: str = "30",
    modifier: str = "",
) -> str:
    """Rows of a tabular export: START and STOP of each ``(start_s, stop_s, behavior)``."""
    before = f"{observation},2024-01-01,,8,Media file(s),player #1:{medium},{length},{fps}"
    return "".join(
        f"{before},{subject},{behavior},,{modifier},{status},{time},{medium},NA,,\n"
        for start, stop, behavior in events
        for time, status in ((start, "START"), (stop, "STOP"))
    )


def frame_labels(frames: int = FRAMES, change: int = 50, first: int = 0) -> str:
    """A label a frame: a up to ``change``, then b."""
    rows = (f"{first + frame},{'a' if frame < change else 'b'}\n" for frame in range(frames))
    return "frame,label\n" + "".join(rows)


def told_by_prepare(
    lab: Path, *classes: str, **options: Any
) -> tuple[dict[str, Recording], list[str]]:
    """The recordings that ``prepare`` would write of a folder, and its warnings."""
    found: dict[str, Recording] = {}

    def keep(recordings: Iterable[Recording], *_: Any, **__: Any) -> None:
        found.update({recording.name: recording for recording in recordings})

    files = {"poses": str(lab), "annotations": str(lab), "output": str(lab.parent / "out")}
    with patch("mabe_lit.data.write_dataset", keep), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepare(classes=list(classes), **files | options)
    return found, [str(w.message) for w in caught if w.category is InputWarning]


def spans_of_track(recording: Recording, name: str) -> dict[str, list[tuple[int, int]]]:
    """First frame and frame after the last of each class, of a track such as ``m1 to m2``.

    Where classes are independent, those where somebody looked and it is not there are of ``no
    NAME``; frames that are unscored are of no entry.
    """
    (track,) = [track for track in recording.tracks if track.name == name]
    found = {}
    for number, one in enumerate(recording.class_names):
        labels = track.labels[:, number] if track.is_independent else track.labels
        found[one] = runs(labels == (1 if track.is_independent else number))
        if track.is_independent:
            found[f"no {one}"] = runs(labels == 0)
    return {name: spans for name, spans in found.items() if spans}


def runs(is_on: np.ndarray) -> list[tuple[int, int]]:
    """First frame and frame after the last of each run."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_on, [False]]))).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def spans_of(folder: Path) -> dict[str, list[tuple[int, int, str]]]:
    """The labels of each recording of a dataset: first frame, frame after the last, class."""
    found = {}
    for recording in open_dataset(folder):
        edges = (np.flatnonzero(np.diff(recording.labels)) + 1).tolist()
        starts, stops = [0, *edges], [*edges, len(recording)]
        names = [*recording.class_names, "-"]
        found[recording.name] = [
            (start, stop, names[max(recording.labels[start], -1)])
            for start, stop in zip(starts, stops, strict=True)
        ]
    return found
