"""What a training tells as it runs: a row an epoch, a line on it, and their figure."""

from __future__ import annotations

import csv
import logging
import math
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import EarlyStopping, RichProgressBar, WeightAveraging
from torch.optim.swa_utils import get_ema_multi_avg_fn

from mabe_lit.scores.curves import plot_curves, save_curves
from mabe_lit.shell import InputError, written_atomically

_DRAWING_PAYS = 20
"""How much longer than drawing a figure takes the training has gone on before it is drawn."""


class EmaWeights(WeightAveraging):
    """Validates and keeps a moving average of the weights; Lightning's goes weight by weight."""

    def __init__(self, decay: float) -> None:
        """Keep a share ``decay`` of the average in each step."""
        super().__init__(multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


class StopAtOnce(pl.Callback):
    """Ends a training of several processes on SIGTERM as Ctrl-C does.

    Lightning's handler sends a message to the other processes, which wait for a gradient.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the handler in place of Lightning's, which puts back the former one at the end."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.default_int_handler)


class Patience(EarlyStopping):
    """Early stopping that a resumed run keeps to; Lightning's own would train another epoch."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop at once where the run had stopped before."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class EpochTable(pl.Callback):
    """Keeps a row for each epoch, in the checkpoint as well, so that a resumed run has them all."""

    def __init__(self, file: Path) -> None:
        """Write ``file`` after each epoch, and print the row."""
        self.rows: list[dict[str, float]] = []
        self._file = file
        self._start = self._train_stop = 0.0

    def state_dict(self) -> dict[str, Any]:
        """The rows so far."""
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on after the rows of a checkpoint."""
        self.rows = list(state_dict["rows"])

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self._start = self._train_stop = time.perf_counter()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock of training steps."""
        self._train_stop = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add the epoch's row, and show it."""
        # Read in every process: each gives its part to the means.
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if not trainer.is_global_zero:
            return
        steps = trainer.global_step - int(self.rows[-1]["step"] if self.rows else 0)
        train_seconds = self._train_stop - self._start
        if not math.isfinite(metrics["train_loss"]):
            raise InputError(
                f"learning_rate: training diverged in epoch {trainer.current_epoch + 1}, the loss "
                f"is {metrics['train_loss']}; a smaller one, or a smaller grad_clip, may help"
            )
        row = {
            "epoch": trainer.current_epoch + 1,
            "step": trainer.global_step,
            **dict(sorted(metrics.items())),
            "learning_rate": trainer.optimizers[0].param_groups[0]["lr"],
            "train_seconds": round(train_seconds, 3),
            "seconds": round(time.perf_counter() - self._start, 3),
            "steps_per_s": round(steps / max(train_seconds, 1e-9), 3),
        }
        self.rows.append(row)
        with (
            written_atomically(self._file) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as stream,
        ):
            writer = csv.DictWriter(stream, fieldnames=list(row))
            writer.writeheader()
            writer.writerows(self.rows)
        print(format_epoch(row, trainer.max_epochs or 0), flush=True)


class EpochFigure(pl.Callback):
    """Draws the rows of an ``EpochTable`` after each epoch, and in any case at the end.

    Epochs that are over sooner than a figure is worth share one: at most a twentieth of the time
    goes into drawing.
    """

    def __init__(self, table: EpochTable, file: Path, *, title: str) -> None:
        """Write ``file``; ``table`` comes before this among the Trainer's callbacks."""
        self._table = table
        self._file = file
        self._title = title
        self._drawn = 0
        self._draw_seconds = 0.2  # until it has been measured; the first takes longest
        self._last = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw, unless the last time was a moment ago."""
        if time.perf_counter() - self._last >= _DRAWING_PAYS * self._draw_seconds:
            self._draw(trainer)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw what has not been drawn yet."""
        if len(self._table.rows) != self._drawn:
            self._draw(trainer)

    def _draw(self, trainer: pl.Trainer) -> None:
        if not trainer.is_global_zero or not self._table.rows:
            return
        started = time.perf_counter()
        save_curves(plot_curves(self._table.rows, title=self._title), self._file)
        self._drawn = len(self._table.rows)
        self._last = time.perf_counter()
        self._draw_seconds = self._last - started


class ProgressBar(RichProgressBar):
    """Lightning's bar, with epochs counted from 1 as everywhere here."""

    def _get_train_description(self, current_epoch: int) -> str:
        epochs = f"/{self.trainer.max_epochs}" if self.trainer.max_epochs else ""
        # As wide as the other bar's, or both would jump.
        return f"Epoch {current_epoch + 1}{epochs}".ljust(len(self.validation_description))


def format_epoch(row: dict[str, float], epochs: int) -> str:
    """One line on an epoch: losses, macro F1, speed and time left."""
    left = row["seconds"] * (epochs - row["epoch"])
    return (
        f"epoch {row['epoch']:>3.0f}/{epochs}  loss {row['train_loss']:.4f}  "
        f"val loss {row['val_loss']:.4f}  val macro F1 {row['val_macro_f1']:.4f}  "
        f"{row['steps_per_s']:.1f} it/s  {left // 60:.0f}:{left % 60:02.0f} left"
    )


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Hide what Lightning says of the machine and of choices that were made on purpose here."""
    for logger in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(logger).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*Checkpoint directory .* exists and is not empty.*")
        yield
