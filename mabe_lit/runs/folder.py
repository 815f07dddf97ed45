"""A run's folder: what a training leaves behind, and where it goes on after a kill.

======================  ===============================================================
``config.yaml``         all keys, as resolved
``best.ckpt``           the epoch with the highest macro F1 in validation
``last.ckpt``           the last complete epoch
``epoch-005.ckpt`` ...  one each ``save_freq`` epochs
``metrics.csv``         a row an epoch
``curves.png``          the rows as a figure: loss and macro F1 of training and validation
``result.json``         scores of ``best.ckpt``; written last, so it says that the run is complete
======================  ===============================================================

``metrics.csv`` and ``curves.png`` are of all epochs, also those before a kill. Where an epoch takes
seconds, several share a figure, see ``EpochFigure``. Training's numbers are of its own steps:
with dropout, on augmented windows, while the weights change; so they may be worse than those of
validation. Its loss is what is learned from, a sum over stages with the smoothing loss where there
are such. Of several processes the first writes all of this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from mabe_lit.config import Config
from mabe_lit.scores import are_plain, format_scores
from mabe_lit.shell import YAML_ERRORS, InputError, read_json, written_atomically

_SCORE_AGAIN = "without it the same command scores the run again"


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
        except YAML_ERRORS as error:
            raise InputError(f"{file}: is not valid YAML ({error})") from error
        if not isinstance(earlier, dict):
            raise InputError(f"{file}: is damaged, expected a key and a value a line")
        differing = [
            f"{key} (there {earlier.get(key)!r}, now {config.to_dict().get(key)!r})"
            for key in config.differing_keys(earlier, where=str(file))
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
    """The result of a complete run, None while it is not complete.

    Raises:
        InputError: If the file does not hold what is shown or compared of a result.
    """
    file = folder / "result.json"
    if not file.is_file():
        return None
    try:
        result: dict[str, Any] = read_json(file)
        format_result(result)
        result.get("trained_on", {}).get("digests", {}).get("train_data_dir")
    except InputError as error:
        raise InputError(f"{error}; {_SCORE_AGAIN}") from error
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise InputError(f"{file}: is damaged ({problem:.200}); {_SCORE_AGAIN}") from error
    return result


def format_result(result: Mapping[str, Any]) -> str:
    """A result as its command shows it: scores, those of decisions or of folds, and the place."""
    lines = [format_scores(result)]
    decisions = result.get("decisions") or {}
    is_kept = not are_plain(decisions)
    if "macro_f1_cross_fitted" in decisions and not is_kept:
        lines.append("no decisions kept: they bring less than the margin")
    elif "macro_f1_cross_fitted" in decisions:
        f1, segmental = decisions["macro_f1_cross_fitted"], decisions["segmental_cross_fitted"]
        lines.append(
            f"with decisions, cross-fitted: macro F1 {f1:.3f}, f1@50 {segmental['f1@50']:.3f}"
        )
    of_either = decisions if "folds" not in result else result
    if (official := of_either.get("mabe2025_cross_fitted")) is not None:
        lines.append(f"score of MABe 2025, cross-fitted: {official:.3f}")
    if "folds" in result:
        each = ", ".join(f"{macro_f1:.3f}" for macro_f1 in result["folds"])
        spread = result["spread"]["macro_f1"]
        lines.append(f"means of {len(result['folds'])} folds; macro F1 {each}, spread {spread:.3f}")
    else:
        lines.append(f"best checkpoint: {result['best_checkpoint']}")
    return "\n".join(lines)


def write_result(folder: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Write ``result.json``, and give it back as the next start of the run would read it."""
    text = json.dumps(result, indent=1)
    with written_atomically(folder / "result.json") as temporary:
        temporary.write_text(text, encoding="utf-8")
    written: dict[str, Any] = json.loads(text)
    return written
