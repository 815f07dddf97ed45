"""What many tests need: a training of seconds, and how a command fails."""

from dataclasses import replace

import pytest

from mabe_lit.config import Config
from mabe_lit.pose import LabelTrack


def tiny_config(folder, **changes):
    values = {
        "train_data_dir": str(folder / "data/train"),
        "val_data_dir": str(folder / "data/val"),
        "dataset": "synthetic",
        "synthetic_train_frames": 2048,
        "synthetic_val_frames": 1024,
        "hidden_dim": 16,
        "num_layers": 1,
        "num_heads": 2,
        "batch_size": 8,
        "epochs": 3,
        "save_freq": 2,
        "learning_rate": 1e-2,
        "checkpoint_dir": str(folder / "checkpoints"),
        "run": "tiny",
        "device": "cpu",
    }
    return Config(**(values | changes))


class Killed(BaseException):
    """Ends a training where it is."""


def flip(file, place, bits=1):
    """Change some bits of one byte of a file."""
    content = bytearray(file.read_bytes())
    content[place] ^= bits
    file.write_bytes(content)


def changed(recording, *, labels=None, **changes):
    """A recording with other fields; ``labels`` are one track of the scene."""
    tracks = recording.tracks if labels is None else (LabelTrack(labels),)
    return replace(recording, **({"tracks": tracks} | changes))


def names_of(recording):
    return recording.animal_names, recording.keypoint_names, recording.class_names


def fails(command, capsys, *arguments):
    """The one line on stderr with which a command ends."""
    with pytest.raises(SystemExit) as end:
        command.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    assert end.value.code == 2
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err
    return captured.err
