"""CalMS21's JSON: two mice of seven key points, labelled frame by frame.

Source: Sun et al. 2021, https://arxiv.org/abs/2104.02710, and the data's page, https://doi.org/10.22002/D1.1991.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit import UNSCORED
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.readers.tracks.tracks import blank_untracked
from mabe_lit.shell import InputError

FPS = 30.0
BACKGROUND = "other"
"""What its annotators call frames of none of the behaviours."""
ANIMALS = ("resident", "intruder")
KEYPOINTS = ("nose", "left ear", "right ear", "neck", "left hip", "right hip", "tail base")


def read_calms21(path: Path | str, *, likelihood_below: float = 0.1) -> list[Recording]:
    """Read all sequences of one file, such as ``calms21_task1_train.json``.

    Args:
        path: The file: annotator -> sequence -> ``keypoints (N, 2 mice, 2 xy, 7)``, ``scores (N,
            2, 7)``, ``annotations (N,)`` and ``metadata.vocab``. Without annotations a sequence is
            unscored.
        likelihood_below: Points of a lower score become NaN.

    Returns:
        A recording a sequence, named by the last part of the sequence's name, its classes in the
        vocabulary's order.

    Raises:
        InputError: If the file is not JSON of this layout.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not valid JSON ({error})") from error
    recordings = []
    for name, sequence in _sequences(path, content):
        try:
            recordings.append(_to_recording(name, sequence, likelihood_below))
        except (InputError, KeyError, TypeError, ValueError) as error:
            problem = f"{error} is missing" if isinstance(error, KeyError) else error
            raise InputError(f"{path}: sequence {name!r}: {problem}") from error
    if not recordings:
        raise InputError(f"{path}: holds no sequence")
    return recordings


def _sequences(path: Path, content: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for annotator, sequences in content.items() if isinstance(content, dict) else [("", None)]:
        if not isinstance(sequences, dict):
            raise InputError(f"{path}: {annotator!r} holds no sequences: expected CalMS21's JSON")
        yield from sequences.items()


def _to_recording(name: str, sequence: Mapping[str, Any], likelihood_below: float) -> Recording:
    raw = np.asarray(sequence["keypoints"], np.float32)
    expected = (len(raw), len(ANIMALS), 2, len(KEYPOINTS))
    if raw.shape != expected:
        raise InputError(f"keypoints have shape {raw.shape}, expected {expected}")
    scores = np.asarray(sequence["scores"], np.float32)
    if scores.shape != (len(raw), len(ANIMALS), len(KEYPOINTS)):
        raise InputError(f"scores have shape {scores.shape}, keypoints have {raw.shape}")
    points = raw.transpose(0, 1, 3, 2)  # (N, A, K, 2)
    labels = np.full(len(raw), UNSCORED, np.int16)
    vocabulary = dict(sequence["metadata"]["vocab"])
    if sorted(vocabulary.values()) != list(range(len(vocabulary))):
        raise InputError(
            f"metadata.vocab is {vocabulary}, expected the numbers 0, 1, 2, ... once each"
        )
    if "annotations" in sequence:
        annotations = np.asarray(sequence["annotations"])
        is_right = annotations.dtype.kind in "biuf"  # text, or a number beyond all others
        if is_right:
            with np.errstate(invalid="ignore"):
                labels = annotations.astype(np.int16)
        if not is_right or not np.array_equal(labels, annotations):
            raise InputError("annotations are not all numbers of classes")
    return Recording(
        name=name.rsplit("/", 1)[-1],
        keypoints=blank_untracked(points, scores, likelihood_below),
        tracks=(LabelTrack(labels),),
        fps=FPS,
        animal_names=ANIMALS,
        keypoint_names=KEYPOINTS,
        class_names=tuple(sorted(vocabulary, key=vocabulary.__getitem__)),
        likelihood=scores,
    )
