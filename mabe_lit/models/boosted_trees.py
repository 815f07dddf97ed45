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
from mabe_lit.data import Dataset
from mabe_lit.features import PoseFeatures
from mabe_lit.pose import Recording
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
        trees: Their classes are the class indices that occur in the training recordings.
        classes: Classes of the dataset, ``C``.
        train_frames: Frames that the trees were trained on.
    """

    features: PoseFeatures
    trees: HistGradientBoostingClassifier
    classes: int
    train_frames: int

    def predict_probabilities(self, recording: Recording) -> _Floats:
        """Probabilities of the classes for each frame, ``(N, C)``, smoothed over time.

        A class that the training recordings do not show has probability 0.
        """
        probabilities = np.zeros((len(recording), self.classes))
        columns = self.trees.classes_.astype(int)
        for frames, statistics in _pieces(self.features, recording):
            probabilities[frames, columns] = self.trees.predict_proba(statistics)
        smooth = smooth_frames(probabilities, half_width_of(SMOOTHING_S, recording.fps))
        return smooth.astype(np.float32)


def fit_boosted_trees(train: Dataset, *, kind: str, seed: int) -> BoostedTrees:
    """Train on the scored frames of recordings, each class with the same total weight.

    Of long datasets every n-th scored frame of each recording is used, ``MAX_TRAIN_FRAMES`` of them
    in all, from a first one that ``seed`` decides.

    Args:
        train: Recordings with scored frames of at least two classes.
        kind: Features, see ``mabe_lit.features.pose_features.PoseFeatures``.
        seed: Decides which frames and, at each split of a tree, which columns are looked at.
    """
    features = PoseFeatures(
        kind=kind, animal_names=train.animal_names, keypoint_names=train.keypoint_names
    )
    step = -(-int((train.labels != UNSCORED).sum()) // MAX_TRAIN_FRAMES)
    rng = np.random.default_rng(seed)
    statistics, labels = [], []
    for index in range(len(train)):
        recording = train[index]
        picked = np.zeros(len(recording), bool)
        picked[np.flatnonzero(recording.labels != UNSCORED)[rng.integers(step) :: step]] = True
        labels.append(recording.labels[picked])
        if picked.any():
            for frames, values in _pieces(features, recording):
                statistics.append(values[picked[frames]])
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
    trees.fit(round_to_quantiles(np.concatenate(statistics)), np.concatenate(labels))
    return BoostedTrees(features, trees, len(train.class_names), sum(map(len, labels)))


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


def _pieces(features: PoseFeatures, recording: Recording) -> Iterator[tuple[slice, _Floats]]:
    """Which frames, and all that the trees know of them; pieces that keep the memory small.

    Features are those of the whole recording, and statistics of a piece look beyond its edges.
    """
    with torch.inference_mode():
        seconds = torch.tensor([1 / recording.fps], dtype=torch.float32)
        keypoints = torch.tensor(recording.keypoints)[None]
        values = features.raw(keypoints, seconds)[0].numpy()  # (N, D)
    is_mark = np.array([name.endswith("missing") for name in features.feature_names])
    half_widths = [max(int(width * recording.fps + 0.5), 1) for width in HALF_WIDTHS_S]
    for start in range(0, len(values), _PIECE_FRAMES):
        stop = min(start + _PIECE_FRAMES, len(values))
        parts: list[npt.NDArray[Any]] = [values[start:stop]]
        for half_width in half_widths:
            first = max(start - half_width, 0)
            around = window_statistics(values[first : stop + half_width], half_width, is_mark)
            parts.append(around[start - first : stop - first])
        yield slice(start, stop), np.concatenate(parts, axis=1)
