"""Bouts, frame and segmental scores, decisions on labels, figures.

May import ``shell``, ``pose`` and ``data``.
"""

from mabe_lit.scores.bouts import segments
from mabe_lit.scores.decision_kinds import (
    AnyDecisions,
    are_plain,
    average_decisions,
    decide_tracks,
    decisions_from_dict,
    fit_decisions,
    fit_to_dataset,
    identity_decisions,
)
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.lab_thresholds import LabThresholds
from mabe_lit.scores.metrics import Scores, format_scores, score_recordings
from mabe_lit.scores.thresholds import Thresholds

__all__ = [
    "AnyDecisions",
    "Decisions",
    "LabThresholds",
    "Scores",
    "Thresholds",
    "are_plain",
    "average_decisions",
    "decide_tracks",
    "decisions_from_dict",
    "fit_decisions",
    "fit_to_dataset",
    "format_scores",
    "identity_decisions",
    "score_recordings",
    "segments",
]
