"""Every setting of a training, as one flat list of keys."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from mabe_lit.shell import InputError, drop_removed, parse_arguments
from mabe_lit.shell.ranges import find_problems

SYNTHETIC_TRAIN_DIR = "data/synthetic/train"
SYNTHETIC_VAL_DIR = "data/synthetic/val"

_PLACES = ("checkpoint_dir", "run", "gpu", "verify")
"""Keys that say where and how carefully a run is computed, not what it computes."""


@dataclass(frozen=True)
class Config:
    """Train a network to label behaviour frame by frame; with nothing given, on simulated mice."""

    HEADINGS: ClassVar[Mapping[str, str]] = {
        "data": "train_data_dir",
        "network": "model_type",
        "features": "features",
        "training": "epochs",
        "prediction": "prediction_length",
        "where and how": "checkpoint_dir",
    }
    """A heading in ``--help`` and the first of the keys below it."""
    REMOVED: ClassVar[Mapping[str, Any]] = {
        "leave_out": "none",
        "focal_gamma": 0.0,
        "edge_mask_s": 0.0,
        "mixup": 0.0,
        "point_jitter": 0.0,
        "time_stretch": 0.0,
    }
    """Keys that release 0.1.0 had, and the values at which they did nothing."""

    ADDED: ClassVar[tuple[str, ...]] = (
        *("synthetic_animals", "synthetic_swaps"),
        *("group_embedding", "always_train"),
    )
    """Keys that release 0.1.0 did not have; at their defaults runs are called as they were."""

    train_data_dir: str = SYNTHETIC_TRAIN_DIR
    """Folder of prepared recordings to learn from."""
    val_data_dir: str = SYNTHETIC_VAL_DIR
    """Folder of other prepared recordings to choose the best epoch on, and to report."""
    dataset: Literal["auto", "synthetic", "recordings"] = "auto"
    """Simulate mice into the two folders, or read recordings; auto simulates into the defaults."""
    synthetic_train_frames: int = 48_000
    """Simulated frames to learn from, 30 a second; used when dataset is synthetic."""
    synthetic_val_frames: int = 24_000
    """Simulated frames to validate on; used when dataset is synthetic."""
    synthetic_animals: int = 2
    """Simulated mice; 2: a resident and an intruder, more: a group with labels of each pair."""
    synthetic_swaps: bool = False
    """Have the simulated tracker swap mice of a group that touch, now and then and for good."""
    sequence_length: int = 64
    """Frames in a window."""
    frame_gap: int = 1
    """Step between the frames of a window; 2 skips every other frame and sees twice as long."""
    folds: int = 1
    """Cross-validation: parts of train_data_dir to validate on in turn; 1 takes val_data_dir."""
    fold: int | None = None
    """The one of the folds to validate on, from 1; null trains for each of them in turn."""
    always_train: list[str] | None = None
    """Groups, or patterns such as CalMS21_*, that every fold trains on and none validates on."""
    verify: bool = False
    """Compare the recordings with their digests first, and refuse what a copy has damaged."""

    model_type: Literal["transformer", "conv_bilstm", "tcn", "ms_tcn", "conformer"] = "transformer"
    """Architecture of the network."""
    input_dim: int | None = None
    """Features of a frame; null takes what the data has, a number must agree with it."""
    num_classes: int | None = None
    """Classes of behaviour; null takes what the data has, a number must agree with it."""
    hidden_dim: int = 256
    """Width of the network; in a transformer or conformer a multiple of num_heads."""
    num_layers: int = 4
    """Layers of the network, in ms_tcn of each stage."""
    num_heads: int = 8
    """Attention heads of a layer of transformer or conformer."""
    attention_reach: int = 64
    """Frames, or steps of pool frames, to each side that a layer of conformer attends to."""
    num_stages: int = 4
    """Stages of ms_tcn; each refines the answer of the one before."""
    dropout: float = 0.1
    """Share of activations dropped while training, 0 to below 1."""
    pool: int = 1
    """Frames that the network reads as one step, by their mean and standard deviation."""
    members: int = 1
    """Networks that learn side by side from other starting weights; they answer by their mean."""

    features: Literal["coordinates", "pixels", "social"] = "coordinates"
    """coordinates: seen from the first animal; pixels: as tracked; social: posture and motion."""
    use_likelihood: bool = True
    """Have how sure the tracker was of each point among the social features, where it told."""
    group_embedding: bool = False
    """Tell the network which group a recording is of, such as a lab, a rater or a camera."""
    recording_context: bool = False
    """Show the network what is usual in a recording: the median of each of its features."""

    epochs: int = 10
    """Passes over the training recordings."""
    batch_size: int = 16
    """Windows in a training step."""
    learning_rate: float = 1e-4
    """Learning rate at the start."""
    weight_decay: float = 1e-5
    """Decay of weights towards zero, as the optimizer defines it."""
    optimizer: Literal["adamw", "adam", "sgd"] = "adamw"
    """Optimizer; sgd has momentum 0.9."""
    grad_clip: float = 1.0
    """Largest norm of a step's gradient; 0 leaves it as it is."""
    scheduler: Literal["cosine", "constant"] = "cosine"
    """Course of the learning rate: down to min_lr along a cosine, or constant."""
    warmup: float = 0.0
    """Share of all steps in which the learning rate rises from 0."""
    min_lr: float = 1e-6
    """Learning rate at the end, at most learning_rate."""
    ema_decay: float = 0.0
    """Share of the averaged weights that a step keeps, 0.99 say; 0 trains without averaging."""
    patience: int = 0
    """Epochs without a better macro F1 in validation after which training stops; 0 never does."""
    class_weights: Literal["none", "balanced", "sqrt"] = "none"
    """Weight of rare classes, of their yes if independent: none, balanced by share, or its root."""
    label_smoothing: float = 0.0
    """Share of a label that is spread over all classes, or yes and no if independent; below 1."""
    rotate: bool = False
    """Turn training windows by a random angle."""
    mirror: bool = False
    """Mirror half of the training windows."""
    swap_animals: bool = False
    """Swap the animals in half of the training windows; only where their roles do not matter."""
    scale_jitter: float = 0.0
    """Scale training windows by up to this share."""
    drop_points: float = 0.0
    """Share of key points that are lost for a stretch of a training window."""
    seed: int = 42
    """Seed of everything random; the same seed gives the same run."""

    prediction_length: int | None = None
    """Frames in a window of evaluation and prediction; null takes sequence_length."""
    overlap: int = 2
    """Windows that see a frame in prediction; averaged, those that have it at their edge less."""
    average_views: bool = False
    """Predict each window mirrored and swapped as well, where training does, and average."""

    checkpoint_dir: str = "checkpoints"
    """Folder of all runs; each has a folder of its own there."""
    run: str | None = None
    """Name of the run's folder, null makes one up; the same name goes on where it stopped."""
    save_freq: int = 5
    """Epochs between the checkpoints that are kept, beside the best and the last."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; auto takes an NVIDIA GPU where there is one."""
    devices: int = 1
    """Devices of the machine that train together (DDP), each on batches of batch_size."""
    gpu: str = "T4"
    """GPU to rent in the cloud, NAME or NAME:n for several; training on this machine ignores it."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Number format of matrix products; auto takes the fastest that the device computes well."""
    compile: Literal["never", "auto", "always"] = "never"
    """Compile the training step; auto: on a GPU for long trainings. Not yet measured on a GPU."""

    def __post_init__(self) -> None:
        if problems := find_problems(self.to_dict()):
            raise InputError("; ".join(problems))
        if self.dataset == "auto":
            is_default = (self.train_data_dir, self.val_data_dir) == (
                SYNTHETIC_TRAIN_DIR,
                SYNTHETIC_VAL_DIR,
            )
            object.__setattr__(self, "dataset", "synthetic" if is_default else "recordings")
        if self.run is None:
            object.__setattr__(self, "run", f"{self.model_type}-{self._digest()}")

    @property
    def window_frames(self) -> int:
        """Frames in a window of evaluation and prediction."""
        return self.prediction_length or self.sequence_length

    @property
    def run_dir(self) -> Path:
        """The run's folder."""
        return Path(self.checkpoint_dir) / str(self.run)

    def to_dict(self) -> dict[str, Any]:
        """All keys with plain values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any], *, where: str) -> Self:
        """A configuration as ``to_dict`` gave it, also in an earlier release.

        Raises:
            InputError: If a value is wrong in what was read from ``where``.
        """
        return cls(**drop_removed(settings, cls.REMOVED, where=where))

    def differing_keys(self, other: Mapping[str, Any], *, where: str) -> list[str]:
        """Keys in which a run under another configuration differs, wherever the runs lie.

        What an earlier release had no key for was as it is by default.

        Raises:
            InputError: If ``other``, read from ``where``, has a removed key that did something.
        """
        other = drop_removed(other, self.REMOVED, where=where)
        ours, other = self.to_dict(), Config().to_dict() | other
        keys = (ours.keys() | other.keys()) - set(_PLACES)
        return sorted(key for key in keys if ours.get(key) != other.get(key))

    def _digest(self) -> str:
        settings = {k: v for k, v in self.to_dict().items() if k not in _PLACES}
        settings.update(self.REMOVED)  # what a run is called by itself is as it was with them
        for field in dataclasses.fields(self):
            if field.name in self.ADDED and settings[field.name] == field.default:
                del settings[field.name]
        return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:8]


def parse_config(
    argv: Sequence[str] | None = None, *, prog: str = "python -m mabe_lit.fit"
) -> Config:
    """Read a configuration from a command line: ``--config FILE``, then ``--key value`` on top.

    Args:
        argv: The arguments after the command's name; those of the process when None.
        prog: The command, for ``--help``.

    Returns:
        The checked configuration.

    Raises:
        InputError: Naming each wrong key, what was found and what is allowed.
    """
    return Config(**parse_arguments(Config, argv, prog=prog))
