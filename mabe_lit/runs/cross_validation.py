"""Cross-validation: a run for each fold, then the means of their scores and how they spread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mabe_lit.config import Config
from mabe_lit.scores.metrics import mean_of_known


def train_folds(config: Config, train: Callable[[Config], dict[str, Any]]) -> dict[str, Any]:
    """Run ``train`` for each fold, in a folder of its own in the run's; see ``summarize_folds``."""
    results = []
    for fold in range(1, config.folds + 1):
        print(f"fold {fold} of {config.folds}", flush=True)
        results.append(train(replace(config, fold=fold, run=f"{config.run}/fold-{fold}")))
    return summarize_folds(results)


def summarize_folds(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means of the folds' scores, with the same keys, and how they spread.

    Args:
        results: What each fold's ``result.json`` holds.

    Returns:
        The means; ``support``, ``frames`` and ``train_seconds`` are sums. ``spread`` has the
        standard deviation (of a sample) of macro F1, of each class's F1 and of the segmental F1@50,
        and ``folds`` the macro F1 of each.
    """
    first = results[0]
    per_class = {
        name: {
            key: (sum if key == "support" else mean_of_known)(
                [result["per_class"][name][key] for result in results]
            )
            for key in score
        }
        for name, score in first["per_class"].items()
    }
    return {
        "macro_f1": mean_of_known([result["macro_f1"] for result in results]),
        "map": mean_of_known([result["map"] for result in results]),
        "averaged_classes": first["averaged_classes"],
        "per_class": per_class,
        "segmental": {
            key: mean_of_known([result["segmental"][key] for result in results])
            for key in first["segmental"]
        },
        "calibration_error": mean_of_known([result["calibration_error"] for result in results]),
        **_agents([result["agents"] for result in results if "agents" in result]),
        "folds": [result["macro_f1"] for result in results],
        "spread": {
            "macro_f1": _spread([result["macro_f1"] for result in results]),
            "f1": {
                name: _spread([result["per_class"][name]["f1"] for result in results])
                for name in per_class
            },
            "f1@50": _spread([result["segmental"]["f1@50"] for result in results]),
        },
        **_official([result.get("decisions", {}) for result in results]),
        "parameters": first["parameters"],
        "train_seconds": round(sum(result["train_seconds"] for result in results), 3),
    }


def _agents(agents: Sequence[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    """Means of the shares of right animals by class; nothing where nothing tells who does what."""
    if not agents:
        return {}
    means = {
        key: {
            name: (sum if key == "frames" else mean_of_known)([each[key][name] for each in agents])
            for name in of_class
        }
        for key, of_class in agents[0].items()
    }
    return {"agents": means}


def _official(decisions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean score of MABe 2025, which other data has none of."""
    key = "mabe2025_cross_fitted"
    found = [each[key] for each in decisions if key in each]
    return {key: mean_of_known(found)} if found else {}


def _spread(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None
