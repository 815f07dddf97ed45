"""Boosted trees on statistics of the features around each frame: what a network has to beat."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import maximum_filter1d, minimum_filter1d
from sklearn.ensemble import HistGradientBoostingClassifier

from mabe_lit import UNSCORED
from mabe_lit.data import Dataset, Task, TrackEntry
from mabe_lit.features import PoseFeatures, Views, seen_as, views_of
from mabe_lit.scores.bouts import half_width_of, smooth_frames

HALF_WIDTHS_S = (0.5, 2.0, 8.0)
"""How far the statistics of a frame reach to either side, in seconds."""

SMOOTHING_S = 1.0
"""Width of the moving average of the predicted probabilities, in seconds."""

MAX_TRAIN_FRAMES = 60_000
"""The trees see at most about as many frames; neighbouring ones say almost the same."""

ROUNDS = 150
"""Trees of each class."""

BINS = 63
"""Values that a column is rounded to, so that a split has 62 places to choose from."""

_PIECE_FRAMES = 8_192
_QUANTILE_FRAMES = 10_000

_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class BoostedTrees:
    """Trained trees, and what they look at.

    Attributes:
        features: What is known of a frame before any statistics.
        task: What the training recordings asked.
        trees: One that tells all classes apart, or one for each class where these are independent;
            None for a class of which the training shows nothing or nothing else.
        train_frames: Frames of label tracks that the trees were trained on.
    """

    features: PoseFeatures
    task: Task
    trees: tuple[HistGradientBoostingClassifier | None, ...]
    train_frames: int

    def predict_probabilities(self, dataset: Dataset) -> Iterator[_Floats]:
        """Probabilities of the classes ``(N, C)``, smoothed over time, track by track.

        A class that the training recordings do not show, or that nobody looks for in such a track,
        has probability 0.
        """
        views = views_of(dataset, self.task, for_training=False)
        for number, track in enumerate(dataset.tracks):
            entry = dataset.entry_of(track)
            probabilities = np.zeros((entry.frames, len(dataset.class_names)))
            for frames, statistics in _pieces(self.features, dataset, track, views, number):
                for column, trees in enumerate(self.trees):
                    if trees is not None:
                        found = trees.predict_proba(statistics)
                        columns = trees.classes_.astype(int)
                        if self.task.is_independent:
                            found, columns = found[:, columns == 1], np.array([column])
                        probabilities[frames, columns] = found
            if views is not None:
                probabilities[:, ~views.looked_for[number].numpy()] = 0.0
                if not self.task.is_independent:
                    probabilities /= probabilities.sum(axis=1, keepdims=True).clip(min=1e-12)
            smooth = smooth_frames(probabilities, half_width_of(SMOOTHING_S, entry.fps))
            yield smooth.astype(np.float32)


def fit_boosted_trees(train: Dataset, *, kind: str, seed: int) -> BoostedTrees:
    """Train on the scored frames of label tracks, each class with the same total weight.

    Of long datasets every n-th scored frame of each track is used, ``MAX_TRAIN_FRAMES`` of them in
    all, from a first one that ``seed`` decides.

    Args:
        train: Recordings with scored frames of at least two classes.
        kind: Features, see ``mabe_lit.features.pose_features.PoseFeatures``.
        seed: Decides which frames and, at each split of a tree, which columns are looked at.
    """
    task = Task.of(train)
    features = PoseFeatures(
        kind=kind,
        animal_names=train.animal_names,
        keypoint_names=train.keypoint_names,
        has_agents=task.has_agents,
    )
    views = views_of(train, task, for_training=True)
    tracks = [train.label_track(track) for track in train.tracks]
    step = -(-sum(int(track.is_scored.sum()) for track in tracks) // MAX_TRAIN_FRAMES)
    rng = np.random.default_rng(seed)
    statistics, labels = [], []
    for number, track in enumerate(tracks):
        picked = np.zeros(len(track), bool)
        picked[np.flatnonzero(track.is_scored)[rng.integers(step) :: step]] = True
        labels.append(track.labels[picked])
        if picked.any():
            for frames, values in _pieces(features, train, train.tracks[number], views, number):
                statistics.append(values[picked[frames]])
    columns = round_to_quantiles(np.concatenate(statistics))
    truth = np.concatenate(labels)
    targets = truth.T if task.is_independent else truth[None]
    trees = tuple(_fit(columns, target, seed) for target in targets)
    return BoostedTrees(features, task, trees, len(truth))


def _fit(
    columns: npt.NDArray[np.float64], target: npt.NDArray[Any], seed: int
) -> HistGradientBoostingClassifier | None:
    """Trees for ``(N,)`` classes, or for yes and no; None where there is one alone."""
    is_known = target != UNSCORED
    if len(np.unique(target[is_known])) < 2:
        return None
    trees = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=ROUNDS,
        max_bins=BINS,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        class_weight="balanced",
        random_state=seed,
    )
    trees.fit(columns[is_known], target[is_known])
    return trees


def round_to_quantiles(values: _Floats) -> npt.NDArray[np.float64]:
    """Each column ``(N, D)`` rounded to the nearest of ``BINS`` of its quantiles.

    The trees bin their columns anyway, halfway between neighbouring values if these are few, which
    takes a tenth of the time that weighted quantiles do. Rounding is to the nearest, so that
    values to predict from fall in the same bins without being rounded.
    """
    ordered = np.sort(values[:: -(-len(values) // _QUANTILE_FRAMES)], axis=0)
    quantiles = ordered[np.linspace(0, len(ordered) - 1, BINS).astype(int)].astype(np.float64)
    halfway = (quantiles[1:] + quantiles[:-1]) / 2
    rounded = np.empty(values.shape, np.float64, order="F")
    for column in range(values.shape[1]):
        place = np.searchsorted(halfway[:, column], values[:, column])
        rounded[:, column] = quantiles[place, column]
    return rounded


def window_statistics(values: _Floats, half_width: int, is_mark: npt.NDArray[np.bool_]) -> _Floats:
    """Mean, standard deviation, minimum and maximum of the frames around each frame.

    Near the recording's edges they are those of the frames that are there.

    Args:
        values: ``(N, D)`` of one recording.
        half_width: Frames to either side, >= 0.
        is_mark: ``(D,)``, true for columns of 0 and 1, of which the mean says all.

    Returns:
        ``(N, 4 D)`` less three columns a mark: all means, then standard deviations, and so on.
    """
    mean = smooth_frames(values.astype(np.float64), half_width)
    measured = values[:, ~is_mark]
    square = smooth_frames(measured.astype(np.float64) ** 2, half_width)
    deviation = np.sqrt((square - mean[:, ~is_mark] ** 2).clip(min=0))
    # Beyond an edge the nearest frame counts, which is among the frames around anyway.
    size = 2 * half_width + 1
    lowest = minimum_filter1d(measured, size, axis=0, mode="nearest")
    highest = maximum_filter1d(measured, size, axis=0, mode="nearest")
    return np.concatenate([mean, deviation, lowest, highest], axis=1, dtype=np.float32)


def _pieces(
    features: PoseFeatures, dataset: Dataset, track: TrackEntry, views: Views | None, number: int
) -> Iterator[tuple[slice, _Floats]]:
    """Which frames, and all that the trees know of them; pieces that keep the memory small.

    Features are those of the whole recording, and statistics of a piece look beyond its edges.
    What is not known in track ``number`` is 0.
    """
    entry = dataset.entry_of(track)
    with torch.inference_mode():
        seconds = torch.tensor([1 / entry.fps], dtype=torch.float32)
        keypoints = dataset.keypoints[entry.first_frame : entry.first_frame + entry.frames]
        own = None if views is None else views[torch.tensor([number])]
        window, own = seen_as(torch.tensor(keypoints)[None], own)
        values = features.raw(window, seconds, None, own)[0].nan_to_num(0.0).numpy()  # (N, D)
    is_mark = np.array([name.endswith("missing") for name in features.feature_names])
    half_widths = [max(int(width * entry.fps + 0.5), 1) for width in HALF_WIDTHS_S]
    for start in range(0, len(values), _PIECE_FRAMES):
        stop = min(start + _PIECE_FRAMES, len(values))
        parts: list[npt.NDArray[Any]] = [values[start:stop]]
        for half_width in half_widths:
            first = max(start - half_width, 0)
            around = window_statistics(values[first : stop + half_width], half_width, is_mark)
            parts.append(around[start - first : stop - first])
        yield slice(start, stop), np.concatenate(parts, axis=1)
