"""Simulated mice: recordings of which every label is known.

May import ``shell`` and ``pose``.
"""

from mabe_lit.simulation.mice import SIMULATION_VERSION, simulate_recordings

__all__ = ["SIMULATION_VERSION", "simulate_recordings"]
