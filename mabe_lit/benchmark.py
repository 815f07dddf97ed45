"""``python -m mabe_lit.benchmark``: how fast training, prediction and data are on this machine.

Everything is measured in one process, contender beside contender in each round, so that what else
the machine does hits all alike; the ratios of medians are what to trust.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mabe_lit.config import Config, parse_config
from mabe_lit.shell import (
    InputError,
    folder_filled_atomically,
    one_line_errors,
    parse_arguments,
    tune_process,
)

_MOST_ANIMALS = 16
"""As many have 240 pairs."""


def benchmark(
    *,
    output: str = "benchmark",
    setting: str | None = None,
    model: str | None = None,
    features: str | None = None,
    batch_size: int | None = None,
    device: str = "auto",
    steps: int = 20,
    rounds: int = 5,
    data_frames: int = 2_000_000,
    epoch_frames: list[int] | None = None,
    animals: int = 2,
    scored_share: float = 1.0,
) -> dict[str, Any]:
    """Measure the plain PyTorch loop, the Trainer, the bare step and the floor, and the data path.

    Args:
        output: Folder for benchmark.json.
        setting: YAML file of a training, configs/social.yaml say; the default training if left out.
        model: Architecture, in place of the setting's model_type.
        features: What the network sees, in place of the setting's.
        batch_size: Windows in a step, in place of the setting's.
        device: Where to compute: auto, cpu or cuda.
        steps: Training steps of a measurement.
        rounds: Measurements of each contender, one after the other in each round.
        data_frames: Frames of the large dataset, which is written to a temporary folder with 56
            bytes a frame and animal; 43000000 is the largest public one. 0 leaves this part out.
        epoch_frames: Sizes of datasets to train an epoch on, such as 100000 1000000; none if left
            out. The large dataset must have as many.
        animals: Mice in each recording. Two have labels of the scene. Of more, each ordered pair
            has a label track; training with all of them is compared with that on the first pair
            alone, and a frame counts once for each track, but not in the sizes given here.
        scored_share: Share of the frames of each label track that somebody scored, 0 to 1.

    Returns:
        What ``benchmark.json`` holds: for each measurement the median, lowest and highest, and the
        ratios between them.

    Raises:
        InputError: If the setting is wrong, or there is no such device.
    """
    # torch and lightning take seconds to import; --help and a wrong key do not wait for them.
    from mabe_lit.timing import measure
    from mabe_lit.timing.recordings import RECORDING_FRAMES
    from mabe_lit.training.callbacks import quiet_lightning

    changes = {"model_type": model, "features": features, "batch_size": batch_size}
    options = [f"--{key}={value}" for key, value in changes.items() if value is not None]
    epochs = sorted(epoch_frames or [])
    if epochs and epochs[-1] > data_frames:
        raise InputError(f"--epoch_frames: must be at most data_frames, {data_frames:,}")
    if min(steps, rounds) < 1:
        raise InputError("--steps, --rounds: must be at least 1")
    if data_frames and data_frames < RECORDING_FRAMES:
        raise InputError(
            f"--data_frames: must be 0 or at least {RECORDING_FRAMES:,}, got {data_frames}"
        )
    if not 2 <= animals <= _MOST_ANIMALS:
        raise InputError(f"--animals: must be 2 to {_MOST_ANIMALS}, got {animals}")
    if not 0 < scored_share <= 1:
        raise InputError(f"--scored_share: must be above 0 and at most 1, got {scored_share}")
    with (
        tempfile.TemporaryDirectory(prefix="mabe_lit-") as temporary,
        folder_filled_atomically(Path(output)) as results,
        quiet_lightning(),
    ):
        options += [
            "--dataset=recordings",
            f"--train_data_dir={temporary}/small",
            f"--val_data_dir={temporary}/val",
            f"--checkpoint_dir={temporary}/checkpoints",
            f"--device={device}",
        ]
        config = parse_config(["--config", setting, *options] if setting else options)
        _check_sizes(config, steps, epochs, animals=animals, scored_share=scored_share)
        result = measure(
            config,
            Path(temporary),
            steps=steps,
            rounds=rounds,
            data_frames=data_frames,
            epoch_frames=epochs,
            animals=animals,
            scored_share=scored_share,
        )
        file = results / "benchmark.json"
        file.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return result


def _check_sizes(
    config: Config, steps: int, epoch_frames: list[int], *, animals: int, scored_share: float
) -> None:
    """Raise ``InputError`` if the datasets have too few batches for the measurements."""
    from mabe_lit.timing import SMALL_FRAMES
    from mabe_lit.timing.recordings import RECORDING_FRAMES, count_tracks
    from mabe_lit.timing.steps import WARM_UP

    frames = config.batch_size * config.sequence_length
    most = int(SMALL_FRAMES * scored_share) // frames - WARM_UP
    if steps > most:
        raise InputError(
            f"--steps: must be at most {max(most, 0)} with batches of {frames:,} frames, "
            f"got {steps}"
        )
    least = (WARM_UP + 1) * frames
    for size in epoch_frames:
        recordings = size // RECORDING_FRAMES
        if recordings * RECORDING_FRAMES * count_tracks(animals) * scored_share < least:
            raise InputError(
                f"--epoch_frames: must be at least {WARM_UP + 1} batches of {frames:,} scored "
                f"frames in recordings of {RECORDING_FRAMES:,}, got {size}"
            )


def format_benchmark(result: dict[str, Any]) -> str:
    """The measurements as plain text, a line each."""
    seen = result["measured"]
    frames = "frames of pairs" if "tracks" in result else "frames"
    lines = [
        f"{result['model']} on {result['features']}, batches of {result['batch_size']} x "
        f"{result['sequence_length']} frames, {result['precision']} on {result['device']} "
        f"({result['threads']} threads)",
        "",
        f"{'training step':<34}{'median ms':>12}{'low':>10}{'high':>10}{'steps/s':>10}",
    ]
    titles = {
        "plain_step_s": "(a) plain PyTorch loop, 64 frames",
        "trainer_step_s": "(b) mabe_lit through the Trainer",
        "bare_step_s": "(c) bare step",
    }
    for key, title in titles.items():
        median, low, high = (1000 * seen[key][name] for name in ("median", "low", "high"))
        row = f"{median:>12.1f}{low:>10.1f}{high:>10.1f}{1000 / median:>10.1f}"
        lines.append(f"{title:<34}{row}")
    floor = result["floor_step_s"]
    lines += [
        f"{'(d) floor of matrix products':<34}{1000 * floor:>12.1f}{'':>20}{1 / floor:>10.1f}",
        f"(b)/(a) a frame {result['trainer_over_plain']:.2f}   "
        f"(b)/(c) {result['trainer_over_bare']:.3f}   (d)/(b) {result['floor_over_trainer']:.2f}",
        "",
        f"trained frames/s     {result['trained_frames_per_s']:>14,.0f}",
        f"predicted frames/s   {seen['predicted_frames_per_s']['median']:>14,.0f}",
        f"first step after     {result['first_step_s']:>14.1f} s",
        f"peak memory          {result['peak_memory_bytes'] / 2**20:>14,.0f} MiB",
    ]
    if "tracks" in result:
        tracks = result["tracks"]
        lines.append(
            f"{tracks['pairs']} pairs of {tracks['animals']} animals: "
            f"{tracks['track_frames_per_s']:,.0f} trained frames/s, "
            f"{tracks['all_over_one_pair']:.2f} of those with one pair"
        )
    if "data" in result:
        data = result["data"]
        lines += [
            "",
            f"dataset of {data['frames']:,} {frames}: opened in {data['open_s']:.2f} s, "
            f"shuffled in {data['shuffle_s']:.2f} s, "
            f"{data['resident_bytes'] / 2**20:,.0f} MiB resident,",
            f"{data['windows_per_s']:,.0f} windows/s, {data['large_over_small']:.2f} of those of "
            f"{data['small_frames']:,} {frames}",
            f"what is usual in a recording found in {data['describe_recording_s']:.2f} s",
        ]
    for count, seconds in result.get("epochs", {}).get("seconds", {}).items():
        lines.append(f"an epoch of {int(count):,} {frames}: {seconds:,.1f} s")
    if "exponent" in result.get("epochs", {}):
        lines.append(f"time grows with frames to the power of {result['epochs']['exponent']:.3f}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> None:
    """The command: measure, then print the table and where it lies."""
    tune_process()
    with one_line_errors():
        arguments = parse_arguments(benchmark, argv, prog="python -m mabe_lit.benchmark")
        print(format_benchmark(benchmark(**arguments)))
        print(f"as JSON: {arguments['output']}/benchmark.json")


if __name__ == "__main__":
    main()
