"""Every word is accounted for: behaviours of annotation files against the classes to learn."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mabe_lit.readers.events import Events
from mabe_lit.readers.intervals import Annotation
from mabe_lit.readers.names import composed
from mabe_lit.shell import InputError

_RESEMBLES = 0.75


def normalize(word: str) -> str:
    """A name without what differs by habit: case, how accents are composed, spaces."""
    return re.sub(r"[\s_-]+", " ", composed(word)).strip().casefold()


def match_words(words: Collection[str], classes: Sequence[str]) -> dict[str, str]:
    """Which class each word is that is one but for case, spaces, ``_`` and ``-``.

    Words that are classes to the letter are not among them, nor words of which several classes
    differ in just that.
    """
    by_habit: dict[str, list[str]] = {}
    for name in classes:
        by_habit.setdefault(normalize(name), []).append(name)
    found = {}
    for word in sorted(words):
        same = by_habit.get(normalize(word), [])
        if word not in classes and len(same) == 1:
            found[word] = same[0]
    return found


def resembling(word: str, names: Collection[str]) -> str | None:
    """The name that ``word`` is a likely misspelling of, None if there is none."""
    by_habit = {normalize(name): name for name in names}
    close = difflib.get_close_matches(normalize(word), by_habit, n=1, cutoff=_RESEMBLES)
    return by_habit[close[0]] if close else None


def background_of(events: Sequence[Events]) -> str | None:
    """What files themselves call frames without behaviour.

    Raises:
        InputError: If they do not call it alike.
    """
    names = {one.background: one.path for one in events if one.background is not None}
    if len(names) > 1:
        listed = ", ".join(f"{name!r} ({path.name})" for name, path in names.items())
        raise InputError(
            f"the annotations call frames without behaviour {listed}; choose a name for them all "
            "with --background"
        )
    return next(iter(names), None)


def choose_classes(
    classes: Sequence[str] | None, background: str | None, known: Collection[str]
) -> list[str]:
    """The classes in the order of their labels, the background last unless it is among them.

    Args:
        classes: What the user asked for.
        background: The class of frames without any behaviour, None if there is none.
        known: Behaviours that the annotations use or declare.

    Raises:
        InputError: If none is asked for, one is asked for twice, or one is in no annotation but
            resembles a behaviour that is.
    """
    found = f"the annotations hold {', '.join(sorted(known)) or 'none'}"
    if not classes:
        raise InputError(f"--classes is missing; {found}")
    if not all(map(str.strip, classes)):
        raise InputError("--classes: one of them is empty")
    if len(set(classes)) < len(classes):
        raise InputError(f"--classes names one twice: {' '.join(classes)}")
    habits = {normalize(word) for word in known}
    unknown = [n for n in classes if normalize(n) not in habits and n != background]
    for name in unknown:
        # A behaviour may be rare; but then nothing is called almost like it.
        is_misspelled = resembling(name, set(known).difference(classes)) is not None
        if is_misspelled or len(unknown) == len(classes):
            raise InputError(f"--classes: no annotation has {name!r}; {found}")
    return [*classes, *([background] if background and background not in classes else [])]


@dataclass
class _Count:
    bouts: int = 0
    frames: int = 0
    recordings: int = 0


@dataclass
class Vocabulary:
    """The classes, the words taken for them, and what is left over, recording by recording.

    Attributes:
        classes: Names in the order of the labels.
        taken: Words that are taken for a class, see ``match_words``.
        left: Counts of the words that are no class.
    """

    classes: tuple[str, ...]
    taken: Mapping[str, str]
    left: dict[str, _Count] = field(default_factory=dict)

    def translate(self, events: Events) -> Events:
        """The events in words of the classes."""
        return replace(
            events,
            events=tuple(
                replace(event, behavior=self.taken.get(event.behavior, event.behavior))
                for event in events.events
            ),
            behaviors=frozenset(self.taken.get(word, word) for word in events.behaviors),
            elsewhere=frozenset(
                (self.taken.get(word, word), channel) for word, channel in events.elsewhere
            ),
        )

    def count(self, annotation: Annotation, frames: int) -> None:
        """Count the words of a recording's annotation that are no class, up to ``frames``."""
        seen = set()
        for interval in annotation.intervals:
            word = interval.behavior
            if not word or word in self.classes or not interval.answer:
                continue
            count = self.left.setdefault(word, _Count())
            count.bouts += 1
            count.frames += max(min(interval.stop_frame, frames) - interval.start_frame, 0)
            count.recordings += word not in seen
            seen.add(word)

    def left_over(self) -> list[str]:
        """A line for each word that is no class, the most frames first."""
        ordered = sorted(self.left.items(), key=lambda item: (-item[1].frames, item[0]))
        return [
            f"{word}: {_plural(count.bouts, 'bout')}, {_plural(count.frames, 'frame')}, in "
            f"{_plural(count.recordings, 'recording')}"
            for word, count in ordered
        ]

    def warnings(self) -> list[str]:
        """What was taken for a class, and what resembles one and was not."""
        lines = [
            f"{word!r} in the annotations is taken for class {name!r}"
            for word, name in self.taken.items()
        ]
        for word, count in sorted(self.left.items()):
            if name := resembling(word, self.classes):
                lines.append(
                    f"{word!r} resembles class {name!r} but is not taken for it: "
                    f"{_plural(count.bouts, 'bout')} of {_plural(count.frames, 'frame')} are "
                    "unscored; correct the annotations, or add it to --classes"
                )
        return lines


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
