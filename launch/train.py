"""``modal run launch/train.py``: train on a cloud GPU, with checkpoints in the Volume.

The training itself is ``mabe_lit.fit.fit``; see README.md in this folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import modal

from launch.app import (
    APP_NAME,
    STARTUP_TIMEOUT_S,
    VOLUME_PATH,
    build_image,
    commit_volume,
    volume,
)
from launch.command_line import cloud_errors, is_detached, read_options
from launch.remote_runs import check_datasets, read_result
from launch.training import (
    RETRIES,
    TrainingOptions,
    download_command,
    split_options,
    train_in_container,
    unwrap,
)
from mabe_lit.config import Config
from mabe_lit.shell import InputError, one_line_errors


@dataclass(frozen=True)
class TrainOptions(TrainingOptions):
    """Train on a cloud GPU; with nothing given, on simulated mice."""

    no_wait: bool = False
    """Return as soon as the run is on its way; needs modal run --detach, which lets it go on."""


def _plan() -> tuple[Config, dict[str, Any]]:
    """What is being launched; the defaults where nothing is, as in a container."""
    options = read_options(TrainOptions, __file__)
    if options is None:
        return Config(), {"timeout": TrainOptions.timeout, "no_wait": False}
    with one_line_errors():
        config, launch = split_options(options)
        if launch["no_wait"] and not is_detached():
            raise InputError(
                "no_wait: without --detach the run would end with this command; "
                "modal run --detach launch/train.py ... --no_wait"
            )
    return config, launch


config, launch = _plan()
app = modal.App(APP_NAME)
with one_line_errors():
    image = build_image()


@app.function(
    image=image,
    gpu=config.gpu,
    volumes={VOLUME_PATH: volume},
    timeout=launch["timeout"],
    startup_timeout=STARTUP_TIMEOUT_S,
    retries=RETRIES,
    single_use_containers=True,  # what an attempt left in memory cannot reach the next one
)
def train(settings: dict[str, Any]) -> dict[str, Any]:
    """One attempt at a run, in a container."""
    return train_in_container(settings, commit_volume)


@app.local_entrypoint()
def main(*arglist: str) -> None:
    """Start the run, follow it, and show its result; ``arglist`` was read on import."""
    with cloud_errors():
        check_datasets(config)
        result = read_result(config)
        if result is None:
            call = train.spawn(config.to_dict())
            print(f"run {config.run} on {config.gpu}: call {call.object_id}", flush=True)
            if launch["no_wait"]:
                print(f"to follow it: modal app logs {app.app_id} -f")
                print(f"to end it: modal app stop {app.app_id}")
                print(f"its checkpoint, when it is done: {download_command(config)}")
                return
            result = unwrap(call.get())
        from mabe_lit.scores import format_scores

        print(format_scores(result))
        print(f"to download the checkpoint: {download_command(config)}")
