"""``python -m mabe_lit.compare RUN...``: one table and the figures of several runs."""

from __future__ import annotations

import csv
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mabe_lit.shell import (
    InputError,
    InputWarning,
    check_output,
    one_line_errors,
    parse_arguments,
    read_json,
)

_AGENT_COLUMNS = ("which agent", "which target")


@dataclass(frozen=True)
class Run:
    """What is compared of a run; None where it does not say.

    Attributes:
        name: The folder's name, or its path where several have the same name.
        macro_f1: Mean F1 of the averaged classes.
        map: Mean average precision of the averaged classes.
        segmental_f1: Segmental F1 at 50 % overlap.
        f1: F1 of each class by name.
        train_seconds: Seconds of training.
        parameters: Trainable numbers of the network.
        scored: What was scored: frames of each class, and the classes that are averaged over.
        epochs: The rows of its metrics.csv, None where it has none, as boosted trees.
        agents: Shares of right agents and right targets, means over the averaged classes; None
            where nothing tells who does what.
    """

    name: str
    macro_f1: float
    map: float | None
    segmental_f1: float
    f1: dict[str, float | None]
    train_seconds: float | None
    parameters: int | None
    scored: tuple[dict[str, int], frozenset[str]]
    epochs: list[dict[str, float]] | None
    agents: dict[str, float | None] | None = None

    def cells(self, *, has_agents: bool) -> dict[str, float | int | str | None]:
        """Its row of the table, by column; those of agents where any run has them."""
        agents = self.agents or dict.fromkeys(_AGENT_COLUMNS)
        return {
            "run": self.name,
            "macro F1": self.macro_f1,
            "MAP": self.map,
            "F1@50": self.segmental_f1,
            **{f"F1 {name}": value for name, value in self.f1.items()},
            **(agents if has_agents else {}),
            "train seconds": self.train_seconds,
            "parameters": self.parameters,
        }


def compare(*, runs: list[str], output: str = "comparison") -> list[Run]:
    """Put the scores of several runs side by side, the highest macro F1 first.

    Args:
        runs: Folders with a result.json or metrics.json, as a training, a baseline and an
            evaluation write them; of both, result.json counts. They may stand first, without
            the name of this key.
        output: Folder for comparison.csv, comparison.png and, of the runs that have a metrics.csv,
            curves.png.

    Returns:
        The runs, sorted.

    Raises:
        InputError: If a folder is missing or holds no scores or a damaged metrics.csv, or runs have
            different classes.
    """
    from mabe_lit.scores.curves import plot_compared_curves, save_curves
    from mabe_lit.scores.figures import save_comparison
    from mabe_lit.shell import written_atomically

    if not runs:
        raise InputError("--runs: names no folder; expected one or more")
    check_output(output)
    runs = list(dict.fromkeys(runs))
    found = [_read_run(Path(folder)) for folder in runs]
    _check_comparable(found, runs)
    names = [run.name for run in found]
    found = [
        replace(run, name=folder) if names.count(run.name) > 1 else run
        for run, folder in zip(found, runs, strict=True)
    ]
    found.sort(key=lambda run: -run.macro_f1)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        written_atomically(folder / "comparison.csv") as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        rows = _rows(found)
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    macro_f1 = {run.name: run.macro_f1 for run in found}
    save_comparison(folder / "comparison.png", macro_f1, [run.f1 for run in found])
    curves = {run.name: run.epochs for run in found if run.epochs}
    if curves:
        save_curves(plot_compared_curves(curves), folder / "curves.png")
    else:  # those of an earlier comparison are of other runs
        (folder / "curves.png").unlink(missing_ok=True)
    return found


def format_comparison(runs: Sequence[Run]) -> str:
    """The table as plain text, a line a run."""
    cells = _rows(runs)
    rows = [list(cells[0]), *([_format_cell(cell) for cell in row.values()] for row in cells)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for name, *others in rows:
        right = (f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True))
        lines.append("  ".join([f"{name:<{widths[0]}}", *right]))
    return "\n".join(lines)


def _rows(runs: Sequence[Run]) -> list[dict[str, float | int | str | None]]:
    has_agents = any(run.agents for run in runs)
    return [run.cells(has_agents=has_agents) for run in runs]


def describe_output(runs: Sequence[Run], output: str) -> str:
    """Where table and figures lie, and which runs have no curves."""
    without = [run.name for run in runs if run.epochs is None]
    if len(without) == len(runs):
        return f"table and figure: {output}"
    left_out = f"; without a metrics.csv, so not in curves.png: {', '.join(without)}"
    return f"table and figures: {output}{left_out if without else ''}"


def _read_run(folder: Path) -> Run:
    if not folder.exists():
        raise InputError(f"{folder}: no such folder")
    if not folder.is_dir():
        raise InputError(f"{folder}: is a file, expected the folder of a run")
    files = [folder / name for name in ("result.json", "metrics.json")]
    file = next((file for file in files if file.is_file()), None)
    if file is None:
        raise InputError(
            f"{folder}: holds neither result.json nor metrics.json; a training writes it at its end"
        )
    from mabe_lit.scores.curves import read_epochs

    metrics = folder / "metrics.csv"
    epochs = read_epochs(metrics) if metrics.is_file() else None
    result = read_json(file)
    try:
        per_class = result["per_class"]
        return Run(
            name=folder.resolve().name,
            macro_f1=_number(result["macro_f1"]),
            map=_optional(result["map"]),
            segmental_f1=_number(result["segmental"]["f1@50"]),
            f1={name: _optional(score["f1"]) for name, score in per_class.items()},
            train_seconds=_optional(result.get("train_seconds")),
            parameters=None if result.get("parameters") is None else int(result["parameters"]),
            scored=(
                {name: int(score["support"]) for name, score in per_class.items()},
                frozenset(result["averaged_classes"]),
            ),
            epochs=epochs,
            agents=_mean_agents(result),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(
            f"{file}: does not hold the scores of a run ({type(error).__name__}: {error})"
        ) from error


def _check_comparable(runs: Sequence[Run], folders: Sequence[str]) -> None:
    """Raise ``InputError`` on different classes, warn of scores on different frames."""
    first = runs[0]
    for run, folder in zip(runs[1:], folders[1:], strict=True):
        if set(run.f1) != set(first.f1):
            raise InputError(
                f"{folder}: has the classes {', '.join(run.f1)}, but {folders[0]} has "
                f"{', '.join(first.f1)}; runs that are compared must have the same"
            )
        for what, ours, theirs in zip(
            ("frames", "averaged classes"), run.scored, first.scored, strict=True
        ):
            if ours != theirs:
                message = f"{folder} was scored on other {what} than {folders[0]}"
                warnings.warn(InputWarning(message), stacklevel=3)


def _mean_agents(result: Mapping[str, Any]) -> dict[str, float | None] | None:
    """Means over the averaged classes, by column."""
    from mabe_lit.scores.metrics import mean_of_known

    if "agents" not in result:
        return None
    shares = [result["agents"][key] for key in ("which_agent", "which_target")]
    averaged = result["averaged_classes"]
    means = (mean_of_known([_optional(of[name]) for name in averaged]) for of in shares)
    return dict(zip(_AGENT_COLUMNS, means, strict=True))


def _optional(value: Any) -> float | None:
    return None if value is None else _number(value)


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no score")
    return number


def _format_cell(cell: float | int | str | None) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.3f}" if cell <= 1 else f"{cell:,.0f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def main(argv: Sequence[str] | None = None) -> None:
    """The command: compare, then print the table and where it lies."""
    with one_line_errors():
        arguments = parse_arguments(
            compare, argv, prog="python -m mabe_lit.compare", positional="runs"
        )
        runs = compare(**arguments)
        print(format_comparison(runs))
        print(describe_output(runs, arguments["output"]))


if __name__ == "__main__":
    main()
