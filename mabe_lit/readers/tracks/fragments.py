"""Tracks that break off: which of them are one animal, where no guess is needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from mabe_lit.pose import is_numbered
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError

_CLEARLY = 2.0
"""How many times as far as the nearest end the next one must be."""
_CLEARLY_LATER = 4.0
"""The same, where the next one was lost a shorter time ago."""
_SHORT_SHARE = 0.05
"""Share of the longest track's frames below which a track is taken for a fragment."""
_MOST_NAMED = 5


def join_tracks(tracks: Tracks, count: int | None) -> Tracks:
    """Join the tracks of ``count`` animals, each of which may have several, one after the other.

    Where as many tracks as animals are there at once, each is an animal. Every other track joins
    the animal that is not there at the time and whose nearest frame before and after is nearest in
    place. Empty tracks are left out. What was joined is noted.

    Args:
        tracks: Rows of a file, NaN where untracked.
        count: How many animals there are; None for as many as there are tracks.

    Raises:
        InputError: If tracks look like fragments and ``count`` is None; if there are fewer tracks
            than animals, more at once, or a track could be of several animals or of none.
    """
    there = ~np.isnan(tracks.points[..., 0]).all(axis=2)  # (rows, A)
    filled = [int(i) for i in np.flatnonzero(there.any(axis=0))]
    names = tracks.animal_names
    if count is None:
        if tracks.may_break:
            _refuse_fragments(tracks, there)
        return tracks
    where = f"{tracks.path}: --animals {count}"
    if len(filled) < count:
        listed = ", ".join(names[i] for i in filled) or "none"
        raise InputError(f"{where}: {len(filled)} of its tracks have points: {listed}")
    if len(filled) == len(names) == count:
        return _renamed(tracks, [[i] for i in filled])
    joiner = _Joiner(tracks, there, where)
    chains = [[i] for i in filled] if len(filled) == count else joiner.join(filled, count)
    left = [names[i] for i in range(len(names)) if i not in filled]
    return _renamed(joiner.merged(chains), chains).noted(joiner.describe(chains, left))


def _refuse_fragments(tracks: Tracks, there: np.ndarray) -> None:
    """Raise where tracks are empty, never there together, or there for a moment alone."""
    frames = there.sum(axis=0)
    if len(frames) == 1:
        return
    most = int(there.sum(axis=1).max(initial=0))
    empty, short = int((frames == 0).sum()), 0
    if len(frames) > 2:
        short = int(((frames > 0) & (frames < _SHORT_SHARE * frames.max(initial=0))).sum())
    if most == len(frames) and not short:
        return
    found = [f"at most {most} of them at once"]
    found += [f"{empty} without any point"] if empty else []
    found += [f"{short} of a moment"] if short else []
    listed = ", ".join(tracks.animal_names[:_MOST_NAMED])
    listed += ", ..." if len(frames) > _MOST_NAMED else ""
    raise InputError(
        f"{tracks.path}: has {len(frames)} tracks ({listed}), {', '.join(found)}, which look like "
        "fragments; --animals with the number of animals joins them, with names takes these tracks"
    )


class _Fit(NamedTuple):
    """How well a track fits to an animal."""

    pixels: float
    """Farther of the ways from its ends to the animal's nearest frames."""
    gap: int
    """Longer of the times between them, in frames."""
    chain: int
    """Which animal."""


@dataclass(frozen=True)
class _Joiner:
    """What joining needs to know of the tracks: when they are there, and where."""

    tracks: Tracks
    there: np.ndarray
    where: str

    def join(self, filled: list[int], count: int) -> list[list[int]]:
        """The tracks of each animal."""
        at_once = self.there.sum(axis=1)
        names = self.tracks.animal_names
        if at_once.max() > count:
            row = int(at_once.argmax())
            listed = ", ".join(names[i] for i in np.flatnonzero(self.there[row]))
            raise InputError(
                f"{self.where}: frame {self.tracks.frames[row]:g} has {at_once.max()} tracks at "
                f"once ({listed}); --animals with names takes those that are animals"
            )
        full = np.flatnonzero(at_once == count)
        if not len(full):
            raise InputError(
                f"{self.where}: at most {at_once.max()} tracks are there at once, so whose they "
                "are would be a guess"
            )
        lengths = self.there.sum(axis=0)
        seed = full[(self.there[full] * lengths).sum(axis=1).argmax()]
        chains = [[int(i)] for i in np.flatnonzero(self.there[seed])]
        rest = [i for i in filled if not self.there[seed, i]]
        # From the moment when all are there outwards, so that ends are met in their order.
        first, last = self.there.argmax(axis=0), self._last(self.there)
        after = sorted((i for i in rest if first[i] > seed), key=lambda i: first[i])
        before = sorted((i for i in rest if first[i] <= seed), key=lambda i: -last[i])
        for track in (*after, *before):
            chains[self._choose(track, chains)].append(track)
        return [sorted(chain, key=lambda i: int(first[i])) for chain in chains]

    def _choose(self, track: int, chains: list[list[int]]) -> int:
        """The animal that a track is of; raises where that would be a guess."""
        fits = [self._fit(track, chain, i) for i, chain in enumerate(chains)]
        free = sorted(fit for fit in fits if fit is not None)
        if not free or free[0].pixels > self._reach(free[0].gap):
            why = "overlaps every animal" if not free else "is far from every animal"
            raise InputError(f"{self.where}: {self._name(track)} {why}; {self._advice()}")
        nearest = free[0]
        for other in free[1:]:
            if other.pixels > self._reach(other.gap):
                continue
            times = _CLEARLY if other.gap >= nearest.gap else _CLEARLY_LATER
            if other.pixels < times * max(nearest.pixels, 1e-6):
                names = [self.tracks.animal_names[chains[fit.chain][0]] for fit in (nearest, other)]
                raise InputError(
                    f"{self.where}: {self._name(track)} may go on with {names[0]} "
                    f"({nearest.pixels:.0f} px away) or {names[1]} ({other.pixels:.0f} px away); "
                    f"{self._advice()}"
                )
        return nearest.chain

    def _fit(self, track: int, chain: list[int], number: int) -> _Fit | None:
        """Distance between a track and an animal, None where both are there in a frame."""
        taken = np.logical_or.reduce(self.there[:, chain], axis=1)
        own = np.flatnonzero(self.there[:, track])
        if taken[own].any():
            return None
        ways = []
        before = np.flatnonzero(taken[: own[0]])
        after = np.flatnonzero(taken[own[-1] + 1 :]) + own[-1] + 1
        if len(before):
            ways.append((int(before[-1]), int(own[0])))
        if len(after):
            ways.append((int(after[0]), int(own[-1])))
        if not ways:  # the animal is there within the track's own gaps alone
            return None
        frames = self.tracks.frames
        pixels = max(self._pixels(chain, there, track, here) for there, here in ways)
        return _Fit(pixels, int(max(abs(frames[a] - frames[b]) for a, b in ways)), number)

    def _pixels(self, chain: list[int], there: int, track: int, here: int) -> float:
        other = next(i for i in chain if self.there[there, i])
        one, two = self.tracks.points[there, other], self.tracks.points[here, track]  # (K, 2)
        both = np.linalg.norm(one - two, axis=-1)
        if np.isfinite(both).any():
            return float(np.nanmean(both))
        return float(np.linalg.norm(np.nanmean(one, axis=0) - np.nanmean(two, axis=0)))

    def _reach(self, gap: int) -> float:
        """Pixels that an animal can be expected to move in so many frames."""
        size, speed = self._size_and_speed
        return 2 * size + 2 * speed * gap

    @cached_property
    def _size_and_speed(self) -> tuple[float, float]:
        """Pixels from side to side of an animal, and those it seldom exceeds in a frame."""
        sizes, steps = [], []
        for track in range(len(self.tracks.animal_names)):  # one by one, for the memory's sake
            points = self.tracks.points[:, track]  # (rows, K, 2)
            here = points[self.there[:, track]]
            if len(here):
                sizes.append(np.linalg.norm(np.nanmax(here, 1) - np.nanmin(here, 1), axis=-1))
            step = np.linalg.norm(np.diff(points, axis=0), axis=-1)
            steps.append(step[np.isfinite(step)])
        size = float(np.median(np.concatenate(sizes)))
        moved = np.concatenate(steps)
        speed = float(np.percentile(moved, 99)) if len(moved) else 0.0
        return size, speed

    def merged(self, chains: list[list[int]]) -> Tracks:
        """The tracks with an animal a chain."""
        points, likelihood = self.tracks.points, self.tracks.likelihood
        joined = np.full((len(points), len(chains), *points.shape[2:]), np.nan, points.dtype)
        sure = None if likelihood is None else np.full(joined.shape[:-1], np.nan)
        for animal, chain in enumerate(chains):
            for track in chain:
                rows = self.there[:, track]
                joined[rows, animal] = points[rows, track]
                if sure is not None and likelihood is not None:
                    sure[rows, animal] = likelihood[rows, track]
        return replace(self.tracks, points=joined, likelihood=sure)

    def describe(self, chains: list[list[int]], empty: list[str]) -> str:
        """What was joined and left out."""
        made = "; ".join(" + ".join(self._name(track) for track in chain) for chain in chains)
        left = f"; without any point, left out: {', '.join(empty)}" if empty else ""
        return f"{len(self.tracks.animal_names)} tracks are {len(chains)} animals: {made}{left}"

    def _name(self, track: int) -> str:
        rows = np.flatnonzero(self.there[:, track])
        first, last = self.tracks.frames[rows[0]], self.tracks.frames[rows[-1]]
        return f"{self.tracks.animal_names[track]} (frames {first:g}-{last:g})"

    def _advice(self) -> str:
        return "proofread the tracks in the tracker, or choose animals by name with --animals"

    @staticmethod
    def _last(there: np.ndarray) -> np.ndarray:
        """``(A,)`` the last row in which each track is there."""
        return np.asarray(len(there) - 1 - there[::-1].argmax(axis=0))


def _renamed(tracks: Tracks, chains: list[list[int]]) -> Tracks:
    """Names of the animals; numbers, which differ between recordings, become 1, 2, ..."""
    names = [tracks.animal_names[chain[0]] for chain in chains]
    if any(is_numbered(tracks.animal_names[i]) for chain in chains for i in chain):
        names = [f"animal{number}" for number in range(1, len(chains) + 1)]
    return replace(tracks, animal_names=tuple(names))
