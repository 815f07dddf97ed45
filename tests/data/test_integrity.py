import json
import pickle
import struct

import numpy as np
import pytest
from acting import of_independent, of_many
from tiny import flip, make_earlier

from mabe_lit.data import Task, check_poses, open_dataset, verify_dataset, write_dataset
from mabe_lit.data.digest import checksum
from mabe_lit.data.split import open_scored
from mabe_lit.pose import Recording
from mabe_lit.shell import InputError, InputWarning
from mabe_lit.simulation import simulate_recordings

LABELS = ("label_starts.npy", "label_codes.npy", "label_sets.npy")
FILES = ("keypoints.npy", "likelihood.npy")
SAID = ".*has label|does not|has a run|holds|row"
"""What opening says of arrays of labels that cannot be."""


@pytest.fixture
def folder(tmp_path):
    recordings = simulate_recordings(2, 60, 0)
    for recording in recordings:
        shape = recording.keypoints.shape[:-1]
        object.__setattr__(recording, "likelihood", np.full(shape, 0.5, np.float32))
    write_dataset(recordings, tmp_path / "set", source={"likelihood_below": 0.25})
    return tmp_path / "set"


def rewrite_index(folder, **changes):
    file = folder / "dataset.json"
    index = json.loads(file.read_text()) | changes
    file.write_text(json.dumps(index))


def header_bytes(file):
    with file.open("rb") as stream:
        np.lib.format.read_magic(stream)
        np.lib.format.read_array_header_1_0(stream)
        return stream.tell()


def test_dataset_as_written_is_verified(folder):
    verify_dataset(open_dataset(folder))


@pytest.mark.parametrize(
    ("name", "is_earlier"),
    [
        *((name, False) for name in (*FILES, *LABELS)),
        *((name, True) for name in (*FILES, "labels.npy")),
    ],
)
def test_flipped_byte_of_an_array_is_noticed(folder, name, is_earlier):
    if is_earlier:
        make_earlier(folder)
    file = folder / name
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.integers(header_bytes(file), len(whole), 20):
        flip(file, place)
        with pytest.raises(InputError, match=rf"{name}: (is damaged|{SAID})|is damaged, .*{name}"):
            verify_dataset(open_dataset(folder))
        file.write_bytes(whole)


def described(dataset):
    names = (dataset.animal_names, dataset.keypoint_names, dataset.class_names)
    rows = (dataset.entries, dataset.tracks, dataset.is_independent)
    sets = [None if s is None else s.tolist() for s in (dataset.looked_for, dataset.point_sets)]
    return (*names, *rows, sets, dataset.source, dataset.digest)


@pytest.mark.parametrize("of", [None, of_many])
def test_every_flipped_byte_of_the_index_is_noticed_or_means_the_same(folder, of):
    if of is not None:
        write_dataset(of(), folder, overwrite=True)
    file = folder / "dataset.json"
    whole = file.read_bytes()
    meant = described(open_dataset(folder))
    rng = np.random.default_rng(0)
    noticed = 0
    for place in range(len(whole)):
        flip(file, place, int(rng.integers(1, 256)))
        try:
            found = described(open_dataset(folder))
        except InputError:
            noticed += 1
        else:
            assert found == meant
        file.write_bytes(whole)
    white_space = whole.count(b" ") + whole.count(b"\n")
    assert noticed >= len(whole) - white_space - len("checksum")


@pytest.mark.parametrize(
    "changes",
    [
        {"class_names": ["attack", "investigation", "mount", "others"]},
        {"source": {"likelihood_below": 0.5}},
    ],
)
def test_edited_index_is_refused_until_its_checksum_is_deleted(folder, changes):
    rewrite_index(folder, **changes)
    with pytest.raises(InputError, match=r"dataset\.json: is damaged, .* delete its key checksum"):
        open_dataset(folder)
    index = json.loads((folder / "dataset.json").read_text())
    del index["checksum"]
    (folder / "dataset.json").write_text(json.dumps(index))
    key, value = next(iter(changes.items()))
    found = getattr(open_dataset(folder), key)
    assert (list(found) if isinstance(value, list) else found) == value


@pytest.mark.parametrize("key", ["background", "reading"])
def test_source_of_another_type_is_refused(folder, key):
    rewrite_index(folder, source={key: [1]})
    with pytest.raises(InputError, match=rf"dataset\.json: .*source: {key}: cannot be \[1\]"):
        open_dataset(folder)


def test_index_of_an_earlier_release_is_verified_by_its_digest(folder):
    make_earlier(folder)
    verify_dataset(open_dataset(folder))
    rewrite_index(folder, class_names=["attack", "investigation", "mount", "others"])
    with pytest.raises(InputError, match=r"set: is damaged, .* or dataset\.json is not as it was"):
        verify_dataset(open_dataset(folder))


def test_dataset_without_a_digest_cannot_be_verified(folder):
    make_earlier(folder)
    rewrite_index(folder, digest=None)
    with pytest.warns(InputWarning, match="cannot be verified, an earlier release wrote it"):
        verify_dataset(open_dataset(folder))


def test_axes_in_another_order_are_noticed(folder):
    file = folder / "keypoints.npy"
    content = file.read_bytes()
    file.write_bytes(content.replace(b"'fortran_order': False", b"'fortran_order': True ", 1))
    with pytest.raises(InputError, match=r"keypoints\.npy: is damaged"):
        verify_dataset(open_dataset(folder))


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e30, -1.1e6])
def test_coordinate_out_of_all_range_is_named(folder, value):
    points = np.lib.format.open_memmap(folder / "keypoints.npy", mode="r+")
    points[60 + 7, 1, 3, 0] = value
    points.flush()
    second = open_dataset(folder).entries[1].name
    message = rf"val: .*keypoints\.npy: recording '{second}', frame 7: a coordinate is "
    with pytest.raises(InputError, match=message):
        open_scored("val", str(folder))


def test_coordinate_out_of_all_range_is_named_wherever_it_is_in_a_large_file(tmp_path):
    points = np.zeros((5000, 1, 100, 2), np.float32)  # 4 MB, so that they are read in pieces
    names = tuple(str(number) for number in range(100))
    recordings = [Recording.unscored(name, points, 30.0, ("m",), names) for name in "abc"]
    write_dataset(recordings, tmp_path / "set", source={})
    written = np.lib.format.open_memmap(tmp_path / "set/keypoints.npy", mode="r+")
    written[2 * 5000 + 900, 0, 40, 1] = np.inf
    written.flush()
    with pytest.raises(InputError, match=r"recording 'c', frame 900: a coordinate is inf"):
        check_poses(open_dataset(tmp_path / "set"))


def test_coordinates_that_are_missing_or_of_a_large_picture_are_fine(folder):
    points = np.lib.format.open_memmap(folder / "keypoints.npy", mode="r+")
    points[3] = np.nan
    points[4] = -1e6
    points.flush()
    check_poses(open_dataset(folder))


def damage_header(folder, old, new):
    file = folder / "keypoints.npy"
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"{'descr'", b"{'desc'r"),
        (b"{'descr'", b"(((((((("),
        (b"'<f4'", b"'''''"),
        (b"False", b"Fal\\\n"),
        (b"(120,", b"(12\0,"),
        (b"(120, 2, 7, 2)", b"(12**9999,2,7)"),
        (b"(120, 2, 7, 2)", b"(10**99, 2, 7)"),
        (b"(120, 2, 7, 2)", b"(999999999999,)"),
        (b"(120, 2, 7, 2)", b"(-20, 2, 7, 2)"),
        (b"\x93NUMPY\x01", b"\x93NUMPY\x02"),
        (b"\x93NUMPY", b"PK\x03\x04\0\0"),
        (b"'<f4'", b"'|O8'"),
        (b"'<f4'", b"'>f4'"),
    ],
)
def test_damaged_header_is_one_line_that_names_the_file(folder, old, new):
    damage_header(folder, old, new)
    with pytest.raises(InputError, match=r"keypoints\.npy: ") as found:
        open_dataset(folder)
    assert len(str(found.value)) < 500


def test_pickle_in_the_place_of_an_array_is_never_loaded(folder):
    (folder / "label_sets.npy").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match=r"label_sets\.npy: is not a readable NumPy array"):
        open_dataset(folder)


def test_pickle_in_the_place_of_an_earlier_array_is_never_loaded(folder):
    make_earlier(folder)
    (folder / "labels.npy").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(InputError, match=r"labels\.npy: is not a readable NumPy array"):
        open_dataset(folder)


def test_bytes_too_many_are_noticed(folder):
    file = folder / "keypoints.npy"
    content = file.read_bytes()
    middle = len(content) // 2
    file.write_bytes(content[:middle] + struct.pack("<f", 3.0) + content[middle:])
    with pytest.raises(InputError, match=r"keypoints\.npy: is damaged, it has \d+ bytes, but"):
        open_dataset(folder)


WRONG = (None, [], {}, "text", True, -1, 1.5, 10**400, 1e999, [[]], [None], {"a": 1})


def places(value, path=()):
    """Every place in a JSON document, the document itself first."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))
        else:
            yield (*path, key)


def changed(document, path, value):
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(document[path[0]], path[1:], value)
    return copy


MAY_BE_OTHERWISE = {"digest", "source", "files", "recordings", "is_independent"} | {
    f"{kind}_names" for kind in ("animal", "keypoint", "class")
}


def refusal(folder):
    """Why a folder is not opened; what is opened is all there."""
    try:
        dataset = open_dataset(folder)
        assert [len(recording) for recording in dataset]
        Task.of(dataset)
    except InputError as error:
        return str(error)
    return None


MAY_ALSO_BE_OTHERWISE = MAY_BE_OTHERWISE | {"tracks", "looked_for", "point_sets"}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda value: f"{value!r:.10}")
@pytest.mark.parametrize("of", [None, of_many, of_independent])
def test_wrong_type_anywhere_in_the_index_is_one_line(folder, wrong, of):
    if of is not None:
        write_dataset(of(), folder, overwrite=True)
    may_be = MAY_BE_OTHERWISE if of is None else MAY_ALSO_BE_OTHERWISE
    file = folder / "dataset.json"
    index = json.loads(file.read_text())
    del index["checksum"]  # or it alone would notice
    for path in places(index):
        document = changed(index, path, wrong)
        file.write_text(json.dumps(document))
        problem = refusal(folder)
        if problem is None:
            assert document == index or path[0] in may_be
        else:
            assert "dataset.json" in problem or ".npy" in problem
            assert len(problem) < 1000


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "NaN", "9" * 5000, "\ud800"])
def test_index_that_is_no_json_is_one_line(folder, text):
    (folder / "dataset.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=r"dataset\.json: is not valid JSON"):
        open_dataset(folder)


def test_checksum_covers_all_but_itself():
    index = {"a": 1, "source": {"b": [0.1, None, "é"]}}
    read_again = json.loads(json.dumps(index | {"checksum": "x"}))
    assert checksum(read_again) == checksum(index)
    assert checksum(index | {"a": 2}) != checksum(index)
