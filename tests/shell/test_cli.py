import itertools
import re
from dataclasses import dataclass, fields

import pytest

from launch.sweep import SweepOptions
from launch.train import TrainOptions
from mabe_lit.config import Config
from mabe_lit.shell import InputError, parse_arguments
from mabe_lit.shell.config_file import find_settings


def show_help(target, capsys, **options):
    """The help as heading -> the options below it, in order."""
    with pytest.raises(SystemExit):
        parse_arguments(target, ["--help"], prog="command", **options)
    below, heading = {}, "usage"
    for line in capsys.readouterr().out.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            heading = line.removesuffix(":")
        elif match := re.match(r"  --(\w+)", line):
            below.setdefault(heading, []).append(match[1])
    return {heading: keys for heading, keys in below.items() if heading != "options"}


@pytest.mark.parametrize("target", [Config, TrainOptions, SweepOptions])
def test_help_has_each_key_once_below_its_heading(target, capsys):
    shown = show_help(target, capsys)
    assert list(shown) == list(target.HEADINGS)
    assert [keys[0] for keys in shown.values()] == list(target.HEADINGS.values())
    assert sorted(itertools.chain(*shown.values())) == sorted(
        field.name for field in fields(target)
    )


def test_launch_options_have_a_heading_of_their_own(capsys):
    assert show_help(TrainOptions, capsys)["launch"] == ["timeout", "no_wait"]
    assert show_help(SweepOptions, capsys)["launch"] == ["timeout", "grid", "max_containers"]


def measure(
    *, poses: str, fps: float = 30.0, classes: list[str] | None = None, force: bool = False
):
    """Measure something.

    Args:
        poses: Where the poses are.
        fps: How many frames a second has.
        classes: What is looked for.
        force: Whether to go over what there is.
    """


HEADINGS = {"which files": "poses", "which labels": "classes"}


def test_function_takes_headings_for_its_parameters(capsys):
    assert show_help(measure, capsys, headings=HEADINGS) == {
        "which files": ["poses", "fps"],
        "which labels": ["classes", "force"],
    }


def test_headings_change_nothing_of_what_is_read():
    words = ["--poses", "p", "--classes", "a", "b", "--force"]
    read = parse_arguments(measure, words, prog="command", headings=HEADINGS)
    assert read == parse_arguments(measure, words, prog="command")
    assert read == {"poses": "p", "fps": 30.0, "classes": ["a", "b"], "force": True}


@dataclass(frozen=True)
class Plain:
    """Something without headings."""

    speed: float = 1.0
    """How fast it goes."""


def test_help_names_the_settings_of_the_package(capsys):
    with pytest.raises(SystemExit):
        parse_arguments(Config, ["--help"], prog="command")
    text = " ".join(capsys.readouterr().out.split())
    assert f"a setting of the package: {', '.join(find_settings())}." in text


def test_target_without_headings_is_shown_below_its_sentence(capsys):
    assert show_help(Plain, capsys) == {"Something without headings": ["speed"]}


def test_several_values_of_an_option_that_takes_one_are_told():
    with pytest.raises(InputError, match=r"^speed: takes one value, got 2: 1 2$"):
        parse_arguments(Plain, ["--speed", "1", "2"], prog="command")
