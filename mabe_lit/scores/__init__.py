"""Bouts, frame and segmental scores, decisions on labels, figures.

May import ``shell`` and ``data``.
"""

from mabe_lit.scores.bouts import segments
from mabe_lit.scores.decision_fit import fit_decisions
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.metrics import Scores, format_scores, score_recordings

__all__ = ["Decisions", "Scores", "fit_decisions", "format_scores", "score_recordings", "segments"]
