from typing import Literal

import pytest

from mabe_lit.shell import describe_kind, is_of_kind


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (3, int, True),
        (3, float, True),
        (3.0, int, False),
        (True, int, False),
        (True, float, False),
        (True, bool, True),
        (1, bool, False),
        (None, str, False),
        (None, str | None, True),
        ("a", str | None, True),
        ("a", Literal["a", "b"], True),
        ("c", Literal["a", "b"], False),
        ({}, Literal["a", "b"], False),
        (["a", "b"], list[str], True),
        (["a", 1], list[str], False),
        ("ab", list[str], False),
        (["a"], list[str] | str, True),
    ],
)
def test_kind_of_a_value(value, hint, expected):
    assert is_of_kind(value, hint) == expected


def test_kinds_are_told_in_words():
    assert describe_kind(int | None) == "a whole number or null"
    assert describe_kind(Literal["a", "b"]) == "one of a, b"
    assert describe_kind(list[str] | str) == "a list of names or text"
