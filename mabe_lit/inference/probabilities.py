"""Recordings of any length -> probabilities of each frame, from overlapping windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from mabe_lit.compute import autocast, cast_weights, resolve_device, resolve_precision
from mabe_lit.config import Config
from mabe_lit.data import Entry
from mabe_lit.data.mapped import PoseReader
from mabe_lit.data.windows import FrameAverage, WindowGrid, by_window_length, covering_windows
from mabe_lit.pose import MOST_PIXELS
from mabe_lit.shell import InputError
from mabe_lit.training import BehaviorClassifier

_BATCH_FRAMES = 8_192
"""Frames in a batch. What an operation costs whatever its size, such as waking threads and packing
weights, is paid a batch: on a CPU the default network is 1.2 times as fast as with 2,048. More
than these bring nothing.
"""


@torch.inference_mode()
def predict_probabilities(
    classifier: BehaviorClassifier,
    keypoints: np.ndarray,
    entries: Sequence[Entry],
    *,
    likelihood: np.ndarray | None = None,
    device: str = "auto",
) -> list[npt.NDArray[np.float32]]:
    """Probabilities of the classes for each frame: the mean over windows, see ``FrameAverage``.

    Args:
        classifier: A trained classifier; it is moved to the device.
        keypoints: ``(N, A, K, 2)`` pixels of all recordings end to end; may be memory-mapped.
        entries: Where each recording lies in them.
        likelihood: ``(N, A, K)`` the tracker's confidence, if it told any.
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        ``(N, C)`` for each recording; each row sums to 1.

    Raises:
        InputError: If something is no number, which only damage can make.
    """
    config = classifier.config
    where = resolve_device(device)
    # A CPU does not compute in the fp16 that a GPU may have trained in.
    is_possible = where.type != "cpu" or config.precision != "fp16"
    precision = resolve_precision(config.precision if is_possible else "auto", where)
    classifier.to(where).eval()
    starts = np.array([entry.first_frame for entry in entries])
    seconds = np.array([config.frame_gap / entry.fps for entry in entries], np.float32)
    contexts = classifier.describe_recordings(keypoints, entries, likelihood=likelihood)
    reader = PoseReader(keypoints, likelihood if classifier.features.reads_likelihood else None)
    average = FrameAverage(len(keypoints), len(classifier.class_names))
    with cast_weights(classifier.network, precision), autocast(where, precision):
        for grid in _grids(config, entries):
            size = max(_BATCH_FRAMES // grid.length, 1)
            for start in range(0, len(grid), size):
                frames, is_inside = grid.frames_of(np.arange(start, min(start + size, len(grid))))
                recording = np.searchsorted(starts, frames[:, 0], side="right") - 1
                probabilities = classifier.predict(  # (B, T, C)
                    reader[frames].to(where),
                    torch.from_numpy(seconds[recording]).to(where),
                    contexts[recording].to(where),
                )
                average.add(frames, is_inside, probabilities.cpu().numpy())
    found = [average.mean(entry.first_frame, entry.frames) for entry in entries]
    for entry, of_recording in zip(entries, found, strict=True):
        _check_finite(of_recording, keypoints, entry)
    return found


def _check_finite(
    probabilities: npt.NDArray[np.float32], keypoints: np.ndarray, entry: Entry
) -> None:
    is_lost = ~np.isfinite(probabilities).all(axis=1)
    if not is_lost.any():
        return
    points = keypoints[entry.first_frame : entry.first_frame + entry.frames]
    is_wrong = (np.abs(points) > MOST_PIXELS).any(axis=(1, 2, 3))
    cause = "the checkpoint's weights may be damaged"
    if is_wrong.any():
        frame = int(is_wrong.argmax())
        largest = np.nanmax(np.abs(points[frame]))
        cause = f"at frame {frame} a coordinate is {largest:g}, expected at most {MOST_PIXELS:g}"
    raise InputError(
        f"recording {entry.name!r}: frame {int(is_lost.argmax())}: its probabilities are no "
        f"numbers; {cause}"
    )


def _grids(config: Config, entries: Sequence[Entry]) -> Iterator[WindowGrid]:
    """The windows of all recordings that have windows of one length, for each length."""
    for length, chosen in by_window_length(config, entries).items():
        yield covering_windows(
            np.array([entry.first_frame for entry in chosen]),
            np.array([entry.frames for entry in chosen]),
            length=length,
            gap=config.frame_gap,
            overlap=min(config.overlap, length),
        )
