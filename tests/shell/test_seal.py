import io
import zipfile

import numpy as np
import pytest
import torch

from mabe_lit.shell import InputError, check_archive, seal_archive


def archive(seed=0):
    content = io.BytesIO()
    numbers = torch.from_numpy(np.random.default_rng(seed).normal(size=100))
    torch.save({"weights": numbers, "names": ["a", "b"]}, content)
    return content


@pytest.fixture
def sealed():
    content = archive()
    seal_archive(content)
    return content.getvalue()


def test_sealed_archive_is_whole_and_loads(sealed, tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(sealed)
    check_archive(path)
    expected = torch.load(io.BytesIO(archive().getvalue()), weights_only=True)
    found = torch.load(path, weights_only=True)
    assert torch.equal(found["weights"], expected["weights"])
    assert zipfile.ZipFile(path).testzip() is None


def test_every_flipped_byte_of_a_sealed_archive_is_noticed(sealed, tmp_path):
    path = tmp_path / "a.ckpt"
    rng = np.random.default_rng(1)
    for place in range(len(sealed)):
        damaged = bytearray(sealed)
        damaged[place] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"a\.ckpt: is damaged: .*; copy it again"):
            check_archive(path)


def test_every_length_but_the_whole_is_noticed(sealed, tmp_path):
    path = tmp_path / "a.ckpt"
    for size in range(4, len(sealed), 7):
        path.write_bytes(sealed[:size])
        with pytest.raises(InputError, match="is damaged"):
            check_archive(path)
    path.write_bytes(sealed + b"\0")
    with pytest.raises(InputError, match="is damaged"):
        check_archive(path)


def test_archive_without_a_digest_has_its_checksums_compared(tmp_path):
    path = tmp_path / "a.ckpt"
    path.write_bytes(archive().getvalue())
    check_archive(path)
    with zipfile.ZipFile(path) as opened:
        member = max(opened.infolist(), key=lambda info: info.file_size)
        content = opened.read(member)
    damaged = bytearray(archive().getvalue())
    place = bytes(damaged).index(content) + 17
    damaged[place] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(InputError, match=f"is damaged: the checksum of {member.filename}"):
        check_archive(path)


def test_file_that_is_no_archive_is_left_to_its_reader(tmp_path):
    path = tmp_path / "a.ckpt"
    for content in (b"", b"text", b"\x80\x02}q\x00."):
        path.write_bytes(content)
        check_archive(path)


def test_seal_wants_an_archive_without_a_comment(sealed):
    for content in (b"text", sealed):
        with pytest.raises(ValueError, match="Expected `archive` to be a zip archive"):
            seal_archive(io.BytesIO(content))
