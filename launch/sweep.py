"""``modal run launch/sweep.py``: every combination of a grid, a container a run."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import modal

from launch.app import (
    APP_NAME,
    STARTUP_TIMEOUT_S,
    VOLUME_NAME,
    VOLUME_PATH,
    build_image,
    commit_volume,
    volume,
)
from launch.command_line import cloud_errors, read_options
from launch.grid import Leaderboard, SweepRun, plan_sweep, read_grid
from launch.remote_runs import check_datasets, read_result, volume_path
from launch.training import RETRIES, TrainingOptions, split_options, train_in_container
from mabe_lit.config import Config
from mabe_lit.shell import InputError, one_line_errors


@dataclass(frozen=True, kw_only=True)
class SweepOptions(TrainingOptions):
    """Train every combination of a grid; run names the sweep. Again, it runs what is missing."""

    grid: str
    """YAML file with a list of values for each key that varies."""
    max_containers: int = 10
    """Most runs at the same time."""


@dataclass(frozen=True)
class _Plan:
    config: Config
    name: str = ""
    runs: tuple[SweepRun, ...] = ()
    timeout: int = TrainingOptions.timeout
    max_containers: int = 10


def _plan() -> _Plan:
    """What is being launched; the defaults where nothing is, as in a container."""
    options = read_options(SweepOptions, __file__)
    if options is None:
        return _Plan(Config())
    with one_line_errors():
        config, launch = split_options(options)
        if launch["max_containers"] < 1:
            raise InputError(f"max_containers: must be at least 1, got {launch['max_containers']}")
        name, runs = plan_sweep(config, read_grid(launch["grid"]), options["run"])
    return _Plan(config, name, tuple(runs), launch["timeout"], launch["max_containers"])


plan = _plan()
app = modal.App(APP_NAME)
with one_line_errors():
    image = build_image()


@app.function(
    image=image,
    gpu=plan.config.gpu,
    volumes={VOLUME_PATH: volume},
    timeout=plan.timeout,
    startup_timeout=STARTUP_TIMEOUT_S,
    retries=RETRIES,
    max_containers=plan.max_containers,
    single_use_containers=True,
)
def train(settings: dict[str, Any]) -> dict[str, Any]:
    """One attempt at a run, in a container."""
    return train_in_container(settings, commit_volume)


@app.local_entrypoint()
async def main(*arglist: str) -> None:
    """Start what is missing, show how it goes, rank; ``arglist`` was read on import."""
    with cloud_errors():
        board = Leaderboard(plan.runs)
        missing = await asyncio.to_thread(_take_finished, board)
        print(f"sweep {plan.name}: {len(missing)} of {len(plan.runs)} runs to do", flush=True)
        calls = {run.number: await train.spawn.aio(run.config.to_dict()) for run in missing}
        async for number, outcome in _as_they_finish(calls):
            print(board.add(number, outcome), flush=True)
            await asyncio.to_thread(_write_leaderboard, board)
        await asyncio.to_thread(_write_leaderboard, board)
        print(board.format_table())
        print(f"leaderboard: {_leaderboard_path()} in the Volume {VOLUME_NAME}")
        if board.errors:
            numbers = ", ".join(sorted(board.errors))
            raise InputError(
                f"{len(board.errors)} of {len(plan.runs)} runs failed: {numbers}; "
                f"the same command runs only what is missing"
            )


def _take_finished(board: Leaderboard) -> list[SweepRun]:
    """Put the results that the Volume has on the board; returns the runs that have none."""
    missing = []
    for run in plan.runs:
        result = read_result(run.config)
        if result is None:
            check_datasets(run.config)
            missing.append(run)
        else:
            board.add(run.number, {"result": result})
    return missing


async def _as_they_finish(
    calls: Mapping[str, modal.FunctionCall[dict[str, Any]]],
) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Each run's number and outcome; an exception is the error of one run, not of the sweep."""
    tasks = {asyncio.ensure_future(call.get.aio()): number for number, call in calls.items()}
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            error = task.exception()
            failed = {"error": f"{type(error).__name__}: {error}"}
            yield tasks[task], task.result() if error is None else failed


def _leaderboard_path() -> str:
    return volume_path(PurePosixPath(plan.config.checkpoint_dir, plan.name, "leaderboard.csv"))


def _write_leaderboard(board: Leaderboard) -> None:
    with volume.batch_upload(force=True) as batch:
        batch.put_file(io.BytesIO(board.to_csv().encode()), _leaderboard_path())
