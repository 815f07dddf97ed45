"""What a user can get wrong in ``launch``, found before anything is asked of the cloud."""

import importlib.metadata
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from modal_emulator.client import PROJECT
from tiny import flip

from mabe_lit.data import write_dataset
from mabe_lit.shell import InputError
from mabe_lit.shell.config_file import find_settings
from mabe_lit.simulation import simulate_recordings


def modal_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``modal run`` where no service answers, and where there is no account."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MODAL_")}
    environment |= {"MODAL_SERVER_URL": "http://127.0.0.1:1", "MODAL_CONFIG_PATH": os.devnull}
    return subprocess.run(
        [sys.executable, "-m", "modal", "run", *arguments],
        env=environment | {"COLUMNS": "200"},
        cwd=PROJECT,
        text=True,
        capture_output=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("train.py --epoch 3", "--epoch: no such key; did you mean epochs?"),
        ("train.py --epochs many", "epochs: expected a whole number, got many"),
        ("train.py --epochs 0", "epochs: must be at least 1, got 0"),
        ("train.py --config no.yaml", "config: no such file: no.yaml"),
        ("train.py --gpu T5", "gpu: must be one of T4, L4, A10G, L40S, A100, A100-80GB, H100, "),
        ("train.py --gpu T4:9", "gpu: must be one of T4, "),
        (
            "train.py --gpu H100:2 --devices 4",
            "devices: is 4, but gpu is 'H100:2'; write gpu: H100:4",
        ),
        ("train.py --devices 2", "devices: is 2, but gpu is 'T4'; write gpu: T4:2"),
        ("train.py --timeout 0", "timeout: must be 1 to 86400 seconds, got 0"),
        ("train.py --no_wait", "no_wait: without --detach the run would end with this command; "),
        ("train.py --detach", "--detach: is an option of modal itself, it goes before the file: "),
        (
            "train.py --train_data_dir /home/me/rats",
            "train_data_dir: in the cloud it lies in the Volume, so it must be a relative path",
        ),
        ("train.py --checkpoint_dir ../runs", "checkpoint_dir: in the cloud it lies in the Volume"),
        ("sweep.py", "give --grid; see --help"),
        ("sweep.py --grid no.yaml", "grid: no.yaml: No such file or directory"),
        ("sweep.py --grid configs/config.yaml", "grid: configs/config.yaml: "),
        (
            "sweep.py --grid configs/sweep.yaml --max_containers 0",
            "max_containers: must be at least 1",
        ),
        ("predict.py --run a --output b", "give --poses; see --help"),
        ("predict.py --run a --output b --poses no", "--poses no: no such file or folder"),
        ("predict.py --run a --output b --poses tests --gpu X", "gpu: must be one of T4, "),
        ("upload.py", "give --data; see --help"),
        ("upload.py --data data/no", "data/no: no such folder; make a dataset with"),
        ("upload.py --data configs", "configs: is not a dataset, dataset.json is missing"),
        ("upload.py --data /tmp", "data: must be a folder below this one, "),
        ("download.py --ru x", "--ru: no such key; did you mean run?"),
    ],
)
def test_wrong_input_is_one_line_and_asks_nothing_of_the_cloud(arguments, message):
    command, *options = arguments.split()
    done = modal_run(f"launch/{command}", *options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr.startswith(f"error: {message}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize("command", ["train", "sweep", "download", "upload", "predict"])
def test_help_needs_no_account_and_no_torch(command):
    start = time.monotonic()
    done = modal_run(f"launch/{command}.py", "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: modal run launch/{command}.py")
    assert time.monotonic() - start < 5, "about a second where nothing else runs"


def test_help_has_the_options_of_a_local_training():
    local = [sys.executable, "-m", "mabe_lit.fit", "--help"]
    expected = subprocess.run(local, cwd=PROJECT, text=True, capture_output=True, check=True)
    keys = {word for word in expected.stdout.split() if word.startswith("--")}
    found = modal_run("launch/train.py", "--help").stdout.split()
    assert keys - set(found) == set()
    assert {"--no_wait", "--timeout"} <= set(found)


def test_launch_never_imports_torch():
    code = "import sys, launch.train, launch.sweep, launch.predict, launch.upload, launch.download"
    check = f"{code}; assert not {{'torch', 'lightning', 'pandas'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=PROJECT, check=True)


class DamagingVolume:
    """Keeps files in memory, one of them with its last bit flipped."""

    def __init__(self, damaged):
        self.files = {}
        self._damaged = damaged

    @contextmanager
    def batch_upload(self, force):
        assert force
        yield self

    def put_file(self, file, path):
        content = bytearray(file.read_bytes())
        content[-1] ^= Path(path).name == self._damaged
        self.files[path] = bytes(content)

    def read_file(self, path):
        yield from (self.files[path][:100], self.files[path][100:])


def test_upload_notices_what_arrived_damaged(tmp_path, monkeypatch):
    from launch import upload

    monkeypatch.chdir(tmp_path)
    write_dataset(simulate_recordings(1, 40, 0), "data/own")
    monkeypatch.setattr(upload, "volume", DamagingVolume(None))
    sizes = [file.stat().st_size for file in Path("data/own").iterdir()]
    assert upload.upload(Path("data/own")) == sum(sizes)
    monkeypatch.setattr(upload, "volume", DamagingVolume("label_codes.npy"))
    with pytest.raises(InputError, match=r"data: data/own/label_codes.npy was damaged on its way"):
        upload.upload(Path("data/own"))


def test_upload_refuses_what_is_damaged_here(tmp_path, monkeypatch):
    from launch import upload

    monkeypatch.chdir(tmp_path)
    write_dataset(simulate_recordings(1, 40, 0), "data/own")
    upload.check_dataset("data/own")
    flip(Path("data/own/keypoints.npy"), -3)
    with pytest.raises(InputError, match=r"keypoints.npy: is damaged, its values are not"):
        upload.check_dataset("data/own")


def test_package_that_is_not_here_cannot_be_pinned(monkeypatch):
    from launch.app import pinned_requirements

    def version(name: str) -> str:
        if name == "h5py":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.2.3+cpu"

    monkeypatch.setattr("importlib.metadata.version", version)
    with pytest.raises(InputError, match=r"h5py is not installed here, .*pip install"):
        pinned_requirements()


def test_mabe_lit_never_imports_modal():
    sources = "".join(file.read_text() for file in (PROJECT / "mabe_lit").rglob("*.py"))
    assert "import modal" not in sources
    assert "from modal" not in sources


@pytest.mark.parametrize("name", find_settings())
def test_shipped_configuration_parses(name):
    from mabe_lit.config import parse_config

    config = parse_config(["--config", name])
    written = yaml.safe_load((PROJECT / f"configs/{name}.yaml").read_text())
    found = config.to_dict()
    assert {key: type(found[key])(value) for key, value in written.items()} == {
        key: found[key] for key in written
    }


def test_first_configuration_is_as_documented():
    written = yaml.safe_load((PROJECT / "configs/config.yaml").read_text())
    assert written == {
        "dataset": "synthetic",
        "train_data_dir": "data/synthetic/train",
        "val_data_dir": "data/synthetic/val",
        "model_type": "transformer",
        "input_dim": 28,
        "num_classes": 4,
        "hidden_dim": 256,
        "num_layers": 4,
        "num_heads": 8,
        "dropout": 0.1,
        "sequence_length": 64,
        "frame_gap": 1,
        "epochs": 10,
        "batch_size": 16,
        "learning_rate": "1e-4",  # PyYAML's reading; the command's parser makes it a number
        "weight_decay": "1e-5",
        "optimizer": "adamw",
        "grad_clip": 1.0,
        "scheduler": "cosine",
        "min_lr": "1e-6",
        "checkpoint_dir": "checkpoints",
        "save_freq": 5,
        "device": "cuda",
        "seed": 42,
    }
