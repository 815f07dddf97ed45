"""A training from its configuration to its scores, and the run's folder that is left of it.

May import all rooms above it: ``shell`` to ``inference``.
"""

from mabe_lit.runs.folder import open_run, read_result, write_result
from mabe_lit.runs.train import train

__all__ = ["open_run", "read_result", "train", "write_result"]
