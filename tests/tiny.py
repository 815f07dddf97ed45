"""What many tests need: a training of seconds, and how a command fails."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from mabe_lit.config import Config
from mabe_lit.data import Task, open_dataset, write_dataset
from mabe_lit.data.digest import checksum, dataset_digest, new_digest
from mabe_lit.pose import LabelTrack
from mabe_lit.simulation.mice import ANIMAL_NAMES, CLASS_NAMES, KEYPOINT_NAMES

MICE = Task(ANIMAL_NAMES, KEYPOINT_NAMES, CLASS_NAMES)
"""What simulated recordings of two mice ask of a network."""


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


def scene_task(recording):
    """What recordings like this one ask of a network: one class a frame of the scene."""
    return Task(*names_of(recording))


def dataset_of(*recordings, folder):
    """Recordings as a folder that is written and opened."""
    write_dataset(recordings, folder)
    return open_dataset(folder)


def make_earlier(folder, *, is_first=True):
    """Make a folder of scenes what release 0.1 wrote of them, with one label a frame.

    The first of these noted neither the digest of each file nor a checksum.
    """
    dataset = open_dataset(folder)
    labels = np.concatenate(dataset.all_labels())
    for file in folder.glob("label_*.npy"):
        file.unlink()
    np.save(folder / "labels.npy", labels)
    index = {"format_version": 1}
    for key in ("animal_names", "keypoint_names", "class_names"):
        index[key] = list(getattr(dataset, key))
    told = ("name", "first_frame", "frames", "fps", "has_likelihood")
    index["recordings"] = [{key: asdict(entry)[key] for key in told} for entry in dataset.entries]
    files = {}
    for name in ("keypoints", "labels", *(("likelihood",) if dataset.has_likelihood else ())):
        digest = new_digest()
        digest.update(np.load(folder / f"{name}.npy").tobytes())
        files[f"{name}.npy"] = digest.hexdigest()
    index |= {"digest": dataset_digest(list(files.values()), index), "source": dataset.source}
    if not is_first:
        index |= {"files": files}
        index |= {"checksum": checksum(index)}
    (folder / "dataset.json").write_text(json.dumps(index, indent=1))


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
