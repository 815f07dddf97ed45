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

from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

# Written for MATLAB, whose arrays run the other way; newer files say their order in an attribute.
_ORDER = ["track", "xy", "node", "frame"]


def matches(file: Any) -> bool:
    """Whether an open HDF5 file is a SLEAP analysis file."""
    return "tracks" in file and "node_names" in file


def read(path: Path, file: Any, *, names_only: bool = False) -> Tracks:
    """Read an analysis file; a track is an animal, or a part of one.

    Raises:
        InputError: If the arrays and the names contradict each other, or several animals at once
            have no tracks.
    """
    order = _order(file["tracks"], ["frame", "track", "node", "xy"])
    shape = tuple(file["tracks"].shape[axis] for axis in order)
    nodes = _names(file["node_names"])
    tracks = _names(file["track_names"]) if "track_names" in file else ()
    is_tracked = bool(tracks)
    if not tracks:
        tracks = tuple(f"animal{number + 1}" for number in range(shape[1]))
    if shape[1:] != (len(tracks), len(nodes), 2):
        raise InputError(
            f"{path}: tracks have shape {file['tracks'].shape}, "
            f"but {len(tracks)} tracks and {len(nodes)} nodes are named"
        )
    if names_only:
        nothing = np.empty((0, *shape[1:]))
        return Tracks(path, np.empty(0), nothing, None, tracks, nodes, may_break=True)
    points = np.transpose(file["tracks"][()], order)
    likelihood = None
    if "point_scores" in file:
        scores = file["point_scores"]
        likelihood = np.transpose(scores[()], _order(scores, ["frame", "track", "node"]))
    at_once = (~np.isnan(points).all(axis=(2, 3))).sum(axis=1)
    if not is_tracked and at_once.max(initial=0) > 1:
        frame = int((at_once > 1).argmax())
        raise InputError(
            f"{path}: frame {frame} has {at_once[frame]} animals, but the file has no tracks, so "
            "who is who is not known; run SLEAP's tracking first"
        )
    frames = np.arange(len(points))  # up to the last one with an animal
    return Tracks(path, frames, points, likelihood, tracks, nodes, may_break=True, may_go_on=True)


def _order(array: Any, wanted: list[str]) -> list[int]:
    """Where each wanted axis is stored."""
    stored = json.loads(array.attrs["dims"]) if "dims" in array.attrs else _ORDER
    stored = [axis for axis in stored if axis in wanted]
    return [stored.index(axis) for axis in wanted]


def _names(array: Any) -> tuple[str, ...]:
    return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in array[()])
