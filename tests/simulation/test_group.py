import itertools
import time

import numpy as np
import pytest

from mabe_lit import UNSCORED
from mabe_lit.simulation import simulate_group
from mabe_lit.simulation.bodies import ARENA_PX, BODY_LENGTH_PX
from mabe_lit.simulation.group import GROUP_CLASS_NAMES
from mabe_lit.simulation.mice import KEYPOINT_NAMES

DIRECTED = ("attack", "investigation", "mount", "flee")
OWN = ("rear", "groom")
INDEX = {name: index for index, name in enumerate(GROUP_CLASS_NAMES)}
NOSE, NECK, TAIL = (KEYPOINT_NAMES.index(name) for name in ("nose", "neck", "tail_base"))


@pytest.fixture(scope="module")
def recordings():
    return simulate_group(20, 6000, seed=1, animals=3)


def does(recording, behavior, agent, target=None):
    """``(N,)`` whether the agent does it."""
    (track,) = (t for t in recording.tracks if (t.agent, t.target) == (agent, target))
    return track.labels[:, INDEX[behavior]] == 1


def seen(recordings, behavior):
    """Points of agent and target, ``(M, K, 2)`` each, in all frames of a directed behaviour."""
    found = []
    for recording in recordings:
        for agent, target in itertools.permutations(recording.animal_names, 2):
            pair = [recording.animal_names.index(name) for name in (agent, target)]
            frames = does(recording, behavior, agent, target)
            found.append(recording.keypoints[frames][:, pair])
    points = np.concatenate(found)
    return points[:, 0], points[:, 1]


def alone(recordings, behavior=None):
    """Runs of at least 15 frames, ``(M, K, 2)`` each, of an own behaviour; or of no behaviour."""
    runs = []
    for recording in recordings:
        for animal, name in enumerate(recording.animal_names):
            about = [t.labels == 1 for t in recording.tracks if name in (t.agent, t.target)]
            is_any = np.any(about, axis=(0, 2))
            frames = does(recording, behavior, name) if behavior else ~is_any
            edges = np.flatnonzero(np.diff(frames.astype(int), prepend=0, append=0))
            runs += [
                recording.keypoints[start:stop, animal]
                for start, stop in edges.reshape(-1, 2)
                if stop - start >= 15
            ]
    return runs


def lengths(points, first, last):
    return np.linalg.norm(points[..., first, :] - points[..., last, :], axis=-1)


def test_group_has_a_track_of_each_animal_and_of_each_ordered_pair(recordings):
    names = ("mouse1", "mouse2", "mouse3")
    expected = {(name, None) for name in names} | set(itertools.permutations(names, 2))
    for recording in recordings:
        assert recording.animal_names == names
        assert recording.class_names == GROUP_CLASS_NAMES
        assert len(recording.tracks) == 9
        assert {(track.agent, track.target) for track in recording.tracks} == expected


def test_own_behaviors_are_looked_for_in_own_tracks_and_directed_ones_in_pairs(recordings):
    for track in recordings[0].tracks:
        looked_for = OWN if track.target is None else DIRECTED
        for name in GROUP_CLASS_NAMES:
            values = set(track.labels[:, INDEX[name]].tolist())
            assert values <= {0, 1} if name in looked_for else values == {UNSCORED}


@pytest.mark.parametrize(
    ("name", "least"), [*dict.fromkeys(DIRECTED, 0.015).items(), ("rear", 0.02), ("groom", 0.02)]
)
def test_group_shows_each_behavior_often_enough_to_learn_it(recordings, name, least):
    tracks = [
        track for r in recordings for track in r.tracks if (track.target is None) == (name in OWN)
    ]
    share = np.mean([(track.labels[:, INDEX[name]] == 1).mean() for track in tracks])
    assert least < share < 0.15


def test_behaviors_of_a_group_overlap(recordings):
    def overlap(first, second):
        return sum(int((a & b).sum()) for r in recordings for a, b in pairs(r, first, second))

    def pairs(recording, first, second):
        for agent, target in itertools.permutations(recording.animal_names, 2):
            (other,) = set(recording.animal_names) - {agent, target}
            whose = {"agent": (agent, target), "target": (target, agent), "groomer": (target,)}
            whose["other"] = (other,)
            yield (
                does(recording, first, agent, target),
                does(recording, second[0], *whose[second[1]]),
            )

    assert overlap("attack", ("rear", "other")) > 0
    assert overlap("attack", ("flee", "target")) > 0, "who is chased flees"
    assert overlap("investigation", ("groom", "groomer")) > 0
    assert overlap("investigation", ("mount", "agent")) > 0, "sniffing while it climbs up"
    assert overlap("attack", ("groom", "groomer")) < overlap("attack", ("groom", "other")) / 10


@pytest.mark.parametrize("name", ["attack", "investigation", "mount"])
def test_agent_and_target_are_in_contact(recordings, name):
    agent, target = seen(recordings, name)
    distance = np.linalg.norm(np.nanmean(agent, axis=1) - np.nanmean(target, axis=1), axis=-1)
    assert np.nanmedian(distance) < BODY_LENGTH_PX


def test_investigator_has_its_nose_nearer_to_the_other_than_the_other_to_it(recordings):
    agent, target = seen(recordings, "investigation")
    reach = np.linalg.norm(agent[:, [NOSE]] - target, axis=-1).min(axis=1)
    back = np.linalg.norm(target[:, [NOSE]] - agent, axis=-1).min(axis=1)
    known = ~np.isnan(reach + back)
    assert (reach < back)[known].mean() > 0.6


def test_mounter_is_behind_and_aligned(recordings):
    agent, target = seen(recordings, "mount")
    ahead = [(animal[:, NECK] - animal[:, TAIL]) for animal in (agent, target)]
    ahead = [axis / np.linalg.norm(axis, axis=1, keepdims=True) for axis in ahead]
    assert np.nanmedian((ahead[0] * ahead[1]).sum(axis=1)) > 0.9
    offset = ((agent[:, NOSE] - target[:, NOSE]) * ahead[1]).sum(axis=1)
    assert (offset[~np.isnan(offset)] < 0).mean() > 0.9


def test_who_flees_gets_away_fast_and_the_other_does_not_turn_away(recordings):
    changes = []
    for recording in recordings:
        centre = np.nanmedian(recording.keypoints, axis=2)
        for agent, target in itertools.permutations(recording.animal_names, 2):
            i, j = (recording.animal_names.index(name) for name in (agent, target))
            distance = np.linalg.norm(centre[:, i] - centre[:, j], axis=-1)
            frames = does(recording, "flee", agent, target)[:-5]
            changes.append((distance[5:] - distance[:-5])[frames] / 5)
    assert np.nanmedian(np.concatenate(changes)) > 3, "pixels a frame, in spite of those who chase"


def test_rearing_shortens_the_body(recordings):
    rearing, usual = (
        np.concatenate([lengths(run, NOSE, TAIL) for run in alone(recordings, behavior)])
        for behavior in ("rear", None)
    )
    assert np.nanmedian(rearing) < 0.85 * np.nanmedian(usual)


def test_grooming_animal_stays_and_moves_its_head(recordings):
    def side(run):
        """Radians that the nose is off the body's axis."""
        axis, head = run[:, NECK] - run[:, TAIL], run[:, NOSE] - run[:, NECK]
        turned = (head @ [1, 1j]) * (axis @ [1, -1j])
        return np.angle(turned[~np.isnan(turned)])

    def path(run):
        """Pixels from the first frame to the last, a second."""
        tail = run[~np.isnan(run[:, TAIL, 0]), TAIL]
        return np.linalg.norm(tail[-1] - tail[0]) * 30 / len(run) if len(tail) else np.nan

    grooms, usual = alone(recordings, "groom"), alone(recordings)
    assert np.nanmedian([path(run) for run in grooms]) < 15
    assert np.nanmedian([path(run) for run in usual]) > 30
    turned = [np.std(np.concatenate([side(run) for run in runs])) for runs in (grooms, usual)]
    assert turned[0] > 1.3 * turned[1]


def test_group_is_the_same_from_the_same_seed():
    first, again, other = (simulate_group(2, 400, seed, animals=4)[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.keypoints, again.keypoints)
    for track, same in zip(first.tracks, again.tracks, strict=True):
        np.testing.assert_array_equal(track.labels, same.labels)
    assert not np.array_equal(first.keypoints, other.keypoints, equal_nan=True)


def test_groups_beyond_those_simulated_at_once_are_others():
    recordings = simulate_group(18, 50, 0, animals=3, prefix="group")
    assert [r.name for r in recordings] == [f"group_{index:03d}" for index in range(18)]
    assert len({r.keypoints[0].tobytes() for r in recordings}) == 18


@pytest.mark.parametrize("animals", [2, 16])
@pytest.mark.parametrize("frames", [1, 40])
def test_group_may_be_small_large_or_short(animals, frames):
    (recording,) = simulate_group(1, frames, 0, animals=animals, swapped_identities=True)
    assert recording.keypoints.shape == (frames, animals, 7, 2)
    assert len(recording.tracks) == animals**2


def test_group_has_gaps_and_stays_near_the_arena(recordings):
    points = np.concatenate([recording.keypoints for recording in recordings])
    assert 0.02 < np.isnan(points).mean() < 0.10
    assert np.nanmin(points) > -BODY_LENGTH_PX
    assert np.nanmax(points[..., 0]) < ARENA_PX[0] + BODY_LENGTH_PX
    assert np.nanmax(points[..., 1]) < ARENA_PX[1] + BODY_LENGTH_PX


def test_identities_are_swapped_where_animals_touch_and_labels_stay():
    true, tracked = (
        simulate_group(4, 3000, 5, animals=3, swapped_identities=swapped)
        for swapped in (False, True)
    )
    swaps = 0
    for before, after in zip(true, tracked, strict=True):
        # Which animal each name is taken for, by all its points.
        same = [
            [
                np.array_equal(before.keypoints[f, i], after.keypoints[f, j], equal_nan=True)
                for j, i in itertools.product(range(3), repeat=2)
            ]
            for f in range(3000)
        ]
        taken = np.array(same).reshape(3000, 3, 3)  # (N, name, animal)
        assert taken.any(axis=1).all()
        assert taken.any(axis=2).all(), "nobody is lost"
        changes = np.flatnonzero((taken[1:] != taken[:-1]).any(axis=(1, 2))) + 1
        centre = np.nanmean(before.keypoints, axis=2)
        for frame in changes:
            moved = np.flatnonzero((taken[frame] != taken[frame - 1]).any(axis=0))
            gaps = [
                np.linalg.norm(centre[frame, i] - centre[frame, j])
                for i, j in itertools.combinations(moved, 2)
            ]
            assert min(gaps) < 1.4 * BODY_LENGTH_PX
        swaps += len(changes)
        for one, other in zip(before.tracks, after.tracks, strict=True):
            # The rater's errors are other ones.
            assert (one.labels != other.labels).mean() < 0.02
    assert 4 <= swaps < 60


def test_rater_marks_starts_and_stops_a_few_frames_off():
    once, again = (
        simulate_group(4, 5000, 7, animals=3, swapped_identities=swapped)
        for swapped in (False, True)
    )
    apart = []
    for one, other in zip(once, again, strict=True):
        for tracks in zip(one.tracks, other.tracks, strict=True):
            starts = [np.flatnonzero(np.diff(t.labels[:, INDEX["rear"]]) == 1) for t in tracks]
            if all(map(len, starts)):
                apart.append(np.abs(starts[0][:, None] - starts[1]).min(axis=1))
    apart = np.concatenate(apart)
    # The same bouts rated twice: the difference of two errors of 1.5 frames is one of 2.1.
    near = apart[apart < 12]
    assert np.sqrt((near**2).mean()) == pytest.approx(2.1, rel=0.25)
    assert len(near) > 0.9 * len(apart)


def test_simulation_of_a_group_takes_seconds():
    start = time.perf_counter()
    simulate_group(8, 6000, seed=0, animals=3)
    assert time.perf_counter() - start < 20
