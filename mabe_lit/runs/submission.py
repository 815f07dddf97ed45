"""The submission of MABe 2025: its test videos -> one table of bouts, which is checked."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mabe_lit.compute import resolve_device
from mabe_lit.data import Dataset
from mabe_lit.data.task import OWN, PAIR
from mabe_lit.inference import load_ensemble
from mabe_lit.inference.ensemble import Ensemble
from mabe_lit.pose import Recording
from mabe_lit.pose.mabe2025_labels import SELF, Labeled
from mabe_lit.readers.mabe2025 import Mabe2025, Video, rate_of_annotation, read_mabe2025
from mabe_lit.readers.mabe2025.mending import SNAIL_RATE, rules_of
from mabe_lit.scores import LabThresholds
from mabe_lit.scores.decisions import Decisions
from mabe_lit.scores.one_action import NONE
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.writers.mabe2025 import PairActions, write_submission
from mabe_lit.writers.mabe2025_check import check_submission
from mabe_lit.writers.mabe2025_faults import REFUSED

_MOST_NAMED = 3


def submit_as_given(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[Path]:
    """Write a submission, or check one, as the options of ``predict`` ask.

    Args:
        given: Values of all options, of which ``mabe2025`` is one.
        defaults: What they are where nothing is given.

    Returns:
        The submission that was written.

    Raises:
        InputError: If options do not go together; else as ``submit`` and ``check``.
    """
    is_check = given["check"] is not None
    needed = ("check",) if is_check else ("checkpoint", "output")
    others = ("mabe2025",) if is_check else ("mabe2025", "raw", "skip_bad", "device")
    for key in given:
        if given[key] != defaults[key] and key not in (*needed, *others):
            beside = "--check" if is_check else "--mabe2025, whose folder holds everything"
            raise InputError(f"--{key} does not go with {beside}")
    if missing := [f"--{key}" for key in needed if given[key] is None]:
        raise InputError(f"give {', '.join(missing)} beside --mabe2025, or --check; see --help")
    directory = given["mabe2025"]
    if is_check:
        check(given["check"], directory)
        return []
    resolve_device(given["device"])
    options = {key: given[key] for key in ("raw", "skip_bad", "device")}
    submit(given["checkpoint"], directory, given["output"], **options)
    return [Path(given["output"])]


def submit(
    checkpoint: Sequence[str] | str,
    directory: str,
    output: str,
    *,
    raw: bool = False,
    skip_bad: bool = False,
    device: str = "auto",
) -> int:
    """Predict the test videos, one after the other, and write the submission.

    Args:
        checkpoint: Of one training or of several, of independent actions.
        directory: The folder of ``test.csv``.
        output: The submission.
        raw: Take the most probable action that is as probable as not, whatever was fitted.
        skip_bad: Go on without videos that cannot be read.
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        How many rows.

    Raises:
        InputError: If the folder or a checkpoint cannot be read, the checkpoint labels something
            else, or nothing is predicted.
    """
    if Path(output).is_dir():
        raise InputError(f"--output: {output} is a folder, expected a file such as submission.csv")
    classifier = load_ensemble(checkpoint, raw=raw)
    if not (classifier.task.is_independent and classifier.task.has_agents):
        raise InputError(
            "--checkpoint: labels one class a frame or the whole scene; expected one that was "
            "trained on what prepare --mabe2025 wrote"
        )
    reading = classifier.trained_on.get("mabe2025")
    if reading is None:
        warnings.warn(
            InputWarning("--checkpoint: was not trained on videos of MABe 2025"), stacklevel=2
        )
    found = read_mabe2025(
        directory,
        split="test",
        synonyms=bool((reading or {}).get("synonyms")),
        skip_bad=skip_bad,
    )
    _warn_of_unlearnt(found.videos, classifier)
    scaled = [video.name for video in found.videos if _rate_of(video, classifier) != video.fps]
    if scaled:
        print(
            f"frames of {len(scaled)} videos, such as {scaled[0]}, are written at the rate at "
            "which their lab's annotations count, not at that of the tracking"
        )
    mice: dict[int, set[str]] = {}
    pairs = _predict(found, classifier, mice, device)
    looked_for = {video.number: video.labeled for video in found.videos}
    try:
        rows = write_submission(output, pairs, classifier.class_names, looked_for)
    finally:
        for note in found.notes():
            warnings.warn(InputWarning(note), stacklevel=2)
    print(f"{rows} bouts are in {output}")
    for fault in check_submission(output, directory, mice):
        warnings.warn(InputWarning(f"{output}: {fault}"), stacklevel=2)
    return rows


def check(file: str, directory: str) -> None:
    """Print what is wrong with a submission, a fault a line.

    Raises:
        InputError: If the competition would refuse it, or a file cannot be read.
    """
    faults = check_submission(file, directory)
    for fault in faults:
        print(fault)
    if refused := [fault for fault in faults if fault.kind == REFUSED]:
        raise InputError(f"{file}: would be refused, for {len(refused)} of the faults above")
    print(f"{file}: would be taken")


def _predict(
    found: Mabe2025, classifier: Ensemble, mice: dict[int, set[str]], device: str
) -> Iterator[PairActions]:
    """What each agent does to each target; notes in ``mice`` who is tracked."""
    videos = {video.name: video for video in found.videos}
    for number, recording in enumerate(found.recordings(), 1):
        video = videos[recording.name]
        mice[video.number] = set(recording.animal_names)
        yield from _predict_video(video, recording, classifier, device)
        print(f"{number} of {len(videos)}: {recording.name}", flush=True)


def _predict_video(
    video: Video, recording: Recording, classifier: Ensemble, device: str
) -> Iterator[PairActions]:
    """The pairs in which somebody looked for an action that the training knows."""
    where = str(video.tracking)
    is_tracked = (~np.isnan(recording.keypoints)).any(axis=(1, 2, 3))
    recording, _ = classifier.fit_pose(recording, where=where)
    classifier.check_pose(recording.animal_names, recording.keypoint_names, where=where)
    names, actions = recording.animal_names, classifier.class_names
    listed = _actions_of_pairs(video.labeled, names, actions)
    if not listed:
        return
    recording = replace(recording, tracks=(), class_names=actions)
    dataset = Dataset.of(recording, list(listed))
    decisions = classifier.decisions
    if isinstance(decisions, Decisions):
        raise TypeError("Expected decisions on independent actions")
    by_lab = LabThresholds.like(decisions)
    times = _rate_of(video, classifier) / video.fps
    found = classifier.predict_probabilities(dataset, device=device)
    for ((agent, target), is_listed), probabilities in zip(listed.items(), found, strict=True):
        decided = by_lab.apply(probabilities * is_listed, recording.fps, video.lab)
        decided[: is_tracked.argmax()] = False  # before the first frame there is no video
        chosen = np.where(decided.any(axis=1), decided.argmax(axis=1), NONE)
        whose = names[agent], SELF if target is None else names[target]
        yield PairActions(video.number, *whose, at_rate(chosen, times))


def _rate_of(video: Video, classifier: Ensemble) -> float:
    """Frames per second that the truth of a video counts at.

    What was mended in the training's annotations is undone, for those of the test have the fault.
    """
    mend = (classifier.trained_on.get("mabe2025") or {}).get("mend") or True
    is_mended = SNAIL_RATE in rules_of(mend)
    return rate_of_annotation(video.lab, video.fps) if is_mended else video.fps


def at_rate(actions: npt.NDArray[np.int64], times: float) -> npt.NDArray[np.int64]:
    """``(N,)`` actions of frames as those of so many times as many, to the nearest frame."""
    if times == 1:
        return actions
    frames = ((np.arange(int(len(actions) * times + 0.5)) + 0.5) / times).astype(np.int64)
    found: npt.NDArray[np.int64] = actions[frames.clip(max=len(actions) - 1)]
    return found


def _actions_of_pairs(
    labeled: Sequence[Labeled], mice: Sequence[str], actions: Sequence[str]
) -> dict[tuple[int, int | None], np.ndarray]:
    """By agent and target, ``(C,)`` which of the actions somebody looked for, if any."""
    place = {name: index for index, name in enumerate(mice)}
    found: dict[tuple[int, int | None], np.ndarray] = {}
    for agent, target, action in labeled:
        if {agent, target} - {*mice, SELF} or action not in actions:
            continue
        pair = place[agent], None if target == SELF else place[target]
        found.setdefault(pair, np.zeros(len(actions), bool))[actions.index(action)] = True
    return found


def _warn_of_unlearnt(videos: Sequence[Video], classifier: Ensemble) -> None:
    """Warn of labs that the training had not, and of what it did not look for in a lab."""
    unlearnt: dict[str, set[str]] = {}
    for video in videos:
        for labeled in video.labeled:
            if labeled.action not in _learnt(classifier, video.lab, labeled):
                unlearnt.setdefault(video.lab, set()).add(labeled.action)
    lines = [f"{', '.join(sorted(names))} in {lab}" for lab, names in sorted(unlearnt.items())]
    unknown = sorted({video.lab for video in videos if classifier.is_unknown(video.lab)})
    messages = {
        f"training had no videos of {', '.join(unknown)}; what labs have in common is taken, and "
        "the behaviours of all": unknown,
        f"nobody looked in training for {'; '.join(lines[:_MOST_NAMED])}"
        f"{' and more' if len(lines) > _MOST_NAMED else ''}; it is never predicted there": lines,
    }
    for message, is_needed in messages.items():
        if is_needed:
            warnings.warn(InputWarning(message), stacklevel=3)


def _learnt(classifier: Ensemble, lab: str, labeled: Labeled) -> set[str]:
    kind = OWN if labeled.target == SELF else PAIR
    return set(compress(classifier.class_names, classifier.task.classes_for(lab, kind)))
