"""What recordings ask of a network, read from their label tracks."""

import json

import numpy as np
import pytest
from acting import CLASSES, cycling, of_independent, of_many, recording
from tiny import MICE, dataset_of

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset, Task, TrackEntry
from mabe_lit.data.task import kind_of
from mabe_lit.pose import LabelTrack
from mabe_lit.simulation import simulate_recordings

ACTING = Task(
    ("m1", "m2", "m3", "m4"),
    ("nose", "tail"),
    CLASSES,
    lacks_points=True,
    looked_for={
        "": {"own": ("rear",)},
        "lab A": {"own": ("rear",), "pair": ("attack", "sniff")},
        "lab B": {"pair": ("attack", "sniff")},
    },
)
"""That of ``of_many``."""


@pytest.mark.parametrize(
    ("agent", "target", "kind"), [(None, None, "scene"), (0, None, "own"), (1, 0, "pair")]
)
def test_kind_of_a_track_is_whose_it_is(agent, target, kind):
    assert kind_of(TrackEntry(0, 0, agent, target)) == kind


def test_task_of_scenes_is_as_in_earlier_releases():
    (mice,) = simulate_recordings(1, 20, 0)
    task = Task.of(Dataset.of(mice))
    assert task == MICE
    assert task.is_plain
    assert not task.has_agents
    assert task.whose(2, "") == [(None, None)]
    assert task.classes_for("", "scene").all()


def test_task_tells_by_group_and_kind_what_somebody_looked_for(tmp_path):
    task = Task.of(dataset_of(*of_many(), folder=tmp_path / "set"))
    assert task == ACTING
    assert task.groups == ("", "lab A", "lab B")
    assert task.kinds == {"own", "pair"}
    assert task.has_agents
    assert not task.is_plain


def test_task_of_overlapping_behaviours_takes_what_any_track_was_looked_at_for(tmp_path):
    task = Task.of(dataset_of(*of_independent(), folder=tmp_path / "set"))
    assert task.is_independent
    assert not task.lacks_points
    assert task.looked_for == {"": {"own": ("rear",), "pair": ("attack", "sniff")}}


def test_classes_of_tracks_of_a_kind_come_together(tmp_path):
    tracks = [
        LabelTrack(cycling(5, 0), "m1", "m2", ("attack",)),
        LabelTrack(cycling(5, 2), "m2", "m1", ("sniff",)),
    ]
    task = Task.of(dataset_of(recording("a", 2, 5, tracks), folder=tmp_path / "set"))
    assert task.looked_for == {"": {"pair": ("attack", "sniff")}}


@pytest.mark.parametrize(
    ("group", "kind", "expected"),
    [
        ("lab A", "own", ["rear"]),
        ("lab A", "pair", ["attack", "sniff"]),
        ("lab B", "own", []),  # never learnt from it, so never predicted for it
        ("", "pair", []),
        ("lab C", "own", ["rear"]),  # training had it not: what any group has
        ("lab C", "pair", ["attack", "sniff"]),
        ("lab A", "scene", []),
    ],
)
def test_classes_to_predict_are_those_of_the_group(group, kind, expected):
    assert np.array(CLASSES)[ACTING.classes_for(group, kind)].tolist() == expected


@pytest.mark.parametrize(
    ("animals", "group", "expected"),
    [
        (1, "", [(0, None)]),
        (3, "", [(0, None), (1, None), (2, None)]),
        (2, "lab A", [(0, None), (1, None), (0, 1), (1, 0)]),
        (2, "lab B", [(0, 1), (1, 0)]),
        (1, "lab B", []),  # one animal has no target
        (3, "lab B", [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]),
        (1, "lab C", [(0, None)]),
    ],
)
def test_tracks_to_predict_are_all_that_a_group_may_have(animals, group, expected):
    assert ACTING.whose(animals, group) == expected


def test_scenes_of_groups_are_plain_while_all_look_for_everything(tmp_path):
    labels = cycling(5, 0, 1, UNSCORED)
    everything = [
        recording(group, 2, 5, [LabelTrack(labels)], group=group) for group in ("lab A", "lab B")
    ]
    task = Task.of(dataset_of(*everything, folder=tmp_path / "all"))
    assert task.groups == ("lab A", "lab B")
    assert task.is_plain
    part = recording("b", 2, 5, [LabelTrack(labels, looked_for=("attack", "rear"))], group="lab B")
    task = Task.of(dataset_of(everything[0], part, folder=tmp_path / "part"))
    assert not task.is_plain
    assert not task.has_agents
    assert task.classes_for("lab B", "scene").tolist() == [True, True, False]
    assert task.classes_for("lab A", "scene").all()


def test_animals_without_some_points_are_not_plain(tmp_path):
    has_point = np.array([[True, True], [True, False]])
    lacking = recording("a", 2, 5, [LabelTrack(cycling(5, 0, 1))], has_point=has_point)
    task = Task.of(dataset_of(lacking, folder=tmp_path / "set"))
    assert task.lacks_points
    assert not task.is_plain


@pytest.mark.parametrize("task", [MICE, ACTING], ids=["scene", "acting"])
def test_task_is_read_back_from_plain_values(task):
    assert Task.from_dict(json.loads(json.dumps(task.to_dict()))) == task


def test_task_of_an_earlier_release_is_a_plain_scene():
    values = MICE.to_dict()
    for key in ("is_independent", "lacks_points", "looked_for"):
        del values[key]
    assert Task.from_dict(values) == MICE
