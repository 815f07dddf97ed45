"""One time base: where in the tracking the labels lie, and what of both somebody watched.

Tracking and labels are frame for frame of one video only if something says so. Where they are not
alike, the reading that was taken is told, or refused where it would be a guess.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mabe_lit.pose import Recording
from mabe_lit.readers.events import OPEN_STOP, Events
from mabe_lit.readers.intervals import Annotation, frame_at
from mabe_lit.readers.labels.readings import Findings, LabelOptions
from mabe_lit.readers.labels.videos import Video
from mabe_lit.shell import InputError

_TOLERANCE_S = 0.5
"""Labels may run past the tracking, or end before it, by so much: a video's last frames."""
_TOLERANCE_SHARE = 0.01
"""Behaviours that are not learnt may run past it by this share of the recording."""
_MOST_SKIPPED = 10
_MOST_FILLED = 0.5
_SAME_RATE = 2e-3


def cut_clip(
    recording: Recording, events: Events, video: Video, options: LabelOptions
) -> Recording:
    """The part of the tracking that was scored, where ``video`` says at which frame it begins.

    Raises:
        InputError: If it begins past the tracking, or labels are numbered from 1, which their
            length cannot tell then.
    """
    if video.first_frame is None:
        return recording
    if events.counts_from_one:
        raise InputError(
            f"{events.path}: frame numbers begin at 1, and the clip of {recording.name!r} in its "
            "tracking has no length that tells which frame that is: give --count_from 0 or 1"
        )
    first, frames = int(video.first_frame), len(recording)
    if first >= frames:
        raise InputError(
            f"recording {recording.name!r}: first_frame is {first}, but its tracking has {frames} "
            "frames"
        )
    rate = _label_rate(recording, events, video, options)
    told = events.in_frames(recording.fps, rate).stop_frame
    last = frames if told is None else min(first + told, frames)
    return recording.frames_between(first, last)


def fill_up(
    recording: Recording,
    events: Events,
    video: Video,
    options: LabelOptions,
    findings: Findings,
) -> Recording:
    """The recording as long as its labels, where its file has frames with an animal alone.

    Labels that are longer by more than half of it are left for ``place_labels`` to refuse.
    """
    fps, frames = recording.fps, len(recording)
    rate = fps if events.unit == "frames" else 1.0
    rate = _label_rate(recording, events, video, options) or rate
    last = frame_at(events.stop / rate, fps)
    if not recording.may_go_on or not frames < last <= (1 + _MOST_FILLED) * frames:
        return recording
    findings.add(
        "the tracking ends with the last frame that shows an animal; it is taken to be as long as "
        "the labels (if these are of another rate, give --label_fps)",
        recording.name,
        f"{frames} of {last} frames",
    )
    return recording.with_frames(last)


def place_labels(
    recording: Recording,
    events: Events,
    video: Video,
    options: LabelOptions,
    findings: Findings,
) -> Annotation:
    """The annotation in frames of the recording, checked against its length.

    Args:
        recording: The tracking, cut to the clip that was scored.
        events: What was scored, from the clip's first frame on.
        video: What is known of the video.
        options: How labels are read.
        findings: Where readings that were taken are noted.

    Raises:
        InputError: If labels run past the tracking, or a state never stops.
    """
    frames, fps = len(recording), recording.fps
    if events.counts_from_one:
        events = _settle_first_number(recording, events, video, options, findings)
    annotation = events.in_frames(fps, _label_rate(recording, events, video, options))
    annotation = _settle_open(annotation, frames, options)
    _note_without_frames(recording, annotation, findings)
    _check_length(recording, events, annotation, options)
    watched = annotation.stop_frame
    if watched is not None and frames - watched > _TOLERANCE_S * fps:
        findings.add(
            "the labels are of fewer frames than the tracking; they are taken from its first frame "
            "on, and the rest is unscored (--videos with first_frame says where they begin)",
            recording.name,
            f"{watched} of {frames} frames",
        )
    return annotation


def _settle_first_number(
    recording: Recording, events: Events, video: Video, options: LabelOptions, findings: Findings
) -> Events:
    """Events of a table whose first frame is number 1, counted from 0."""
    is_one = options.count_from == 1
    per_label = recording.fps / (_label_rate(recording, events, video, options) or recording.fps)
    if options.count_from is None and round((events.stop - 1) * per_label) == len(recording):
        is_one = True
        findings.add(
            "frames are taken as numbered from 1, since the last one is the tracking's length "
            "(--count_from 0 takes the numbers as they stand)",
            recording.name,
            f"frames 1 to {events.stop - 1:g}",
        )
    elif options.count_from is None:
        findings.add(
            "frame numbers begin at 1 and are taken as they stand, the first frame is number 0 "
            "(--count_from 1 takes frame 1 for the first)",
            recording.name,
            f"frames 1 to {events.stop - 1:g}, tracking of {len(recording)}",
        )
    return events.shifted(-1.0) if is_one else events


def _label_rate(
    recording: Recording, events: Events, video: Video, options: LabelOptions
) -> float | None:
    """Frames per second that labels count at, None if as the tracking."""
    rate = video.label_fps or options.label_fps
    if rate is None and events.unit == "frames" and events.rate is not None:
        # 29.97 and 30 are two ways to tell one rate; frames are counted one by one in both.
        is_same = math.isclose(events.rate, recording.fps, rel_tol=_SAME_RATE)
        rate = None if is_same else events.rate
    return rate


def _settle_open(annotation: Annotation, frames: int, options: LabelOptions) -> Annotation:
    """The annotation with what never stops lasting as long as somebody watched, if asked for."""
    last = frames if annotation.stop_frame is None else min(frames, annotation.stop_frame)
    intervals = []
    for interval in annotation.intervals:
        if interval.stop_frame != OPEN_STOP:
            intervals.append(interval)
        elif options.open_until_end:
            intervals.append(replace(interval, stop_frame=max(last, interval.start_frame)))
        else:
            raise InputError(
                f"{annotation.path}: line {interval.line_number}: {interval.behavior} has a START "
                "without STOP; --open_until_end true takes it to the recording's end"
            )
    return replace(annotation, intervals=tuple(intervals))


def _note_without_frames(recording: Recording, annotation: Annotation, findings: Findings) -> None:
    empty = [i for i in annotation.intervals if i.behavior and i.start_frame == i.stop_frame]
    if empty:
        findings.add(
            "bouts that are too short to cover a frame are left out",
            recording.name,
            f"{len(empty)}, such as {empty[0].behavior} of line {empty[0].line_number}",
        )


def _check_length(
    recording: Recording, events: Events, annotation: Annotation, options: LabelOptions
) -> None:
    """Raise where labels run past the tracking by more than a video's last frames."""
    frames, fps = len(recording), recording.fps
    learnt = _last_stop(annotation, options.classes)
    if options.background is not None and annotation.stop_frame is not None:
        learnt = max(learnt, annotation.stop_frame)
    last = max(_last_stop(annotation, annotation.behaviors), annotation.stop_frame or 0)
    margin = _TOLERANCE_S * fps
    if learnt <= frames + margin and last <= frames + max(margin, _TOLERANCE_SHARE * frames):
        return
    last = learnt if learnt > frames + margin else last
    raise InputError(
        f"{annotation.path}: its labels are of {last} frames ({last / fps:.1f} s), but the "
        f"tracking of {recording.name!r} has {frames} ({frames / fps:.1f} s) at {fps:g} frames/s; "
        f"{_what_fits(last, frames, fps, events.unit)}"
    )


def _last_stop(annotation: Annotation, behaviors: Sequence[str] | frozenset[str]) -> int:
    stops = (
        interval.stop_frame for interval in annotation.intervals if interval.behavior in behaviors
    )
    return max(stops, default=0)


def _what_fits(labels: int, frames: int, fps: float, unit: str) -> str:
    """What would make labels and tracking of these lengths fit."""
    skipped = round(labels / frames)
    if 2 <= skipped <= _MOST_SKIPPED and abs(labels - skipped * frames) <= skipped + 0.01 * labels:
        every = {2: "second", 3: "third"}.get(skipped, f"{skipped}th")
        if unit == "seconds":
            return (
                f"if only every {every} frame was tracked, --fps {fps / skipped:g} is the "
                "tracking's rate"
            )
        return (
            f"if only every {every} frame was tracked, give the rate of each: --fps "
            f"{fps / skipped:g} --label_fps {fps:g}"
        )
    return (
        "if they are of another rate, give --fps or --label_fps; if the tracking is of a clip, or "
        "of another video, prepare the labels of that; --videos tells both of each recording"
    )
