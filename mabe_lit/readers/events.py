"""What one annotation says, in the file's own frames or seconds, before it meets a recording."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from mabe_lit.readers.intervals import Annotation, Interval, frame_at, frame_holding
from mabe_lit.readers.names import VIDEO_SUFFIXES


@dataclass(frozen=True)
class Event:
    """One bout as somebody scored it.

    Attributes:
        start: Where it begins, a frame boundary counted from 0 or a time in seconds, see
            ``Events.unit``.
        stop: Where it ends, likewise; the first frame after it. Infinite where a state was started
            and never stopped.
        behavior: Its name; empty where the file says that a frame was not scored.
        line_number: Where it stands in its file.
        subject: Who does it, where the file tells; empty otherwise.
        modifiers: What the file tells beside the behaviour, such as toward whom; empty where one
            of several is not told.
        target: Toward whom, where a column tells just that.
        channel: The channel it stands in, where several were read.
        answer: Whether it happens; False where somebody looked and it does not, None where nobody
            looked for this one, though for others.
    """

    start: float
    stop: float
    behavior: str
    line_number: int
    subject: str = ""
    modifiers: tuple[str, ...] = ()
    target: str = ""
    channel: str = ""
    answer: bool | None = True

    @property
    def is_point(self) -> bool:
        """Whether it has no duration, and nobody knows how long it lasts."""
        return self.answer is None and self.start == self.stop


def point(at: float, behavior: str, line_number: int, **more: object) -> Event:
    """An event without a duration; ``more`` as attributes."""
    return Event(at, at, behavior, line_number, answer=None, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Medium:
    """One video that was scored.

    Attributes:
        name: Its file's name or path, as the annotation tells it.
        length_s: Its length in seconds, None if the file does not tell.
        fps: Its frames per second, None if the file does not tell.
    """

    name: str
    length_s: float | None = None
    fps: float | None = None

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of its path, whatever system it is of."""
        return tuple(part for part in re.split(r"[\\/]", self.name)[:-1] if part)

    @property
    def file_name(self) -> str:
        """Its file's name, without the folders."""
        return re.split(r"[\\/]", self.name)[-1]

    @property
    def stem(self) -> str:
        """Its file's name without folders and a video's ending."""
        path = PurePosixPath(self.file_name)
        return path.stem if path.suffix.lower() in VIDEO_SUFFIXES else path.name


@dataclass(frozen=True)
class Events:
    """What somebody scored in one sitting: one observation, channel or table.

    Attributes:
        path: The file.
        events: In the order of the file.
        unit: What ``start`` and ``stop`` count.
        behaviors: Names that the file uses or declares, also those that never happen in it.
        watched: First and last boundary, in ``unit``, of what was looked at; the last is infinite
            where the file does not tell.
        media: The videos, one after the other in the same time; none where the file tells none.
            Then the file's own name tells the recording.
        observation: The observation's name, where a file can hold several; empty otherwise.
        rate: Frames per second that frames are counted at, None if the file does not tell.
        background: What the file itself calls frames without any behaviour; None if it does not.
        counts_from_one: Whether frames are numbered from 1, which may be a habit of counting or a
            first frame that nobody scored; ``start`` and ``stop`` take the numbers as they stand.
        declares: Whether ``behaviors`` are all that somebody looked for, as a table's columns tell.
        only_told: Whether somebody looked where an event says so, and nowhere else.
        whose: Subject and target, in a table that has rows of each; nobody looked at others. Empty
            where the file has no such rows.
        channels: The channels that were read, in files that have such.
        counts: What ``line_number`` counts in the file, for messages.
        elsewhere: Behaviour and channel of what stands in channels that were not read.
        by_channel: Whether all channels were read since they may be called after animals.
        agents: The subjects that were chosen; None for all that there are.
        numbering: Whether frames are plain numbers that could count from 1: nothing says from
            where they count, and none of them is 0; taken as they stand as well.
    """

    path: Path
    events: tuple[Event, ...]
    unit: Literal["frames", "seconds"]
    behaviors: frozenset[str]
    watched: tuple[float, float] = (0.0, math.inf)
    media: tuple[Medium, ...] = ()
    observation: str = ""
    rate: float | None = None
    background: str | None = None
    counts_from_one: bool = False
    numbering: bool = False
    declares: bool = False
    only_told: bool = False
    whose: frozenset[tuple[str, str]] = frozenset()
    channels: tuple[str, ...] = ()
    counts: str = "line"
    elsewhere: frozenset[tuple[str, str]] = frozenset()
    by_channel: bool = False
    agents: frozenset[str] | None = None

    @classmethod
    def of(
        cls,
        path: Path,
        events: Sequence[Event],
        unit: Literal["frames", "seconds"],
        declared: Sequence[str] = (),
        **more: object,
    ) -> Events:
        """Events whose names are those declared and those that occur; ``more`` as attributes."""
        bouts = (event.behavior for event in events if not event.is_point)
        names = {*declared, *bouts} - {""}
        return cls(path, tuple(events), unit, frozenset(names), **more)  # type: ignore[arg-type]

    @property
    def stop(self) -> float:
        """The last boundary that the file tells of, in ``unit``; 0 if it tells of nothing."""
        finite = [event.stop for event in self.events if event.stop < math.inf]
        told = [self.watched[1]] if self.watched[1] < math.inf else []
        return max([*finite, *told], default=0.0)

    def place_of(self, event: Event) -> str:
        """Where an event stands, such as ``line 12``."""
        return f"{self.counts} {event.line_number}"

    def shifted(self, by: float) -> Events:
        """The same with everything ``by`` later, in ``unit``."""
        first, last = self.watched
        events = tuple(replace(e, start=e.start + by, stop=e.stop + by) for e in self.events)
        return replace(self, events=events, watched=(max(first + by, 0.0), last + by))

    def clipped(self, start: float, stop: float) -> Events:
        """What lies between two boundaries, counted from the first; what never stops stays so."""
        events = tuple(
            replace(
                e,
                start=max(e.start, start) - start,
                stop=e.stop if e.stop == math.inf else min(e.stop, stop) - start,
            )
            for e in self.events
            if e.start < stop and (e.stop > start or (e.is_point and e.start == start))
        )
        first, last = (min(max(end, start), stop) - start for end in self.watched)
        return replace(self, events=events, watched=(first, last))

    def in_frames(self, fps: float, rate: float | None = None) -> Annotation:
        """The same in frames of a recording.

        Args:
            fps: The recording's frames per second.
            rate: Frames per second that the file counts at, where ``unit`` is frames; ``fps`` if
                None.
        """
        if self.unit == "frames" and rate is None:
            per_second, steps = 1.0, 1.0
        else:
            per_second, steps = (rate or fps, fps) if self.unit == "frames" else (1.0, fps)

        def to_frame(boundary: float) -> int:
            return frame_at(boundary / per_second, steps)

        def ends(event: Event) -> tuple[int, int]:
            if event.is_point:
                frame = frame_holding(event.start / per_second, steps)
                return frame, frame + 1
            stop = OPEN_STOP if event.stop == math.inf else to_frame(event.stop)
            return to_frame(event.start), stop

        intervals = [
            Interval(
                *ends(event),
                event.behavior,
                event.line_number,
                event.subject,
                event.target,
                event.channel,
                event.answer,
            )
            for event in self.events
        ]
        first, last = self.watched
        return Annotation(
            self.path,
            tuple(intervals),
            self.behaviors,
            start_frame=to_frame(first),
            stop_frame=None if last == math.inf else to_frame(last),
        )


OPEN_STOP = 1 << 62
"""Stop frame of a state that was never stopped: past the end of every recording."""
