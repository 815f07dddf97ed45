import errno
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
from tiny import make_earlier

from mabe_lit import UNSCORED
from mabe_lit.data import open_dataset, verify_dataset, write_dataset
from mabe_lit.pose import LabelTrack, Recording
from mabe_lit.shell import InputError


def recording(name="a", frames=5, **changes):
    rng = np.random.default_rng(frames)
    labels = changes.pop("labels", np.arange(frames, dtype=np.int16) % 2)
    fields = {
        "name": name,
        "keypoints": rng.normal(size=(frames, 2, 3, 2)).astype(np.float32),
        "tracks": (LabelTrack(labels),),
        "fps": 25.0,
        "animal_names": ("resident", "intruder"),
        "keypoint_names": ("nose", "neck", "tail"),
        "class_names": ("attack", "other"),
    }
    return Recording(**(fields | changes))


@pytest.fixture
def folder(tmp_path):
    write_dataset([recording("a", 5), recording("b", 8)], tmp_path / "set", source={"x": 1})
    return tmp_path / "set"


def rewrite_index(folder, **changes):
    file = folder / "dataset.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def change_array(folder, name, place, value):
    values = np.load(folder / name)
    values[place] = value
    np.save(folder / name, values)


def tell_likelihood(folder):
    rows = json.loads((folder / "dataset.json").read_text())["recordings"]
    rewrite_index(folder, recordings=[row | {"has_likelihood": True} for row in rows])


def test_dataset_gives_back_what_was_written(folder):
    dataset = open_dataset(folder)
    assert len(dataset) == 2
    for ours, written in zip(dataset, [recording("a", 5), recording("b", 8)], strict=False):
        np.testing.assert_array_equal(ours.keypoints, written.keypoints)
        np.testing.assert_array_equal(ours.labels, written.labels)
        assert (ours.name, ours.fps, ours.class_names) == (written.name, 25.0, written.class_names)
    assert dataset.source == {"x": 1}


def test_dataset_is_memory_mapped_and_read_only(folder):
    dataset = open_dataset(folder)
    assert isinstance(dataset.keypoints, np.memmap)
    assert not dataset.keypoints.flags.writeable


def test_dataset_keeps_missing_points_and_unscored_frames(tmp_path):
    written = recording(labels=np.full(5, UNSCORED, np.int16))
    written.keypoints[2, 1] = np.nan
    write_dataset([written], tmp_path / "set")
    ours = open_dataset(tmp_path / "set")[0]
    np.testing.assert_array_equal(ours.keypoints, written.keypoints)
    assert (ours.labels == UNSCORED).all()


def likelihood(frames):
    return np.linspace(0, 1, frames * 6, dtype=np.float32).reshape(frames, 2, 3)


@pytest.mark.parametrize("told", [(True, True), (True, False), (False, True), (False, False)])
def test_dataset_keeps_likelihoods_whichever_recordings_have_them(tmp_path, told):
    lengths = (5, 8)
    values = [
        likelihood(frames) if has else None for frames, has in zip(lengths, told, strict=True)
    ]
    recordings = (
        recording(name, frames, likelihood=value)
        for name, frames, value in zip("ab", lengths, values, strict=True)
    )
    write_dataset(recordings, tmp_path / "set")
    assert (tmp_path / "set/likelihood.npy").exists() == any(told)
    dataset = open_dataset(tmp_path / "set")
    for ours, value in zip(dataset, values, strict=False):
        assert (ours.likelihood is None) == (value is None)
        if value is not None:
            np.testing.assert_array_equal(ours.likelihood, value)
    if any(told):
        missing = [
            np.full((n, 2, 3), np.nan) if v is None else v
            for n, v in zip(lengths, values, strict=True)
        ]
        np.testing.assert_array_equal(dataset.likelihood, np.concatenate(missing))
    assert [dataset.subset([index]).has_likelihood for index in (0, 1)] == list(told)


def test_dataset_from_before_there_were_likelihoods_is_read(folder):
    make_earlier(folder)
    index = json.loads((folder / "dataset.json").read_text())
    for row in index["recordings"]:
        del row["has_likelihood"]
    (folder / "dataset.json").write_text(json.dumps(index))
    assert open_dataset(folder).likelihood is None


@pytest.mark.parametrize("is_first", [True, False])
def test_dataset_of_an_earlier_release_says_the_same(tmp_path, is_first):
    labels = np.array([1, 1, UNSCORED, 0, 0, UNSCORED, 1, 1], np.int16)
    told = np.random.default_rng(0).random((8, 2, 3), np.float32)
    written = [recording("a", 5), recording("b", 8, labels=labels, likelihood=told)]
    write_dataset(written, tmp_path / "set", source={"x": 1})
    make_earlier(tmp_path / "set", is_first=is_first)
    assert {file.name for file in (tmp_path / "set").iterdir()} == {
        "dataset.json",
        "keypoints.npy",
        "labels.npy",
        "likelihood.npy",
    }
    dataset = open_dataset(tmp_path / "set")
    verify_dataset(dataset)
    assert dataset.source == {"x": 1}
    for ours, theirs in zip(dataset, written, strict=False):
        np.testing.assert_array_equal(ours.keypoints, theirs.keypoints)
        np.testing.assert_array_equal(ours.labels, theirs.labels)
        assert (ours.likelihood is None) == (theirs.likelihood is None)
    np.testing.assert_array_equal(dataset[1].likelihood, told)
    # a: 0 1 0 1 0; b: four of 1 and two of 0
    assert dataset.count_classes().tolist() == [[3, 2], [2, 4]]
    assert dataset.count_looked().tolist() == [[5, 5], [6, 6]]


def test_dataset_is_not_replaced_unless_asked(folder):
    with pytest.raises(InputError, match="already holds a dataset; --force replaces it"):
        write_dataset([recording("c")], folder)
    assert [entry.name for entry in open_dataset(folder).entries] == ["a", "b"]
    write_dataset([recording("c")], folder, overwrite=True)
    assert [entry.name for entry in open_dataset(folder).entries] == ["c"]
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_dataset_never_replaces_a_folder_of_other_files(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds files that are not a dataset"):
        write_dataset([recording()], tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").exists()


def test_dataset_is_written_recording_by_recording(tmp_path):
    alive = []

    def recordings():
        for number in range(20):
            each = recording(f"{number}", frames=10**number if number < 5 else 3)
            alive.append(weakref.ref(each))
            yield each
            del each
            held = sum(ref() is not None for ref in alive)
            assert held <= 2, "the first, whose names the others must have, and the one before"

    write_dataset(recordings(), tmp_path / "set")
    dataset = open_dataset(tmp_path / "set")
    assert len(dataset.keypoints) == dataset.runs.places == 11111 + 15 * 3
    np.testing.assert_array_equal(dataset[4].keypoints, recording(frames=10_000).keypoints)
    np.testing.assert_array_equal(dataset[19].labels, recording(frames=3).labels)


def test_dataset_that_fails_half_way_leaves_nothing(tmp_path):
    def recordings():
        yield recording("a")
        raise RuntimeError("the disk was pulled out")

    with pytest.raises(RuntimeError, match="pulled out"):
        write_dataset(recordings(), tmp_path / "set")
    assert list(tmp_path.iterdir()) == []


def test_dataset_that_fails_half_way_leaves_the_old_one(folder):
    wrong = recording("b", keypoint_names=("nose", "neck", "ear"))
    with pytest.raises(InputError, match=r"'b' has keypoint_names \['nose', 'neck', 'ear'\]"):
        write_dataset([recording("a"), wrong], folder, overwrite=True)
    assert len(open_dataset(folder)) == 2
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_dataset_is_replaced_where_a_link_points(folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(folder, target_is_directory=True)
    write_dataset([recording("c")], link, overwrite=True)
    assert link.is_symlink()
    assert [entry.name for entry in open_dataset(folder).entries] == ["c"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"link", folder.name})


def test_folder_that_cannot_be_moved_leaves_nothing_beside_it(folder, monkeypatch):
    move = Path.replace

    def refuse(self, target):  # as the system does for a mount point
        if self == folder:
            raise OSError(errno.EBUSY, "Device or resource busy", str(self))
        return move(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="busy"):
        write_dataset([recording("c")], folder, overwrite=True)
    assert len(open_dataset(folder)) == 2
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": np.array([0, 1, 2, 0, 1], np.int16)}, "labels run from 0 to 2, allowed"),
        ({"labels": np.array([0, -1, 0, 0, 1], np.int16)}, "labels run from -1 to 1, allowed"),
        ({"labels": np.zeros(4, np.int16)}, r"5 frames but labels of shape \(4,\)"),
        ({"fps": 0.0}, "fps must be > 0, got 0.0"),
        ({"animal_names": ("one",)}, "1 animals and 3 key points are named"),
        ({"keypoint_names": ("nose", "nose", "tail")}, "key point names repeat"),
        ({"keypoints": np.full((5, 2, 3, 2), np.inf, np.float32)}, "infinite"),
        ({"likelihood": np.zeros((5, 2))}, r"likelihood has shape \(5, 2\), keypoints have \(5, 2"),
        ({"keypoints": np.zeros((0, 2, 3, 2)), "labels": np.zeros(0)}, "it has no frames"),
    ],
)
def test_recording_says_what_contradicts(changes, message):
    with pytest.raises(InputError, match=message):
        recording(**changes)


@pytest.mark.parametrize(
    ("first", "other", "advice"),
    [
        (("track_0", "track_1"), ("track_1", "track_5"), "; --animals 2, how many there are"),
        (("1", "2"), ("2", "animal3"), "; --animals 2, how many there are"),
        (("track_0", "track_1"), ("track_0",), "; --animals N makes N animals"),
        (("rat", "mouse"), ("mouse", "vole"), "; --animals mouse takes those that both have"),
        (("rat",), ("mouse",), r"'rat'\]$"),
    ],
)
def test_recordings_of_other_animals_are_refused_with_what_makes_them_alike(
    tmp_path, first, other, advice
):
    pair = [
        recording(str(names), animal_names=names, keypoints=np.zeros((5, len(names), 3, 2)))
        for names in (first, other)
    ]
    with pytest.raises(InputError, match=rf"has animal_names \[.*\], but .* has \[.*{advice}"):
        write_dataset(pair, tmp_path / "x")


def test_recording_collects_all_problems():
    with pytest.raises(InputError, match=r"labels of shape .*; fps must be > 0"):
        recording(labels=np.zeros(4, np.int16), fps=-1.0)


def test_dataset_names_are_unique(tmp_path):
    with pytest.raises(InputError, match="'a' is there more than once"):
        write_dataset([recording("a"), recording("a", 7)], tmp_path / "set")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "label_starts.npy").unlink(), "label_starts.npy: is missing"),
        (lambda f: (f / "label_codes.npy").unlink(), "label_codes.npy: is missing"),
        (lambda f: (f / "label_sets.npy").unlink(), "label_sets.npy: is missing"),
        (lambda f: (f / "dataset.json").unlink(), "dataset.json is missing"),
        (lambda f: (f / "dataset.json").write_text("{"), "is not valid JSON"),
        (lambda f: (f / "dataset.json").write_text("[1]"), "format version is None"),
        (
            lambda f: rewrite_index(f, format_version=9),
            "format version is 9, this release reads 1 and 2",
        ),
        (
            lambda f: rewrite_index(f, recordings=[]),
            r"keypoints.npy: has shape \(13, .* for \(0, 2",
        ),
        (
            lambda f: rewrite_index(f, class_names=["attack"]),
            r"label_sets.npy: has shape \(3, 2\), but dataset.json names 1 classes",
        ),
        (lambda f: rewrite_index(f, animal_names=["one"]), "keypoints.npy: has shape"),
        (lambda f: rewrite_index(f, recordings=[{"name": "a"}]), "incomplete or damaged"),
        (
            lambda f: rewrite_index(f, recordings=[["a", 0, "13", 30]]),
            "incomplete or damaged",
        ),
        (
            lambda f: rewrite_index(
                f, recordings=[{"name": "a", "first_frame": 0, "frames": 13, "fps": None}]
            ),
            "incomplete or damaged",
        ),
        (lambda f: (f / "keypoints.npy").write_bytes(b"\x93NUMPY"), "keypoints.npy: is not a read"),
        (lambda f: (f / "keypoints.npy").write_bytes(b""), "keypoints.npy: is not a readable"),
        (lambda f: tell_likelihood(f), "likelihood.npy: is missing"),
        (
            lambda f: (
                tell_likelihood(f),
                np.save(f / "likelihood.npy", np.zeros((13, 2, 2), np.float32)),
            ),
            r"likelihood.npy: has shape \(13, 2, 2\), but .* asks for \(13, 2, 3\)",
        ),
        (
            lambda f: np.save(f / "label_starts.npy", np.zeros(13)),
            "label_starts.npy: holds float64, expected int64",
        ),
        (
            lambda f: np.save(f / "label_codes.npy", np.zeros(13, np.int16)),
            "label_codes.npy: holds int16, expected uint16",
        ),
        (
            lambda f: np.save(f / "label_codes.npy", np.array([{"a": 1}] * 13), allow_pickle=True),
            "label_codes.npy: is not a readable NumPy array",
        ),
        (
            lambda f: change_array(f, "label_starts.npy", 0, 1),
            "label_starts.npy: does not begin with 0",
        ),
        (lambda f: change_array(f, "label_starts.npy", 3, 2), "label_starts.npy: does not rise"),
        (
            lambda f: change_array(f, "label_starts.npy", -1, 13),
            "label_starts.npy: has a run from frame 13 of 13 on",
        ),
        (
            lambda f: change_array(f, "label_codes.npy", 4, 3),
            "label_codes.npy: holds 3, allowed are 0 to 2",
        ),
        (
            lambda f: np.save(f / "label_codes.npy", np.zeros(12, np.uint16)),
            "label_codes.npy: has 12 runs, the starts are 13",
        ),
        (
            lambda f: change_array(f, "label_sets.npy", (0, 1), 2),
            "label_sets.npy: holds other numbers than 0, 1 and -100",
        ),
        (
            lambda f: change_array(f, "label_sets.npy", (0, 1), 1),
            "label_sets.npy: row 0 is no class and not unscored",
        ),
        (
            lambda f: change_array(f, "label_sets.npy", (2, 1), 0),
            "label_sets.npy: row 2 is no class and not unscored",
        ),
        (
            lambda f: (f / "keypoints.npy").write_bytes((f / "keypoints.npy").read_bytes()[:-8]),
            "keypoints.npy: is not a readable",
        ),
    ],
)
def test_dataset_says_which_file_is_damaged(folder, damage, message):
    damage(folder)
    with pytest.raises(InputError, match=message):
        open_dataset(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "labels.npy").unlink(), "labels.npy: is missing"),
        (lambda f: rewrite_index(f, recordings=[]), "has shape .* asks for"),
        (
            lambda f: np.save(f / "labels.npy", np.zeros(12, np.int16)),
            r"labels.npy: has shape \(12,\), but the recordings of dataset.json have 13 frames",
        ),
        (lambda f: rewrite_index(f, class_names=["attack"]), "frame 1 has label 1, allowed"),
        (lambda f: np.save(f / "labels.npy", np.zeros(13)), "holds float64, expected int16"),
        (
            lambda f: np.save(f / "labels.npy", np.array([{"a": 1}] * 13), allow_pickle=True),
            "labels.npy: is not a readable NumPy array",
        ),
    ],
)
def test_dataset_of_an_earlier_release_says_which_file_is_damaged(folder, damage, message):
    make_earlier(folder)
    damage(folder)
    with pytest.raises(InputError, match=message):
        open_dataset(folder)


def test_dataset_that_is_missing_says_how_to_make_one(tmp_path):
    with pytest.raises(InputError, match=r"no such folder; make a dataset with python -m mabe_lit"):
        open_dataset(tmp_path / "nowhere")
