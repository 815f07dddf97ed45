"""SLEAP's project, ``.slp``: instances of one video, as labelled and as predicted.

Read are the tables of frames, instances and points, and the names beside them; pictures and models
are left alone. In a frame, an instance that a person labelled or mended counts instead of the
predicted one that it replaces.

Source: ``sleap_io/io/slp.py``, formats 1.0 and later.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit.readers.pose_formats.instances import UNTRACKED, gather_instances
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_TABLES = ("frames", "instances", "points", "pred_points", "metadata", "tracks_json")
_PREDICTED = 1
_FROM_CORNERS = 1.1
"""Format before which (0, 0) was a pixel's corner; since then it is its middle."""


def matches(file: Any) -> bool:
    """Whether an open HDF5 file is a SLEAP project."""
    return all(table in file for table in _TABLES)


def read(path: Path, file: Any, *, names_only: bool = False) -> Tracks:
    """Read the instances of a project.

    Raises:
        InputError: If it holds several videos or skeletons, or none of its frames has an animal, or
            whose instances are whose is not known.
    """
    about = json.loads(file["metadata"].attrs["json"])
    nodes = _node_names(path, about)
    track_names = [_track_name(json.loads(text)) for text in file["tracks_json"][()]]
    if names_only:
        nothing = np.empty((0, len(track_names), len(nodes), 2))
        names = (tuple(track_names), tuple(nodes))
        return Tracks(path, np.empty(0), nothing, None, *names, may_break=True)
    frames, instances = file["frames"][()], file["instances"][()]
    if not len(instances):
        raise InputError(f"{path}: has no frames with an animal")
    # By number, since rows may be sorted otherwise.
    place = np.argsort(frames["frame_id"])
    of_frame = place[np.searchsorted(frames["frame_id"], instances["frame_id"], sorter=place)]
    videos = np.unique(frames["video"][of_frame])
    if len(videos) > 1:
        listed = ", ".join(_video_names(file))
        raise InputError(
            f"{path}: holds {len(videos)} videos ({listed}), expected one; export an analysis file "
            "of each"
        )
    is_predicted = instances["instance_type"] == _PREDICTED
    tracks = _tracks_of_mended(instances)
    kept = _without_replaced(instances, of_frame, tracks, is_predicted, bool(track_names))
    points, scores = _read_points(path, file, instances[kept], is_predicted[kept], len(nodes))
    if float(file["metadata"].attrs.get("format_id", 1.0)) < _FROM_CORNERS:
        points -= 0.5
    return gather_instances(
        path,
        frames=frames["frame_idx"][of_frame[kept]].astype(np.int64),
        tracks=tracks[kept],
        points=points,
        likelihood=scores,
        track_names=track_names,
        keypoint_names=nodes,
        where=lambda row: f"{path}: instance {instances['instance_id'][kept[row]]}",
    )


def _tracks_of_mended(instances: np.ndarray) -> np.ndarray:
    """``(I,)`` track of each instance; one that was mended is on that of the predicted one."""
    tracks = np.where(instances["track"] >= 0, instances["track"], UNTRACKED).astype(int)
    source = _sources(instances)
    is_mended = (tracks == UNTRACKED) & (source >= 0)
    tracks[is_mended] = tracks[source[is_mended]]
    return tracks


def _sources(instances: np.ndarray) -> np.ndarray:
    """``(I,)`` row of the predicted instance that each was made of, -1 if of none."""
    row_of = {int(number): row for row, number in enumerate(instances["instance_id"])}
    return np.array([row_of.get(int(number), -1) for number in instances["from_predicted"]])


def _without_replaced(
    instances: np.ndarray,
    of_frame: np.ndarray,
    tracks: np.ndarray,
    is_predicted: np.ndarray,
    has_tracks: bool,
) -> np.ndarray:
    """Rows of the instances that count."""
    by_hand = np.flatnonzero(~is_predicted)
    replaced = np.zeros(len(instances), bool)
    source = _sources(instances)[by_hand]
    replaced[source[source >= 0]] = True
    taken = {(of_frame[row], tracks[row]) for row in by_hand}
    frames_by_hand = {of_frame[row] for row in by_hand}
    for row in np.flatnonzero(is_predicted):
        is_same = tracks[row] != UNTRACKED and (of_frame[row], tracks[row]) in taken
        replaced[row] |= is_same or (not has_tracks and of_frame[row] in frames_by_hand)
    return np.flatnonzero(~(replaced & is_predicted))


def _read_points(
    path: Path, file: Any, instances: np.ndarray, is_predicted: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """``(I, K, 2)`` points, NaN where they are not visible, and ``(I, K)`` confidence."""
    lengths = instances["point_id_end"].astype(int) - instances["point_id_start"].astype(int)
    if (lengths != count).any():
        found = lengths[int((lengths != count).argmax())]
        raise InputError(f"{path}: an instance has {found} points, but the skeleton {count}")
    points = np.full((len(instances), count, 2), np.nan)
    scores = np.full((len(instances), count), np.nan)
    for table, chosen in (("pred_points", is_predicted), ("points", ~is_predicted)):
        if not chosen.any():
            continue
        rows = instances["point_id_start"][chosen].astype(int)[:, None] + np.arange(count)
        found = file[table][()][rows]
        xy = np.stack([found["x"], found["y"]], axis=-1)
        points[chosen] = np.where(found["visible"][..., None], xy, np.nan)
        if "score" in found.dtype.names:
            scores[chosen] = found["score"]
    return points, scores


def _node_names(path: Path, about: Any) -> list[str]:
    names = [node["name"] for node in about["nodes"]]
    if len(about["skeletons"]) != 1:
        raise InputError(f"{path}: has {len(about['skeletons'])} skeletons, expected one")
    return [names[node["id"]] for node in about["skeletons"][0]["nodes"]]


def _track_name(stored: Any) -> str:
    return str(stored[1] if isinstance(stored, list) else stored["name"])


def _video_names(file: Any) -> list[str]:
    stored = [json.loads(text) for text in file["videos_json"][()]]
    return [str(video.get("filename") or video["backend"]["filename"]) for video in stored]
