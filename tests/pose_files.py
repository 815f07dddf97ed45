"""Pose files as trackers write them, of values that tests choose."""

import json
from pathlib import Path
from typing import Any

import numpy as np

ANIMALS = ("resident", "intruder")
PARTS = ("nose", "tail")
VOCABULARY = {"attack": 0, "other": 3, "investigation": 1, "mount": 2}


def csv_text(
    table: np.ndarray,
    animals: tuple[str, ...] = ANIMALS,
    first_frame: int = 0,
    parts: tuple[str, ...] = PARTS,
) -> str:
    """A DeepLabCut CSV of ``(N, A, K, 3)`` x, y, likelihood; NaN is an empty cell."""
    columns = [(a, p, c) for a in animals for p in parts for c in ("x", "y", "likelihood")]
    header = [["scorer"] + ["net"] * len(columns)]
    for title, level in (("individuals", 0), ("bodyparts", 1), ("coords", 2)):
        if level or len(animals) > 1:
            header.append([title] + [column[level] for column in columns])
    lines = [",".join(row) for row in header]
    for frame, row in enumerate(table.reshape(len(table), -1), first_frame):
        lines.append(",".join([str(frame), *("" if np.isnan(v) else repr(float(v)) for v in row)]))
    return "\n".join(lines) + "\n"


def table(frames: int = 3, animals: int = 2, points: int = 2) -> np.ndarray:
    shape = (frames, animals, points, 2)
    values = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    return np.concatenate([values, np.ones((*values.shape[:3], 1))], axis=-1)


def write_deeplabcut(file, recording):
    """A multi-animal DeepLabCut CSV of a recording."""
    header = [["scorer"], ["individuals"], ["bodyparts"], ["coords"]]
    for animal in recording.animal_names:
        for point in recording.keypoint_names:
            for coordinate in ("x", "y", "likelihood"):
                for row, value in zip(header, ("net", animal, point, coordinate), strict=True):
                    row.append(value)
    points = recording.keypoints.astype(float)
    likelihood = np.where(np.isnan(points[..., :1]), np.nan, 0.99)
    table = np.concatenate([points, likelihood], -1).reshape(len(points), -1)
    lines = [",".join(row) for row in header]
    for index, row in enumerate(table):
        lines.append(",".join([str(index), *("" if np.isnan(v) else str(v) for v in row)]))
    file.write_text("\n".join(lines) + "\n")


def sequence(frames: int = 3, **changes: Any) -> dict[str, Any]:
    # Each coordinate says where it is: frame, mouse, axis, part.
    frame, mouse, axis, part = np.ogrid[1 : frames + 1, 1:3, 1:3, 1:8]
    keypoints = frame * 1000 + mouse * 100 + axis * 10 + part
    content = {
        "keypoints": keypoints.tolist(),
        "scores": np.ones((frames, 2, 7)).tolist(),
        "annotations": [3, 0, 2][:frames],
        "metadata": {"vocab": VOCABULARY},
    }
    return content | changes


def write_calms21(folder: Path, *sequences: dict[str, Any]) -> Path:
    named = {f"task1/train/mouse{n:03d}": one for n, one in enumerate(sequences, 1)}
    path = folder / "calms21.json"
    path.write_text(json.dumps({"annotator-id_0": named}))
    return path
