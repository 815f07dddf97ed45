"""Seconds and bytes of the data path, from a laptop's dataset to the largest public ones."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

import torch

from mabe_lit.config import Config
from mabe_lit.data import Dataset, open_dataset
from mabe_lit.data.batches import TrainingBatches
from mabe_lit.training import BehaviorClassifier, BehaviorDataModule

_FIRST_STEP = """
import sys, time
from mabe_lit.config import parse_config
from mabe_lit.runs import train
from mabe_lit.training import BehaviorClassifier

step = BehaviorClassifier.training_step

def first_step(*arguments):
    loss = step(*arguments)
    print(time.time())
    sys.stdout.flush()
    import os
    os._exit(0)

BehaviorClassifier.training_step = first_step
train(parse_config(sys.argv[1:]), None)
"""


def time_opening(folder: Path) -> tuple[float, Dataset]:
    """Seconds to open a dataset folder, and the dataset."""
    started = time.perf_counter()
    dataset = open_dataset(folder)
    return time.perf_counter() - started, dataset


def time_shuffling(data: BehaviorDataModule, config: Config) -> float:
    """Seconds until a training's first batch of windows is chosen, of all in the dataset."""
    started = time.perf_counter()
    next(iter(TrainingBatches(data.train, config)))
    return time.perf_counter() - started


def time_describing(classifier: BehaviorClassifier, recording: Dataset) -> float:
    """Seconds to find what a training needs to know of one recording, before its first step."""
    started = time.perf_counter()
    views = classifier.views_of(recording, for_training=True)
    classifier.describe_recordings(recording, views)
    return time.perf_counter() - started


def windows_per_s(data: BehaviorDataModule, *, batches: int) -> float:
    """Windows that the training's loader gathers a second, nothing else being done.

    Epochs are shuffled and gathered from their beginning, one after the other if they are short.
    """
    loader = data.train_dataloader()
    epochs = itertools.chain.from_iterable(itertools.repeat(loader))
    started = time.perf_counter()
    gathered = 0
    for batch in itertools.islice(epochs, batches):
        gathered += len(batch["labels"])
    if batch["labels"].is_cuda:
        torch.cuda.synchronize()
    return gathered / (time.perf_counter() - started)


def open_for_training(
    config: Config, train: Dataset, classifier: BehaviorClassifier
) -> BehaviorDataModule:
    """A data module that trains on ``train``, and validates on its first recording."""
    data = BehaviorDataModule(config)
    data.train, data.val = train, train.subset([0])
    data.describe_recordings(classifier)
    return data


def resident_bytes() -> int:
    """Memory of this process that lies in RAM; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def peak_memory_bytes() -> int:
    """The most memory of this process that ever lay in RAM; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:  # on Windows
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def time_to_first_step(config: Config) -> float:
    """Seconds from the start of Python to the end of the first training step's loss."""
    options = [f"--{key}={value}" for key, value in config.to_dict().items() if value is not None]
    started = time.time()
    output = subprocess.run(
        [sys.executable, "-c", _FIRST_STEP, *options], capture_output=True, text=True, check=True
    ).stdout
    return float(output.split()[-1]) - started
