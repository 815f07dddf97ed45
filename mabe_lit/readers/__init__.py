"""Files of the field, read into recordings.

``pose_formats`` and ``label_formats`` hold a module a format, ``formats`` names them and says what
it takes to add one. ``tracks`` is what all pose formats give, ``events`` what all label formats
give; ``poses`` makes recordings of the first, ``labels`` labels of the second. Files are told apart
by what they begin with, never by their names.
"""

from __future__ import annotations

from mabe_lit.pose import MOST_FPS, is_rate
from mabe_lit.readers.calms21 import read_calms21
from mabe_lit.readers.events import Event, Events, Medium
from mabe_lit.readers.formats import ANNOTATION_FORMATS, POSE_FORMATS
from mabe_lit.readers.intervals import Annotation, Interval, label_frames
from mabe_lit.readers.labels.labelling import Labelling
from mabe_lit.readers.labels.readings import LabelOptions, SubjectOptions
from mabe_lit.readers.labels.videos import Video, groups_of, read_videos, warn_of_tables
from mabe_lit.readers.mabe2025 import Mabe2025, read_mabe2025
from mabe_lit.readers.names import owner_of, recording_name
from mabe_lit.readers.observed import (
    list_annotation_files,
    read_all_annotations,
    read_annotations,
)
from mabe_lit.readers.poses.files import PoseFiles
from mabe_lit.readers.poses.options import PoseOptions
from mabe_lit.readers.poses.reader import PoseReader, find_pose_files, read_poses
from mabe_lit.readers.sources import Source, open_source
from mabe_lit.shell import InputError

__all__ = [
    "ANNOTATION_FORMATS",
    "POSE_FORMATS",
    "Annotation",
    "Event",
    "Events",
    "Interval",
    "LabelOptions",
    "Labelling",
    "Mabe2025",
    "Medium",
    "PoseFiles",
    "PoseOptions",
    "PoseReader",
    "Source",
    "SubjectOptions",
    "Video",
    "check_reading_options",
    "find_pose_files",
    "groups_of",
    "label_frames",
    "list_annotation_files",
    "open_source",
    "owner_of",
    "read_all_annotations",
    "read_annotations",
    "read_calms21",
    "read_mabe2025",
    "read_poses",
    "read_videos",
    "recording_name",
    "warn_of_tables",
]


def check_reading_options(
    fps: float | None,
    likelihood_below: float | None,
    *,
    label_fps: float | None = None,
    count_from: int | None = None,
) -> None:
    """Raise ``InputError`` unless rates are above 0, ``likelihood_below`` 0 to 1, or all None."""
    for key, rate in (("fps", fps), ("label_fps", label_fps)):
        if rate is not None and not is_rate(rate):
            raise InputError(
                f"--{key} is {rate:g}, expected a number above 0, at most {MOST_FPS:g}"
            )
    if likelihood_below is not None and not 0 <= likelihood_below <= 1:
        raise InputError(f"--likelihood_below is {likelihood_below:g}, expected 0 to 1")
    if count_from not in (None, 0, 1):
        raise InputError(f"--count_from is {count_from}, expected 0 or 1")
