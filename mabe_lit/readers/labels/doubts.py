"""Attributions of annotations that may be wrong, in words."""

from __future__ import annotations

from mabe_lit.readers.events import Medium
from mabe_lit.readers.labels.attribution import Attribution
from mabe_lit.readers.names import is_doubtful


def told_of_files(found: Attribution) -> list[str]:
    """A line for each way in which an annotation was attributed that may be wrong."""
    lines = [f"no poses for {', '.join(found.unused)}"] if found.unused else []
    elsewhere = {
        name: one.media[0].name
        for name, one in found.events.items()
        if one.media and name not in found.renamed and is_elsewhere(name, one.media[0])
    }
    doubtful = {
        name: one.path.name
        for name, one in found.events.items()
        if not (one.media or one.observation) and is_doubtful(one.path, name)
    }
    for kind, sentence in (
        (
            found.renamed,
            "the annotation of {name!r} names another video, {what}{more}; it is taken by its "
            "file's name",
        ),
        (
            elsewhere,
            "the annotation of {name!r} is of {what}{more}, in a folder of another name; it is "
            "taken by the video's name",
        ),
        (
            doubtful,
            "{what} is taken for the labels of {name!r}{more}: a number behind the name may be "
            "that of another recording",
        ),
    ):
        if kind:
            name, what = next(iter(kind.items()))
            more = f" and {len(kind) - 1} more" if len(kind) > 1 else ""
            lines.append(sentence.format(name=name, what=what, more=more))
    return lines


def is_elsewhere(name: str, medium: Medium) -> bool:
    """Whether a video lies in a folder that is called otherwise than its recording's."""
    own = tuple(name.split("/")[:-1])
    return bool(own and medium.folders) and medium.folders[-len(own) :] != own
