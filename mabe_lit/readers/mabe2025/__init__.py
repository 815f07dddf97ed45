"""MABe 2025's folder: a table of videos, and a parquet file of tracking and of bouts for each."""

from mabe_lit.readers.mabe2025.mending import RULES, rate_of_annotation
from mabe_lit.readers.mabe2025.reader import Mabe2025, read_mabe2025
from mabe_lit.readers.mabe2025.videos import Video

__all__ = ["RULES", "Mabe2025", "Video", "rate_of_annotation", "read_mabe2025"]
