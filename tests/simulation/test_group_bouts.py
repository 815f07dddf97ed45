from collections import Counter

import numpy as np
import pytest

from mabe_lit.simulation.group_bouts import (
    APPROACH,
    DIRECTED,
    FLEE,
    GROOM,
    HUDDLE,
    REAR,
    WALK,
    Bout,
    draw_bouts,
    labelled_bouts,
)
from mabe_lit.simulation.motion import ATTACK, INVESTIGATION, MOUNT

FRAMES = 20_000


@pytest.fixture(scope="module", params=[2, 3, 7])
def bouts(request):
    return draw_bouts(np.random.default_rng(request.param), request.param, FRAMES)


def test_bouts_of_each_animal_fill_the_recording_one_after_the_other(bouts):
    for animal in {bout.agent for bout in bouts}:
        own = sorted((bout for bout in bouts if bout.agent == animal), key=lambda bout: bout.start)
        assert own[0].start == 0
        assert own[-1].stop == FRAMES
        assert [bout.stop for bout in own[:-1]] == [bout.start for bout in own[1:]]
        assert all(bout.start < bout.stop for bout in own)


def test_bouts_are_of_every_kind_and_have_a_target_where_they_are_directed(bouts):
    assert {bout.activity for bout in bouts} == set(range(9))
    for bout in bouts:
        is_directed = bout.activity in (*DIRECTED, HUDDLE, APPROACH)
        assert (bout.target is not None) == is_directed
        assert bout.target != bout.agent


def test_an_attacked_or_mounted_animal_is_taken_out_of_what_it_did(bouts):
    may_do = {ATTACK: {WALK, FLEE, ATTACK}, MOUNT: {WALK}}
    for held in (bout for bout in bouts if bout.activity in may_do):
        meanwhile = [
            bout
            for bout in bouts
            if bout.agent == held.target and bout.start < held.stop and bout.stop > held.start
        ]
        assert {bout.activity for bout in meanwhile} <= may_do[held.activity]
        assert {bout.target for bout in meanwhile} <= {None, held.agent}, "of nobody else"


def test_nobody_investigates_an_animal_that_is_attacked_mounted_or_flees(bouts):
    busy = np.zeros((8, FRAMES), bool)
    for bout in bouts:
        if bout.activity in (ATTACK, MOUNT):
            busy[[bout.agent, bout.target], bout.start : bout.stop] = True
        elif bout.activity == FLEE:
            busy[bout.agent, bout.start : bout.stop] = True
    investigations = [bout for bout in bouts if bout.activity == INVESTIGATION]
    assert investigations
    assert not any(busy[bout.target, bout.start : bout.stop].any() for bout in investigations)


def test_some_animals_flee_while_they_are_attacked_and_some_fight_back(bouts):
    meanwhile = Counter(
        other.activity
        for bout in bouts
        if bout.activity == ATTACK
        for other in bouts
        if (other.agent, other.target) == (bout.target, bout.agent)
        and other.start < bout.stop
        and other.stop > bout.start
    )
    assert meanwhile[FLEE] > meanwhile[ATTACK] > 0


def test_bouts_that_nothing_interrupts_last_as_long_as_measured(bouts):
    frames = [bout.stop - bout.start for bout in bouts if bout.activity == ATTACK]
    if len(frames) > 80:  # of few the median says little
        assert np.median(frames) == pytest.approx(34, rel=0.25)


def test_who_climbs_up_after_investigation_is_labelled_as_sniffing_on():
    rng = np.random.default_rng(0)
    sniff = Bout(INVESTIGATION, 0, 1, 100, 150)
    mount, other_mount = Bout(MOUNT, 0, 1, 150, 300), Bout(MOUNT, 2, 1, 400, 500)
    unlabelled = [Bout(kind, 2, 1, 0, 9) for kind in (HUDDLE, APPROACH)]
    labelled = labelled_bouts(
        rng, [sniff, mount, other_mount, *unlabelled, Bout(WALK, 1, None, 0, 9)]
    )
    *given, more = labelled
    assert given == [sniff, mount, other_mount]
    assert (more.activity, more.agent, more.target, more.start) == (INVESTIGATION, 0, 1, 150)
    assert 158 <= more.stop <= 175


def test_climbing_ends_with_a_mount_that_is_shorter():
    bouts = [Bout(INVESTIGATION, 0, 1, 0, 10), Bout(MOUNT, 0, 1, 10, 13)]
    assert labelled_bouts(np.random.default_rng(0), bouts)[-1] == Bout(INVESTIGATION, 0, 1, 10, 13)


def test_own_bouts_have_labels():
    own = [Bout(REAR, 0, None, 3, 9), Bout(GROOM, 0, None, 9, 20)]
    assert labelled_bouts(np.random.default_rng(0), own) == own
