"""Features, network, loss, metrics and optimizer as one LightningModule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor

from mabe_lit import UNSCORED
from mabe_lit.compute import process_rank, share_of_frames
from mabe_lit.config import Config
from mabe_lit.data import Entry
from mabe_lit.features import Batch, PoseFeatures, all_views, augment, recording_contexts
from mabe_lit.models import build_model
from mabe_lit.pose import Recording, find_mirror_order
from mabe_lit.scores import Decisions
from mabe_lit.training.about import CHECKPOINT_VERSION
from mabe_lit.training.dimensions import check_dimensions
from mabe_lit.training.epoch_metrics import AnswersInBulk, MeanLoss, build_metrics
from mabe_lit.training.losses import frame_loss, smoothing_loss
from mabe_lit.training.optim import configure_optimizer
from mabe_lit.training.pose_check import check_pose, fit_pose


class BehaviorClassifier(pl.LightningModule):
    """Learns a label for each frame from windows of key points."""

    class_weights: Tensor | None

    def __init__(
        self,
        config: Config,
        *,
        animal_names: tuple[str, ...],
        keypoint_names: tuple[str, ...],
        class_names: tuple[str, ...],
        has_likelihood: bool = False,
    ) -> None:
        """Build features and network for these animals, key points and classes.

        ``has_likelihood`` says that the training recordings have the tracker's likelihoods.

        Raises:
            InputError: If ``config`` asks for another number of features or classes.
        """
        super().__init__()
        self.config = config
        self.animal_names = animal_names
        self.keypoint_names = keypoint_names
        self.class_names = class_names
        self.decisions = Decisions.identity(len(class_names))
        # What the recordings are known by, see BehaviorDataModule.describe_source.
        self.trained_on: dict[str, Any] = {}
        self.features = PoseFeatures(
            kind=config.features,
            animal_names=animal_names,
            keypoint_names=keypoint_names,
            medians=config.recording_context,
            has_likelihood=has_likelihood and config.use_likelihood,
        )
        self.mirror_order = find_mirror_order(keypoint_names)
        input_dim = self.features.output_dim
        check_dimensions(config, input_dim, animal_names, keypoint_names, class_names)
        self.network = build_model(config, input_dim=input_dim, num_classes=len(class_names))
        # Factors (C,) in the training loss; fit sets them from the training labels.
        self.register_buffer("class_weights", None, persistent=False)
        self.train_answers = AnswersInBulk(build_metrics(class_names).clone(prefix="train_"))
        self.val_metrics = build_metrics(class_names).clone(prefix="val_")
        self.train_loss, self.val_loss = MeanLoss(), MeanLoss()

    def forward(self, keypoints: Tensor, seconds: Tensor, context: Tensor | None = None) -> Tensor:
        """Logits ``(B, T, C)`` of windows; arguments as those of ``PoseFeatures``."""
        return self.network(self._features(keypoints, seconds, context))  # type: ignore[no-any-return]

    def predict(self, keypoints: Tensor, seconds: Tensor, context: Tensor) -> Tensor:
        """Probabilities ``(B, T, C)`` of windows; with ``average_views`` the mean over views."""
        views = keypoints
        if self.config.average_views:
            views = all_views(keypoints, self.config, self.mirror_order)  # (V B, T, A, K, 2)
        V = len(views) // len(keypoints)
        probabilities = self(views, seconds.repeat(V), context.repeat(V, 1)).float().softmax(-1)
        return probabilities.unflatten(0, (V, -1)).mean(0)  # type: ignore[no-any-return]

    def describe_recordings(
        self,
        keypoints: np.ndarray,
        entries: Sequence[Entry],
        *,
        likelihood: np.ndarray | None = None,
    ) -> Tensor:
        """What the features need to know of each recording, see ``recording_contexts``."""
        return recording_contexts(
            self.features,
            keypoints,
            entries,
            config=self.config,
            mirror_order=self.mirror_order,
            likelihood=likelihood,
        )

    def _features(self, keypoints: Tensor, seconds: Tensor, context: Tensor | None) -> Tensor:
        with torch.autocast(keypoints.device.type, enabled=False):
            return self.features(keypoints, seconds, context)  # type: ignore[no-any-return]

    @torch.no_grad()
    def fit_scales(self, batch: Batch, is_inside: Tensor) -> None:
        """Take the scales of the features, and of what the network makes of them, from a sample.

        ``is_inside (B, T)`` is false where a window has padding.
        """
        pose = (batch["keypoints"], batch["seconds"], batch["context"])
        self.features.fit(*pose, is_inside=is_inside)
        self.network.fit_scales(self.features(*pose), is_inside)

    def check_pose(
        self, animal_names: Sequence[str], keypoint_names: Sequence[str], *, where: str
    ) -> None:
        """Raise ``InputError`` if poses ``where`` are of others; see ``pose_check``."""
        names = (self.animal_names, self.keypoint_names)
        alike = self.config.swap_animals
        check_pose(animal_names, keypoint_names, names, are_alike=alike, where=where)

    def fit_pose(self, recording: Recording, *, where: str) -> tuple[Recording, tuple[str, ...]]:
        """A recording with the training's animals and key points, and notes; see ``pose_check``."""
        names = (self.animal_names, self.keypoint_names)
        return fit_pose(recording, names, are_alike=self.config.swap_animals, where=where)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss of augmented windows."""
        return self._shared_step(augment(batch, self.config, self.mirror_order), "train")

    def validation_step(self, batch: Batch, _: int) -> None:
        """Loss and metrics of windows as they are."""
        self._shared_step(batch, "val")

    def _shared_step(self, batch: Batch, stage: str) -> Tensor:
        pose = (batch["keypoints"], batch["seconds"], batch["context"])
        labels = batch["labels"]
        if stage == "train":
            loss, answer = self._training_loss(self._features(*pose), labels)
            self.train_answers.add(answer, labels)
        else:
            logits = self(*pose).float()
            loss = frame_loss(logits, labels)
            self.val_metrics.update(logits.flatten(0, 1), labels.flatten())
            self.log_dict(self.val_metrics, on_step=False, on_epoch=True)
        mean_loss = self.train_loss if stage == "train" else self.val_loss
        mean_loss.update(loss, labels)
        self.log(f"{stage}_loss", mean_loss, on_step=False, on_epoch=True)
        return loss * share_of_frames(labels != UNSCORED) if stage == "train" else loss

    def _training_loss(self, features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy and smoothing, a stage's sum, the members' mean; answer ``(B, T, C)``."""
        loss = features.new_zeros(())
        stages = self.network.stages(features)  # (S, B, T, C)
        for logits in stages:
            loss = loss + frame_loss(
                logits,
                labels,
                class_weights=self.class_weights,
                label_smoothing=self.config.label_smoothing,
            )
            if self.network.smoothing_weight:
                smoothness = smoothing_loss(logits, labels)
                loss = loss + self.network.smoothing_weight * smoothness
        return loss / self.config.members, self.network.answer(stages.detach())

    def on_train_epoch_start(self) -> None:
        """Derive random numbers from seed and epoch, so that a resumed run draws the same.

        Each of several processes has its own, as each has other windows.
        """
        of_process = process_rank(self.config) * 2_000_000_011  # a CPU sees 32 bits of a seed
        torch.manual_seed(self.config.seed * 1_000_003 + self.current_epoch + of_process)

    def on_train_batch_end(self, *_: Any) -> None:
        """Log the metrics of training once an epoch; a call a step would cost more than they."""
        if self.trainer.is_last_batch:
            self.log_dict(self.train_answers.count(), on_step=False, on_epoch=True)

    def configure_optimizers(self) -> Any:
        """The optimizer, and a learning rate that follows its course step by step."""
        steps = int(self.trainer.estimated_stepping_batches)
        precision = self.trainer.precision
        return configure_optimizer(self.config, self.network, precision=precision, steps=steps)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip the gradient's norm; Lightning itself refuses to with a fused optimizer in bf16."""
        if gradient_clip_val:
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what predicting needs besides the weights, as plain values."""
        checkpoint["mabe_lit"] = {
            "version": CHECKPOINT_VERSION,
            "config": self.config.to_dict(),
            "decisions": self.decisions.to_dict(),
            "trained_on": self.trained_on,
            **self.describe_data(),
        }

    def describe_data(self) -> dict[str, Any]:
        """What the network's inputs and outputs mean, as plain values."""
        return {
            "animal_names": list(self.animal_names),
            "keypoint_names": list(self.keypoint_names),
            "class_names": list(self.class_names),
            "has_likelihood": self.features.reads_likelihood,
        }
