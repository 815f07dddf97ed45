"""Analysis HDF5 of SLEAP: ``sleap-convert --format analysis`` or "Export Analysis HDF5".

Source: https://sleap.ai/notebooks/Analysis_examples.html and ``sleap_io/io/analysis_h5.py``.
sleap-io itself reads it too, but installs a renderer, a video encoder and a web client for these
few lines.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit.readers.tracks import Tracks
from mabe_lit.shell import InputError

# Written for MATLAB, whose arrays run the other way; newer files say their order in an attribute.
_ORDER = ["track", "xy", "node", "frame"]


def matches(file: Any) -> bool:
    """Whether an open HDF5 file is a SLEAP analysis file."""
    return "tracks" in file and "node_names" in file


def read(path: Path, file: Any) -> Tracks:
    """Read an analysis file; a track is an animal.

    Raises:
        InputError: If the arrays and the names contradict each other.
    """
    points = _read(file["tracks"], ["frame", "track", "node", "xy"])
    likelihood = None
    if "point_scores" in file:
        likelihood = _read(file["point_scores"], ["frame", "track", "node"])
    nodes = _names(file["node_names"])
    tracks = _names(file["track_names"]) if "track_names" in file else ()
    if not tracks:  # a project of one animal has no tracks
        tracks = tuple(f"animal{number + 1}" for number in range(points.shape[1]))
    if points.shape[1:] != (len(tracks), len(nodes), 2):
        raise InputError(
            f"{path}: tracks have shape {file['tracks'].shape}, "
            f"but {len(tracks)} tracks and {len(nodes)} nodes are named"
        )
    return Tracks(path, np.arange(len(points)), points, likelihood, tracks, nodes)


def _read(array: Any, wanted: list[str]) -> np.ndarray:
    stored = json.loads(array.attrs["dims"]) if "dims" in array.attrs else _ORDER
    stored = [axis for axis in stored if axis in wanted]
    return np.transpose(array[()], [stored.index(axis) for axis in wanted])


def _names(array: Any) -> tuple[str, ...]:
    return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in array[()])
