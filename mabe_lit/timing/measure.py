"""The measurements of ``python -m mabe_lit.benchmark``, in one process, side by side."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mabe_lit.compute import compile_training, resolve_device, resolve_precision
from mabe_lit.compute.compiled import WORTHWHILE_STEPS
from mabe_lit.config import Config
from mabe_lit.timing import data_path
from mabe_lit.timing import steps as step_path
from mabe_lit.training import BehaviorClassifier, BehaviorDataModule, build_classifier

SMALL_FRAMES = 500_000
"""Frames of the dataset that steps are trained on, and that a large one is compared with."""

_GATHERED_FRAMES = 20_000_000


def measure(
    config: Config,
    folder: Path,
    *,
    steps: int,
    rounds: int,
    data_frames: int,
    epoch_frames: list[int],
) -> dict[str, Any]:
    """All measurements of ``mabe_lit.benchmark``, which see.

    Args:
        config: A training on ``folder / "small"``, validated on ``folder / "val"``.
        folder: A folder for datasets; they are written here.
        steps: Training steps of a measurement.
        rounds: Measurements of each contender.
        data_frames: Frames of the large dataset, 0 for none.
        epoch_frames: Sizes of datasets to train an epoch on.
    """
    device = resolve_device(config.device)
    data_path.write_recordings(folder / "small", SMALL_FRAMES, prefix="small")
    data_path.write_recordings(folder / "val", data_path.RECORDING_FRAMES, prefix="val")
    data = BehaviorDataModule(config)
    data.setup()

    def build() -> BehaviorClassifier:
        classifier = build_classifier(config, data.train)
        data.describe_recordings(classifier)
        classifier.fit_scales(*data.statistics_windows())
        return classifier

    bare = step_path.BareStep(config, data, build(), device)
    predictor, trained = build(), build()
    compile_training(trained.network, config.compile, device=device, steps=WORTHWHILE_STEPS)
    contenders: dict[str, Callable[[int], float]] = {
        "plain_step_s": step_path.PlainLoop(config, data, device),
        "trainer_step_s": step_path.TrainerLoop(config, data, trained, device),
        "bare_step_s": bare,
        "matmul_flops_per_s": step_path.matrix_product_flops_per_s(config, device),
        "predicted_frames_per_s": step_path.predicted_frames_per_s(predictor, data, device),
    }
    seen = _interleave(contenders, rounds, steps)
    frames = config.batch_size * config.sequence_length
    flops = bare.count_flops()
    medians = {name: values["median"] for name, values in seen.items()}
    floor_s = flops / medians["matmul_flops_per_s"]
    result: dict[str, Any] = {
        "device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu",
        "threads": torch.get_num_threads(),
        "precision": resolve_precision(config.precision, device),
        "model": config.model_type,
        "features": config.features,
        "batch_size": config.batch_size,
        "sequence_length": config.sequence_length,
        "measured": seen,
        "flops_per_step": flops,
        "floor_step_s": floor_s,
        "trainer_over_plain": medians["trainer_step_s"]
        / medians["plain_step_s"]
        * step_path.PLAIN_FRAMES
        / config.sequence_length,
        "trainer_over_bare": medians["trainer_step_s"] / medians["bare_step_s"],
        "floor_over_trainer": floor_s / medians["trainer_step_s"],
        "trained_frames_per_s": frames / medians["trainer_step_s"],
        "first_step_s": data_path.time_to_first_step(replace(config, run="first")),
    }
    if data_frames:
        result["data"] = _measure_data(config, folder, data, build(), data_frames)
        result["epochs"] = _measure_epochs(config, folder, build, epoch_frames, device)
    result["peak_memory_bytes"] = data_path.peak_memory_bytes()
    if device.type == "cuda":
        result["peak_gpu_memory_bytes"] = torch.cuda.max_memory_allocated()
    return result


def _interleave(
    contenders: dict[str, Callable[[int], float]], rounds: int, steps: int
) -> dict[str, dict[str, float]]:
    """Median, lowest and highest of each contender's measurements, after a round for practice."""
    seen: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, measure in contenders.items():
            value = measure(steps)
            if number:
                seen[name].append(value)
    return {
        name: {"median": statistics.median(values), "low": min(values), "high": max(values)}
        for name, values in seen.items()
    }


def _measure_data(
    config: Config,
    folder: Path,
    small: BehaviorDataModule,
    classifier: BehaviorClassifier,
    frames: int,
) -> dict[str, float]:
    """Opening, memory, shuffling and windows/s of a large dataset beside a small one."""
    data_path.write_recordings(folder / "large", frames, prefix="large")
    before = data_path.resident_bytes()
    seconds, dataset = data_path.time_opening(folder / "large")
    large = data_path.open_for_training(config, dataset, classifier)
    shuffling = data_path.time_shuffling(large, config)
    batches = max(_GATHERED_FRAMES // (config.batch_size * config.sequence_length), 1)
    speeds: dict[str, list[float]] = {"small": [], "large": []}
    resident = 0
    for _ in range(4):
        for name, data in (("small", small), ("large", large)):
            speeds[name].append(data_path.windows_per_s(data, batches=batches))
            resident = max(resident, data_path.resident_bytes() - before)
    medians = {name: statistics.median(values[1:]) for name, values in speeds.items()}
    return {
        "frames": dataset.runs.places,
        "small_frames": SMALL_FRAMES,
        "open_s": seconds,
        "shuffle_s": shuffling,
        "resident_bytes": resident,
        "windows_per_s": medians["large"],
        "windows_per_s_small": medians["small"],
        "large_over_small": medians["large"] / medians["small"],
    }


def _measure_epochs(
    config: Config,
    folder: Path,
    build: Callable[[], BehaviorClassifier],
    sizes: list[int],
    device: torch.device,
) -> dict[str, Any]:
    """Seconds of a training epoch on more and more frames, and the exponent of its growth."""
    seconds = {}
    for frames in sizes:
        _, dataset = data_path.time_opening(folder / "large")
        recordings = max(frames // dataset.entries[0].frames, 1)
        classifier = build()
        data = data_path.open_for_training(config, dataset.subset(range(recordings)), classifier)
        loop = step_path.TrainerLoop(config, data, classifier, device)
        batches = len(data.train_dataloader())
        seconds[str(recordings * dataset.entries[0].frames)] = loop(batches - 3) * batches
    points = [(math.log(float(size)), math.log(value)) for size, value in seconds.items()]
    result: dict[str, Any] = {"seconds": seconds}
    if len(points) > 1:
        result["exponent"] = statistics.linear_regression(*zip(*points, strict=True)).slope
    return result
