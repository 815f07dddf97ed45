"""Known faults of MABe 2025's annotations, and the rules that mend them.

Each rule has a name, can be left out, and tells how much it mended. What cannot be mended safely is
not: some of AdaptableSnail's videos have mice 1 and 2 swapped, and nothing tells which. That
BoisterousParrot's bouts are multiples of 15 frames and CautiousGiraffe's 9 frames long is how their
raters worked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mabe_lit.readers.mabe2025.bouts import Bout
from mabe_lit.readers.mabe2025.videos import Video
from mabe_lit.shell import InputError

SNAIL_RATE, OUTSIDE, EMPTY, UNLISTED = (
    "snail_rate",
    "outside_tracking",
    "empty_bouts",
    "unlisted_bouts",
)
RULES = {
    SNAIL_RATE: "annotations of AdaptableSnail's 25 frames/s videos count at 30: frames are scaled",
    OUTSIDE: "bouts that lie outside of the tracking by 1 s at most are cut at its ends",
    EMPTY: "bouts that stop in the frame in which they start are left out",
    UNLISTED: "bouts of what behaviors_labeled says nobody looked for are left out",
}
"""Rules by name, and what they say."""

_SNAIL, _SNAIL_FPS, _SNAIL_LABEL_FPS = "AdaptableSnail", 25.0, 30.0
_MOST_OUTSIDE_S = 1.0
"""A bout farther from the tracking tells of frames that count otherwise, not of a rater's haste."""


def rules_of(mend: bool | Sequence[str]) -> frozenset[str]:
    """The rules that are meant by all (true), none (false), or names, among which may be these.

    Raises:
        InputError: If there is no such rule.
    """
    if isinstance(mend, bool):
        return frozenset(RULES if mend else ())
    names = [mend] if isinstance(mend, str) else list(mend)
    if names in (["all"], ["none"]):
        return rules_of(names == ["all"])
    if unknown := [name for name in names if name not in RULES]:
        raise InputError(
            f"--mend: there is no rule {', '.join(unknown)}; expected all, none, or any of "
            f"{', '.join(RULES)}"
        )
    return frozenset(names)


def rate_of_annotation(lab: str, fps: float) -> float:
    """Frames per second that the annotations of a lab's videos of ``fps`` count at."""
    is_at_fault = lab == _SNAIL and abs(fps - _SNAIL_FPS) < 0.5
    return fps * _SNAIL_LABEL_FPS / _SNAIL_FPS if is_at_fault else fps


class Mender:
    """Mends the bouts of one video after the other, and counts what it mended."""

    def __init__(self, rules: frozenset[str]) -> None:
        """Begin with these of the ``RULES``."""
        self._rules = rules
        self._bouts: Counter[str] = Counter()
        self._videos: Counter[str] = Counter()
        self._such_as: dict[str, str] = {}

    def mend(self, video: Video, bouts: Sequence[Bout], frames: range) -> list[Bout]:
        """The bouts as they are meant, within ``frames``, the first tracked one to the last.

        Raises:
            InputError: If a fault that no rule mends is left.
        """
        faults: Counter[str] = Counter()
        mended = []
        for bout in self._at_right_rate(video, bouts, faults):
            kept = self._mend_one(video, bout, frames, faults)
            if kept is not None:
                mended.append(kept)
        for rule, count in faults.items():
            self._bouts[rule] += count
            self._videos[rule] += 1
            self._such_as.setdefault(rule, video.name)
        return mended

    def notes(self) -> list[str]:
        """What was mended, a line a rule."""
        return [
            f"{rule}: {RULES[rule]}; {self._bouts[rule]} bouts of {self._videos[rule]} videos, "
            f"such as {self._such_as[rule]}"
            for rule in RULES
            if self._bouts[rule]
        ]

    def _at_right_rate(
        self, video: Video, bouts: Sequence[Bout], faults: Counter[str]
    ) -> Iterator[Bout]:
        scale = video.fps / rate_of_annotation(video.lab, video.fps)
        if SNAIL_RATE not in self._rules or scale == 1:
            yield from bouts
            return
        faults[SNAIL_RATE] += len(bouts)
        for bout in bouts:
            start, stop = (int(frame * scale + 0.5) for frame in (bout.start, bout.stop))
            is_empty = bout.start == bout.stop
            yield replace(bout, start=start, stop=start if is_empty else max(stop, start + 1))

    def _mend_one(
        self, video: Video, bout: Bout, frames: range, faults: Counter[str]
    ) -> Bout | None:
        """What is left of a bout, None if nothing is."""
        if bout.what not in video.labeled:
            self._refuse_or_count(
                video, UNLISTED, f"{bout} is not in its behaviors_labeled", faults
            )
            return None
        if bout.start == bout.stop:
            self._refuse_or_count(video, EMPTY, f"{bout} has no frame", faults)
            return None
        start, stop = max(bout.start, frames.start), min(bout.stop, frames.stop)
        if (start, stop) == (bout.start, bout.stop):
            return bout
        where = f"{bout} lies outside of the tracking, which runs from {frames.start} to "
        outside_s = max(frames.start - bout.start, bout.stop - frames.stop) / video.fps
        if outside_s > _MOST_OUTSIDE_S:
            raise InputError(f"{video.annotation}: {where}{frames.stop}, by {outside_s:.1f} s")
        self._refuse_or_count(video, OUTSIDE, f"{where}{frames.stop}", faults)
        return replace(bout, start=start, stop=stop) if start < stop else None

    def _refuse_or_count(self, video: Video, rule: str, problem: str, faults: Counter[str]) -> None:
        if rule not in self._rules:
            raise InputError(f"{video.annotation}: {problem}; --mend {rule} mends it")
        faults[rule] += 1
