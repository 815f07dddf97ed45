"""A folder of every input that the commands read, all of them right, small enough to copy."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from pose_files import jabs_arrays, write_calms21, write_deeplabcut, write_jabs

from mabe_lit.config import parse_config
from mabe_lit.data import write_dataset
from mabe_lit.evaluate import evaluate
from mabe_lit.fit import fit
from mabe_lit.pose import Recording
from mabe_lit.simulation import simulate_group, simulate_recordings

FRAMES = 40

FIT = (
    *("--train_data_dir", "data/train", "--val_data_dir", "data/val", "--checkpoint_dir", "runs"),
    # What damage may change to something that would take hours, or all of the memory.
    *("--hidden_dim", "8", "--num_layers", "1", "--num_heads", "2", "--sequence_length", "32"),
    *("--batch_size", "8", "--dataset", "recordings", "--device", "cpu", "--members", "1"),
)
"""Options of ``fit``, on top of ``config.yaml``."""

ANNOTATIONS = {
    "caltech.txt": """Caltech Behavior Annotator - Annotation File

Configuration file:
attack\ta
other\to

S1:\tstart\tend\ttype
-----------------------------
\t1\t10\tattack
\t11\t20\tother
\t21\t40\tattack
""",
    "bento.annot": """Bento annotation file
Movie file(s): a.avi

Annotation start frame: 1
Annotation stop frame: 40
Annotation framerate: 30.000000

List of channels:
Ch1

List of annotations:
attack
other

Ch1----------
>attack
Start\tStop\tDuration
1\t10\t10
21\t40\t20
>other
Start\tStop\tDuration
11\t20\t10
""",
    "boris.csv": """Observation id,Time,FPS,Subject,Behavior,Status
a,0.0,30.0,m,attack,START
a,0.3,30.0,m,attack,STOP
a,0.4,30.0,m,other,START
a,0.9,30.0,m,other,STOP
""",
    "boris_aggregated.tsv": """Observation id\tSubject\tBehavior\tBehavior type\tStart (s)\tStop (s)
a\tm\tattack\tSTATE\t0.0\t0.3
a\tm\tother\tSTATE\t0.4\t0.9
""",
    "frames.csv": "frame,label\n"
    + "".join(f"{n},{'attack' if n < 20 else 'other'}\n" for n in range(FRAMES)),
}


def write_inputs(folder: Path) -> None:
    """``poses``, ``annotations``, ``data``, ``runs`` and files of configuration, in ``folder``."""
    recording = simulate_recordings(1, FRAMES, 0)[0]
    unscored = Recording.unscored(
        "a", recording.keypoints, 30.0, recording.animal_names, recording.keypoint_names
    )
    (folder / "poses").mkdir()
    write_deeplabcut(folder / "poses/a.csv", unscored)
    write_sleap(folder / "poses/sleap.h5", unscored)
    write_deeplabcut_hdf5(folder / "poses/table.h5", unscored, "table")
    write_deeplabcut_hdf5(folder / "poses/fixed.h5", unscored, "fixed")
    twelve = np.resize(recording.keypoints, (FRAMES, 2, 12, 2)) + 50
    write_jabs(folder / "poses/jabs.h5", jabs_arrays(twelve))
    write_jabs(folder / "poses/jabs_tracks.h5", jabs_arrays(twelve, version=3), version=3)
    (folder / "annotations").mkdir()
    for name, text in ANNOTATIONS.items():
        (folder / "annotations" / name).write_text(text)
    write_calms21(folder, {**_sequence(8)})
    for seed, split in enumerate(("train", "val")):
        recordings = [
            replace(each, likelihood=np.full(each.keypoints.shape[:-1], 0.9, np.float32))
            for each in simulate_recordings(2, 150, seed, prefix=split)
        ]
        for each in recordings:
            each.labels[:] = np.arange(150) // 20 % 4
        source = {"likelihood_below": 0.1}
        write_dataset(recordings, folder / "data" / split, source=source)
        write_dataset(_acting(seed, split), folder / "acting" / split, source=source)
    (folder / "config.yaml").write_text(
        "hidden_dim: 8\nnum_layers: 1\nbatch_size: 8\ndevice: cpu\nmodel_type: tcn\n"
        "features: social\nlearning_rate: 0.01\ndropout: 0.1\nwarmup: 0.1\nmirror: true\n"
    )
    with contextlib.chdir(folder):
        fit(parse_config(["--config", "config.yaml", *FIT, "--run", "done", "--epochs", "2"]))
        shutil.copy("runs/done/best.ckpt", "best.ckpt")
        evaluate(checkpoint="best.ckpt", data="data/val", output="expected")


def _acting(seed: int, split: str) -> list[Recording]:
    """Recordings of three and of two animals that act, of two groups; one lacks a point."""
    (three,) = simulate_group(1, 150, seed, animals=3, prefix=f"{split}_three")
    (two,) = simulate_group(1, 100, seed, animals=2, prefix=f"{split}_two")
    has_point = np.ones((2, 7), bool)
    has_point[1, 3] = False
    likelihood = np.full(three.keypoints.shape[:-1], 0.9, np.float32)
    return [
        replace(two, group="lab", has_point=has_point),
        replace(three, likelihood=likelihood),
    ]


def _sequence(frames: int) -> dict[str, object]:
    points = np.random.default_rng(0).uniform(1, 500, (frames, 2, 2, 7))
    return {
        "keypoints": points.tolist(),
        "scores": np.ones((frames, 2, 7)).tolist(),
        "annotations": [n % 2 for n in range(frames)],
        "metadata": {"vocab": {"attack": 0, "other": 1}},
    }


def write_sleap(path: Path, recording: Recording) -> None:
    with h5py.File(path, "w") as file:
        file["tracks"] = recording.keypoints.transpose(1, 3, 2, 0)
        file["node_names"] = [name.encode() for name in recording.keypoint_names]
        file["track_names"] = [name.encode() for name in recording.animal_names]
        file["point_scores"] = np.full(file["tracks"][:, 0].shape, 0.9)


def write_deeplabcut_hdf5(path: Path, recording: Recording, layout: str) -> None:
    columns = pd.MultiIndex.from_tuples(
        [
            ("net", animal, point, coordinate)
            for animal in recording.animal_names
            for point in recording.keypoint_names
            for coordinate in ("x", "y", "likelihood")
        ],
        names=["scorer", "individuals", "bodyparts", "coords"],
    )
    points = recording.keypoints.astype(float)
    certain = np.full(points[..., :1].shape, 0.9)
    values = np.concatenate([points, certain], -1).reshape(len(points), -1)
    pd.DataFrame(values, columns=columns).to_hdf(path, key="df_with_missing", format=layout)
