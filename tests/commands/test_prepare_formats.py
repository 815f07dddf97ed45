"""Labels as other tools keep them, from the command to the dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from lab_files import FRAMES, deeplabcut, frame_labels, spans_of

from mabe_lit import prepare
from mabe_lit.shell import InputError, InputWarning

FPS = 30
EXPECTED = [(0, 50, "a"), (50, 120, "b")]


def prepared(folder: Path, files: dict[str, str], **options) -> list[tuple[int, int, str]]:
    lab = folder / "lab"
    lab.mkdir()
    (lab / "v1DLC_net.csv").write_text(deeplabcut())
    for name, text in files.items():
        (lab / name).write_bytes(text.encode("utf-16" if "utf16" in name else "utf-8"))
    options = {"classes": ["a", "b"], **options}
    options = {"fps": 30.0} | options
    prepare.prepare(poses=str(lab), annotations=str(lab), output=str(folder / "out"), **options)
    return spans_of(folder / "out")["v1"]


def binary(header: str, *spans: tuple[int, int], index: bool = True) -> str:
    flags = np.zeros((FRAMES, len(spans)), int)
    for column, (start, stop) in enumerate(spans):
        flags[start:stop, column] = 1
    rows = (",".join(([str(n)] if index else []) + [*map(str, row)]) for n, row in enumerate(flags))
    return "\n".join((header, *rows)) + "\n"


OWN = """behavior,start_frame,stop_frame,start_s,stop_s,duration_s,mean_probability
a,0,50,0.0,1.666667,1.666667,0.9
b,50,120,1.666667,4.0,2.333333,0.8
"""
STEPS = "".join(
    f"{n / FPS:.4f};{'a' if n < 50 else ''};{'b' if n >= 50 else ''}\n" for n in range(FRAMES)
)
OBSERVER = """Observation;Time_Relative_sf;Subject;Behavior;Event_Type
v1;0,00;m1;a;State start
v1;1,667;m1;a;State stop
v1;1,667;m1;b;State start
v1;4,00;m1;b;State stop
"""


@pytest.mark.parametrize(
    "files",
    [
        {"v1.bouts.csv": OWN},
        {"v1.bouts.csv": OWN, "v1.frames.csv": frame_labels()},
        {"v1.csv": "label,start,stop\nb,1.6667,4\na,0,1.6667\n"},
        {"v1_l.csv": binary("frame,a,b", (0, 50), (50, 120))},
        {"v1_l.csv": binary("a,b", (0, 50), (50, 120), index=False)},
        {"v1.csv": "Time;Posture;Gaze\n" + STEPS},
        {"v1_utf16.txt": OBSERVER},
    ],
    ids=["bouts", "bouts and frames", "seconds", "0/1", "0/1 alone", "Solomon", "Observer"],
)
def test_labels_of_each_form_are_the_same(tmp_path, files):
    assert prepared(tmp_path, files) == EXPECTED


def test_corrected_bouts_beside_stale_frames_are_refused(tmp_path):
    corrected = "behavior,start_frame,stop_frame\na,0,60\nb,60,120\n"
    files = {"v1.bouts.csv": corrected, "v1.frames.csv": frame_labels()}
    with pytest.raises(InputError, match=r"2 annotations that differ: v1\.bouts\.csv, v1\.frames"):
        prepared(tmp_path, files)


def test_deepethogram_needs_no_background_option(tmp_path):
    text = binary(",background,a,b", (60, 120), (10, 40), (40, 60)).replace("\n0,0,", "\n0,1,")
    lines = text.splitlines()
    lines[1:11] = [f"{n},1,0,0" for n in range(10)]
    assert prepared(tmp_path, {"v1_labels.csv": "\n".join(lines) + "\n"}) == [
        (0, 10, "background"),
        (10, 40, "a"),
        (40, 60, "b"),
        (60, 120, "background"),
    ]


def test_table_of_several_videos_is_cut_by_their_names(tmp_path):
    text = "video,label,start_s,stop_s\nv1.mp4,a,0,1.6667\nv2.mp4,b,0,4.5\nv1.mp4,b,1.6667,4.0\n"
    with pytest.warns(InputWarning, match="no poses for"):
        assert prepared(tmp_path, {"all.csv": text}) == EXPECTED


def test_frames_that_contradict_seconds_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"v1\.bouts\.csv: line 3: stop_frame 110 and stop_s 4"):
        prepared(tmp_path, {"v1.bouts.csv": OWN.replace("b,50,120", "b,50,110")})
