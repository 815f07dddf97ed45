"""Dataset folders, and windows and batches of what is in them.

May import ``shell``, ``config``, ``pose`` and ``compute``. What gathers windows in torch,
``batches``, ``frames`` and ``mapped``, is imported by name, so that preparing needs no torch.
"""

from mabe_lit.data.dataset import Dataset, warn_of_untold
from mabe_lit.data.dataset_writer import check_writable, write_dataset
from mabe_lit.data.entries import Entry, TrackEntry
from mabe_lit.data.integrity import check_poses, verify_dataset
from mabe_lit.data.opening import open_dataset
from mabe_lit.data.split import nothing_to_tell, open_scored, open_split
from mabe_lit.data.task import Task, check_learnt

__all__ = [
    "Dataset",
    "Entry",
    "Task",
    "TrackEntry",
    "check_learnt",
    "check_poses",
    "check_writable",
    "nothing_to_tell",
    "open_dataset",
    "open_scored",
    "open_split",
    "verify_dataset",
    "warn_of_untold",
    "write_dataset",
]
