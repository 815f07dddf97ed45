"""Words of annotations that are no class, counted."""

from __future__ import annotations

from pathlib import Path

from mabe_lit.readers import Annotation, Interval
from mabe_lit.readers.labels.words import Vocabulary


def test_vocabulary_counts_frames_up_to_the_end_of_the_recording():
    intervals = [Interval(50, 130, "groom", 2), Interval(140, 150, "groom", 3)]
    vocabulary = Vocabulary(("attack",), {})
    vocabulary.count(Annotation.of(Path("v1.csv"), intervals), 100)
    assert vocabulary.left_over() == ["groom: 2 bouts, 50 frames, in 1 recording"]
