"""Tracking of MABe 2025: where points go, and what is no such file."""

from __future__ import annotations

import json
import sys
import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from mabe2025_files import ANNOTATION_TYPES, TRACKING_TYPES, Folder, rows_of, write_parquet

from mabe_lit.readers import read_mabe2025
from mabe_lit.shell import InputError


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path / "mabe")


def test_points_lie_at_their_frame_mouse_and_name(folder):
    recording = folder.add(fps="30.3").one()
    assert recording.name == "LyricalHare/7"
    assert recording.group == "LyricalHare"
    assert recording.fps == 30.3
    assert recording.animal_names == ("mouse1", "mouse2")
    assert recording.keypoint_names == ("nose", "tail_base")
    assert recording.keypoints.shape == (10, 2, 2, 2)
    assert recording.keypoints.dtype == np.float32
    assert recording.keypoints[3, 0].tolist() == [[103, 103], [103, 1103]]
    assert recording.keypoints[9, 1].tolist() == [[209, 209], [209, 1209]]
    assert recording.has_point.all()


def test_order_of_rows_does_not_matter(folder):
    rows = rows_of(range(10))
    recording = folder.add(rows=rows[::-1]).one()
    assert recording.keypoints[3, 0].tolist() == [[103, 103], [103, 1103]]


def test_frames_before_the_first_row_are_untracked_and_unscored(folder):
    recording = folder.add(rows=rows_of(range(4, 10)), bouts=[(1, 2, "attack", 5, 7)]).one()
    assert len(recording) == 10
    assert np.isnan(recording.keypoints[:4]).all()
    assert recording.keypoints[4, 0, 0].tolist() == [104, 104]
    pair = recording.tracks[1]
    assert pair.labels[:, 0].tolist() == [-100] * 4 + [0, 1, 1, 0, 0, 0]


def test_gap_of_frames_is_kept_in_time_and_stays_scored(folder):
    recording = folder.add(rows=rows_of([0, 1, 2, 5, 6, 7, 8, 9])).one()
    assert np.isnan(recording.keypoints[3:5]).all()
    assert recording.keypoints[5, 0, 0].tolist() == [105, 105]
    assert recording.tracks[1].labels[:, 0].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]


def test_lost_point_has_no_row_or_nan_or_half_of_it(folder):
    rows = rows_of(range(10))
    rows[0] = (0, 1, "nose", np.nan, np.nan)
    rows[1] = (0, 1, "tail_base", 5.0, np.nan)
    rows[2] = (0, 2, "nose", None, 3.0)
    del rows[3]
    recording = folder.add(rows=rows).one()
    assert np.isnan(recording.keypoints[0]).all()
    assert not np.isnan(recording.keypoints[1:]).any()
    assert recording.has_point.all()


def test_points_are_those_of_any_video_and_never_tracked_where_a_lab_has_none(folder):
    folder.add("LyricalHare", 1, parts='["nose", "tail_base", "headpiece_a"]')
    rows = rows_of(range(10), parts=("tail_base", "ear_left"))
    recordings, _ = folder.add("SparklingTapir", 2, parts='["tail_base"]', rows=rows).read()
    first, second = recordings.values()
    # ear_left is in no table, headpiece_a in no file.
    assert first.keypoint_names == ("nose", "ear_left", "tail_base", "headpiece_a")
    assert second.keypoint_names == first.keypoint_names
    assert first.has_point.tolist() == [[True, False, True, False]] * 2
    assert second.has_point.tolist() == [[False, True, True, False]] * 2
    assert second.keypoints[4, 1, 1].tolist() == [204, 1204]


def test_mouse_that_has_a_point_alone_does_not_give_it_to_the_others(folder):
    rows = [*rows_of(range(10)), *((f, 2, "headpiece_a", 1.0, 1.0) for f in range(10))]
    recording = folder.add(rows=rows).one()
    assert recording.has_point.tolist() == [[True, True, False], [True, True, True]]


def test_mouse_without_a_tracked_point_is_no_animal(folder):
    rows = [*rows_of(range(10), mice=(1, 3)), *((f, 2, "nose", np.nan, 1.0) for f in range(10))]
    recordings, notes = folder.add(rows=rows, labeled='["mouse1,mouse3,attack"]', bouts=[]).read()
    assert recordings["LyricalHare/7"].animal_names == ("mouse1", "mouse3")
    assert notes == []


def test_synonyms_are_taken_where_a_video_has_one_of_the_two(folder):
    for number, parts in (
        (1, ("hip_left",)),
        (2, ("lateral_left",)),
        (3, ("hip_left", "lateral_left")),
    ):
        folder.add(number=number, rows=rows_of(range(10), parts=parts), parts="")
    plain, notes = folder.read()
    assert plain["LyricalHare/2"].has_point[0].tolist() == [True, False]  # lateral, hip
    assert notes == []
    found, notes = folder.read(synonyms=True)
    assert found["LyricalHare/2"].has_point[0].tolist() == [False, True]
    assert found["LyricalHare/2"].keypoints[3, 0, 1].tolist() == [103, 103]
    assert found["LyricalHare/3"].has_point[0].tolist() == [True, True]
    assert "lateral_left for hip_left" in notes[0]
    assert notes[0].endswith("taken in 1 videos, such as LyricalHare/2")


@pytest.mark.parametrize(
    "types",
    [
        {},
        {"video_frame": pa.int64(), "mouse_id": pa.int64(), "x": pa.float64(), "y": pa.float64()},
        {"video_frame": pa.uint16(), "mouse_id": pa.uint8(), "x": pa.float16(), "y": pa.int32()},
        {"bodypart": pa.large_string()},
        {"bodypart": pa.dictionary(pa.int8(), pa.string())},
        {"bodypart": pa.dictionary(pa.int32(), pa.large_string())},
    ],
)
@pytest.mark.parametrize("options", [{}, {"row_group_size": 7}, {"use_dictionary": False}])
def test_any_width_of_a_column_is_read(folder, types, options):
    recording = folder.add(types=types, **options).one()
    assert recording.keypoint_names == ("nose", "tail_base")
    assert recording.keypoints[3, 1].tolist() == [[203, 203], [203, 1203]]


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"video_frame": pa.float32()}, "column video_frame is of float, expected whole numbers"),
        ({"mouse_id": pa.float64()}, "column mouse_id is of double, expected whole numbers"),
        ({"x": pa.string()}, "column x is of string, expected numbers"),
        ({"bodypart": pa.binary()}, "column bodypart is of binary, expected text"),
    ],
)
def test_column_of_another_kind_is_named(folder, types, message):
    rows = rows_of(range(10))
    if "x" in types:
        rows = [(*row[:3], str(row[3]), row[4]) for row in rows]
    with pytest.raises(InputError, match=message):
        folder.add(rows=rows, types=types).read()


def changed(row, **cells):
    names = list(TRACKING_TYPES)
    return tuple(cells.get(name, value) for name, value in zip(names, row, strict=True))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"video_frame": None}, r"row 5: video_frame is empty, expected a whole number"),
        ({"bodypart": None}, r"row 5: bodypart is empty, expected a name"),
        ({"bodypart": " "}, r"row 5: bodypart is empty, expected a name"),
        ({"mouse_id": 0}, r"mouse_id is 0, expected 1 to 4"),
        ({"mouse_id": 5}, r"mouse_id is 5, expected 1 to 4"),
        ({"video_frame": -1}, r"video_frame is -1, expected 0 or more"),
        ({"video_frame": 2**31 - 1}, r"runs up to 2,147,483,647, but 11 frames have rows"),
        ({"video_frame": 0}, r"mouse 1 has tail_base twice in frame 0"),
        ({"x": np.inf}, r"'LyricalHare/7': a coordinate is infinite"),
    ],
)
def test_wrong_row_is_one_line_and_can_be_skipped(folder, cells, message):
    rows = rows_of(range(10))
    rows[5] = changed(rows[5], **cells)  # tail_base of mouse 1 in frame 1
    folder.add(rows=rows).add(number=8)
    with pytest.raises(InputError, match=message) as caught:
        folder.read()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("--skip_bad true goes on without such videos")
    recordings, notes = folder.read(skip_bad=True)
    assert list(recordings) == ["LyricalHare/8"]
    assert notes[0].startswith("1 videos left out: ")


def test_columns_that_lack_or_are_there_twice_are_named(folder):
    folder.add()
    types = {name: kind for name, kind in TRACKING_TYPES.items() if name != "y"}
    write_parquet(folder.tracking, [row[:4] for row in rows_of(range(3))], types)
    with pytest.raises(InputError, match=r"has columns .*, expected .* \(not: y\)"):
        folder.read()


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "missing"])
@pytest.mark.parametrize("what", ["tracking", "annotation"])
def test_damaged_file_is_one_line_and_can_be_skipped(folder, what, damage):
    folder.add()
    path = getattr(folder, what)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"cut": content[:-30], "other": b"a,b\n1,2\n", "empty": b""}[damage])
    expected = "no such file" if damage == "missing" else "damaged or incomplete parquet file"
    with pytest.raises(InputError, match=f"{path.name}: .*{expected}") as caught:
        folder.read()
    assert str(path) in str(caught.value)
    folder.add(number=8)
    assert list(folder.read(skip_bad=True)[0]) == ["LyricalHare/8"]


def test_nothing_but_bad_videos_is_an_error_even_where_they_are_skipped(folder):
    folder.add(rows=[])
    with pytest.raises(InputError, match=r"no video is left: 1 videos left out: .*has no rows"):
        folder.read(skip_bad=True)


def test_file_without_points_is_an_error(folder):
    rows = [(frame, 1, "nose", np.nan, np.nan) for frame in range(10)]
    with pytest.raises(InputError, match="no mouse has a tracked point"):
        folder.add(rows=rows).read()


def test_points_that_are_asked_for_are_taken_alone(folder):
    parts = ("nose", "lateral_left", "tail_base")
    rows = rows_of(range(10), parts=parts)
    folder.add(rows=rows, parts=json.dumps(parts))
    recording = folder.one(keypoints=["tail_base", "nose"])
    assert recording.keypoint_names == ("tail_base", "nose")
    every = folder.one()
    assert every.keypoint_names == ("nose", "lateral_left", "tail_base")
    np.testing.assert_array_equal(recording.keypoints, every.keypoints[:, :, [2, 0]])
    readings, _ = folder.read(synonyms=True, keypoints=["hip_left"])
    (recording,) = readings.values()
    np.testing.assert_array_equal(recording.keypoints, every.keypoints[:, :, [1]])


def test_mouse_without_any_of_the_points_that_are_asked_for_is_untracked(folder):
    rows = [row for row in rows_of(range(10)) if row[1:3] != (2, "nose")]
    readings, notes = folder.add(rows=rows).read(keypoints=["nose"])
    (recording,) = readings.values()
    assert recording.animal_names == ("mouse1",)
    assert [track.name for track in recording.tracks] == ["mouse1"]
    assert "names mice that have no tracking (mouse2)" in notes[0]


def test_point_that_no_video_tracks_is_an_error(folder):
    message = "^--keypoints: no video tracks hips; there are nose, tail_base"
    with pytest.raises(InputError, match=message):
        folder.add().read(keypoints=["nose", "hips"])


def test_missing_pyarrow_names_the_extra(folder, monkeypatch):
    folder.add()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"need pyarrow, .*pip install 'mabe_lit\[mabe2025\]'"):
        folder.read(skip_bad=True)


def test_memory_does_not_grow_with_videos(folder):
    rows = rows_of(range(500))
    folder.add(number=1, rows=rows, labeled='["mouse1,mouse2,attack"]', bouts=[])
    for number in range(2, 41):
        folder.lines.append(folder.lines[1].replace("LyricalHare,1,", f"LyricalHare,{number},"))
        for kind in ("tracking", "annotation"):
            place = folder.path / f"train_{kind}" / "LyricalHare"
            (place / f"{number}.parquet").write_bytes((place / "1.parquet").read_bytes())
    folder.table()

    peaks = []
    tracemalloc.start()
    try:
        for recording in read_mabe2025(folder.path).recordings():
            assert len(recording) == 500
            del recording
            peaks.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(peaks) == 40
    one_video = 500 * 2 * 2 * 2 * 4
    assert peaks[-1] - peaks[4] < one_video


def test_annotation_types_are_checked(folder):
    folder.add(annotation_types={"start_frame": pa.float64()})
    with pytest.raises(InputError, match="column start_frame is of double, expected whole numbers"):
        folder.read()
    write_parquet(
        folder.annotation, [(1, 2, "attack", 3)], dict(list(ANNOTATION_TYPES.items())[:4])
    )
    with pytest.raises(InputError, match=r"not: stop_frame"):
        folder.read()


@pytest.mark.parametrize("what", ["tracking", "annotation"])
def test_flipped_bits_are_read_or_told(folder, what):
    folder.add()
    path = getattr(folder, what)
    content, rng = path.read_bytes(), np.random.default_rng(7)
    told = []
    for _ in range(150):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            folder.read()
        except InputError as error:
            told.append(str(error))
    assert len(told) > 50
    assert "\n" not in "".join(told)
