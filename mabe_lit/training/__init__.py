"""A classifier and how it learns: LightningModule, DataModule, Trainer, losses, checkpoints.

May import all rooms above it: ``shell`` to ``models``.
"""

from mabe_lit.training.checkpoint import load_classifier, read_checkpoint
from mabe_lit.training.datamodule import BehaviorDataModule
from mabe_lit.training.module import BehaviorClassifier
from mabe_lit.training.trainer import build_classifier, build_trainer

__all__ = [
    "BehaviorClassifier",
    "BehaviorDataModule",
    "build_classifier",
    "build_trainer",
    "load_classifier",
    "read_checkpoint",
]
