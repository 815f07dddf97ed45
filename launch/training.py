"""A training in the cloud: its settings on this side, the function around ``fit`` on the other."""

from __future__ import annotations

import errno
import os
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, ClassVar

import modal

from launch.app import VOLUME_PATH
from mabe_lit.config import Config
from mabe_lit.shell import InputError, InputWarning, describe_error
from mabe_lit.shell.errors import one_line_warnings
from mabe_lit.shell.ranges import MAX_DEVICES

RETRIES = modal.Retries(max_retries=10, backoff_coefficient=2.0, initial_delay=1.0)
"""Attempts after one that timed out or broke; each goes on from the newest checkpoint."""

_MAX_TIMEOUT_S = 24 * 3600

_PASSING_ERRORS = {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ECONNRESET}
"""Failures of the file system after which another attempt may go well."""


@dataclass(frozen=True)
class TrainingOptions(Config):
    """Settings of a training, and of its launch."""

    HEADINGS: ClassVar[Mapping[str, str]] = {**Config.HEADINGS, "launch": "timeout"}

    timeout: int = 7200
    """Seconds that an attempt may take; the next one goes on from the newest checkpoint."""


def split_options(options: dict[str, Any]) -> tuple[Config, dict[str, Any]]:
    """The training's configuration and the options of the launch.

    Raises:
        InputError: If one of them is wrong, or cannot be meant for the cloud.
    """
    options = dict(options)
    _, _, count = options["gpu"].partition(":")
    if options["devices"] == 1 and count in map(str, range(2, MAX_DEVICES + 1)):
        options["devices"] = int(count)
    launch = {key: options.pop(key) for key in options.keys() - Config.__dataclass_fields__.keys()}
    config = Config(**options)
    for key in ("train_data_dir", "val_data_dir", "checkpoint_dir"):
        check_in_volume(key, getattr(config, key))
    if config.devices != int(count or 1):
        raise InputError(
            f"devices: is {config.devices}, but gpu is {config.gpu!r}; "
            f"write gpu: {config.gpu.partition(':')[0]}:{config.devices}"
        )
    if not 1 <= launch["timeout"] <= _MAX_TIMEOUT_S:
        raise InputError(f"timeout: must be 1 to {_MAX_TIMEOUT_S} seconds, got {launch['timeout']}")
    if config.device == "cpu":
        message = f"device: is cpu, so the {config.gpu} that the run rents stands idle"
        warnings.warn(InputWarning(message), stacklevel=2)
    return config, launch


def check_in_volume(key: str, folder: str) -> None:
    """Raise ``InputError`` unless ``folder`` lies in the Volume, where the cloud looks for it."""
    path = PurePosixPath(folder)
    if (path.is_absolute() and not path.is_relative_to(VOLUME_PATH)) or ".." in path.parts:
        raise InputError(
            f"{key}: in the cloud it lies in the Volume, so it must be a relative path "
            f"such as {path.name or 'data'}, got {folder!r}"
        )


def train_in_container(settings: dict[str, Any], commit: Callable[[], object]) -> dict[str, Any]:
    """Run ``fit`` on the Volume.

    Args:
        settings: All keys of the configuration.
        commit: Makes what was written to the Volume permanent.

    Returns:
        ``{"result": ...}``, or ``{"error": one line}`` for what another attempt would meet again.

    Raises:
        KeyboardInterrupt: If the container is about to be taken away; Modal starts another one.
        RuntimeError: If torch fails after a checkpoint, from which another attempt goes on.
    """
    from mabe_lit.fit import fit

    commits = 0

    def commit_and_count() -> None:
        nonlocal commits
        commit()
        commits += 1

    os.chdir(VOLUME_PATH)
    try:
        with one_line_warnings():
            result = fit(Config(**settings), on_checkpoint=commit_and_count)
        commit()
    except InputError as error:
        return {"error": describe_error(error)}
    except OSError as error:
        if error.errno in _PASSING_ERRORS:
            raise
        return {"error": describe_error(error)}
    except RuntimeError as error:
        # Such as too little GPU memory: without a step forward, paying for ten more tries is vain.
        if commits:
            raise
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"}
    return {"result": result}


def unwrap(outcome: dict[str, Any]) -> dict[str, Any]:
    """The result in what ``train_in_container`` returned; raises ``InputError`` for an error."""
    if "error" in outcome:
        raise InputError(outcome["error"])
    result: dict[str, Any] = outcome["result"]
    return result


def download_command(config: Config) -> str:
    """The command that brings the run's best checkpoint to this machine, or its first fold's."""
    is_cross_validation = config.folds > 1 and config.fold is None
    run = f"{config.run}/fold-1" if is_cross_validation else config.run
    command = f"modal run launch/download.py --run {run}"
    if config.checkpoint_dir != Config.checkpoint_dir:
        command += f" --checkpoint_dir {config.checkpoint_dir}"
    return command
