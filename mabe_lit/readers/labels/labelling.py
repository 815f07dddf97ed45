"""Recordings with their labels, one by one: whose they are, in which words, at which frame."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.readers.events import Events
from mabe_lit.readers.labels.attribution import Attribution, attribute
from mabe_lit.readers.labels.doubts import told_of_files
from mabe_lit.readers.labels.readings import Findings, LabelOptions
from mabe_lit.readers.labels.scored import label_recording, lost_frames
from mabe_lit.readers.labels.time_base import (
    cut_clip,
    fill_up,
    place_labels,
)
from mabe_lit.readers.labels.videos import Video
from mabe_lit.readers.labels.words import Vocabulary, background_of, choose_classes, match_words
from mabe_lit.shell import InputError, InputWarning, describe_error

DEFAULT_FPS = 30.0
"""Frames per second where nothing tells."""

_LOST_SHARE = 0.01
"""Share of scored frames without a tracked point from which on it is told."""
_MOST_NAMED = 5

ReadPose = Callable[[str, float], Recording]
"""A recording's name and frames per second -> its tracking."""


class Labelling:
    """What is known before the first tracking is read, and what was found when the last one was.

    Attributes:
        classes: Names in the order of the labels.
        names: The recordings that have labels, in the order they are read.
        background: The class of frames that have no other, None if there is none.
        vocabulary: What became of each word of the annotations.
        findings: Readings that were taken.
        assumed_fps: Recordings whose frame rate nothing tells.
    """

    def __init__(
        self,
        observed: Sequence[Events],
        names: Sequence[str],
        read_pose: ReadPose,
        *,
        classes: Sequence[str] | None,
        options: LabelOptions,
        owner_of_file: Callable[[Path], str | None],
        videos: Mapping[str, Video],
        fps: float | None,
        skip_bad: bool = False,
    ) -> None:
        """Find whose labels there are and what they are called.

        Args:
            observed: All observations of all annotation files.
            names: The recordings that have tracking.
            read_pose: How one is read.
            classes: What the user asked for.
            options: How labels are read; its ``classes`` are still empty.
            owner_of_file: The recording that an annotation file is named after.
            videos: What is known of each video.
            fps: Frames per second where neither ``videos`` nor an annotation tells.
            skip_bad: Go on without recordings that cannot be read or have no labels.

        Raises:
            InputError: If a recording has no annotation, or the classes are none of the words.
        """
        self._read_pose, self._videos, self._fps = read_pose, videos, fps
        self._skip_bad = skip_bad
        self.findings = Findings()
        self.assumed_fps: set[str] = set()
        self._attribution = Attribution({}, {}, (), {})  # while lengths are asked for
        self._attribution = attribute(
            observed,
            names,
            owner_of_file=owner_of_file,
            seconds_of=lambda name: len(read_pose(name, self._rate(name))) / self._rate(name),
        )
        self._warn_of_files(names)
        self.names = [name for name in names if name in self._attribution.events]
        events = self._attribution.events.values()
        known = set().union(*(one.behaviors for one in events))
        background = options.background or background_of(list(events))
        chosen = choose_classes(classes, background, known)
        taken = match_words(known, chosen)
        own = {one.background for one in events} - {None, *chosen}
        taken |= {str(word): background for word in own if background is not None}
        self.classes, self.background = tuple(chosen), background
        self.vocabulary = Vocabulary(self.classes, taken)
        self._options = dataclasses.replace(options, classes=self.classes, background=background)
        self._merged: dict[str, list[str]] = {}

    def recordings(self) -> Iterator[Recording]:
        """Each recording with its labels; warns at the end of what was found.

        Raises:
            InputError: Naming all recordings that cannot be read or whose labels do not fit,
                unless these are to be skipped.
        """
        failed: list[str] = []
        lost = total = 0
        past: dict[str, int] = {}
        for name in self.names:
            try:
                recording, frames_past, without = self._label(name)
            except (InputError, OSError) as error:
                failed.append(describe_error(error))
                continue
            past[name] = frames_past
            lost, total = lost + without[0], total + without[1]
            if not failed or self._skip_bad:
                yield recording
        self._warn_at_the_end(past, lost, total)
        if failed and self._skip_bad and len(failed) < len(self.names):
            _warn(f"{len(failed)} of {len(self.names)} recordings left out: {'; '.join(failed)}")
        elif failed:
            hint = "; --skip_bad true goes on without them" if len(self.names) > 1 else ""
            raise InputError("; ".join(failed) + hint)

    def _rate(self, name: str) -> float:
        """Frames per second: the table's, else what the annotation tells, else the option's."""
        told = self._videos.get(name, Video()).fps
        if told is not None:
            return told
        events = self._attribution.events.get(name)
        own = self._attribution.fps.get(name) if events is not None else None
        if own is None and events is not None:
            own = events.rate
        if own is None and self._fps is None:
            self.assumed_fps.add(name)
            if events is not None and events.unit == "seconds":
                self.findings.add(
                    "labels are in seconds and nothing tells the frame rate; 30 frames/s is taken "
                    "(--fps, or --videos with a column fps)",
                    name,
                    str(events.path.name),
                )
        if own is None:
            return self._fps or DEFAULT_FPS
        if self._fps is not None and not math.isclose(own, self._fps, abs_tol=0.01):
            self.findings.add(
                f"the annotation tells the frame rate, and it is taken rather than --fps "
                f"{self._fps:g}",
                name,
                f"{own:g} frames/s",
            )
        return own

    def _label(self, name: str) -> tuple[Recording, int, tuple[int, int]]:
        """A recording, frames of its labels that are cut, and its lost and scored frames."""
        video = self._videos.get(name, Video())
        events = self.vocabulary.translate(self._attribution.events[name])
        is_numbered = events.counts_from_one or events.numbering
        if self._options.count_from == 1 and events.unit == "frames" and not is_numbered:
            self.findings.add(
                "--count_from 1 was not applied: frame 0 is there, or the format says how to count",
                name,
                events.path.name,
            )
        if is_numbered and self._options.count_from == 1:
            events = dataclasses.replace(
                events.shifted(-1.0), counts_from_one=False, numbering=False
            )
        recording = self._read_pose(name, self._rate(name))
        if events.unit == "seconds" and (video.label_fps or self._options.label_fps):
            self.findings.add(
                "--label_fps says nothing of labels that are in seconds", name, events.path.name
            )
        recording = cut_clip(recording, events, video, self._options)
        recording = fill_up(recording, events, video, self._options, self.findings)
        annotation = place_labels(recording, events, video, self._options, self.findings)
        self.vocabulary.count(annotation, len(recording))
        subjects = {i.subject for i in annotation.intervals if i.behavior in self.classes}
        if len(subjects - {""}) > 1:
            self._merged[name] = sorted(subjects - {""})
        options = self._without_what_nobody_looked_for(name, events)
        labels = label_recording(recording, annotation, video, options)
        without = lost_frames(recording, labels)
        labelled = dataclasses.replace(
            recording, tracks=(LabelTrack(labels),), class_names=self.classes
        )
        return labelled, annotation.frames_past(len(recording)), without

    def _without_what_nobody_looked_for(self, name: str, events: Events) -> LabelOptions:
        """The options; without a background if a class was not looked for in this recording.

        Where nobody looked for a class, a frame without any other may be it.
        """
        missing = [c for c in self.classes if c not in (*events.behaviors, self.background)]
        if self.background is None or not events.declares or not missing:
            return self._options
        self.findings.add(
            "the table has no column of a class that others have; nobody looked for it, so frames "
            f"without a behaviour are unscored and not {self.background!r}",
            name,
            f"without {', '.join(missing)}",
        )
        return dataclasses.replace(self._options, background=None)

    def _warn_of_files(self, names: Sequence[str]) -> None:
        found: Attribution = self._attribution
        self._check_missing([name for name in names if name not in found.events], len(names))
        for line in told_of_files(found):
            _warn(line)

    def _check_missing(self, missing: Sequence[str], count: int) -> None:
        """Raise if some of ``count`` recordings have no labels, or warn of them."""
        if not missing:
            return
        listed = ", ".join(map(repr, missing[:_MOST_NAMED]))
        more = f" and {len(missing) - _MOST_NAMED} more" if missing[_MOST_NAMED:] else ""
        message = (
            f"recording {listed}{more}: no annotation file has a name that begins with it, then "
            "nothing or a separator, and none is of its video"
        )
        if not self._skip_bad or len(missing) == count:
            unused = ", ".join(self._attribution.unused)
            others = f"; without poses are {unused}" if unused else ""
            raise InputError(f"{message}{others}; --skip_bad true goes on without them")
        _warn(f"left out: {message}")

    def _warn_at_the_end(self, past: Mapping[str, int], lost: int, total: int) -> None:
        for line in (*self.vocabulary.warnings(), *self.findings.lines()):
            _warn(line)
        if frames := sum(past.values()):
            longest = max(past, key=past.__getitem__)
            _warn(
                f"{sum(map(bool, past.values()))} of {len(past)} annotations run past the tracking "
                f"by {frames} frames in all, {past[longest]} at most ({longest}); these are cut"
            )
        if self._merged:
            name, subjects = next(iter(self._merged.items()))
            _warn(
                f"{len(self._merged)} recordings have labels of several subjects, such as {name} "
                f"({', '.join(subjects)}); they are taken together, --channel picks one"
            )
        if total and lost / total >= _LOST_SHARE:
            _warn(f"{100 * lost / total:.1f} % of the scored frames have no tracked point")


def _warn(message: str) -> None:
    warnings.warn(InputWarning(message), stacklevel=3)
