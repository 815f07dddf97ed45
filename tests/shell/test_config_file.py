from pathlib import Path

import pytest
import yaml

from mabe_lit.config import Config, parse_config
from mabe_lit.prepare import main as prepare_main
from mabe_lit.shell import InputError, InputWarning, drop_removed
from mabe_lit.shell.config_file import find_settings

PROJECT = Path(__file__).parents[2]
NOTHING = Config.REMOVED
"""Each removed key with the value at which it did nothing."""


def write(folder, **content):
    file = folder / "own.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.mark.parametrize("name", sorted(find_settings()))
def test_setting_by_name_is_its_file_from_any_folder(name, tmp_path, monkeypatch):
    by_path = parse_config(["--config", str(PROJECT / f"configs/{name}.yaml")])
    monkeypatch.chdir(tmp_path)
    assert parse_config(["--config", name]) == by_path


def test_settings_are_the_files_of_configs_but_for_the_grid():
    files = {file.stem for file in (PROJECT / "configs").glob("*.yaml")}
    assert set(find_settings()) == files - {"sweep"}
    grid = yaml.safe_load((PROJECT / "configs/sweep.yaml").read_text())
    assert all(isinstance(values, list) for values in grid.values())


def test_file_goes_before_a_setting_of_its_name_and_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "social").write_text("epochs: 77\n")
    with pytest.warns(InputWarning, match=r"config: social is the file here, not the setting"):
        assert parse_config(["--config", "social"]).epochs == 77


def test_folder_does_not_hide_a_setting(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "social").mkdir()
    assert parse_config(["--config", "social"]).features == "social"


def test_unknown_setting_is_one_line_with_the_known_ones():
    with pytest.raises(InputError) as error:
        parse_config(["--config", "socail"])
    assert str(error.value).startswith("config: no such file: socail; ")
    assert str(error.value).endswith(", ".join(sorted(find_settings())))


def test_setting_without_its_option_is_told_from_a_key():
    with pytest.raises(InputError, match="social: belongs to no option; did you mean --config soc"):
        parse_config(["social"])


@pytest.mark.parametrize("key", NOTHING)
def test_removed_key_is_let_pass_where_it_did_nothing(key, tmp_path):
    file = write(tmp_path, epochs=3, **{key: NOTHING[key]})
    assert parse_config(["--config", str(file)]) == Config(epochs=3)


def test_file_of_removed_keys_alone_is_the_default(tmp_path):
    assert parse_config(["--config", str(write(tmp_path, **NOTHING))]) == Config()


def test_removed_keys_that_did_something_are_named_with_what_was_found(tmp_path):
    file = write(tmp_path, mixup=0.2, leave_out="motion", focal_gamma=0.0)
    with pytest.raises(InputError) as error:
        parse_config(["--config", str(file)])
    assert str(error.value) == (
        f"config: {file}: leave_out is 'motion', allowed is 'none'; mixup is 0.2, allowed is 0.0: "
        "removed after release 0.1.0; use that release, or train without"
    )


def test_removed_key_is_no_option():
    with pytest.raises(InputError, match=r"--mixup: was removed; release 0.1.0 has it"):
        parse_config(["--mixup", "0"])


def test_removed_key_of_trainings_is_unknown_to_other_commands(tmp_path, capsys):
    with pytest.raises(SystemExit):
        prepare_main(["--config", str(write(tmp_path, mixup=0.0))])
    assert "mixup: no such key" in capsys.readouterr().err


def test_drop_removed_leaves_other_keys_and_its_argument_alone():
    settings = {"a": 1, "gone": 0, "b": None}
    assert drop_removed(settings, {"gone": 0, "never": 0}, where="x") == {"a": 1, "b": None}
    assert settings == {"a": 1, "gone": 0, "b": None}
