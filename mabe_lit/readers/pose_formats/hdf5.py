"""Opening an HDF5 pose file and telling whose it is."""

from __future__ import annotations

from pathlib import Path

from mabe_lit.readers.files import HDF5_MAGIC
from mabe_lit.readers.pose_formats import deeplabcut_hdf5, jabs, sleap, sleap_project
from mabe_lit.readers.pose_formats.hdf5_heap import check_heaps
from mabe_lit.readers.tracks.tracks import Tracks
from mabe_lit.shell import InputError


def matches(head: str) -> bool:
    """Whether a file that begins with ``head`` is of this format."""
    return head == HDF5_MAGIC.decode("latin1")


def read(path: Path) -> Tracks:
    """Read SLEAP's analysis file or project, DeepLabCut's HDF5, or JABS's poses.

    Raises:
        InputError: If h5py is not installed, or the file is damaged or of another kind.
    """
    return _read(path, names_only=False)


def read_names(path: Path) -> Tracks:
    """Animals and key points alone, without rows."""
    return _read(path, names_only=True)


def _read(path: Path, *, names_only: bool) -> Tracks:
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
                return sleap.read(path, file, names_only=names_only)
            if sleap_project.matches(file):
                return sleap_project.read(path, file, names_only=names_only)
            if group := deeplabcut_hdf5.find_table(file):
                return deeplabcut_hdf5.read(path, group, names_only=names_only)
            if jabs.matches(file):
                return jabs.read(path, file, names_only=names_only)
            found = ", ".join(file) or "nothing"
    except InputError:
        raise
    except Exception as error:  # h5py raises nearly anything on a damaged file
        raise InputError(f"{path}: is a damaged or incomplete HDF5 file ({error})") from error
    raise InputError(
        f"{path}: holds {found}, expected SLEAP's tracks and node_names, DeepLabCut's table or "
        "JABS's group poseest"
    )
