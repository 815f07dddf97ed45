"""Which frames of a recording are scored, and as what."""

from __future__ import annotations

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.pose import Recording
from mabe_lit.readers.intervals import Annotation, frame_at, label_frames
from mabe_lit.readers.labels.readings import LabelOptions
from mabe_lit.readers.labels.videos import Video
from mabe_lit.shell import InputError


def label_recording(
    recording: Recording, annotation: Annotation, video: Video, options: LabelOptions
) -> np.ndarray:
    """``(N,)`` int16 labels; unscored outside what ``video`` says that somebody watched."""
    labels = label_frames(annotation, len(recording), options.classes, options.background)
    start_s, stop_s = video.scored_start_s or 0.0, video.scored_stop_s
    labels[: frame_at(start_s, recording.fps)] = UNSCORED
    if stop_s is not None:
        labels[frame_at(stop_s, recording.fps) :] = UNSCORED
    return labels


def lost_frames(recording: Recording, labels: np.ndarray) -> tuple[int, int]:
    """Scored frames without one tracked point, and scored frames in all.

    Raises:
        InputError: If they are all the scored frames that there are.
    """
    scored = labels != UNSCORED
    is_lost = np.isnan(recording.keypoints).all(axis=(1, 2, 3))
    lost, total = int((scored & is_lost).sum()), int(scored.sum())
    if total and lost == total:
        raise InputError(
            f"recording {recording.name!r}: not one of its {total} scored frames has a tracked "
            "point; are labels and tracking of the same video?"
        )
    return lost, total
