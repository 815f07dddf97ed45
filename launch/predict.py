"""``modal run launch/predict.py``: a run's checkpoint on pose files, many at the same time."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import modal

from launch.app import APP_NAME, STARTUP_TIMEOUT_S, VOLUME_PATH, build_image, volume
from launch.command_line import cloud_errors, read_options
from launch.remote_runs import find_file
from launch.training import check_in_volume
from mabe_lit.config import Config
from mabe_lit.shell import InputError, describe_error, folder_filled_atomically, one_line_errors
from mabe_lit.shell.errors import one_line_warnings


@dataclass(frozen=True)
class PredictOptions:
    """Label every frame of recordings in the cloud; the results come back as files."""

    run: str
    """Name of the run whose checkpoint predicts."""
    poses: str
    """Pose file, or a folder of them and of folders, with the key points of the training."""
    output: str
    """Folder for the files of each recording, and summary.csv and transitions.csv of all."""
    pose_pattern: str | None = None
    """Which files count, such as '*_filtered.h5', where a recording has several."""
    name_until: str | None = None
    """Text at which the tool's part of a file's name begins, if it is an unknown one."""
    tracking_starts: int | None = None
    """Frame of the first row, if the rows' own numbers do not tell."""
    animals: list[str] | None = None
    """How many animals there are, to join tracks that break off; or names of those to take."""
    animal_prefixes: list[str] | None = None
    """What the points of each animal begin with, in tables of one animal that hold several."""
    rename: list[str] | None = None
    """Other names of key points, each OLD=NEW."""
    group: str | None = None
    """Group of the recordings, such as a lab, where the training had groups."""
    file: str = "best.ckpt"
    """Checkpoint in the run's folder."""
    fps: float | None = None
    """Frames per second of the videos; null takes that of the training recordings."""
    likelihood_below: float | None = None
    """Points that the tracker holds less likely than this are missing; null takes training's."""
    raw: bool = False
    """Predict the most probable class of each frame, without smoothing and minimum bouts."""
    format: list[str] = field(default_factory=lambda: ["csv"])
    """One or more of csv, boris and bento, see python -m mabe_lit.predict --help."""
    checkpoint_dir: str = Config.checkpoint_dir
    """Folder of all runs in the Volume."""
    gpu: str = Config.gpu
    """GPU of a container."""
    max_containers: int = 10
    """Most containers at the same time."""

    def reading(self) -> dict[str, Any]:
        """How pose files are read, as arguments of ``predict``."""
        keys = ("tracking_starts", "animals", "animal_prefixes", "rename")
        return {key: getattr(self, key) for key in keys}

    def naming(self, file: Path) -> dict[str, str | None]:
        """Where a file's name is cut, as arguments of ``predict``."""
        is_cut = self.name_until is not None and self.name_until in file.stem
        return {"name_until": self.name_until if is_cut else None}


def _read() -> tuple[PredictOptions, dict[str, Path]]:
    """What is being launched, and the pose file of each recording; placeholders if nothing is."""
    values = read_options(PredictOptions, __file__)
    if values is None:
        return PredictOptions(run="", poses="", output=""), {}
    options = PredictOptions(**values)
    with one_line_errors():
        from mabe_lit.readers import PoseOptions, check_reading_options, find_pose_files
        from mabe_lit.writers import check_formats

        check_formats(options.format)
        check_reading_options(options.fps, options.likelihood_below)
        PoseOptions.of(**options.reading())  # raises where one is wrong
        Config(gpu=options.gpu)  # raises where it is none
        check_in_volume("checkpoint_dir", options.checkpoint_dir)
        if options.max_containers < 1:
            raise InputError(f"max_containers: must be at least 1, got {options.max_containers}")
        if Path(options.output).exists() and not Path(options.output).is_dir():
            raise InputError(f"output: {options.output} is a file, expected a folder")
        found = find_pose_files(
            options.poses,
            pose_pattern=options.pose_pattern,
            name_until=options.name_until,
            with_empty=True,
        )
        for line in found.notes:
            print(line)
        return options, dict(zip(found.names, found.files, strict=True))


options, pose_files = _read()
app = modal.App(APP_NAME)
with one_line_errors():
    image = build_image()


@app.function(
    image=image,
    gpu=options.gpu,
    volumes={VOLUME_PATH: volume},
    timeout=3600,
    startup_timeout=STARTUP_TIMEOUT_S,
    retries=2,
    max_containers=options.max_containers,
)
def predict_recording(
    file: str,
    content: bytes,
    checkpoint: str,
    fps: float | None,
    likelihood_below: float | None,
    raw: bool,
    formats: list[str],
    group: str | None,
    reading: dict[str, Any],
) -> dict[str, Any]:
    """Predict one file's content: files by name, or ``{"error": one line}``.

    ``tables`` are the recording's own, ``summaries`` its rows of those of all recordings.
    """
    from mabe_lit.predict import predict
    from mabe_lit.writers.summaries import SUMMARY_FILE, TRANSITIONS_FILE

    with tempfile.TemporaryDirectory() as folder:
        poses = Path(folder, file)
        poses.write_bytes(content)
        try:
            with one_line_warnings():
                tables = predict(
                    checkpoint=checkpoint,
                    poses=str(poses),
                    output=str(Path(folder, "tables")),
                    fps=fps,
                    likelihood_below=likelihood_below,
                    raw=raw,
                    format=formats,
                    group=group,
                    **reading,
                )
        except (InputError, OSError) as error:
            return {"error": describe_error(error).replace(f"{folder}/", "")}
        summaries = (Path(folder, "tables", name) for name in (SUMMARY_FILE, TRANSITIONS_FILE))
        return {
            "tables": {table.name: table.read_bytes() for table in tables},
            "summaries": {summary.name: summary.read_bytes() for summary in summaries},
        }


@app.local_entrypoint()
def main(*arglist: str) -> None:
    """Send the recordings, write what comes back; ``arglist`` was read on import."""
    with cloud_errors():
        source = find_file(options.checkpoint_dir, options.run, options.file)
        checkpoint = str(PurePosixPath(VOLUME_PATH, source.path))
        contents = (file.read_bytes() for file in pose_files.values())
        reading = (options.fps, options.likelihood_below, options.raw)
        settings = (checkpoint, *reading, options.format, options.group)
        outcomes = predict_recording.starmap(
            (
                (file.name, content, *settings, options.reading() | options.naming(file))
                for file, content in zip(pose_files.values(), contents, strict=True)
            ),
            return_exceptions=True,
        )
        failed: list[str] = []
        summaries: dict[str, dict[str, bytes]] = {}
        for (name, file), outcome in zip(pose_files.items(), outcomes, strict=True):
            if isinstance(outcome, BaseException):
                failed.append(f"{file.name} ({type(outcome).__name__}: {outcome})")
            elif "error" in outcome:
                failed.append(outcome["error"])
            else:
                write_tables(outcome["tables"], Path(options.output, name).parent)
                summaries[name] = outcome["summaries"]
        if summaries:
            write_tables(join_summaries(summaries), Path(options.output))
        print(f"{len(pose_files) - len(failed)} recordings: tables in {options.output}")
        if failed:
            raise InputError(f"{len(failed)} recordings failed: {'; '.join(failed)}")


def write_tables(tables: dict[str, bytes], folder: Path) -> None:
    """Write tables that belong together, all or none."""
    with folder_filled_atomically(folder) as temporary:
        for name, content in tables.items():
            (temporary / name).write_bytes(content)


def join_summaries(each: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """One table of each kind from those of single recordings.

    Args:
        each: By recording, its tables by file name. A container knows a recording by its file
            alone; the rows get its name here, which tells the folder as well.
    """
    joined: dict[str, io.StringIO] = {}
    for recording, tables in each.items():
        for name, content in tables.items():
            header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
            if name not in joined:
                joined[name] = io.StringIO(newline="")
                csv.writer(joined[name], lineterminator="\n").writerow(header)
            writer = csv.writer(joined[name], lineterminator="\n")
            writer.writerows([recording, *cells] for _, *cells in rows)
    return {name: table.getvalue().encode() for name, table in joined.items()}
