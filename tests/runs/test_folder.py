import pytest
import yaml
from tiny import tiny_config

from mabe_lit.config import Config
from mabe_lit.runs.folder import open_run
from mabe_lit.shell import InputError


def rewrite(file, **changes):
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | changes))


def test_run_of_an_earlier_release_goes_on_with_keys_that_did_nothing(tmp_path):
    config = tiny_config(tmp_path)
    folder = open_run(config)
    rewrite(folder / "config.yaml", **Config.REMOVED)
    assert open_run(config) == folder


def test_run_of_an_earlier_release_with_a_key_that_did_something_is_refused(tmp_path):
    config = tiny_config(tmp_path)
    file = open_run(config) / "config.yaml"
    rewrite(file, time_stretch=0.1)
    with pytest.raises(InputError) as error:
        open_run(config)
    assert str(error.value).startswith(f"{file}: time_stretch is 0.1, allowed is 0.0: removed")
