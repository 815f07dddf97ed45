"""Bouts, frame and segmental scores, decisions on labels, figures.

May import ``shell``, ``pose`` and ``data``.
"""

from mabe_lit.scores.bouts import segments
from mabe_lit.scores.decision_kinds import (
    AnyDecisions,
    are_plain,
    average_decisions,
    decisions_from_dict,
    fit_decisions,
    identity_decisions,
)
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.metrics import Scores, format_scores, score_recordings
from mabe_lit.scores.thresholds import Thresholds

__all__ = [
    "AnyDecisions",
    "Decisions",
    "Scores",
    "Thresholds",
    "are_plain",
    "average_decisions",
    "decisions_from_dict",
    "fit_decisions",
    "format_scores",
    "identity_decisions",
    "score_recordings",
    "segments",
]
