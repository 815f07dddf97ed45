"""``python -m mabe_lit.prepare --mabe2025``: which options go with it, and what is told."""

from __future__ import annotations

import json

import pytest
from mabe2025_files import Folder
from tiny import fails

from mabe_lit import prepare as prepare_command
from mabe_lit.data import open_dataset


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "mabe")


def prepare(folder, tmp_path, *options):
    output = tmp_path / "set"
    prepare_command.main(["--mabe2025", str(folder.path), "--output", str(output), *options])
    return open_dataset(output)


def test_dataset_holds_the_labs_as_groups_and_notes_how_it_was_read(folder, tmp_path, capsys):
    folder.add("LyricalHare", 1).add("UppityFerret", 2).add("SparklingTapir", 3)
    options = ("--labs", "LyricalHare", "UppityFerret", "--mend", "empty_bouts")
    dataset = prepare(folder, tmp_path, *options)
    assert [entry.group for entry in dataset.entries] == ["LyricalHare", "UppityFerret"]
    assert dataset.is_independent
    assert dataset.source == {
        "mabe2025": str(folder.path),
        "labs": ["LyricalHare", "UppityFerret"],
        "split": "train",
        "unscored": False,
        "mend": ["empty_bouts"],
        "synonyms": False,
    }
    said = capsys.readouterr()
    assert "2 recordings written to" in said.out
    assert said.err == ""


def test_what_was_mended_and_left_out_is_told_in_a_line_each(folder, tmp_path, capsys):
    folder.add(number=1, bouts=[(1, 2, "attack", 4, 4), (1, 1, "rear", 8, 12)])
    folder.add(number=2, labeled="", bouts=None)
    prepare(folder, tmp_path)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in lines[-3:-1]] == ["outside_tracking", "empty_bouts"]
    assert lines[-1].startswith("warning: 1 videos that nobody scored are left out")


def test_nothing_is_written_where_a_video_is_bad_unless_it_is_skipped(folder, tmp_path, capsys):
    folder.add(number=1).add(number=2, bouts=[(1, 2, "attack", 5, 2)])
    options = ("--mabe2025", folder.path, "--output", tmp_path / "set")
    message = fails(prepare_command, capsys, *options)
    assert "row 0: start_frame is 5 and stop_frame 2" in message
    assert not (tmp_path / "set").exists()
    dataset = prepare(folder, tmp_path, "--skip_bad", "true")
    assert [entry.name for entry in dataset.entries] == ["LyricalHare/1"]
    assert "1 videos left out: " in capsys.readouterr().err


def test_test_split_has_no_labels(tmp_path, capsys):
    dataset = prepare(Folder(tmp_path / "mabe", "test").add(), tmp_path, "--split", "test")
    assert [labels.tolist() for labels in dataset.all_labels()] == [[[-100, -100]] * 10] * 2
    assert capsys.readouterr().err == ""


def test_unscored_videos_alone_can_be_prepared(folder, tmp_path):
    dataset = prepare(folder.add(labeled="", bouts=None), tmp_path, "--unscored", "true")
    assert dataset.class_names == ()
    assert len(dataset.tracks) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--poses a", "--poses does not go with --mabe2025, whose folder holds everything"),
        ("--classes attack", "--classes does not go with --mabe2025"),
        ("--likelihood_below 0.3", "--likelihood_below does not go with --mabe2025"),
        ("--calms21 a.json", "--mabe2025 does not go with --calms21, whose file holds everything"),
        ("--split val", "split: expected one of train, test"),
        ("--mend rates", "--mend: there is no rule rates; expected all, none, or any of"),
        ("--labs Hare", "has no videos of Hare; there are LyricalHare"),
    ],
)
def test_options_that_do_not_go_with_it_are_named(folder, tmp_path, capsys, options, message):
    folder.add()
    given = ("--mabe2025", folder.path, "--output", tmp_path / "set", *options.split())
    assert message in fails(prepare_command, capsys, *given)


@pytest.mark.parametrize("option", ["labs a", "split test", "unscored", "mend none", "synonyms"])
def test_its_options_go_with_it_alone(tmp_path, capsys, option):
    key, *value = option.split()
    given = ("--poses", "a", "--annotations", "a", "--output", tmp_path / "set")
    message = fails(prepare_command, capsys, *given, f"--{key}", *value)
    assert f"--{key} goes with --mabe2025 alone" in message
    given = ("--calms21", "a.json", "--output", tmp_path / "set")
    message = fails(prepare_command, capsys, *given, f"--{key}", *value)
    assert f"--{key} does not go with --calms21" in message


def test_dataset_of_no_folder_names_all_ways(tmp_path, capsys):
    message = fails(prepare_command, capsys, "--output", tmp_path / "set")
    expected = "--poses is missing: give --poses and --annotations, or --calms21, or --mabe2025"
    assert expected in message


def test_sources_are_json(folder, tmp_path):
    prepare(folder.add(), tmp_path)
    table = json.loads((tmp_path / "set" / "dataset.json").read_text())
    assert table["source"]["mend"] == [
        "snail_rate",
        "outside_tracking",
        "empty_bouts",
        "unlisted_bouts",
    ]
