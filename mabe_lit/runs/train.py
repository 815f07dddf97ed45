"""The training behind ``mabe_lit.fit``: data, network, Trainer, checkpoints, scores."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mabe_lit.compute import (
    check_compiler,
    check_devices,
    compile_training,
    other_processes,
    process_rank,
    resolve_device,
    resolve_precision,
)
from mabe_lit.config import Config
from mabe_lit.data import Dataset, check_learnt, nothing_to_tell, warn_of_untold
from mabe_lit.inference import predict_probabilities
from mabe_lit.runs.checkpoints import (
    AtomicCheckpointIO,
    checkpoint_callbacks,
    newest_checkpoint,
    store_decisions,
)
from mabe_lit.runs.cross_validation import train_folds
from mabe_lit.runs.folder import open_run, read_result, write_result
from mabe_lit.runs.out_of_fold import fit_out_of_fold
from mabe_lit.scores import fit_to_dataset, score_recordings
from mabe_lit.scores.mabe2025_tracks import is_of_mabe2025, score_dataset
from mabe_lit.shell import InputError
from mabe_lit.training import (
    BehaviorClassifier,
    BehaviorDataModule,
    build_classifier,
    build_trainer,
    load_classifier,
)
from mabe_lit.training.callbacks import EpochFigure, EpochTable, ProgressBar, quiet_lightning
from mabe_lit.training.checkpoint import check_same_data, check_same_recordings
from mabe_lit.training.losses import weigh_classes


def train(config: Config, on_checkpoint: Callable[[], object] | None) -> dict[str, Any]:
    """Train or resume; see ``mabe_lit.fit.fit``."""
    try:
        return _train(config, on_checkpoint)
    except RuntimeError as error:
        # torch has a class of its own for a GPU's memory alone.
        if isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error):
            raise InputError(
                f"batch_size, sequence_length, hidden_dim: too large for the memory at hand, "
                f"{config.batch_size} x {config.sequence_length} frames x {config.hidden_dim}"
            ) from error
        raise


def _train(config: Config, on_checkpoint: Callable[[], object] | None) -> dict[str, Any]:
    if config.folds > 1 and config.fold is None:
        return _cross_validate(config, on_checkpoint)
    device, data, classifier = _prepare(config)
    if classifier.features.reads_likelihood:
        for split in (data.train, data.val):  # a fold lies in the training folder as well
            warn_of_untold(split.entries, str(split.directory))
    folder = open_run(config)  # after all checks, so that a wrong setting leaves no folder behind
    result = read_result(folder)
    if result is not None:
        return _earlier(result, folder, classifier)
    is_terminal = sys.stdout.isatty()
    table = EpochTable(folder / "metrics.csv")
    with quiet_lightning():
        trainer = build_trainer(
            config,
            device,
            callbacks=[
                table,
                EpochFigure(table, folder / "curves.png", title=str(config.run)),
                *checkpoint_callbacks(folder, config.save_freq),
                *([ProgressBar()] if is_terminal else []),
            ],
            plugins=[AtomicCheckpointIO(on_checkpoint)],
            enable_progress_bar=is_terminal,
            default_root_dir=folder,
        )
        classifier.class_weights = weigh_classes(
            data.count_classes(), config.class_weights, data.count_looked()
        )
        data.describe_recordings(classifier)
        steps = config.epochs * len(data.train_dataloader())
        compile_training(classifier.network, config.compile, device=device, steps=steps)
        checkpoint = newest_checkpoint(folder)
        if checkpoint is None:
            classifier.fit_scales(*data.statistics_windows())
        else:
            check_same_data(classifier, checkpoint)
            if not process_rank(config):
                print(f"going on from {checkpoint}", flush=True)
        with other_processes(config, "mabe_lit.runs.worker"):
            try:
                trainer.fit(classifier, datamodule=data, ckpt_path=checkpoint, weights_only=True)
            except SystemExit as error:  # what Lightning makes of Ctrl-C and of SIGTERM
                raise KeyboardInterrupt from error
        if process_rank(config):
            return {}
    return write_result(folder, _finish(config, data.val, table, folder, on_checkpoint))


def _prepare(config: Config) -> tuple[torch.device, BehaviorDataModule, BehaviorClassifier]:
    """What a training needs beside its folder, which does not exist before all this is right."""
    device = resolve_device(config.device)
    resolve_precision(config.precision, device)
    check_devices(config, device)
    check_compiler(config.compile, device)
    data = BehaviorDataModule(config)
    data.prepare_data()
    data.setup()
    # Both parts of a fold are of the folder.
    parts = (data.train,) if config.fold is None else (data.train, data.val)
    if all_that_is_shown := nothing_to_tell(*parts):
        raise InputError(
            f"train_data_dir: all scored frames of {config.train_data_dir} are "
            f"{all_that_is_shown}, nothing is to tell apart; prepare it with more --classes, or "
            "with a --background"
        )
    classifier = build_classifier(config, data.train)
    where = f"val_data_dir: {config.val_data_dir}"
    if config.fold is not None:
        where = f"fold {config.fold} of {config.train_data_dir}"
    check_learnt(data.val, classifier.task, where=where)
    classifier.trained_on = data.describe_source()
    return device, data, classifier


def _cross_validate(config: Config, on_checkpoint: Callable[[], object] | None) -> dict[str, Any]:
    *_, classifier = _prepare(replace(config, fold=1))  # an error leaves no folder behind
    folder = open_run(config)
    result = read_result(folder)
    if result is not None:
        return _earlier(result, folder, classifier)
    result = train_folds(config, lambda fold: _train(fold, on_checkpoint))
    official = fit_out_of_fold(config, on_checkpoint)
    if official is not None:
        result["mabe2025_cross_fitted"] = official
    return write_result(folder, result | {"trained_on": classifier.trained_on})


def _earlier(
    result: dict[str, Any], folder: Path, classifier: BehaviorClassifier
) -> dict[str, Any]:
    """The result of a run that is complete, if it is of the recordings that are there now."""
    check_same_recordings(classifier, result.get("trained_on", {}), folder)
    print(f"{folder} is complete, this is its result:", flush=True)
    return result


def _finish(
    config: Config,
    val: Dataset,
    table: EpochTable,
    folder: Path,
    on_checkpoint: Callable[[], object] | None,
) -> dict[str, Any]:
    """Score the best checkpoint on the validation recordings, and fit its decisions to them.

    The scores are those of the most probable classes. Decisions were made for these recordings,
    so what they bring is told apart, in ``decisions``, as cross-fitted scores.
    """
    best = folder / "best.ckpt"
    classifier = load_classifier(best)
    probabilities = predict_probabilities(classifier, val, device=config.device)
    labels = val.all_labels()
    scores = score_recordings(probabilities, labels, val.class_names, who=val.who)
    found = fit_to_dataset(probabilities, val)
    store_decisions(best, found.decisions, on_checkpoint)
    decisions = found.decisions.describe(val.class_names)
    if found.cross_fitted is not None:
        honest = score_recordings(
            probabilities,
            labels,
            val.class_names,
            predicted=found.cross_fitted,
            who=val.who,
        )
        decisions |= {
            "macro_f1_cross_fitted": honest.macro_f1,
            "f1_cross_fitted": {name: score.f1 for name, score in honest.per_class.items()},
            "segmental_cross_fitted": honest.segmental,
        }
        if is_of_mabe2025(val):
            official = score_dataset(val, found.cross_fitted)
            decisions["mabe2025_cross_fitted"] = None if official is None else official.score
    train_seconds = sum(row["train_seconds"] for row in table.rows)
    steps = int(table.rows[-1]["step"])
    return scores.to_dict() | {
        "decisions": decisions,
        "best_checkpoint": str(best),
        "trained_on": classifier.trained_on,
        "epochs": len(table.rows),
        "parameters": sum(weight.numel() for weight in classifier.network.parameters()),
        "steps": steps,
        "train_seconds": round(train_seconds, 3),
        "steps_per_s": round(steps / max(train_seconds, 1e-9), 3),
    }
