import inspect
import os
import subprocess
import sys

import pytest
import yaml

from mabe_lit.config import Config, parse_config
from mabe_lit.shell import InputError

FIRST_VALUES = {
    "model_type": "transformer",
    "hidden_dim": 256,
    "num_layers": 4,
    "num_heads": 8,
    "dropout": 0.1,
    "sequence_length": 64,
    "frame_gap": 1,
    "epochs": 10,
    "batch_size": 16,
    "learning_rate": 1e-4,
    "weight_decay": 1e-5,
    "optimizer": "adamw",
    "grad_clip": 1.0,
    "scheduler": "cosine",
    "min_lr": 1e-6,
    "checkpoint_dir": "checkpoints",
    "save_freq": 5,
    "seed": 42,
}


def test_config_defaults_are_the_first_versions_values():
    values = Config().to_dict()
    assert {key: values[key] for key in FIRST_VALUES} == FIRST_VALUES


def test_command_line_goes_over_the_file_and_the_file_over_defaults(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("epochs: 3\nbatch_size: 8\n")
    config = parse_config(["--config", str(file), "--batch_size", "4"])
    assert (config.epochs, config.batch_size, config.num_layers) == (3, 4, 4)


def test_date_is_a_name_as_good_as_others(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("run: 2024-05-01\n")
    assert parse_config(["--config", str(file)]).run == "2024-05-01"


def test_config_survives_yaml():
    config = Config(learning_rate=3e-5, run="a")
    assert Config(**yaml.safe_load(yaml.safe_dump(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hidden_dim", "wide"], r"hidden_dim: expected a whole number, got wide"),
        (["--hidden_dim", "2.5"], r"hidden_dim: expected a whole number, got 2.5"),
        (["--hidden_dim", "100"], r"hidden_dim: must be a multiple of num_heads \(8\), got 100"),
        (["--learning_rate", "-1"], r"learning_rate: must be a number above 0, got -1"),
        (["--learning_rate", "inf"], r"learning_rate: .*got \.?inf"),
        (["--min_lr", "0.1"], r"min_lr: must be at most learning_rate \(0.0001\), got 0.1"),
        (["--dropout", "1"], r"dropout: must be 0 or more and below 1, got 1"),
        (["--epochs", "0"], r"epochs: must be at least 1, got 0"),
        (["--epochs", "0", "--seed", "-1"], r"epochs: .*; seed: must be 0 to 2\^32 - 1, got -1"),
        (["--model_type", "lstm"], r"model_type: expected one of transformer.*, got lstm"),
        (["--device", "tpu"], r"device: expected one of auto, cpu, cuda, got tpu"),
        (["--num_classes", "x"], r"num_classes: expected a whole number or null, got x"),
        (["--epoch", "3"], r"--epoch: no such key; did you mean epochs\?"),
        (["--zzz", "3"], r"--zzz: no such key; allowed are train_data_dir, val_data_dir, dataset"),
        (["--epochs"], r"epochs: has no value; expected a whole number"),
        (["stray"], r"stray: no such key"),
        (["social.yaml"], r"social.yaml: belongs to no option; did you mean --config social.yaml"),
        (["--train_data_dir", " "], r"train_data_dir: is empty"),
        (["--synthetic_animals", "1"], r"synthetic_animals: must be 2 to 16, got 1"),
        (["--synthetic_animals", "17"], r"synthetic_animals: must be 2 to 16, got 17"),
        (["--synthetic_swaps", "true"], r"synthetic_swaps: .* must be false where .* is 2"),
        (["--run", "../up"], r"run: must stay inside checkpoint_dir, got '../up'"),
        (["--run", "/abs"], r"run: must be the name of a folder, got '/abs'"),
        (["--val_data_dir", "data/synthetic/train"], r"val_data_dir: must be another folder"),
        (["--config", "nowhere.yaml"], r"config: no such file: nowhere.yaml"),
        (["--config=nowhere.yaml"], r"config: no such file: nowhere.yaml"),
    ],
)
def test_config_names_the_key_and_what_is_allowed(arguments, message):
    with pytest.raises(InputError, match=message):
        parse_config(arguments)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"epochs: [1\n", r"config.yaml line 2: is not valid YAML"),
        (b"", r"expected lines of 'key: value', found None"),
        (b"- epochs\n", r"expected lines of 'key: value', found \['epochs'\]"),
        (b"epoch: 3\n", r"config.yaml: epoch: no such key; did you mean epochs\?"),
        (b"epochs: many\n", r"epochs: expected a whole number, got many"),
        (b"\xff\xfe\x00", r"is not UTF-8 text"),
        (b"&a\nrun: *a\n", r"config.yaml: run: holds itself"),
        (b"learning_rate:\n", r"learning_rate: expected a number, got null"),
        (b"train_data_dir: null\n", r"train_data_dir: expected text, got null"),
        (b"run: 2024-13-45\n", r"config.yaml: is not valid YAML: month must be in 1..12"),
        (b"[" * 5000, r"config.yaml: is not valid YAML: "),
        (b"run: !!timestamp x\n", r"config.yaml: is not valid YAML: "),
    ],
)
def test_config_file_that_is_wrong_is_named(tmp_path, content, message):
    file = tmp_path / "config.yaml"
    file.write_bytes(content)
    with pytest.raises(InputError, match=message):
        parse_config(["--config", str(file)])


def test_config_file_is_utf8_whatever_the_locale(tmp_path):
    file = tmp_path / "c.yaml"
    file.write_text("train_data_dir: data/Mäuse\nlearning_rate: 1e-3\n", encoding="utf-8")
    code = (
        "from mabe_lit.config import parse_config\n"
        f"config = parse_config(['--config', {str(file)!r}, '--epochs', '3'])\n"
        "assert config.train_data_dir == 'data/M\\u00e4use', ascii(config.train_data_dir)\n"
        "assert (config.learning_rate, config.epochs) == (1e-3, 3)\n"
    )
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


def test_name_that_the_terminal_does_not_know_is_shown_in_escapes():
    code = (
        "from mabe_lit.shell.errors import one_line_errors\n"
        "with one_line_errors():\n    print('\\u30de')\n"
    )
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stdout.strip() == b"\\u30de"


def test_dataset_is_simulated_only_into_the_default_folders():
    assert Config().dataset == "synthetic"
    assert Config(train_data_dir="a", val_data_dir="b").dataset == "recordings"
    assert Config(train_data_dir="typo").dataset == "recordings"
    assert Config(train_data_dir="a", dataset="synthetic").dataset == "synthetic"


def test_run_is_named_by_what_it_computes():
    assert Config().run == Config(checkpoint_dir="elsewhere").run
    assert Config().run != Config(seed=43).run
    groups = [Config(synthetic_animals=n).run for n in (2, 3, 4)]
    assert len(set(groups)) == 3
    assert groups[0] == Config().run


COMMANDS = (
    *("prepare", "fit", "evaluate", "predict"),
    *("baseline", "compare", "simulate", "benchmark"),
)


def test_package_lists_its_commands():
    command = [sys.executable, "-m", "mabe_lit"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [line.split()[2] for line in out.splitlines() if line.startswith("python")] == [
        f"mabe_lit.{name}" for name in COMMANDS
    ]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "--print_config"])
def test_help_and_print_config_do_not_import_torch(command, option):
    code = (
        f"import sys; sys.argv = ['x', '{option}']; from mabe_lit.{command} import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "assert 'torch' not in sys.modules and 'lightning' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_a_sentence_for_each_key(command, capsys):
    module = __import__(f"mabe_lit.{command}", fromlist=["main"])
    with pytest.raises(SystemExit):
        module.main(["--help"])
    text = " ".join(capsys.readouterr().out.split("Show this help")[1].split())
    options = [part for part in text.split(" --")[1:] if not part.startswith("print_config")]
    target = Config if command == "fit" else getattr(module, command)
    described = {option.split()[0].rstrip(",").removesuffix("+") for option in options}
    assert described >= set(inspect.signature(target).parameters)
    for option in options:
        if option.endswith(","):
            continue  # another spelling of the next
        sentence = option.partition("(")[0].split()
        assert len(sentence) >= 4, option


def test_a_key_that_an_earlier_release_did_not_have_was_as_by_default():
    earlier = Config().to_dict()
    del earlier["use_likelihood"]
    assert Config().differing_keys(earlier, where="there") == []
    other = Config(use_likelihood=False)
    assert other.differing_keys(earlier, where="there") == ["use_likelihood"]
