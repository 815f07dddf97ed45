"""Recordings of any length -> probabilities of each frame, from overlapping windows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch

from mabe_lit.compute import autocast, cast_weights, resolve_device, resolve_precision
from mabe_lit.config import Config
from mabe_lit.data import Dataset, Entry
from mabe_lit.data.mapped import PoseReader
from mabe_lit.data.windows import (
    FrameAverage,
    Stretches,
    WindowGrid,
    by_window_length,
    covering_windows,
)
from mabe_lit.pose import MOST_PIXELS
from mabe_lit.shell import InputError
from mabe_lit.training import BehaviorClassifier

_BATCH_FRAMES = 8_192
"""Frames in a batch. What an operation costs whatever its size, such as waking threads and packing
weights, is paid a batch: on a CPU the default network is 1.2 times as fast as with 2,048. More
than these bring nothing.
"""


_MOST_VALUES = 1 << 26
"""Probabilities, of all classes, frames and tracks, that are averaged at once."""


def predict_probabilities(
    classifier: BehaviorClassifier, dataset: Dataset, *, device: str = "auto"
) -> list[npt.NDArray[np.float32]]:
    """Probabilities of the classes for each frame: the mean over windows, see ``FrameAverage``.

    Args:
        classifier: A trained classifier; it is moved to the device.
        dataset: Recordings and their label tracks, see ``Dataset.of``.
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        ``(N, C)`` for each label track. Each row sums to 1 where behaviours exclude each other; a
        class that nobody looked for in such tracks has 0.

    Raises:
        InputError: If something is no number, which only damage can make.
    """
    return [found for _, found in iter_probabilities(classifier, dataset, device=device)]


@torch.inference_mode()
def iter_probabilities(
    classifier: BehaviorClassifier, dataset: Dataset, *, device: str = "auto"
) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
    """The same one track after the other, with the track's number, some of them in memory."""
    config = classifier.config
    where = resolve_device(device)
    # A CPU does not compute in the fp16 that a GPU may have trained in.
    is_possible = where.type != "cpu" or config.precision != "fp16"
    precision = resolve_precision(config.precision if is_possible else "auto", where)
    classifier.to(where).eval()
    views = classifier.views_of(dataset)
    contexts = classifier.describe_recordings(dataset, views)
    likelihood = dataset.likelihood if classifier.features.reads_likelihood else None
    reader = PoseReader(dataset.keypoints, likelihood)
    entries = [dataset.entry_of(track) for track in dataset.tracks]
    seconds = np.array([config.frame_gap / entry.fps for entry in entries], np.float32)
    first_frame = np.array([entry.first_frame for entry in entries])
    lengths = np.array([entry.frames for entry in entries])
    for tracks in _portions(lengths, len(classifier.class_names)):
        places = np.cumsum(lengths[tracks]) - lengths[tracks]  # where each begins in the average
        shift = np.zeros(len(entries), np.int64)
        shift[tracks] = places - first_frame[tracks]
        average = FrameAverage(int(lengths[tracks].sum()), len(classifier.class_names))
        with cast_weights(classifier.network, precision), autocast(where, precision):
            for grid in _grids(config, first_frame, lengths, tracks):
                size = max(_BATCH_FRAMES // grid.length, 1)
                for start in range(0, len(grid), size):
                    windows = grid.frames_of(np.arange(start, min(start + size, len(grid))))
                    track = torch.from_numpy(windows.track)
                    probabilities = classifier.predict(  # (B, T, C)
                        reader[windows.frames].to(where),
                        torch.from_numpy(seconds[windows.track]).to(where),
                        contexts[track].to(where),
                        None if views is None else views[track].to(where),
                    )
                    frames = windows.frames + shift[windows.track][:, None]
                    average.add(frames, windows.is_inside, probabilities.cpu().numpy())
        for number, place in zip(tracks.tolist(), places.tolist(), strict=True):
            found = average.mean(place, entries[number].frames)
            _check_finite(found, dataset.keypoints, entries[number])
            yield number, found


def _portions(lengths: npt.NDArray[np.int64], classes: int) -> Iterator[npt.NDArray[np.int64]]:
    """Tracks one after the other, as many at a time as fit into memory together."""
    portion = (np.cumsum(lengths) * classes) // _MOST_VALUES
    yield from np.split(np.arange(len(lengths)), np.flatnonzero(np.diff(portion)) + 1)


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


def _grids(
    config: Config,
    first_frame: npt.NDArray[np.int64],
    lengths: npt.NDArray[np.int64],
    tracks: npt.NDArray[np.int64],
) -> Iterator[WindowGrid]:
    """The windows of all ``tracks`` that have windows of one length, for each length."""
    for length, chosen in by_window_length(config, lengths[tracks].tolist()).items():
        of_length = tracks[chosen]
        yield covering_windows(
            Stretches.whole(first_frame[of_length], lengths[of_length], of_length),
            length=length,
            gap=config.frame_gap,
            overlap=min(config.overlap, length),
        )
