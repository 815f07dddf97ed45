"""A sweep: every combination of a grid's values as a run of its own, and what came of them."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mabe_lit.config import Config
from mabe_lit.shell import InputError, parse_arguments

_FIXED_KEYS = {
    "checkpoint_dir": "runs",
    "run": "runs",
    "gpu": "containers",
    "devices": "containers",
}
_SIMULATION_KEYS = ("seed", "synthetic_train_frames", "synthetic_val_frames")

Grid = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class SweepRun:
    """One combination.

    Attributes:
        number: Its place in the sweep, which names its folder.
        values: The combination.
        config: All its settings.
    """

    number: str
    values: Mapping[str, Any]
    config: Config


def read_grid(file: str) -> Grid:
    """Read a YAML file with a list of values for each of some keys.

    Raises:
        InputError: If it is something else, or a value is wrong for its key.
    """
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        raise InputError(f"grid: {file}: {reason}") from error
    except yaml.YAMLError as error:
        raise InputError(f"grid: {file}: is not valid YAML: {error}") from error
    if not isinstance(content, dict) or not content:
        raise InputError(
            f"grid: {file}: expected lines of 'key: [value, ...]', found {content!r:.60}"
        )
    grid = {}
    for key, values in content.items():
        if key in _FIXED_KEYS:
            raise InputError(
                f"grid: {file}: {key} is the same for all {_FIXED_KEYS[key]} of a sweep"
            )
        if not isinstance(values, list) or not values:
            raise InputError(
                f"grid: {file}: {key}: expected a list of values, found {values!r:.60}"
            )
        try:
            grid[key] = [_read_value(str(key), value) for value in values]
        except InputError as error:
            raise InputError(f"grid: {file}: {error}") from error
        if len({json.dumps(value) for value in grid[key]}) < len(values):
            raise InputError(f"grid: {file}: {key}: has a value twice: {values}")
    return grid


def plan_sweep(base: Config, grid: Grid, name: str | None) -> tuple[str, list[SweepRun]]:
    """The sweep's name, and its runs in the order of the grid.

    Args:
        base: Settings of all runs.
        grid: What varies.
        name: The sweep's name; None makes one of ``base`` and ``grid``.

    Raises:
        InputError: If a combination is wrong.
    """
    if name is None:
        settings = json.dumps([base.run, grid], sort_keys=True)
        name = f"sweep-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"
    combinations = [
        dict(zip(grid, values, strict=True)) for values in itertools.product(*grid.values())
    ]
    width = max(2, len(str(len(combinations) - 1)))
    runs = []
    for index, values in enumerate(combinations):
        number = f"{index:0{width}d}"
        changes = {**values, **_folders(base, values), "run": f"{name}/{number}"}
        try:
            config = dataclasses.replace(base, **changes)
        except InputError as error:
            raise InputError(f"grid: {format_values(values)}: {error}") from error
        runs.append(SweepRun(number, values, config))
    return name, runs


def format_values(values: Mapping[str, Any]) -> str:
    """``learning_rate=0.001 seed=1``."""
    return " ".join(f"{key}={value}" for key, value in values.items())


class Leaderboard:
    """What is known of a sweep's runs: scores, or why there are none."""

    def __init__(self, runs: Sequence[SweepRun]) -> None:
        """A board on which all ``runs`` are still to come."""
        self._runs = {run.number: run for run in runs}
        self._results: dict[str, Mapping[str, Any]] = {}
        self.errors: dict[str, str] = {}

    def add(self, number: str, outcome: Mapping[str, Any]) -> str:
        """Take a run's ``{"result": ...}`` or ``{"error": ...}``; returns a line that says so."""
        if "error" in outcome:
            self.errors[number] = outcome["error"]
            standing = f"failed: {outcome['error']}"
        else:
            self._results[number] = outcome["result"]
            rank = self.ranking().index(number) + 1
            standing = f"macro F1 {outcome['result']['macro_f1']:.4f}, rank {rank}"
        done = len(self._results) + len(self.errors)
        values = format_values(self._runs[number].values)
        return f"{done:>3}/{len(self._runs)}  run {number}  {values}  {standing}"

    def ranking(self) -> list[str]:
        """Numbers of the finished runs, the best first."""
        return sorted(self._results, key=lambda number: -self._results[number]["macro_f1"])

    def rows(self) -> list[dict[str, Any]]:
        """A row a run: the finished ones by rank, then the others."""
        ranking = self.ranking()
        rest = [number for number in self._runs if number not in self._results]
        return [self._row(number, rank) for rank, number in enumerate(ranking, start=1)] + [
            self._row(number, None) for number in rest
        ]

    def to_csv(self) -> str:
        """``rows`` as CSV."""
        stream = io.StringIO(newline="")
        writer = csv.DictWriter(stream, fieldnames=list(self.rows()[0]))
        writer.writeheader()
        writer.writerows(self.rows())
        return stream.getvalue()

    def format_table(self) -> str:
        """``rows`` as a table of plain text."""
        rows = [list(self.rows()[0])]
        rows += [
            ["" if cell is None else str(cell) for cell in row.values()] for row in self.rows()
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join(lines)

    def _row(self, number: str, rank: int | None) -> dict[str, Any]:
        result = self._results.get(number, {})
        state = "finished" if result else "failed" if number in self.errors else "to come"
        scores = {key: result.get(key) for key in ("macro_f1", "map", "epochs", "train_seconds")}
        rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in scores.items()}
        error = self.errors.get(number, "")
        values = self._runs[number].values
        return {"rank": rank, "run": number, "state": state, **values, **rounded, "error": error}


def _read_value(key: str, value: Any) -> Any:
    """A value as an option of that name would be read: YAML takes 3e-4 for text, for one."""
    word = "null" if value is None else str(value)
    return parse_arguments(Config, [f"--{key}", word], prog="grid")[key]


def _folders(base: Config, values: Mapping[str, Any]) -> dict[str, str]:
    """Folders of their own for simulated recordings that differ between runs at the same time."""
    varied = [str(values[key]) for key in _SIMULATION_KEYS if key in values]
    if base.dataset != "synthetic" or not varied:
        return {}
    return {
        key: f"{getattr(base, key)}-{'-'.join(varied)}"
        for key in ("train_data_dir", "val_data_dir")
    }
