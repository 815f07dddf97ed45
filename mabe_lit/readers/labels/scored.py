"""Which frames of a recording are scored, and as what: its label tracks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.readers.events import Events
from mabe_lit.readers.intervals import Annotation, Interval, frame_at, label_frames
from mabe_lit.readers.labels.readings import Findings
from mabe_lit.readers.labels.scheme import Scheme, Whose
from mabe_lit.readers.labels.videos import Video
from mabe_lit.shell import InputError


def label_tracks(
    recording: Recording,
    annotation: Annotation,
    events: Events,
    video: Video,
    scheme: Scheme,
    findings: Findings,
) -> tuple[LabelTrack, ...]:
    """The label tracks of a recording; unscored outside what ``video`` says that somebody watched.

    Args:
        recording: The tracking, cut to what was scored.
        annotation: What was scored, in frames.
        events: The same as the file has it, for what it was watched for.
        video: What is known of the video.
        scheme: What the dataset's tracks are about.
        findings: Where readings that were taken are noted.

    Raises:
        InputError: If behaviours that exclude each other overlap in a track.
    """
    scribe = _Scribe(recording, annotation, events, scheme, findings)
    scribe.note_not_chosen()
    missing = scheme.not_looked_for(events, recording.group)
    if missing:
        _note_missing(recording, events, scheme, missing, findings)
    tracks = []
    for whose in scheme.tracks(recording.animal_names):
        looked_for = [name for name in scheme.about(whose) if name not in missing]
        write = scribe.yes_or_no if scheme.is_independent else scribe.one_a_frame
        labels = write(whose, looked_for)
        _blank_outside(labels, video, recording.fps)
        names = (*looked_for, *filter(None, [scheme.background]))
        is_partly = not scheme.is_independent and set(names) < set(scheme.classes)
        in_order = tuple(name for name in scheme.classes if name in names) if is_partly else None
        tracks.append(LabelTrack(labels, *whose, looked_for=in_order))
    return tuple(tracks)


def lost_frames(recording: Recording, tracks: Sequence[LabelTrack]) -> tuple[int, int]:
    """Scored frames in which nothing of a track's animals is tracked, and scored frames in all.

    Raises:
        InputError: If they are all the scored frames that there are.
    """
    is_lost = np.isnan(recording.keypoints).all(axis=(2, 3))  # (N, A)
    lost = total = 0
    for track in tracks:
        whose = [a for a in (track.agent, track.target) if a is not None]
        columns = [recording.animal_names.index(animal) for animal in whose]
        of_track = is_lost[:, columns] if columns else is_lost
        lost += int((track.is_scored & of_track.all(axis=1)).sum())
        total += int(track.is_scored.sum())
    if total and lost == total:
        raise InputError(
            f"recording {recording.name!r}: not one of its {total} scored frames has a tracked "
            "point; are labels and tracking of the same video?"
        )
    return lost, total


@dataclass(frozen=True)
class _Scribe:
    """Writes the labels of one recording, track by track."""

    recording: Recording
    annotation: Annotation
    events: Events
    scheme: Scheme
    findings: Findings

    def one_a_frame(self, whose: Whose, looked_for: Sequence[str]) -> np.ndarray:
        """``(N,)`` int16 labels of behaviours that exclude each other.

        Where nobody looked for a class, a frame without any other may be it, and is no background.
        """
        frames, scheme = len(self.recording), self.scheme
        if not self._is_watched(whose):
            return np.full(frames, UNSCORED, np.int16)
        is_all = len(looked_for) == len(scheme.about(whose))
        background = scheme.background if is_all else None
        intervals = tuple(self._intervals(whose, looked_for))
        mine = replace(self.annotation, intervals=intervals)
        try:
            return label_frames(mine, frames, scheme.classes, background)
        except InputError as error:
            subjects = {i.subject for i in self.annotation.intervals} - {""}
            if not scheme.of_scene or len(subjects) < 2:
                raise
            raise InputError(f"{error}, --subjects each tells animals apart") from error

    def yes_or_no(self, whose: Whose, looked_for: Sequence[str]) -> np.ndarray:
        """``(N, C)`` int8 labels of independent behaviours: 1, 0, or nobody looked."""
        shape = (len(self.recording), len(self.scheme.classes))
        labels = np.full(shape, UNSCORED, np.int8)
        if not self._is_watched(whose):
            return labels
        intervals = list(self._intervals(whose, looked_for))
        watched = slice(self.annotation.start_frame, self.annotation.stop_frame)
        for name in looked_for:
            column = labels[:, self.scheme.classes.index(name)]
            if not self.events.only_told:
                column[watched] = 0
            of_class = [i for i in intervals if i.behavior == name]
            untold = [i for i in intervals if self._hides(i, name)]
            untold += [i for i in of_class if i.answer is None]
            _fill(column, untold, UNSCORED)
            _fill(column, [i for i in of_class if i.answer is False], 0)
            _fill(column, [i for i in of_class if i.answer], 1)
        if not (self.events.declares or self.events.only_told):
            self._note_no(whose, intervals)
        return labels

    def _is_watched(self, whose: Whose) -> bool:
        """Whether the file has rows of these animals, if it has any of animals."""
        agent, target = whose
        if agent is not None and not self._is_chosen(agent):
            return False
        is_any = agent is None or not self.events.whose
        return is_any or (agent or "", target or "") in self.events.whose

    def note_not_chosen(self) -> None:
        """Tell which animals' labels are unscored since other ones were chosen."""
        left = [name for name in self.recording.animal_names if not self._is_chosen(name)]
        if left and not self.scheme.of_scene:
            self.findings.add(
                "labels of animals that --channel does not choose, or of which the file has none, "
                "are unscored",
                self.recording.name,
                ", ".join(left),
            )

    def _is_chosen(self, agent: str) -> bool:
        return self.events.agents is None or agent in self.events.agents

    def _intervals(self, whose: Whose, looked_for: Collection[str]) -> Iterator[Interval]:
        """What is said of a track; other words than ``looked_for`` leave its frames unscored."""
        scheme = self.scheme
        if scheme.of_scene:
            yield from self.annotation.intervals
            return
        agent, target = whose
        for interval in self.annotation.intervals:
            is_of_track = interval.subject == agent and interval.target == (target or "")
            if is_of_track or self._covers(interval, agent):
                yield interval

    def _covers(self, interval: Interval, agent: str | None) -> bool:
        """Whether what has no target, or no subject either, holds for all tracks of an agent.

        So do words that are no class if nothing tells whose they are, and the background of an
        animal that has no track of its own.
        """
        scheme = self.scheme
        is_word = interval.behavior not in scheme.classes
        if is_word and not interval.subject:
            return True
        is_untold = is_word and interval.behavior in scheme.targeted
        is_background = interval.behavior == scheme.background and not scheme.has_own
        is_of_agent = interval.subject == agent and not interval.target
        return is_of_agent and (is_untold or is_background)

    def _hides(self, interval: Interval, name: str) -> bool:
        """Whether nobody looked for a class where another word stands in the class's channel."""
        is_word = interval.behavior not in self.scheme.classes
        is_of_channel = not interval.channel or interval.channel in self.scheme.users[name]
        says_all = self.events.declares or self.events.only_told
        return is_word and is_of_channel and not (says_all and interval.behavior)

    def _note_no(self, whose: Whose, intervals: Sequence[Interval]) -> None:
        file = self.annotation.path.name
        self.findings.add(
            "frames without a bout of a behaviour are taken as looked at and 'no'",
            self.recording.name,
            file,
        )
        words = [i for i in intervals if i.behavior and i.behavior not in self.scheme.classes]
        told = {f"{i.channel}={i.behavior}" if i.channel else i.behavior for i in words}
        if told:
            self.findings.add(
                "where words stand that are not among --classes, nobody is taken to have looked "
                "for the behaviours of their channel (--none_words WORD or CHANNEL=WORD takes them "
                "for 'no')",
                self.recording.name,
                ", ".join(sorted(told)),
            )


def _fill(column: np.ndarray, intervals: Sequence[Interval], value: int) -> None:
    for interval in intervals:
        column[interval.start_frame : interval.stop_frame] = value


def _blank_outside(labels: np.ndarray, video: Video, fps: float) -> None:
    start_s, stop_s = video.scored_start_s or 0.0, video.scored_stop_s
    labels[: frame_at(start_s, fps)] = UNSCORED
    if stop_s is not None:
        labels[frame_at(stop_s, fps) :] = UNSCORED


def _note_missing(
    recording: Recording,
    events: Events,
    scheme: Scheme,
    missing: Sequence[str],
    findings: Findings,
) -> None:
    absent = scheme.absent.get(recording.group, frozenset()) if not events.declares else ()
    by_group = [name for name in missing if name in absent]
    by_file = [name for name in missing if name not in absent]
    hidden = ""
    if scheme.background is not None:
        hidden = f", so frames without a behaviour are unscored and not {scheme.background!r}"
    if by_group:
        what = (
            f"no annotation of group {recording.group} has a class that other groups have, so "
            f"nobody is taken to have looked for it there{hidden}"
        )
        findings.add(what, recording.name, f"without {', '.join(by_group)}")
    if not by_file:
        return
    what = "the table has no column of a class that others have; nobody looked for it"
    detail = f"without {', '.join(by_file)}"
    if not events.declares:
        channels = sorted({channel for one in by_file for channel in scheme.users[one]})
        what = "a channel is not in the file, so nobody looked for its behaviours"
        detail = f"without {', '.join(filter(None, channels))}: {', '.join(by_file)}"
    findings.add(what + hidden, recording.name, detail)
