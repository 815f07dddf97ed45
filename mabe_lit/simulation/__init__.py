"""Simulated mice: recordings of which every label is known.

May import ``shell`` and ``pose``.
"""

from mabe_lit.simulation.group import GROUP_SIMULATION_VERSION, simulate_group
from mabe_lit.simulation.mice import SIMULATION_VERSION, simulate_recordings

__all__ = [
    "GROUP_SIMULATION_VERSION",
    "SIMULATION_VERSION",
    "simulate_group",
    "simulate_recordings",
]
