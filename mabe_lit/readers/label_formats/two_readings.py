"""Tables of bouts that tell frames and seconds both: whether they agree, and at which rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mabe_lit.readers.rates import common_rate, settle_rate

_MOST_CANDIDATES = 200
_EXACT = 0.05
"""Frames by which seconds that were made from frames, and told in full, may miss these."""
_ROUNDED = 1.0
"""Frames by which the two may differ where either was made from the other by rounding or cutting,
beside what the seconds are rounded to."""


@dataclass(frozen=True)
class Pair:
    """One boundary told twice.

    Attributes:
        line_number: Line of its row.
        frame: The boundary in frames, as told.
        is_last: Whether that is the last frame of a bout, and the time may be its end.
        time_s: The same in seconds.
        names: The two columns.
    """

    line_number: int
    frame: float
    is_last: bool
    time_s: float
    names: tuple[str, str]


@dataclass(frozen=True)
class Agreement:
    """What pairs of frames and seconds say of the rate.

    Attributes:
        fps: Frames per second that most of them agree on, as measured.
        contradiction: The first one, in the order of the file, that does not; None if all do.
        is_common: Whether it is fewer pairs' rate instead, as a common one, where most make an odd
            one and contradict these.
        rate: The frame rate that this is; None where they contradict each other, or do not tell it
            well enough.
    """

    fps: float
    contradiction: Pair | None
    is_common: bool = False
    rate: float | None = None

    @property
    def whose(self) -> str:
        """Of which rows the rate is, for a message."""
        return "other rows" if self.is_common else "most rows"


def compare(pairs: Sequence[Pair], printed_s: float) -> Agreement | None:
    """The rate that most pairs agree on, and the first pair that does not.

    Args:
        pairs: The boundaries that are told twice, in the order of the file.
        printed_s: What the seconds are rounded to.

    Returns:
        None if nothing is after time 0, and so no rate can be told.
    """
    later = [pair for pair in pairs if pair.time_s > 0 and pair.frame > 0]
    if not later:
        return None
    # The later a pair is, the less its rounding matters; so of rates that equally many agree on,
    # the latest decides.
    later.sort(key=lambda pair: -pair.time_s)
    rates = [
        (pair.frame + extra) / pair.time_s
        for pair in later[:: max(len(later) // _MOST_CANDIDATES, 1)]
        for extra in ((0, 1) if pair.is_last else (0,))
    ]
    for margin in (_EXACT, _ROUNDED):
        counts = [int(_agree(later, rate, margin).sum()) for rate in rates]
        rate = rates[int(np.argmax(counts))]
        if max(counts) > len(later) / 2:
            break
    agrees = _agree(pairs, rate, margin + printed_s * rate)
    if agrees.all():
        return Agreement(rate, None, rate=_settled(later, rate, printed_s))
    # Of bouts that touch one boundary stands in two rows, and both may have been corrected.
    common = [other for other in rates if common_rate(other) is not None]
    if common_rate(rate) is None and common:
        agrees_too = _agree(pairs, common[0], margin + printed_s * common[0])
        if not agrees_too.all():
            return Agreement(common[0], pairs[int(np.argmin(agrees_too))], is_common=True)
    return Agreement(rate, pairs[int(np.argmin(agrees))])


def _settled(later: Sequence[Pair], rate: float, printed_s: float) -> float | None:
    """The frame rate, if pairs tell it well; one moment alone fits any, and tells a common one."""
    if len({pair.time_s for pair in later}) == 1:
        return common_rate(rate)
    missed = float(_missed(later, rate).max())
    if missed > _EXACT:
        missed += printed_s * rate
    return settle_rate(rate, missed / max(pair.frame for pair in later))


def _agree(pairs: Sequence[Pair], rate: float, margin: float) -> np.ndarray:
    """``(pairs,)`` whether frame and time are of one moment, but for ``margin`` frames."""
    return np.asarray(_missed(pairs, rate) <= margin)


def _missed(pairs: Sequence[Pair], rate: float) -> np.ndarray:
    """``(pairs,)`` frames that lie between the two tellings of each."""
    missed = np.array([pair.time_s * rate - pair.frame for pair in pairs])
    is_last = np.array([pair.is_last for pair in pairs])
    after_last = np.where(is_last, np.abs(missed - 1), np.inf)
    return np.asarray(np.minimum(np.abs(missed), after_last))
