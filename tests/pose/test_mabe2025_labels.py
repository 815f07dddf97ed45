"""Who does what to whom, as the tables of MABe 2025 name it."""

import numpy as np
import pytest

from mabe_lit.pose.mabe2025_labels import name_mouse, name_pair, parse_labeled
from mabe_lit.shell import InputError

ATTACK = ("mouse1", "mouse2", "attack")
REAR = ("mouse1", "self", "rear")


@pytest.mark.parametrize(
    "cell",
    [
        '["mouse1,mouse2,attack", "mouse1,self,rear"]',
        "[\"'mouse1','mouse2','attack'\", \"'mouse1','self','rear'\"]",
        '["1,2,attack", "1,1,rear"]',
        "['mouse1,mouse2,attack', 'mouse1,self,rear']",
        '  [ " mouse1 , mouse2, attack", "mouse1,self,rear", "mouse1,mouse2,attack" ] ',
        ["mouse1,mouse2,attack", "'mouse1','self','rear'"],
    ],
    ids=["bare", "quoted parts", "numbers", "printed by Python", "spaces and repeated", "list"],
)
def test_cells_of_all_writings_say_the_same(cell):
    assert parse_labeled(cell) == (ATTACK, REAR)


@pytest.mark.parametrize("cell", ["'mouse1','mouse2','attack'", "mouse1,mouse2,attack"])
def test_one_behaviour_needs_no_list(cell):
    assert parse_labeled(cell) == (ATTACK,)


@pytest.mark.parametrize("cell", [float("nan"), np.float32("nan"), None, "", "  ", "[]", []])
def test_empty_cells_say_that_nobody_looked(cell):
    assert parse_labeled(cell) == ()


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("rear", "found 'rear', expected a list such as"),
        ('["mouse1,attack"]', "found 'mouse1,attack', expected a list"),
        ('["mouse1,mouse2,"]', "found 'mouse1,mouse2,', expected a list"),
        ('["mouse1,mouse2,attack,now"]', "found 'mouse1,mouse2,attack,now', expected a list"),
        ('["mouse1,mouse2,attack"', "expected a list"),
        ('[["mouse1", "mouse2", "attack"]]', r"found \['mouse1', 'mouse2', 'attack'\], expected"),
        ("[" * 100_000, "expected a list"),
        (3.5, "found 3.5, expected a list"),
        ('["self,mouse1,attack"]', "found mouse 'self', expected mouse1, mouse2, ... or 1"),
        ('["mouse0,self,rear"]', "found mouse 'mouse0', expected mouse1"),
    ],
)
def test_other_cells_are_refused_with_their_place(cell, found):
    with pytest.raises(InputError, match=rf"train\.csv, line 3: .*{found}"):
        parse_labeled(cell, "train.csv, line 3")


@pytest.mark.parametrize("value", ["mouse1", "'mouse1'", "1", 1, 1.0, np.int8(1), np.float64(1)])
def test_a_mouse_has_one_name(value):
    assert name_mouse(value, "row 0") == "mouse1"


@pytest.mark.parametrize(
    "value", ["mouse", "-1", 0, -1, 1.5, float("nan"), np.float32("inf"), True, None]
)
def test_what_is_no_mouse_is_refused(value):
    with pytest.raises(InputError, match=r"row 0: found mouse .*, expected mouse1"):
        name_mouse(value, "row 0")


@pytest.mark.parametrize("target", ["self", "'self'", "mouse1", 1])
def test_a_mouse_toward_itself_has_target_self(target):
    assert name_pair("mouse1", target, "row 0") == ("mouse1", "self")


def test_a_mouse_toward_another_has_it_as_target():
    assert name_pair(2, "1", "row 0") == ("mouse2", "mouse1")
