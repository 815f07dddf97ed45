"""The tables of MABe 2025, ``train.csv`` and ``test.csv``: a row a video."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mabe_lit.pose import is_rate
from mabe_lit.pose.mabe2025_labels import Labeled, parse_labeled
from mabe_lit.readers.files import read_lines
from mabe_lit.shell import InputError

SPLITS = ("train", "test")

_NEEDED = (
    "lab_id",
    "video_id",
    "frames_per_second",
    "body_parts_tracked",
    "behaviors_labeled",
)
_NAME = re.compile(r"\w[\w .-]*")
_EMPTY = ("", "nan", "NaN")
"""What a cell without a value holds; pandas writes and reads the words."""


@dataclass(frozen=True)
class Video:
    """What the table says of one video.

    Attributes:
        lab: The laboratory.
        number: ``video_id``.
        fps: Frames per second.
        body_parts: Names of the key points that its tracking has.
        labeled: What somebody looked for, by ``mouse1`` and ``self``; empty if nobody did.
        directory: The folder of the data set.
        split: ``train`` or ``test``.
    """

    lab: str
    number: int
    fps: float
    body_parts: tuple[str, ...]
    labeled: tuple[Labeled, ...]
    directory: Path
    split: str

    @property
    def name(self) -> str:
        """``LAB/VIDEO``."""
        return f"{self.lab}/{self.number}"

    @property
    def tracking(self) -> Path:
        """Its tracking file."""
        return self.directory / f"{self.split}_tracking" / f"{self.name}.parquet"

    @property
    def annotation(self) -> Path:
        """Its annotation file, which a test video has none of."""
        return self.directory / f"{self.split}_annotation" / f"{self.name}.parquet"


@dataclass(frozen=True)
class Row:
    """One row of a table, not read yet."""

    lab: str
    cells: Mapping[str, str]
    where: str

    def video(self, directory: Path, split: str) -> Video:
        """What it says.

        Raises:
            InputError: If a cell is wrong.
        """
        number, rate = self.cells["video_id"].strip(), self.cells["frames_per_second"]
        if not (number.isascii() and number.isdigit()):
            raise InputError(f"{self.where}: video_id is {number!r:.40}, expected a whole number")
        try:
            fps = float(rate)
        except ValueError:
            fps = 0.0
        if not is_rate(fps):
            raise InputError(
                f"{self.where}: frames_per_second is {rate!r:.40}, expected a number above 0"
            )
        labeled = self.cells["behaviors_labeled"]
        return Video(
            self.lab,
            int(number),
            fps,
            self._body_parts(),
            parse_labeled(
                None if labeled.strip() in _EMPTY else labeled, f"{self.where}: behaviors_labeled"
            ),
            directory,
            split,
        )

    def _body_parts(self) -> tuple[str, ...]:
        cell = self.cells["body_parts_tracked"].strip()
        if cell in _EMPTY:
            return ()
        try:
            names = json.loads(cell)
        except (ValueError, RecursionError):
            names = None
        if not isinstance(names, list) or not all(isinstance(n, str) and n for n in names):
            raise InputError(
                f"{self.where}: body_parts_tracked is {cell!r:.60}, expected a list such as "
                '["nose", "tail_base"]'
            )
        return tuple(dict.fromkeys(names))


def read_rows(path: Path) -> Iterator[Row]:
    """Rows of a table, one by one; a video is in one of them.

    Raises:
        InputError: If the file is missing, is no such table, or a row is no row of it.
    """
    # A cell may hold line ends within quotes, so lines are given back theirs.
    reader = csv.reader(f"{line}\n" for line in read_lines(path))
    header = [name.strip().removeprefix("\ufeff") for name in next(reader)]
    if missing := [name for name in _NEEDED if name not in header]:
        raise InputError(
            f"{path}: has no column {', '.join(missing)}; expected a table of MABe 2025 such as "
            "train.csv"
        )
    seen: dict[tuple[str, str], int] = {}
    try:
        for cells in reader:
            line = reader.line_num
            if not any(map(str.strip, cells)):
                continue
            if len(cells) != len(header):
                raise InputError(
                    f"{path}: line {line}: has {len(cells)} cells, the header has {len(header)}"
                )
            row = dict(zip(header, cells, strict=True))
            lab = row["lab_id"].strip()
            if not _NAME.fullmatch(lab):  # it becomes a part of file names
                raise InputError(f"{path}: line {line}: lab_id is {lab!r:.40}, expected a name")
            key = lab, row["video_id"].strip()
            if (other := seen.setdefault(key, line)) != line:
                raise InputError(f"{path}: line {line}: {'/'.join(key)} is in line {other} as well")
            yield Row(lab, row, f"{path}: line {line}")
    except csv.Error as error:
        raise InputError(
            f"{path}: line {reader.line_num}: is no row of a table ({error})"
        ) from error
