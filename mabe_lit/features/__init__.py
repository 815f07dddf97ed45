"""Windows of pose -> columns that a network reads; changes to windows; recordings as a whole.

May import ``shell``, ``config``, ``pose``, ``compute`` and ``data``.
"""

from mabe_lit.features.augment import Batch, all_views, augment
from mabe_lit.features.context import recording_contexts
from mabe_lit.features.pose_features import PoseFeatures

__all__ = ["Batch", "PoseFeatures", "all_views", "augment", "recording_contexts"]
