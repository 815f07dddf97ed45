"""Folders as MABe 2025 has them, written by hand."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mabe_lit.readers import read_mabe2025

HEADER = (
    "lab_id,video_id,mouse1_strain,mouse1_color,mouse1_sex,mouse1_id,mouse1_age,mouse1_condition,"
    "mouse2_strain,mouse2_color,mouse2_sex,mouse2_id,mouse2_age,mouse2_condition,"
    "mouse3_strain,mouse3_color,mouse3_sex,mouse3_id,mouse3_age,mouse3_condition,"
    "mouse4_strain,mouse4_color,mouse4_sex,mouse4_id,mouse4_age,mouse4_condition,"
    "frames_per_second,video_duration_sec,pix_per_cm_approx,video_width_pix,video_height_pix,"
    "arena_width_cm,arena_height_cm,arena_shape,arena_type,"
    "body_parts_tracked,behaviors_labeled,tracking_method"
)
MICE = "CD-1 (ICR),white,male,10.0,8-12 weeks,wireless device," * 2 + "," * 12
PARTS = '["nose", "tail_base"]'
LABELED = '["mouse1,mouse2,attack", "mouse1,self,rear"]'

TRACKING_TYPES = {
    "video_frame": pa.int32(),
    "mouse_id": pa.int8(),
    "bodypart": pa.string(),
    "x": pa.float32(),
    "y": pa.float32(),
}
ANNOTATION_TYPES = {
    "agent_id": pa.int8(),
    "target_id": pa.int8(),
    "action": pa.string(),
    "start_frame": pa.int32(),
    "stop_frame": pa.int32(),
}


def rows_of(frames, mice=(1, 2), parts=("nose", "tail_base")):
    """Rows of a tracking file: x is ``100 mouse + frame``, y ``x + 1000 times the part``."""
    return [
        (frame, mouse, part, 100 * mouse + frame, 100 * mouse + frame + 1000 * number)
        for frame in frames
        for mouse in mice
        for number, part in enumerate(parts)
    ]


def write_parquet(path, rows, types, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = zip(*rows, strict=True) if rows else [[] for _ in types]
    arrays = {
        name: pa.array(list(values), kind)
        for (name, kind), values in zip(types.items(), columns, strict=True)
    }
    pq.write_table(pa.table(arrays), path, **options)


class Folder:
    """A data set that grows row by row."""

    def __init__(self, path: Path, split: str = "train"):
        self.path, self.split = path, split
        self.lines = [HEADER]
        path.mkdir(parents=True, exist_ok=True)

    def add(
        self,
        lab="LyricalHare",
        number=7,
        *,
        fps="30.0",
        parts=PARTS,
        labeled=LABELED,
        rows=None,
        bouts=((1, 2, "attack", 3, 6), (1, 1, "rear", 0, 2)),
        types=None,
        annotation_types=None,
        **options,
    ):
        """Add a video of frames 0 to 9 whose first mouse attacks in 3 to 5 and rears in 0 and 1."""
        rows = rows_of(range(10)) if rows is None else rows
        parts, labeled = (f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in (parts, labeled))
        self.lines.append(
            f"{lab},{number},{MICE}{fps},0.33,16.0,1024,570,60.0,30.0,square,familiar,"
            f"{parts},{labeled},MARS"
        )
        name = f"{lab}/{number}.parquet"
        write_parquet(
            self.path / f"{self.split}_tracking" / name,
            rows,
            TRACKING_TYPES | (types or {}),
            **options,
        )
        if self.split == "train" and bouts is not None:
            kinds = ANNOTATION_TYPES | (annotation_types or {})
            write_parquet(self.path / "train_annotation" / name, bouts, kinds)
        self.table()
        return self

    def table(self):
        (self.path / f"{self.split}.csv").write_text("\n".join(self.lines) + "\n", encoding="utf-8")

    def read(self, **options):
        """All recordings by name, and the notes."""
        found = read_mabe2025(self.path, split=self.split, **options)
        return {recording.name: recording for recording in found.recordings()}, found.notes()

    def one(self, **options):
        """The only recording, where nothing is to be noted."""
        recordings, notes = self.read(**options)
        assert notes == []
        (recording,) = recordings.values()
        return recording

    @property
    def tracking(self):
        """The only tracking file."""
        (path,) = (self.path / f"{self.split}_tracking").rglob("*.parquet")
        return path

    @property
    def annotation(self):
        (path,) = (self.path / "train_annotation").rglob("*.parquet")
        return path
