"""The measurements of ``python -m mabe_lit.benchmark``.

May import every room.
"""

from mabe_lit.timing.measure import SMALL_FRAMES, measure

__all__ = ["SMALL_FRAMES", "measure"]
