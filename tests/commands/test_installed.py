"""What is installed: the command ``mabe-lit``, all rooms, and the settings."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from tiny import fails

from mabe_lit import __main__ as mabe_lit_command

PROJECT = Path(__file__).parents[2]
BUILD = "from setuptools.build_meta import build_wheel; build_wheel('wheel')"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder of packages that holds what a wheel of this project does."""
    folder = tmp_path_factory.mktemp("build")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, folder)
    for name in ("mabe_lit", "configs"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([sys.executable, "-c", BUILD], cwd=folder, check=True, capture_output=True)
    with zipfile.ZipFile(next((folder / "wheel").glob("*.whl"))) as wheel:
        wheel.extractall(folder / "site")
    return folder / "site"


def test_wheel_has_all_sources_and_settings(site):
    def files(folder, pattern):
        return {file.relative_to(folder).as_posix() for file in folder.rglob(pattern)}

    assert files(site / "mabe_lit", "*.py") == files(PROJECT / "mabe_lit", "*.py")
    assert files(site / "mabe_lit/configs", "*") == files(PROJECT / "configs", "*")


def test_installed_command_finds_a_setting_by_name(site, tmp_path):
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r})\n"
        "import mabe_lit.config\n"
        "assert mabe_lit.__path__ == [sys.argv[1]]\n"
        "print(mabe_lit.config.parse_config(['--config', 'social']).features)\n"
    )
    command = [sys.executable, "-P", "-c", code, str(site / "mabe_lit")]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout == "social\n"


def test_console_script_is_the_main_of_the_package():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    module, _, function = project["scripts"]["mabe-lit"].partition(":")
    assert getattr(import_module(module), function) is mabe_lit_command.main


def test_command_is_run_by_name_with_its_options(capsys):
    assert "epochs: must be at least 1, got 0" in fails(
        mabe_lit_command, capsys, "fit", "--epochs", 0
    )


@pytest.mark.parametrize("name", mabe_lit_command.COMMANDS)
def test_every_listed_command_is_one(name, capsys):
    with pytest.raises(SystemExit) as end:
        mabe_lit_command.main([name, "--help"])
    assert not end.value.code
    assert f"usage: python -m mabe_lit.{name} " in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_commands_are_listed_where_none_is_named(arguments, capsys):
    mabe_lit_command.main(arguments)
    out = capsys.readouterr().out
    for name, sentence in mabe_lit_command.COMMANDS.items():
        assert f"mabe_lit.{name} " in out
        assert sentence in out


@pytest.mark.parametrize(("word", "meant"), [("ft", "did you mean fit? "), ("xyz", "")])
def test_unknown_command_is_one_line_with_those_there_are(word, meant, capsys):
    there_are = ", ".join(mabe_lit_command.COMMANDS)
    expected = f"error: {word}: no such command; {meant}there are {there_are}\n"
    assert fails(mabe_lit_command, capsys, word) == expected
