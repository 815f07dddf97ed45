"""``modal run launch/download.py``: a file of a run from the Volume, or the list of runs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import modal

from launch.app import APP_NAME, volume
from launch.command_line import cloud_errors, read_options
from launch.remote_runs import RemoteRun, find_file, list_runs, volume_path
from launch.training import check_in_volume
from mabe_lit.config import Config
from mabe_lit.shell import InputError, check_archive, one_line_errors, written_atomically


@dataclass(frozen=True)
class DownloadOptions:
    """Download a file of a run; without run, list the runs that there are."""

    run: str | None = None
    """Name of the run."""
    file: str = "best.ckpt"
    """File in the run's folder."""
    output: str | None = None
    """Folder to write to; null makes it the run's folder, as on the Volume."""
    checkpoint_dir: str = Config.checkpoint_dir
    """Folder of all runs in the Volume."""


def _read() -> DownloadOptions:
    options = DownloadOptions(**(read_options(DownloadOptions, __file__) or {}))
    with one_line_errors():
        check_in_volume("checkpoint_dir", options.checkpoint_dir)
    return options


options = _read()
app = modal.App(APP_NAME)


@app.local_entrypoint()
def main(*arglist: str) -> None:
    """Download or list; ``arglist`` was read on import."""
    with cloud_errors():
        if options.run is None:
            print(format_runs(list_runs(options.checkpoint_dir), now=time.time()))
            return
        folder = options.output or str(Path(volume_path(options.checkpoint_dir), options.run))
        target = download(options.checkpoint_dir, options.run, options.file, Path(folder))
        print(f"{target} ({format_size(target.stat().st_size)})")


def download(checkpoint_dir: str, run: str, file: str, folder: Path) -> Path:
    """Stream a run's file into ``folder``, whole or not at all.

    Raises:
        InputError: If there is no such run or file, or it did not arrive whole and undamaged.
    """
    source = find_file(checkpoint_dir, run, file)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file
    with written_atomically(target) as temporary:
        with temporary.open("wb") as stream:
            for chunk in volume.read_file(str(source.path)):
                stream.write(chunk)
        size_bytes = temporary.stat().st_size
        if size_bytes != source.size_bytes:
            raise InputError(
                f"file: {size_bytes} of {source.size_bytes} bytes of {source.path} arrived; "
                f"it is being written, or the connection broke: try again"
            )
        if target.suffix == ".ckpt":
            try:
                check_archive(temporary)
            except InputError as error:
                raise InputError(str(error).replace(str(temporary), str(source.path))) from error
    return target


def format_runs(runs: list[RemoteRun], *, now: float) -> str:
    """A table, a row a run; ``now`` in seconds since 1970."""
    if not runs:
        return "no runs yet: modal run launch/train.py --config configs/config.yaml"
    rows = [("run", "epochs", "macro F1", "state", "last written", "size")]
    rows += [
        (
            run.name,
            str(run.epoch),
            "-" if run.macro_f1 is None else f"{run.macro_f1:.4f}",
            "finished" if run.is_finished else "not finished",
            f"{format_age(now - run.changed)} ago",
            format_size(run.size_bytes),
        )
        for run in runs
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def format_age(seconds: float) -> str:
    """``5 min``, ``3 h`` or ``2 days``."""
    minutes = max(seconds, 0) / 60
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} days"


def format_size(size_bytes: float) -> str:
    """``12.3 MB``."""
    return f"{size_bytes / 1e6:.1f} MB"
