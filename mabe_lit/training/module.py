"""Features, network, loss, metrics and optimizer as one LightningModule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from mabe_lit import UNSCORED
from mabe_lit.compute import process_rank, share_of_frames
from mabe_lit.config import Config
from mabe_lit.data import Dataset, Task
from mabe_lit.features import (
    Batch,
    PoseFeatures,
    Views,
    all_views,
    as_seen,
    augment,
    recording_contexts,
    seen_as,
    views_of,
)
from mabe_lit.models import build_model
from mabe_lit.models.answers import answers_of
from mabe_lit.pose import Recording, find_mirror_order
from mabe_lit.scores import identity_decisions
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
        task: Task,
        *,
        has_likelihood: bool = False,
    ) -> None:
        """Build features and network for what recordings ask.

        ``has_likelihood`` says that the training recordings have the tracker's likelihoods.

        Raises:
            InputError: If ``config`` asks for another number of features or classes, or what does
                not go with the task.
        """
        super().__init__()
        self.config = config
        self.task = task
        self.class_names = task.class_names
        C = len(task.class_names)
        self.decisions = identity_decisions(C, is_independent=task.is_independent)
        self.trained_on: dict[str, Any] = {}  # see BehaviorDataModule.describe_source
        self.features = PoseFeatures(
            kind=config.features,
            animal_names=task.animal_names,
            keypoint_names=task.keypoint_names,
            medians=config.recording_context,
            has_likelihood=has_likelihood and config.use_likelihood,
            has_agents=task.has_agents,
            groups=len(task.groups) if config.group_embedding else 0,
        )
        self.mirror_order = find_mirror_order(task.keypoint_names)
        self.answers = answers_of(task.is_independent)
        input_dim = self.features.output_dim
        check_dimensions(config, input_dim, task)
        self.network = build_model(
            config, input_dim=input_dim, num_classes=C, is_independent=task.is_independent
        )
        # Factors (C,) in the training loss; fit sets them from the training labels.
        self.register_buffer("class_weights", None, persistent=False)
        self.train_answers = AnswersInBulk(build_metrics(self.class_names).clone(prefix="train_"))
        self.val_metrics = build_metrics(self.class_names).clone(prefix="val_")
        self.train_loss, self.val_loss = MeanLoss(), MeanLoss()

    def forward(
        self,
        keypoints: Tensor,
        seconds: Tensor,
        context: Tensor | None = None,
        views: Views | None = None,
    ) -> Tensor:
        """Logits ``(B, T, C)`` of windows; arguments as those of ``PoseFeatures``."""
        about = None if views is None else views.looked_for
        return self.network.among(self._features(keypoints, seconds, context, views), about)

    def predict(
        self, keypoints: Tensor, seconds: Tensor, context: Tensor, views: Views | None = None
    ) -> Tensor:
        """Probabilities ``(B, T, C)`` of windows; with ``average_views`` the mean over views.

        Key points are of all animals; other arguments as those of ``PoseFeatures``.
        """
        keypoints, views = seen_as(keypoints, views)
        shown = keypoints
        if self.config.average_views:
            shown = all_views(keypoints, self.config, self.mirror_order)  # (V B, T, A, K, 2)
        V = len(shown) // len(keypoints)
        views = views if views is None or V == 1 else views.repeat(V)
        logits = self(shown, seconds.repeat(V), context.repeat(V, 1), views).float()
        about = None if views is None else views.looked_for
        probabilities = self.answers.probabilities(logits, about)
        return probabilities.view(V, len(keypoints), *probabilities.shape[1:]).mean(0)

    def describe_recordings(self, dataset: Dataset, views: Views | None) -> Tensor:
        """What the features need to know of each label track, see ``recording_contexts``."""
        return recording_contexts(
            self.features, dataset, views, config=self.config, mirror_order=self.mirror_order
        )

    def views_of(self, dataset: Dataset, *, for_training: bool = False) -> Views | None:
        """How label tracks of a dataset are seen; see ``mabe_lit.features.views_of``."""
        if self.task.is_plain and not self.config.group_embedding:
            return None
        return views_of(dataset, self.task, for_training=for_training)

    def _features(
        self, keypoints: Tensor, seconds: Tensor, context: Tensor | None, views: Views | None
    ) -> Tensor:
        with torch.autocast(keypoints.device.type, enabled=False):
            return self.features(keypoints, seconds, context, views)  # type: ignore[no-any-return]

    @torch.no_grad()
    def fit_scales(self, batch: Batch, is_inside: Tensor) -> None:
        """Take the scales of the features, and of what the network makes of them, from a sample.

        ``is_inside (B, T)`` is false where a window has padding.
        """
        pose = _pose_of(as_seen(batch))
        self.features.fit(*pose, is_inside=is_inside)
        self.network.fit_scales(self.features(*pose), is_inside)

    def check_pose(
        self, animal_names: Sequence[str], keypoint_names: Sequence[str], *, where: str
    ) -> None:
        """Raise ``InputError`` if poses ``where`` are of others; see ``pose_check``."""
        alike = self.config.swap_animals
        check_pose(animal_names, keypoint_names, self.task, are_alike=alike, where=where)

    def fit_pose(self, recording: Recording, *, where: str) -> tuple[Recording, tuple[str, ...]]:
        """A recording with the training's animals and key points, and notes; see ``pose_check``."""
        return fit_pose(recording, self.task, are_alike=self.config.swap_animals, where=where)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss of augmented windows."""
        seen = as_seen(batch)
        return self._shared_step(augment(seen, self.config, self.mirror_order), "train")

    def validation_step(self, batch: Batch, _: int) -> None:
        """Loss and metrics of windows as they are."""
        self._shared_step(as_seen(batch), "val")

    def _shared_step(self, batch: Batch, stage: str) -> Tensor:
        pose, labels = _pose_of(batch), batch["labels"]
        about = None if (views := batch["views"]) is None else views.looked_for
        if stage == "train":
            loss, answer = self._training_loss(self._features(*pose), labels, about)
            self.train_answers.add(answer, labels, looked_for=about)
        else:
            logits = self(*pose).float()
            loss = frame_loss(logits, labels, looked_for=about)
            chosen = self.answers.choose(logits, about)
            self.val_metrics.update(chosen.flatten(0, 1), labels.flatten(0, 1))
            self.log_dict(self.val_metrics, on_step=False, on_epoch=True)
        mean_loss = self.train_loss if stage == "train" else self.val_loss
        mean_loss.update(loss, labels)
        self.log(f"{stage}_loss", mean_loss, on_step=False, on_epoch=True)
        return loss * share_of_frames(labels != UNSCORED) if stage == "train" else loss

    def _training_loss(
        self, features: Tensor, labels: Tensor, about: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy and smoothing, a stage's sum, the members' mean; answer ``(B, T, C)``."""
        loss = features.new_zeros(())
        stages = self.network.stages(features)  # (S, B, T, C)
        for logits in stages:
            loss = loss + frame_loss(
                logits,
                labels,
                looked_for=about,
                class_weights=self.class_weights,
                label_smoothing=self.config.label_smoothing,
            )
            if self.network.smoothing_weight:
                smoothness = smoothing_loss(logits, labels, looked_for=about)
                loss = loss + self.network.smoothing_weight * smoothness
        return loss / self.config.members, self.network.answer(stages.detach(), about)

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
            **self.task.to_dict(),
            "has_likelihood": self.features.reads_likelihood,
        }


def _pose_of(batch: Batch) -> tuple[Tensor, Tensor, Tensor, Views | None]:
    """What features are computed from."""
    return batch["keypoints"], batch["seconds"], batch["context"], batch["views"]
