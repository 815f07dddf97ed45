"""Opening an HDF5 pose file and telling whose it is."""

from __future__ import annotations

from pathlib import Path

from mabe_lit.readers import deeplabcut_hdf5, sleap
from mabe_lit.readers.files import HDF5_MAGIC
from mabe_lit.readers.hdf5_heap import check_heaps
from mabe_lit.readers.tracks import Tracks
from mabe_lit.shell import InputError


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head == HDF5_MAGIC.decode("latin1")


def read(path: Path) -> Tracks:
    """Read a SLEAP analysis file or DeepLabCut's HDF5.

    Raises:
        InputError: If h5py is not installed, or the file is damaged or of another kind.
    """
    try:
        import h5py
    except ImportError as error:
        raise InputError(
            f"{path}: HDF5 files need h5py, which is not installed: pip install 'mabe_lit[hdf5]'"
        ) from error
    check_heaps(path)
    try:
        with h5py.File(path, "r") as file:
            if sleap.matches(file):
                return sleap.read(path, file)
            if group := deeplabcut_hdf5.find_table(file):
                return deeplabcut_hdf5.read(path, group)
            found = ", ".join(file) or "nothing"
    except InputError:
        raise
    except Exception as error:  # h5py raises nearly anything on a damaged file
        raise InputError(f"{path}: is a damaged or incomplete HDF5 file ({error})") from error
    raise InputError(
        f"{path}: holds {found}, expected SLEAP's tracks and node_names or DeepLabCut's table"
    )
