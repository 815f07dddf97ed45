"""Recordings with their labels, one by one: whose they are, in which words, at which frame."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mabe_lit.pose import Recording
from mabe_lit.readers.events import Events
from mabe_lit.readers.labels.attribution import Attribution, attribute
from mabe_lit.readers.labels.doubts import told_of_files
from mabe_lit.readers.labels.frame_rates import FrameRates
from mabe_lit.readers.labels.meanings import settle_meanings
from mabe_lit.readers.labels.readings import Findings, LabelOptions
from mabe_lit.readers.labels.scored import label_tracks, lost_frames
from mabe_lit.readers.labels.time_base import (
    cut_clip,
    fill_up,
    place_labels,
)
from mabe_lit.readers.labels.videos import Video
from mabe_lit.shell import InputError, InputWarning, describe_error

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
        animals_of: Callable[[str], Sequence[str]],
        videos: Mapping[str, Video],
        fps: float | None,
        groups: Mapping[str, str] | None = None,
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
            animals_of: The animals of a recording, asked for where labels are told apart by them.
            videos: What is known of each video.
            fps: Frames per second where neither ``videos`` nor an annotation tells.
            groups: The group of each recording that has one.
            skip_bad: Go on without recordings that cannot be read or have no labels.

        Raises:
            InputError: If a recording has no annotation, or the classes are none of the words.
        """
        self._read_pose, self._videos = read_pose, videos
        self._skip_bad, self._groups = skip_bad, groups or {}
        self.findings = Findings()
        self._rates = FrameRates(videos, fps, self.findings)
        self._attribution = self._rates.attribution = attribute(
            observed,
            names,
            owner_of_file=owner_of_file,
            seconds_of=self._seconds_of,
            by_subject=options.subjects.kind != "scene",
        )
        self._warn_of_files(names)
        self.names = [name for name in names if name in self._attribution.events]
        found = {name: self._attribution.events[name] for name in self.names}
        meant = settle_meanings(found, classes, options, animals_of, self.findings, self._groups)
        self._events, self._options, self._scheme = meant.events, meant.options, meant.scheme
        self._failed = meant.failed
        self.classes, self.background = meant.options.classes, meant.options.background
        self.vocabulary = meant.vocabulary
        self._merged: dict[str, list[str]] = {}
        if meant.failed and (not skip_bad or not meant.events):
            told = list(meant.failed.values())
            more = f"; {len(told) - _MOST_NAMED} more" if told[_MOST_NAMED:] else ""
            raise InputError("; ".join(told[:_MOST_NAMED]) + more + self._hint)

    def _seconds_of(self, name: str) -> float:
        fps = self._rates.of(name)
        return len(self._read_pose(name, fps)) / fps

    @property
    def assumed_fps(self) -> set[str]:
        """Recordings whose frame rate nothing tells."""
        return self._rates.assumed

    @property
    def is_independent(self) -> bool:
        """Whether several classes may happen in one frame."""
        return self._scheme.is_independent

    @property
    def _hint(self) -> str:
        return "; --skip_bad true goes on without them" if len(self.names) > 1 else ""

    def recordings(self) -> Iterator[Recording]:
        """Each recording with its labels; warns at the end of what was found.

        Raises:
            InputError: Naming all recordings that cannot be read or whose labels do not fit,
                unless these are to be skipped.
        """
        failed = list(self._failed.values())
        lost = total = 0
        past: dict[str, int] = {}
        for name in self._events:
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
            raise InputError("; ".join(failed) + self._hint)

    def _label(self, name: str) -> tuple[Recording, int, tuple[int, int]]:
        """A recording, frames of its labels that are cut, and its lost and scored frames."""
        video = self._videos.get(name, Video())
        events = self._events[name]
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
        recording = self._read_pose(name, self._rates.of(name))
        recording = dataclasses.replace(recording, group=self._groups.get(name, ""))
        if events.unit == "seconds" and (video.label_fps or self._options.label_fps):
            self.findings.add(
                "--label_fps says nothing of labels that are in seconds", name, events.path.name
            )
        recording = cut_clip(recording, events, video, self._options)
        recording = fill_up(recording, events, video, self._options, self.findings)
        annotation = place_labels(recording, events, video, self._options, self.findings)
        self.vocabulary.count(annotation, len(recording))
        subjects = {i.subject for i in annotation.intervals if i.behavior in self.classes}
        if len(subjects - {""}) > 1 and self._scheme.of_scene:
            self._merged[name] = sorted(subjects - {""})
        tracks = label_tracks(recording, annotation, events, video, self._scheme, self.findings)
        without = lost_frames(recording, tracks)
        labelled = dataclasses.replace(
            recording,
            tracks=tracks,
            class_names=self.classes,
        )
        return labelled, annotation.frames_past(len(recording)), without

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
                f"({', '.join(subjects)}); they are taken together, --channel picks one, "
                "--subjects each tells them apart"
            )
        if total and lost / total >= _LOST_SHARE:
            _warn(f"{100 * lost / total:.1f} % of the scored frames have no tracked point")


def _warn(message: str) -> None:
    warnings.warn(InputWarning(message), stacklevel=3)
