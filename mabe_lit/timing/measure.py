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
from mabe_lit.data import Dataset
from mabe_lit.timing import data_path, recordings
from mabe_lit.timing import steps as step_path
from mabe_lit.training import BehaviorClassifier, BehaviorDataModule, build_classifier

SMALL_FRAMES = 500_000
"""Frames of the dataset that steps are trained on, and that a large one is compared with."""

_GATHERED_FRAMES = 20_000_000
_PREDICTED_FRAMES = 5_000
"""At least so many are predicted of each label track."""


def measure(
    config: Config,
    folder: Path,
    *,
    steps: int,
    rounds: int,
    data_frames: int,
    epoch_frames: list[int],
    animals: int,
    scored_share: float,
) -> dict[str, Any]:
    """All measurements of ``mabe_lit.benchmark``, which see.

    Args:
        config: A training on ``folder / "small"``, validated on ``folder / "val"``.
        folder: A folder for datasets; they are written here.
        steps: Training steps of a measurement.
        rounds: Measurements of each contender.
        data_frames: Frames of the large dataset, 0 for none.
        epoch_frames: Sizes of datasets to train an epoch on.
        animals: Animals in each recording; more than two have a label track for each ordered pair.
        scored_share: Share of the frames of each label track that somebody scored.
    """
    device = resolve_device(config.device)
    predicted = recordings.RECORDING_FRAMES // recordings.count_tracks(animals)
    sizes = {"small": SMALL_FRAMES, "val": max(predicted, _PREDICTED_FRAMES)}
    if data_frames:
        sizes["large"] = data_frames
    for name, frames in sizes.items():
        recordings.write_recordings(
            folder / name, frames, prefix=name, animals=animals, scored_share=scored_share
        )
    data = BehaviorDataModule(config)
    data.setup()

    def build() -> BehaviorClassifier:
        classifier = build_classifier(config, data.train)
        data.describe_recordings(classifier)
        classifier.fit_scales(*data.statistics_windows())
        return classifier

    def training(data: BehaviorDataModule, classifier: BehaviorClassifier) -> Callable[..., float]:
        network = classifier.network
        compile_training(network, config.compile, device=device, steps=WORTHWHILE_STEPS)
        return step_path.TrainerLoop(config, data, classifier, device)

    bare = step_path.BareStep(config, data, build(), device)
    predictor = build()
    contenders: dict[str, Callable[[int], float]] = {
        "plain_step_s": step_path.PlainLoop(config, data, device),
        "trainer_step_s": training(data, build()),
        "bare_step_s": bare,
        "matmul_flops_per_s": step_path.matrix_product_flops_per_s(config, device),
        "predicted_frames_per_s": step_path.predicted_frames_per_s(predictor, data, device),
    }
    if animals > 2:
        classifier = build()
        one_pair = recordings.of_first_pair(data.train)
        one_pair_data = data_path.open_for_training(config, one_pair, classifier)
        contenders["one_pair_step_s"] = training(one_pair_data, classifier)
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
    if animals > 2:
        one_pair_s = medians["one_pair_step_s"]
        result["tracks"] = {
            "animals": animals,
            "pairs": recordings.count_tracks(animals),
            "track_frames_per_s": result["trained_frames_per_s"],
            "one_pair_track_frames_per_s": frames / one_pair_s,
            "all_over_one_pair": one_pair_s / medians["trainer_step_s"],
        }
    if data_frames:
        result["data"] = _measure_data(config, folder, data.train)
        result["data"]["describe_recording_s"] = data_path.time_describing(
            predictor.cpu(), data.train.subset([0])
        )
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
    small: Dataset,
) -> dict[str, float]:
    """Opening, memory, shuffling and windows/s of a large dataset beside a small one.

    The features are coordinates, which need to know nothing of a recording beside each window.
    """
    config = replace(config, features="coordinates", recording_context=False, input_dim=None)
    classifier = build_classifier(config, small)
    before = data_path.resident_bytes()
    seconds, dataset = data_path.time_opening(folder / "large")
    modules = {
        name: data_path.open_for_training(config, each, classifier)
        for name, each in (("small", small), ("large", dataset))
    }
    shuffling = data_path.time_shuffling(modules["large"], config)
    batches = max(_GATHERED_FRAMES // (config.batch_size * config.sequence_length), 1)
    speeds: dict[str, list[float]] = {"small": [], "large": []}
    resident = 0
    for _ in range(4):
        for name, data in modules.items():
            speeds[name].append(data_path.windows_per_s(data, batches=batches))
            resident = max(resident, data_path.resident_bytes() - before)
    medians = {name: statistics.median(values[1:]) for name, values in speeds.items()}
    return {
        "frames": dataset.runs.places,
        "small_frames": small.runs.places,
        "scored_frames": recordings.count_scored(dataset),
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
    """Seconds of an epoch on more and more frames, and the exponent of its growth.

    The frames are those of label tracks in which somebody looked for something.
    """
    seconds = {}
    for frames in sizes:
        _, dataset = data_path.time_opening(folder / "large")
        part = dataset.subset(range(max(frames // dataset.entries[0].frames, 1)))
        classifier = build()
        data = data_path.open_for_training(config, part, classifier)
        loop = step_path.TrainerLoop(config, data, classifier, device)
        batches = len(data.train_dataloader())
        seconds[str(recordings.count_scored(part))] = loop(batches - step_path.WARM_UP) * batches
    points = [(math.log(float(size)), math.log(value)) for size, value in seconds.items()]
    result: dict[str, Any] = {"seconds": seconds}
    if len(points) > 1:
        result["exponent"] = statistics.linear_regression(*zip(*points, strict=True)).slope
    return result
