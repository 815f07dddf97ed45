"""What annotations mean, before the first tracking is read: classes, animals, and overlaps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mabe_lit.readers.events import Event, Events
from mabe_lit.readers.labels.channel_names import names_in
from mabe_lit.readers.labels.point_events import without_points
from mabe_lit.readers.labels.readings import Findings, LabelOptions
from mabe_lit.readers.labels.scheme import Scheme, overlapping
from mabe_lit.readers.labels.subjects import name_animals
from mabe_lit.readers.labels.without_background import note_alone, note_nothing
from mabe_lit.readers.labels.words import (
    Vocabulary,
    background_of,
    choose_classes,
    match_words,
    normalize,
)
from mabe_lit.shell import InputError, describe_error


@dataclass(frozen=True)
class Meanings:
    """What the annotations of a dataset mean.

    Attributes:
        events: Those of each recording, in words of the classes, with animals' names.
        vocabulary: What became of each word.
        options: How labels are read, with the classes and the background.
        scheme: What the label tracks are about.
        failed: What cannot be read of each recording that is not among ``events``.
    """

    events: Mapping[str, Events]
    vocabulary: Vocabulary
    options: LabelOptions
    scheme: Scheme
    failed: Mapping[str, str]


def settle_meanings(
    found: Mapping[str, Events],
    classes: Sequence[str] | None,
    options: LabelOptions,
    animals_of: Callable[[str], Sequence[str]],
    findings: Findings,
    groups: Mapping[str, str] | None = None,
) -> Meanings:
    """Settle them over all annotations at once.

    Args:
        found: The events of each recording, as its file has them.
        classes: What the user asked for.
        options: How labels are read; its ``classes`` are still empty.
        animals_of: The animals of a recording.
        findings: Where readings that were taken are noted.
        groups: The group of each recording that has one.

    Raises:
        InputError: If the classes are none of the words, options contradict the files, or a class
            is done to a target in one place and to none in another.
    """
    events = list(found.values())
    known = frozenset[str]().union(*(one.behaviors for one in events))
    known |= {word for one in events for word, _ in one.elsewhere}
    background = options.background or background_of(events)
    chosen = choose_classes(classes, background, known)
    own = {one.background for one in events} - {None, *chosen}
    taken = match_words(known, chosen) | {str(word): str(background) for word in own}
    vocabulary = Vocabulary(tuple(chosen), taken)
    learnt = [name for name in chosen if name != background]
    translated = {name: vocabulary.translate(one) for name, one in found.items()}
    _check_names(events, options)
    _check_channels(list(translated.values()), learnt)
    failed: dict[str, str] = {}
    named: dict[str, Events] = {}
    for name, one in translated.items():
        try:
            animals = animals_of(name) if options.subjects.kind != "scene" else ()
            named[name] = name_animals(one, animals, learnt, options.subjects, findings, name)
        except (InputError, OSError) as error:
            failed[name] = describe_error(error)
    is_independent = _are_independent(named, learnt, options, findings)
    named = without_points(named, learnt if is_independent else (), findings)
    if is_independent:
        if options.background is not None:
            raise InputError(
                f"--background {options.background}: there is none where several behaviours may "
                "happen at once and each is yes or no"
            )
        asked = list(classes or ())
        _check_none_words(named, asked, options)
        nothing = {background} - set(asked)
        named = {name: _without_none(one, nothing, options) for name, one in named.items()}
        background = None
        taken = {word: name for word, name in taken.items() if name in asked}
        chosen, vocabulary = asked, Vocabulary(tuple(asked), taken)
    elif options.none_words:
        raise InputError(
            "--none_words says nothing where behaviours exclude each other; --background names the "
            "frames without one"
        )
    options = replace(options, classes=tuple(chosen), background=background)
    scheme = Scheme.of(named, options, is_independent=is_independent, groups=groups)
    note_alone(named, scheme, findings)
    return Meanings(named, vocabulary, options, scheme, failed)


def _check_names(events: Sequence[Events], options: LabelOptions) -> None:
    told = set[str]().union(*(names_in(one) for one in events))
    for name in options.subjects.subject_is:
        if name not in told:
            raise InputError(f"--subject_is: no annotation has a subject or modifier {name!r}")
    number = options.subjects.target_modifier
    most = max((len(event.modifiers) for one in events for event in one.events), default=0)
    if number is not None and number > most:
        raise InputError(
            f"--target_modifier is {number}, but no behaviour of the annotations has more than "
            f"{most} modifier{'' if most == 1 else 's'}"
        )


def _check_channels(events: Sequence[Events], learnt: Sequence[str]) -> None:
    """Raise if a class is used by channels alone that were not chosen."""
    used = {event.behavior for one in events for event in one.events}
    for name in learnt:
        users = sorted({channel for one in events for w, channel in one.elsewhere if w == name})
        if users and name not in used:
            raise InputError(
                f"--channel: class {name!r} is only in channel {' and '.join(users)}, which is not "
                "chosen; expected it among the channels, or --classes without the class"
            )


def _are_independent(
    named: Mapping[str, Events], learnt: Sequence[str], options: LabelOptions, findings: Findings
) -> bool:
    """Whether several classes may happen in one frame: as asked for, else as the files say."""
    for name, one in named.items():
        if one.only_told and options.subjects.kind == "scene":
            raise InputError(
                f"{one.path}: its labels are of single animals; --subjects each tells them apart"
            )
        if one.only_told and options.overlap == "forbidden":
            raise InputError(
                f"{one.path}: says yes or no of each behaviour, of which several may happen at "
                "once; expected --overlap allowed"
            )
        if one.only_told and options.overlap is None:
            findings.add(
                "each behaviour is yes or no by itself, as the labels say; several may happen in "
                "a frame (--overlap allowed)",
                name,
                one.path.name,
            )
    if options.overlap is not None:
        return options.overlap == "allowed"
    is_any = any(one.only_told for one in named.values())
    if is_any or options.background is not None:
        return is_any
    for name, one in named.items():
        if one.declares and (both := overlapping(one, learnt)):
            first, second = both
            findings.add(
                "columns of 0 and 1 overlap, so each behaviour is taken as yes or no by itself "
                "(--overlap allowed; with --overlap forbidden this is an error)",
                name,
                f"{first.behavior} and {second.behavior}, line {second.line_number}",
            )
            is_any = True
    if not is_any:
        note_nothing(named, learnt, findings)
    return is_any


def _check_none_words(
    named: Mapping[str, Events], classes: Sequence[str], options: LabelOptions
) -> None:
    known = {key for one in named.values() for event in one.events for key in _keys(event)}
    for told, (channel, word) in zip(options.none_words, _none_words(options), strict=True):
        if word in map(normalize, classes):
            raise InputError(f"--none_words {told}: is one of --classes")
        if (channel, word) not in known:
            listed = ", ".join(sorted({w for c, w in known if c == channel})) or "none"
            where = f"in channel {channel!r} " if channel else ""
            raise InputError(
                f"--none_words {told}: no annotation has it {where}({listed}); expected WORD or, "
                "of several channels, CHANNEL=WORD"
            )


def _without_none(events: Events, nothing: set[str | None], options: LabelOptions) -> Events:
    """The events without words that say that somebody looked and nothing happens."""
    none = set(_none_words(options))
    kept = [e for e in events.events if e.behavior not in nothing and not none & _keys(e)]
    return replace(events, events=tuple(kept))


def _none_words(options: LabelOptions) -> list[tuple[str, str]]:
    """Channel, empty for all, and word, by habit."""
    parts = [told.rpartition("=") for told in options.none_words]
    return [(channel.strip(), normalize(word)) for channel, _, word in parts]


def _keys(event: Event) -> set[tuple[str, str]]:
    word = normalize(event.behavior)
    return {(event.channel, word), ("", word)}
