"""Simulated labs in the layout of MABe 2025, with the truth of the test videos beside it."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mabe_lit.readers.mabe2025.parquet import import_pyarrow
from mabe_lit.simulation.bodies import ARENA_PX
from mabe_lit.simulation.lab_videos import PX_PER_CM, LabVideo, simulate_videos
from mabe_lit.simulation.labs import draw_lab

COLUMNS = (
    *("lab_id", "video_id"),
    *(
        f"mouse{number}_{what}"
        for number in (1, 2, 3, 4)
        for what in ("strain", "color", "sex", "id", "age", "condition")
    ),
    *("frames_per_second", "video_duration_sec", "pix_per_cm_approx"),
    *("video_width_pix", "video_height_pix", "arena_width_cm", "arena_height_cm"),
    *("arena_shape", "arena_type", "body_parts_tracked", "behaviors_labeled", "tracking_method"),
)
"""Of ``train.csv`` and ``test.csv``."""
SUBMISSION = (
    *("row_id", "video_id", "agent_id", "target_id", "action"),
    *("start_frame", "stop_frame"),
)
TRUTH = "test_truth.csv"
"""The columns of a submission and ``lab_id``, of the bouts of the test videos."""

_METHODS = ("DeepLabCut", "SLEAP", "MARS")


def write_simulated_labs(
    directory: Path, *, labs: int, videos: int, test_videos: int, minutes: float, seed: int
) -> tuple[int, int]:
    """Write so many labs, with so many videos of so many minutes each, into a folder.

    Returns:
        The number of bouts of the training videos, and of the test videos.
    """
    drawn = [draw_lab(seed, index) for index in range(labs)]
    counts = []
    truth: list[list[Any]] = []
    sample: list[list[Any]] = []
    for split, count in (("train", videos), ("test", test_videos)):
        is_test = split == "test"
        (directory / f"{split}_tracking").mkdir(parents=True)
        bouts = 0
        with (directory / f"{split}.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            for lab in drawn:
                for video in simulate_videos(lab, count, minutes, seed, is_test=is_test):
                    table.writerow(_row(video))
                    _write_tracking(directory / f"{split}_tracking", video)
                    if is_test:
                        truth += [[*row, lab.name] for row in _bouts(video, len(truth))]
                        sample.append(_first_guess(video, len(sample)))
                    elif video.labeled:
                        _write_annotation(directory / "train_annotation", video)
                    bouts += len(video.bouts)
        counts.append(bouts)
    _write_rows(directory / TRUTH, [*SUBMISSION, "lab_id"], truth)
    _write_rows(directory / "sample_submission.csv", list(SUBMISSION), sample)
    return counts[0], counts[1]


def _row(video: LabVideo) -> dict[str, Any]:
    lab = video.lab
    width_px, height_px = ARENA_PX
    scale = lab.px_per_cm / PX_PER_CM
    row: dict[str, Any] = {"lab_id": lab.name, "video_id": video.number}
    for number in range(1, lab.mice + 1):
        about = ("CD-1 (ICR)", "white", "male", number, "8-12 weeks", "wireless device")
        kinds = ("strain", "color", "sex", "id", "age", "condition")
        row |= {f"mouse{number}_{kind}": value for kind, value in zip(kinds, about, strict=True)}
    quote = "'" if lab.is_quoted else ""
    labeled = [
        ",".join(f"{quote}{part}{quote}" for part in _names(*what)) for what in video.labeled
    ]
    return row | {
        "frames_per_second": lab.fps,
        "video_duration_sec": round(len(video.keypoints) / lab.fps, 3),
        "pix_per_cm_approx": lab.px_per_cm,
        "video_width_pix": round(width_px * scale),
        "video_height_pix": round(height_px * scale),
        "arena_width_cm": round(width_px / PX_PER_CM, 1),
        "arena_height_cm": round(height_px / PX_PER_CM, 1),
        "arena_shape": "rectangular",
        "arena_type": "resident intruder" if lab.only_resident else "neutral",
        "body_parts_tracked": json.dumps(lab.keypoints),
        "behaviors_labeled": json.dumps(labeled) if labeled else "",
        "tracking_method": _METHODS[lab.index % len(_METHODS)],
    }


def _names(agent: int, target: int, action: str) -> tuple[str, str, str]:
    return f"mouse{agent}", "self" if agent == target else f"mouse{target}", action


def _bouts(video: LabVideo, first_row: int) -> Iterator[list[Any]]:
    """Rows of a submission, from the row ``first_row`` on."""
    for row, bout in enumerate(video.bouts, first_row):
        names = _names(bout.agent, bout.target, bout.action)
        yield [row, video.number, *names, bout.start, bout.stop]


def _first_guess(video: LabVideo, row: int) -> list[Any]:
    start = video.first_frame
    return [row, video.number, *_names(*video.labeled[0]), start, start + 10]


def _write_tracking(directory: Path, video: LabVideo) -> None:
    """A row a point in each tracked frame; lost points have one if the lab writes them."""
    path = directory / video.lab.name / f"{video.number}.parquet"
    pa = import_pyarrow(path)
    is_row = np.broadcast_to(video.is_tracked[:, None, None], video.keypoints.shape[:-1])
    if not video.lab.writes_lost:
        is_row = is_row & ~np.isnan(video.keypoints[..., 0])
    frame, mouse, point = np.nonzero(is_row)
    x, y = video.keypoints[is_row].T
    table = {
        "video_frame": pa.array((frame + video.first_frame).astype(np.int32)),
        "mouse_id": pa.array((mouse + 1).astype(np.int8)),
        "bodypart": pa.array(video.lab.keypoints, pa.string()).take(pa.array(point)),
        "x": pa.array(x),
        "y": pa.array(y),
    }
    _write_parquet(pa, table, path)


def _write_annotation(directory: Path, video: LabVideo) -> None:
    path = directory / video.lab.name / f"{video.number}.parquet"
    pa = import_pyarrow(path)
    table = {
        "agent_id": pa.array([bout.agent for bout in video.bouts], pa.int8()),
        "target_id": pa.array([bout.target for bout in video.bouts], pa.int8()),
        "action": pa.array([bout.action for bout in video.bouts], pa.string()),
        "start_frame": pa.array([bout.start for bout in video.bouts], pa.int32()),
        "stop_frame": pa.array([bout.stop for bout in video.bouts], pa.int32()),
    }
    _write_parquet(pa, table, path)


def _write_parquet(pa: Any, columns: dict[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pa.parquet.write_table(pa.table(columns), path, write_page_checksum=True)


def _write_rows(path: Path, header: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
