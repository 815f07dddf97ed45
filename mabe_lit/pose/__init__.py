"""One video's tracks, and what its points say of bodies.

May import ``shell``. What computes in torch, ``bodies`` and ``gaps``, is imported by name, so
that reading files needs no torch.
"""

from mabe_lit.pose.label_track import LabelTrack, track_name
from mabe_lit.pose.recording import MOST_FPS, MOST_PIXELS, Recording, is_numbered, is_rate
from mabe_lit.pose.skeleton import find_body_axis, find_mirror_order, order_of_ends

__all__ = [
    "MOST_FPS",
    "MOST_PIXELS",
    "LabelTrack",
    "Recording",
    "find_body_axis",
    "find_mirror_order",
    "is_numbered",
    "is_rate",
    "order_of_ends",
    "track_name",
]
