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
from mabe_lit.features import GROUPS, Batch, PoseFeatures, all_views, augment, recording_contexts
from mabe_lit.models import build_model
from mabe_lit.pose import find_mirror_order
from mabe_lit.scores import Decisions
from mabe_lit.shell import InputError
from mabe_lit.training.about import CHECKPOINT_VERSION
from mabe_lit.training.epoch_metrics import MeanLoss, build_metrics
from mabe_lit.training.losses import frame_loss, mask_edges, smoothing_loss
from mabe_lit.training.optim import build_optimizer, learning_rate_factor


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
            groups=tuple(group for group in GROUPS if group != config.leave_out),
            medians=config.recording_context,
            has_likelihood=has_likelihood and config.use_likelihood,
        )
        self.mirror_order = find_mirror_order(keypoint_names)
        self._check_dimensions()
        self.network = build_model(
            config, input_dim=self.features.output_dim, num_classes=len(class_names)
        )
        # Factors (C,) in the training loss; fit sets them from the training labels.
        self.register_buffer("class_weights", None, persistent=False)
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
        """Raise ``InputError`` if poses ``where`` are not of the training's animals and key points.

        Animals may have other names, but not the same ones in another order if training told them
        apart. Key points must have the same names in the same order.
        """
        if len(animal_names) != len(self.animal_names):
            raise InputError(
                f"{where}: has {len(animal_names)} animals ({', '.join(animal_names)}), "
                f"but the checkpoint was trained on {len(self.animal_names)}"
            )
        is_reordered = tuple(animal_names) != self.animal_names and (
            sorted(animal_names) == sorted(self.animal_names)
        )
        if is_reordered and not self.config.swap_animals:
            raise InputError(
                f"{where}: has the animals {', '.join(animal_names)} in this order, but the "
                f"checkpoint was trained on {', '.join(self.animal_names)}"
            )
        if tuple(keypoint_names) != self.keypoint_names:
            raise InputError(
                f"{where}: has the key points {', '.join(keypoint_names)}, "
                f"but the checkpoint was trained on {', '.join(self.keypoint_names)}"
            )

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
            loss = self._training_loss(self._features(*pose), labels, batch["seconds"])
        else:
            logits = self(*pose).float()
            loss = frame_loss(logits, labels)
            self.val_metrics.update(logits.flatten(0, 1), labels.flatten())
            self.log_dict(self.val_metrics, on_step=False, on_epoch=True)
        mean_loss = self.train_loss if stage == "train" else self.val_loss
        mean_loss.update(loss, labels)
        self.log(f"{stage}_loss", mean_loss, on_step=False, on_epoch=True)
        return loss * share_of_frames(labels != UNSCORED) if stage == "train" else loss

    def _training_loss(self, features: Tensor, labels: Tensor, seconds: Tensor) -> Tensor:
        """Cross-entropy and smoothing of mixed-up windows: a stage's sum, the members' mean."""
        if self.config.edge_mask_s:
            labels = mask_edges(labels, (self.config.edge_mask_s / seconds).round())
        share, partner = 1.0, torch.arange(len(labels), device=labels.device)
        if self.config.mixup:
            share = float(torch.distributions.Beta(self.config.mixup, self.config.mixup).sample())
            partner = torch.randperm(len(labels), device=labels.device)
            features = share * features + (1 - share) * features[partner]
        loss = features.new_zeros(())
        for logits in self.network.stages(features):
            for part, target in ((share, labels), (1 - share, labels[partner])):
                if part:
                    loss = loss + part * self._frame_loss(logits, target)
            if self.network.smoothing_weight:
                smoothness = smoothing_loss(logits, labels)
                loss = loss + self.network.smoothing_weight * smoothness
        return loss / self.config.members

    def _frame_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        return frame_loss(
            logits,
            labels,
            class_weights=self.class_weights,
            focal_gamma=self.config.focal_gamma,
            label_smoothing=self.config.label_smoothing,
        )

    def on_train_epoch_start(self) -> None:
        """Derive random numbers from seed and epoch, so that a resumed run draws the same.

        Each of several processes has its own, as each has other windows.
        """
        of_process = process_rank(self.config) * 2_000_000_011  # a CPU sees 32 bits of a seed
        torch.manual_seed(self.config.seed * 1_000_003 + self.current_epoch + of_process)

    def configure_optimizers(self) -> Any:
        """The optimizer, and a learning rate that follows its course step by step."""
        # A fused step undoes fp16's loss scaling inside the kernel, after gradients are clipped.
        is_scaled = self.trainer.precision == "16-mixed"
        optimizer = build_optimizer(self.config, self.network, fused=not is_scaled)
        steps = int(self.trainer.estimated_stepping_batches)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate_factor(self.config, step, steps)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }

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

    def _check_dimensions(self) -> None:
        for key, asked, found, names in (
            ("input_dim", self.config.input_dim, self.features.output_dim, self._layout()),
            ("num_classes", self.config.num_classes, len(self.class_names), self.class_names),
        ):
            if asked is not None and asked != found:
                raise InputError(
                    f"{key}: is {asked}, but the data has {found} ({', '.join(names)}); "
                    f"allowed are {found} or null"
                )

    def _layout(self) -> tuple[str, ...]:
        animals, points = len(self.animal_names), len(self.keypoint_names)
        return (f"{self.config.features} of {animals} animals x {points} key points",)
