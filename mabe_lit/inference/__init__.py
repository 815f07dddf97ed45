"""A checkpoint or several -> probabilities of recordings of any length.

May import all rooms above it: ``shell`` to ``training``.
"""

from mabe_lit.inference.ensemble import load_ensemble
from mabe_lit.inference.probabilities import predict_probabilities

__all__ = ["load_ensemble", "predict_probabilities"]
