"""The checkpoints of a run: which are kept, whole or not at all, and which one to go on from."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io.torch_io import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from mabe_lit.scores import AnyDecisions
from mabe_lit.shell import InputError, seal_archive, written_atomically
from mabe_lit.training import read_checkpoint


def newest_checkpoint(folder: Path) -> Path | None:
    """The readable checkpoint with the most steps, None where there is none."""
    last = folder / "last.ckpt"
    candidates = [last, *sorted(path for path in folder.glob("*.ckpt") if path != last)]
    steps = {}
    for path in candidates:
        try:
            steps[path] = int(read_checkpoint(path)["global_step"])
        except (InputError, LookupError, TypeError):  # damaged, or of no training
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
    """Checkpoints that are sealed, and complete under their name; a call after each of them."""

    def __init__(self, on_checkpoint: Callable[[], object] | None) -> None:
        """``on_checkpoint`` is called whenever a checkpoint is complete under its final name."""
        super().__init__()
        self._on_checkpoint = on_checkpoint

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write under a temporary name, with a digest of all of it, then rename."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        torch.save(checkpoint, content)  # not to the file: torch hides why a write failed
        seal_archive(content)
        with written_atomically(path) as temporary:
            temporary.write_bytes(content.getbuffer())
        if self._on_checkpoint is not None:
            self._on_checkpoint()


def store_decisions(
    path: Path, decisions: AnyDecisions, on_checkpoint: Callable[[], object] | None
) -> None:
    """Put decisions into a checkpoint, of which everything else stays as it is, bit for bit."""
    checkpoint = dict(read_checkpoint(path))
    checkpoint["mabe_lit"] = checkpoint["mabe_lit"] | {"decisions": decisions.to_dict()}
    AtomicCheckpointIO(on_checkpoint).save_checkpoint(checkpoint, path)
