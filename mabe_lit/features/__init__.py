"""Windows of pose -> columns that a network reads; changes to windows; recordings as a whole.

May import ``shell``, ``config``, ``pose``, ``compute`` and ``data``.
"""

from mabe_lit.features.augment import Batch, all_views, as_seen, augment
from mabe_lit.features.context import recording_contexts
from mabe_lit.features.pose_features import PoseFeatures
from mabe_lit.features.views import Views, seen_as, views_of

__all__ = [
    "Batch",
    "PoseFeatures",
    "Views",
    "all_views",
    "as_seen",
    "augment",
    "recording_contexts",
    "seen_as",
    "views_of",
]
