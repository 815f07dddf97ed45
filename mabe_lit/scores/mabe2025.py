"""The score of MABe 2025: F1 of frames, mean over a lab's actions, then over labs.

Source: what the competition "MABe Challenge - Social Action Recognition in Mice" counts, rule by
rule in ``score_mabe2025``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mabe_lit.pose.mabe2025_labels import Labeled
from mabe_lit.scores.mabe2025_bouts import (
    COLUMNS,
    KEY,
    count_frames,
    describe_conflict,
    find_conflicts,
    tidy_bouts,
)
from mabe_lit.shell import InputError

if TYPE_CHECKING:
    import pandas as pd


class ActionScore(NamedTuple):
    """Frames of one action in all of a lab's videos.

    Attributes:
        lab: The lab.
        action: The action.
        tp: Frames that are true and predicted.
        fp: Frames that are predicted alone.
        fn: Frames that are true alone.
        f1: ``2 tp / (2 tp + fp + fn)``; 0 where there are none.
        threshold: From which probability on it was predicted, where that is known.
    """

    lab: str
    action: str
    tp: int
    fp: int
    fn: int
    f1: float
    threshold: float | None = None


@dataclass(frozen=True)
class Mabe2025Scores:
    """The score and what it is made of.

    Attributes:
        score: Mean over labs.
        labs: Mean over the lab's actions, by lab.
        actions: By lab and action, in order of their names.
        not_looked_for: Predicted rows that do not count, for nobody looked for them.
        without_truth: Predicted rows that do not count, for their video has no row of truth.
    """

    score: float
    labs: dict[str, float]
    actions: tuple[ActionScore, ...]
    not_looked_for: int
    without_truth: int


def score_mabe2025(
    truth: pd.DataFrame, predicted: pd.DataFrame, looked_for: Mapping[int, Iterable[Labeled]]
) -> Mabe2025Scores:
    """Score predicted bouts as the competition does.

    The frames of a (video, agent, target, action) are those of all its bouts, each counted once.
    A lab's actions are those that its truth names or a predicted row that counts; a row of no frame
    names its action as well. A row counts if its video has truth and somebody looked for this
    action of this pair in it.

    Args:
        truth: Columns ``lab_id``, ``video_id``, ``agent_id``, ``target_id``, ``action``,
            ``start_frame`` and ``stop_frame``, which is exclusive. Mice are ``mouse1`` or 1, a
            target may be ``self``.
        predicted: The same, without need of ``lab_id``.
        looked_for: What somebody looked for, by video, see ``parse_labeled``.

    Returns:
        The score.

    Raises:
        InputError: If a table has no rows, lacks a column or has a wrong cell, a bout starts after
            its end, two actions that count of an agent toward a target share a frame, a video is of
            two labs, or ``looked_for`` lacks a video of the truth.
    """
    true = tidy_bouts(truth, "truth", extra=("lab_id",))
    found = tidy_bouts(predicted, "prediction")
    lab_of = _labs(true)
    missing = [video for video in lab_of if video not in looked_for]
    if missing:
        raise InputError(f"behaviors_labeled of video {missing[0]} is missing")
    has_truth = found["video_id"].isin(list(lab_of)).to_numpy()
    counted = found[has_truth & _are_looked_for(found, looked_for)]
    for first, second in find_conflicts(counted):
        raise InputError(
            f"prediction: rows {first} and {second}: {describe_conflict(counted, first, second)}, "
            "expected one action of a pair in a frame"
        )
    return mean_over_labs(
        _score_actions(true, counted, lab_of),
        not_looked_for=int(has_truth.sum()) - len(counted),
        without_truth=int((~has_truth).sum()),
    )


def mean_over_labs(
    actions: tuple[ActionScore, ...], *, not_looked_for: int = 0, without_truth: int = 0
) -> Mabe2025Scores:
    """The score that is made of the scores of all actions, at least one."""
    of_labs: dict[str, list[float]] = defaultdict(list)
    for action in actions:
        of_labs[action.lab].append(action.f1)
    labs = {lab: fmean(scores) for lab, scores in of_labs.items()}
    score = fmean(labs.values())
    return Mabe2025Scores(score, labs, actions, not_looked_for, without_truth)


def _labs(true: pd.DataFrame) -> dict[int, str]:
    """The lab of each video."""
    distinct = true[["video_id", "lab_id"]].drop_duplicates()
    lab_of: dict[int, str] = {}
    for row, video, lab in distinct.itertuples():
        if lab_of.setdefault(video, lab) != lab:
            raise InputError(
                f"truth: row {row}: video {video} is of {lab}, but above of {lab_of[video]}"
            )
    return lab_of


def _are_looked_for(found: pd.DataFrame, looked_for: Mapping[int, Iterable[Labeled]]) -> np.ndarray:
    """``(M,)`` whether somebody looked for the action of the pair in the video."""
    listed = {video: set(looked_for.get(video, ())) for video in found["video_id"].unique()}
    keys = zip(*(found[name].tolist() for name in KEY), strict=True)
    return np.array([tuple(labeled) in listed[video] for video, *labeled in keys], bool)


def _score_actions(
    true: pd.DataFrame, counted: pd.DataFrame, lab_of: Mapping[int, str]
) -> tuple[ActionScore, ...]:
    """Frames right and wrong, by lab and action."""
    import pandas as pd

    both = pd.concat([true[list(COLUMNS)], counted])
    key = both.groupby(KEY, sort=False).ngroup().to_numpy()
    n_keys = int(key.max()) + 1
    in_truth = count_frames(key[: len(true)], true, n_keys)
    in_prediction = count_frames(key[len(true) :], counted, n_keys)
    right = in_truth + in_prediction - count_frames(key, both, n_keys)
    named = both.drop_duplicates(KEY)  # in the order of the keys' numbers
    sums: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros(3, np.int64))
    counts = np.stack([right, in_prediction - right, in_truth - right], axis=1)
    for video, action, count in zip(named["video_id"], named["action"], counts, strict=True):
        sums[lab_of[video], action] += count
    return tuple(
        ActionScore(lab, action, tp, fp, fn, 2 * tp / (2 * tp + fp + fn) if tp else 0.0)
        for (lab, action), (tp, fp, fn) in sorted((at, sums[at].tolist()) for at in sums)
    )
