"""``python -m mabe_lit.prepare``, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest
from pose_files import csv_text, sequence, table, write_calms21

from mabe_lit.data import open_dataset
from mabe_lit.prepare import main, prepare
from mabe_lit.readers import PoseReader
from mabe_lit.shell import InputError, InputWarning

ANNOTATION = """Caltech Behavior Annotator - Annotation File

Configuration file:
base\tz
attack\ta
freeze\tf

S1:\tstart\tend\ttype
-----------------------------
   \t1\t2\tbase
   \t4\t5\tattack
   \t8\t{last}\tmount
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """A folder with two recordings of ten frames, annotated."""
    folder = tmp_path / "lab"
    folder.mkdir()
    for name in ("1", "11"):
        (folder / f"{name}DLC_net.csv").write_text(csv_text(table(10)))
        (folder / f"{name}_annot.txt").write_text(ANNOTATION.format(last=9))
    return folder


def run(lab: Path, *extra: str) -> None:
    """Run the command on ``lab``; of an option given twice the last counts."""
    output = lab.parent / "out"
    files = ["--poses", str(lab), "--annotations", str(lab), "--output", str(output)]
    main([*files, "--classes", "attack", "mount", *extra])


def failure(lab: Path, capsys: pytest.CaptureFixture[str], *extra: str) -> str:
    """The one line of a run that must fail and leave nothing behind."""
    before = sorted(lab.parent.rglob("*"))
    with pytest.raises(SystemExit) as caught:
        run(lab, *extra)
    out, err = capsys.readouterr()
    assert caught.value.code == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert sorted(lab.parent.rglob("*")) == before
    return err


def test_dataset_holds_every_recording_with_its_labels(lab):
    run(lab)
    dataset = open_dataset(lab.parent / "out")
    assert [entry.name for entry in dataset.entries] == ["1", "11"]
    assert dataset.class_names == ("attack", "mount")
    for recording in (dataset[0], dataset[1]):
        assert recording.labels.tolist() == [-100] * 3 + [0, 0] + [-100] * 2 + [1, 1, -100]
        np.testing.assert_array_equal(recording.keypoints, table(10)[..., :2])
    assert dataset.source["background"] is None
    assert dataset.source["poses"] == str(lab)


def test_dataset_notes_how_its_labels_were_read(lab):
    given = ("--subjects", "scene", "--overlap", "allowed", "--none_words", "base")
    given += ("--union", "true")
    run(lab, *given)
    source = open_dataset(lab.parent / "out").source
    told = {"subjects": "scene", "overlap": "allowed", "none_words": ["base"], "union": True}
    assert {key: source[key] for key in told} == told
    assert source["channel"] is None


def test_background_joins_the_classes_last_and_leaves_other_behaviors_unscored(lab):
    run(lab, "--background", "other")
    dataset = open_dataset(lab.parent / "out")
    assert dataset.class_names == ("attack", "mount", "other")
    assert dataset[0].labels.tolist() == [-100, -100, 2, 0, 0, 2, 2, 1, 1, 2]


def test_background_that_is_among_the_classes_keeps_its_place(lab):
    run(lab, "--classes", "other", "attack", "--background", "other")
    assert open_dataset(lab.parent / "out").class_names == ("other", "attack")


def test_table_counts_frames_and_shows_a_class_that_is_missing(lab, capsys):
    run(lab, "--classes", "attack", "freeze", "--channel", "S1")
    out, err = capsys.readouterr()
    rows = [line.split() for line in out.splitlines()]
    assert rows[0] == ["recording", "frames", "missing", "%", "attack", "freeze", "unscored"]
    assert rows[1] == ["1", "10", "0.0", "2", "0", "8"]
    assert rows[3] == ["all", "20", "0.0", "4", "0", "16"]
    assert rows[4] == ["20.0", "%", "0.0", "%", "80.0", "%"]
    assert err == "warning: class 'freeze' has no frame in any recording\n"


def test_class_that_nobody_scored_here_is_a_warning(lab, capsys):
    run(lab, "--classes", "attack", "sniffing", "mount")
    assert capsys.readouterr().err == "warning: class 'sniffing' has no frame in any recording\n"
    assert open_dataset(lab.parent / "out").class_names == ("attack", "sniffing", "mount")


def test_recordings_are_written_one_by_one(lab, monkeypatch):
    for name in range(2, 8):
        (lab / f"{name}DLC_net.csv").write_text(csv_text(table(10)))
        (lab / f"{name}_annot.txt").write_text(ANNOTATION.format(last=9))
    alive: list[weakref.ref[np.ndarray]] = []
    counts = []
    read = PoseReader.read

    def count(reader, name, fps):
        counts.append(sum(points() is not None for points in alive))
        recording = read(reader, name, fps)
        alive.append(weakref.ref(recording.keypoints))
        return recording

    monkeypatch.setattr(PoseReader, "read", count)
    run(lab)
    assert len(counts) == 8
    assert max(counts) <= 3  # the first, to compare with, and those on their way


def test_frames_past_the_tracking_are_cut_with_one_warning(lab, capsys):
    (lab / "11_annot.txt").write_text(ANNOTATION.format(last=17))
    (lab / "1_annot.txt").write_text(ANNOTATION.format(last=13))
    run(lab)
    assert capsys.readouterr().err == (
        "warning: 2 of 2 annotations run past the tracking by 10 frames in all, "
        "7 at most (11); these are cut\n"
    )
    assert open_dataset(lab.parent / "out")[0].labels[-3:].tolist() == [1, 1, 1]


def test_annotation_without_poses_is_left_out_with_a_warning(lab):
    (lab / "7_annot.txt").write_text(ANNOTATION.format(last=9))
    with pytest.warns(InputWarning, match=r"no poses for 7_annot\.txt"):
        prepare(
            poses=str(lab), annotations=str(lab), classes=["attack"], output=str(lab.parent / "out")
        )


def test_existing_dataset_is_replaced_with_force_only(lab, capsys):
    run(lab)
    capsys.readouterr()
    assert "already holds a dataset; --force replaces it" in failure(lab, capsys)
    run(lab, "--background", "other", "--force")
    assert open_dataset(lab.parent / "out").class_names[-1] == "other"


def test_options_come_from_a_config_file_too(lab):
    config = lab.parent / "prepare.yaml"
    config.write_text(f"poses: {lab}\nannotations: {lab}\nclasses: [mount, attack]\n")
    main(["--config", str(config), "--output", str(lab.parent / "out")])
    assert open_dataset(lab.parent / "out").class_names == ("mount", "attack")


def test_calms21_becomes_a_dataset(tmp_path):
    path = write_calms21(tmp_path, sequence(), sequence(2))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        prepare(calms21=str(path), output=str(tmp_path / "out"))
    assert [str(w.message) for w in caught] == [
        "class 'investigation' has no frame in any recording"
    ]
    dataset = open_dataset(tmp_path / "out")
    assert dataset.keypoints.shape == (5, 2, 7, 2)
    assert dataset.class_names == ("attack", "investigation", "mount", "other")


BAD_OPTIONS = {
    "unknown class": (
        ["--classes", "atack"],
        "no annotation has 'atack'; the annotations hold attack, base, freeze, mount",
    ),
    "no known class": (["--classes", "sniff", "groom"], "no annotation has 'sniff'; the annot"),
    "empty class": (["--classes", "attack", " "], "--classes: one of them is empty"),
    "class twice": (["--classes", "attack", "attack"], "--classes names one twice: attack attack"),
    "only unscored": (["--classes", "freeze"], "no frame is scored as freeze"),
    "other channel": (["--channel", "S2"], "has no channel 'S2', only S1"),
    "no frame rate": (["--fps", "0"], "--fps is 0, expected a number above 0"),
    "negative frame rate": (["--fps", "-5"], "--fps is -5"),
    "likelihood": (["--likelihood_below", "1.5"], "--likelihood_below is 1.5, expected 0 to 1"),
    "two sources": (["--calms21", "a.json"], "--poses does not go with --calms21"),
    "no poses": (["--poses", "nowhere"], "--poses nowhere: no such file or folder"),
    "no annotations": (["--annotations", "nowhere"], "--annotations nowhere: no such file"),
    "output is a file": (["--output", __file__], "is a file, expected a folder"),
    "output of others": (["--output", str(Path(__file__).parent)], "holds files that are not a"),
    "output below a file": (["--output", f"{__file__}/out"], "test_prepare.py"),
}


@pytest.mark.parametrize(("extra", "message"), BAD_OPTIONS.values(), ids=BAD_OPTIONS.keys())
def test_bad_option_ends_in_one_line_and_leaves_nothing(lab, capsys, extra, message):
    assert message in failure(lab, capsys, *extra)


def test_read_only_output_ends_in_one_line(lab, capsys, monkeypatch):
    def refuse(**_: object) -> None:  # as the file system does, except to root
        raise PermissionError(13, "Permission denied", str(lab.parent))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    assert failure(lab, capsys) == f"error: {lab.parent}: Permission denied\n"


def rename_annotation(lab: Path) -> None:
    (lab / "1_annot.txt").rename(lab / "2_annot.txt")


def add_annotation(lab: Path) -> None:
    (lab / "1.annot").write_text(ANNOTATION.format(last=8))


def overlap(lab: Path) -> None:
    (lab / "1_annot.txt").write_text(ANNOTATION.format(last=9) + "   \t9\t10\tattack\n")


def other_key_points(lab: Path) -> None:
    text = csv_text(table(10)).replace("nose", "ear").replace("tail", "rump")
    (lab / "1DLC_net.csv").write_text(text)


def truncate_poses(lab: Path) -> None:
    (lab / "1DLC_net.csv").write_text(csv_text(table(10))[:-20])


def swap_contents(lab: Path) -> None:
    for name in ("1", "11"):
        (lab / f"{name}DLC_net.csv").unlink()


def empty_annotation(lab: Path) -> None:
    (lab / "1_annot.txt").write_text("")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (rename_annotation, "recording '1': no annotation file has a name that begins with it"),
        (add_annotation, "recording '1' has 2 annotations that differ: 1.annot, 1_annot.txt"),
        (overlap, "1_annot.txt: line 13: attack overlaps mount at frame 8"),
        (
            other_key_points,
            "no key point is in all recordings: 1 has ear, rump, but 11 has nose, tail",
        ),
        (truncate_poses, "1DLC_net.csv: line 14: has "),
        (swap_contents, "none of its 2 files is DeepLabCut or Lightning Pose CSV"),
        (empty_annotation, "1_annot.txt: is empty"),
    ],
)
def test_bad_folder_ends_in_one_line_and_leaves_nothing(lab, capsys, damage, message):
    damage(lab)
    assert message in failure(lab, capsys)


def test_every_option_that_calms21_answers_itself_is_refused(tmp_path):
    path = str(write_calms21(tmp_path, sequence()))
    for options in ({"fps": 25.0}, {"rename": ["a=b"]}, {"count_from": 1}, {"skip_bad": True}):
        (key,) = options
        with pytest.raises(InputError, match=f"--{key} does not go with --calms21"):
            prepare(calms21=path, output=str(tmp_path / "out"), **options)


def test_missing_options_are_named(lab, capsys):
    with pytest.raises(InputError, match="--classes is missing; the annotations hold attack, base"):
        prepare(poses=str(lab), annotations=str(lab), output=str(lab.parent / "out"))
    with pytest.raises(InputError, match="--annotations is missing"):
        prepare(poses=str(lab), output=str(lab.parent / "out"))
    with pytest.raises(InputError, match="--poses is missing"):
        prepare(output=str(lab.parent / "out"))


@pytest.mark.parametrize("option", ["--help", "--print_config"])
def test_help_and_config_import_neither_torch_nor_pandas(option):
    code = (
        "import sys; from mabe_lit.prepare import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code\n"
        "assert not {'torch', 'pandas'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, option], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "likelihood_below" in done.stdout


def real_data(name: str) -> Path:
    root = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("MABE_REAL_DATA", root)) / name
    if not folder.is_dir():
        pytest.skip(f"real recordings are not at {folder}; MABE_REAL_DATA may name their folder")
    return folder


@pytest.mark.filterwarnings("ignore:.*(run past the tracking|have no tracked point)")
def test_real_rat_recordings_become_a_dataset(tmp_path):
    folder = str(real_data("rat_social") / "val")
    classes = ["aggression", "social", "nonsocial"]
    prepare(
        poses=folder,
        annotations=folder,
        classes=classes,
        channel="S1",
        output=str(tmp_path / "out"),
    )
    dataset = open_dataset(tmp_path / "out")
    assert len(dataset) == 9
    assert dataset.keypoints.shape == (129_133, 2, 5, 2)
    labels = np.concatenate(dataset.all_labels())
    counts = [int((labels == label).sum()) for label in range(3)]
    lines = [line.split() for f in Path(folder).glob("*.txt") for line in open_block(f)]
    expected = dict.fromkeys(classes, 0)
    for start, stop, name in lines:
        if name in expected:
            expected[name] += int(stop) - int(start) + 1
    assert counts == list(expected.values())


def open_block(file: Path) -> list[str]:
    """The rows of channel S1, read in another way than the reader's."""
    block = file.read_text().split("S1:")[1].split("S2:")[0]
    return [line for line in block.splitlines()[2:] if line.strip()]


def test_real_mice_scored_in_seconds_become_a_dataset(tmp_path):
    folder = str(real_data("resident_intruder"))
    prepare(
        poses=folder,
        annotations=folder,
        classes=["interact"],
        background="other",
        output=str(tmp_path / "out"),
    )
    dataset = open_dataset(tmp_path / "out")
    assert dataset.keypoints.shape == (5700, 2, 7, 2)
    edges = np.flatnonzero(np.diff(dataset[0].labels)) + 1
    assert edges[:2].tolist() == [896, 1042]  # 29.850 s to 34.725 s at 30 frames/s
    assert len(edges) == 20
