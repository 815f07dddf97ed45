"""A run's folder: what a training leaves behind, and where it goes on after a kill.

======================  ===============================================================
``config.yaml``         all keys, as resolved
``best.ckpt``           the epoch with the highest macro F1 in validation
``last.ckpt``           the last complete epoch
``epoch-005.ckpt`` ...  one each ``save_freq`` epochs
``metrics.csv``         a row an epoch
``result.json``         scores of ``best.ckpt``; written last, so it says that the run is complete
======================  ===============================================================
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
import yaml
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from mabe_lit.atomic import written_atomically
from mabe_lit.checkpoint import read_checkpoint
from mabe_lit.config import Config
from mabe_lit.decisions import Decisions
from mabe_lit.errors import InputError


def open_run(config: Config) -> Path:
    """Make the run's folder, or open the one of an earlier start of the same run.

    Raises:
        InputError: If the folder belongs to a run with another configuration.
    """
    folder = config.run_dir
    file = folder / "config.yaml"
    if file.is_file():
        try:
            earlier = yaml.safe_load(file.read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            raise InputError(f"{file}: is not valid YAML ({error})") from error
        if not isinstance(earlier, dict):
            raise InputError(f"{file}: is damaged, expected a key and a value a line")
        differing = [
            f"{key} (there {earlier.get(key)!r}, now {config.to_dict().get(key)!r})"
            for key in config.differing_keys(earlier)
        ]
        if differing:
            raise InputError(
                f"run: {config.run!r} in {config.checkpoint_dir} was started with another value of "
                f"{', '.join(differing)}; give this run another name"
            )
        for unfinished in folder.glob(".*.*-*"):  # what a kill left of a file that was written
            unfinished.unlink(missing_ok=True)
        return folder
    for others in ("*.ckpt", "result.json"):
        if folder.is_dir() and any(folder.glob(others)):
            raise InputError(f"run: {folder} holds {others} but no config.yaml; give another name")
    folder.mkdir(parents=True, exist_ok=True)
    with written_atomically(file) as temporary:
        temporary.write_text(yaml.safe_dump(config.to_dict(), sort_keys=False), encoding="utf-8")
    return folder


def read_result(folder: Path) -> dict[str, Any] | None:
    """The result of a complete run, None while it is not complete."""
    file = folder / "result.json"
    if not file.is_file():
        return None
    try:
        result: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(
            f"{file}: is not valid JSON ({error}); without it the same command scores the run again"
        ) from error
    return result


def write_result(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Write ``result.json``, and give it back as the next start of the run would read it."""
    text = json.dumps(result, indent=1)
    with written_atomically(folder / "result.json") as temporary:
        temporary.write_text(text, encoding="utf-8")
    written: dict[str, Any] = json.loads(text)
    return written


def newest_checkpoint(folder: Path) -> Path | None:
    """The readable checkpoint with the most steps, None where there is none."""
    last = folder / "last.ckpt"
    candidates = [last, *sorted(path for path in folder.glob("*.ckpt") if path != last)]
    steps = {}
    for path in candidates:
        try:
            steps[path] = int(read_checkpoint(path)["global_step"])
        except InputError:
            continue
        if path == last:
            return last
    return max(steps, key=lambda path: steps[path]) if steps else None


def checkpoint_callbacks(folder: Path, save_freq: int) -> list[ModelCheckpoint]:
    """Checkpoints of the best epoch, of each ``save_freq``-th and of the last, in this order."""
    common: dict[str, Any] = {
        "dirpath": folder,
        "save_on_train_epoch_end": True,
        "auto_insert_metric_name": False,
        "enable_version_counter": False,
    }
    return [
        MovableCheckpoint(filename="best", monitor="val_macro_f1", mode="max", **common),
        EveryFewEpochs(
            filename="epoch-{epoch:03d}", every_n_epochs=save_freq, save_top_k=-1, **common
        ),
        MovableCheckpoint(filename="last", **common),
    ]


class Patience(EarlyStopping):
    """Early stopping that a resumed run keeps to; Lightning's own would train another epoch."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop at once where the run had stopped before."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class MovableCheckpoint(ModelCheckpoint):
    """Remembers the best epoch also where the run's folder was moved; Lightning's own forgets."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on after a checkpoint, with all paths in the folder that the run has now."""

        def moved(path: str) -> str:
            return str(Path(str(self.dirpath), Path(path).name)) if path else path

        paths = ("best_model_path", "kth_best_model_path", "last_model_path")
        super().load_state_dict(
            state_dict
            | {"dirpath": self.dirpath}
            | {key: moved(state_dict[key]) for key in paths}
            | {"best_k_models": {moved(k): v for k, v in state_dict["best_k_models"].items()}}
        )


class EveryFewEpochs(MovableCheckpoint):
    """A checkpoint named by the number of complete epochs; Lightning's own counts from 0."""

    def format_checkpoint_name(
        self,
        metrics: dict[str, Any],
        filename: str | None = None,
        ver: int | None = None,
        prefix: str | None = None,
    ) -> str:
        """The file name for ``metrics``, its epoch counted from 1."""
        counted = metrics | {"epoch": metrics["epoch"] + 1}
        return super().format_checkpoint_name(counted, filename, ver, prefix)


class AtomicCheckpointIO(TorchCheckpointIO):
    """Checkpoints that are complete under their name, and a call after each of them."""

    def __init__(self, on_checkpoint: Callable[[], object] | None) -> None:
        """``on_checkpoint`` is called whenever a checkpoint is complete under its final name."""
        super().__init__()
        self._on_checkpoint = on_checkpoint

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write under a temporary name, then rename."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        torch.save(checkpoint, content)  # not to the file: torch hides why a write failed
        with written_atomically(path) as temporary:
            temporary.write_bytes(content.getbuffer())
        if self._on_checkpoint is not None:
            self._on_checkpoint()


def store_decisions(
    path: Path, decisions: Decisions, on_checkpoint: Callable[[], object] | None
) -> None:
    """Put decisions into a checkpoint, of which everything else stays as it is, bit for bit."""
    checkpoint = dict(read_checkpoint(path))
    checkpoint["mabe_lit"] = checkpoint["mabe_lit"] | {"decisions": decisions.to_dict()}
    AtomicCheckpointIO(on_checkpoint).save_checkpoint(checkpoint, path)
