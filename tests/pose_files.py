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


def jabs_arrays(mice: np.ndarray, slots: int = 3, version: int = 5) -> dict[str, np.ndarray]:
    """What JABS stores of ``(N, A, 12, 2)`` x, y; NaN is a point of confidence 0.

    The mice change slots in every frame. A mouse without any point takes none.
    """
    frames, animals = mice.shape[:2]
    found = ~np.isnan(mice[..., 0])
    yx = np.nan_to_num(mice[..., ::-1]).astype(np.uint16)
    if version == 2:
        return {"points": yx[:, 0], "confidence": np.float32(0.9) * found[:, 0].astype("f4")}
    arrays = {
        "points": np.zeros((frames, slots, 12, 2), np.uint16),
        "confidence": np.zeros((frames, slots, 12), np.float32),
        "instance_count": np.zeros(frames, np.uint8),
        "instance_track_id": np.zeros((frames, slots), np.uint32),
    }
    if version > 3:
        arrays["instance_embed_id"] = np.zeros((frames, slots), np.uint32)
        arrays["id_mask"] = np.ones((frames, slots), bool)
        arrays["instance_id_center"] = np.zeros((animals, 16))
    for frame in range(frames):
        there = [a for a in np.roll(np.arange(animals), frame) if found[frame, a].any()]
        arrays["instance_count"][frame] = len(there)
        for slot, animal in enumerate(there):
            arrays["points"][frame, slot] = yx[frame, animal]
            arrays["confidence"][frame, slot] = 0.9 * found[frame, animal]
            arrays["instance_track_id"][frame, slot] = animal
            if version > 3:
                arrays["instance_embed_id"][frame, slot] = animal + 1
                arrays["id_mask"][frame, slot] = False
    return arrays


def write_jabs(path: Path, arrays: dict[str, np.ndarray], version: int = 5) -> Path:
    """The file ``path``, in the layout of JABS."""
    import h5py

    with h5py.File(path, "w") as file:
        group = file.create_group("poseest")
        group.attrs["version"] = np.array([version, 0], np.uint16)
        group.attrs["cm_per_pixel"] = np.float32(0.08)
        for name, values in arrays.items():
            group[name] = values
    return path
