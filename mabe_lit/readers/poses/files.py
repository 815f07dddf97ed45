"""Which files of a folder are its recordings: each recording once, by a rule, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

from mabe_lit.readers.names import JABS_RUN, PoseName, composed, parse_pose_name
from mabe_lit.shell import InputError

_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")
_SUFFIX_ORDER = (*_TABLE_SUFFIXES, ".h5", ".hdf5", ".slp")
_MOST_NAMED = 5


@dataclass(frozen=True)
class PoseFiles:
    """The pose file of each recording.

    Attributes:
        names: What the recordings are called; of one in a folder ``day1/video``.
        files: The file of each.
        notes: What was taken and what was not, a line each.
    """

    names: tuple[str, ...]
    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.files)


def is_named_as_poses(file: Path) -> bool:
    """Whether a file has a name that a tracker gave it, whatever is in it."""
    is_hdf5 = file.suffix.lower() in (".h5", ".hdf5", ".slp")
    return is_hdf5 or (file.suffix.lower() == ".csv" and bool(parse_pose_name(file).run))


def choose_pose_files(
    root: Path,
    files: Sequence[Path],
    *,
    pose_pattern: str | None = None,
    name_until: str | None = None,
) -> PoseFiles:
    """Choose the file of each recording.

    A recording may have several files of one run of its tracker: then the filtered one counts
    before the other, the latest version of JABS's before earlier ones, and CSV before HDF5. SLEAP's
    project counts where nothing was exported from it. Which of several runs counts, such as those
    of two networks, no rule decides. DeepLabCut's labelled images (``CollectedData``) and skeleton
    tables, and what JABS keeps in ``jabs`` beside its poses, are no tracks.

    Args:
        root: The folder that the names count from.
        files: Pose files in it, in the order of the recordings.
        pose_pattern: Only files of such a name count, such as ``*_filtered.h5``; with a ``/`` in it
            the path within ``root`` is meant.
        name_until: See ``parse_pose_name``.

    Raises:
        InputError: If a recording has files of several runs, or nothing is left.
    """
    of_jabs = _inside_jabs_projects(files)
    tracks = [f for f in files if f not in of_jabs and not _is_other_output(f, files)]
    notes = []
    if len(tracks) < len(files):
        others = [file.name for file in files if file not in tracks]
        what = "skeletons, labelled images, exported projects, JABS's own files"
        notes.append(f"{what}, left out: {_some(others)}")
    if not tracks:
        raise InputError(f"--poses {root}: holds no tracks, but {_some([f.name for f in files])}")
    if pose_pattern is not None:
        tracks = [file for file in tracks if _fits(file, root, pose_pattern)]
        if not tracks:
            found = _some([file.name for file in files])
            raise InputError(f"--pose_pattern {pose_pattern}: fits none of {found}")
    if name_until is not None and not any(_is_in(name_until, file) for file in tracks):
        found = _some([file.name for file in tracks])
        raise InputError(f"--name_until {name_until}: is in none of the names {found}")
    groups = _group(root, tracks, name_until)
    chosen = {name: _choose(root, name, group) for name, group in groups.items()}
    several = [name for name, group in groups.items() if len(group) > 1]
    if several:
        name = several[0]
        left = [file.name for file in groups[name] if file != chosen[name]]
        notes.append(
            f"{len(several)} of {len(groups)} recordings have several files of one run, of which "
            "the filtered one is taken before the other, JABS's latest version before earlier "
            "ones, and CSV before HDF5; such as "
            f"{name}: {chosen[name].name}, not {', '.join(left)}"
        )
    notes += _tell_guesses(chosen, {name: groups[name][file] for name, file in chosen.items()})
    return PoseFiles(tuple(chosen), tuple(chosen.values()), tuple(notes))


def _tell_guesses(chosen: Mapping[str, Path], found: Mapping[str, PoseName]) -> list[str]:
    """Notes on the recordings whose names may have been cut at another place."""
    guesses = [name for name in found if found[name].is_guess]
    of_sleap = [name for name in guesses if found[name].run.endswith(".analysis")]
    of_dlc = [name for name in guesses if name not in of_sleap]
    notes = []
    if of_dlc:
        name = of_dlc[0]
        notes.append(
            f"{len(of_dlc)} names are cut at their first DLC, where the tracker's part need not "
            f"begin, such as {name} of {chosen[name].name}; --name_until cuts elsewhere"
        )
    if of_sleap:
        name = of_sleap[0]
        notes.append(
            f"{len(of_sleap)} names are taken to begin with SLEAP's project and a number, which "
            f"are left out, such as {name} of {chosen[name].name}; --name_until .analysis takes "
            "all before that"
        )
    return notes


_Group = Mapping[Path, PoseName]


def _group(root: Path, files: Sequence[Path], name_until: str | None) -> Mapping[str, _Group]:
    """The files of each recording, by its name within ``root``."""
    parsed = {file: parse_pose_name(file, name_until) for file in files}
    plain = {(file.parent, name.recording) for file, name in parsed.items()}
    groups: dict[str, dict[Path, PoseName]] = {}
    for file, name in parsed.items():
        bare = name.recording.removesuffix("_filtered")
        if not name.run and bare != name.recording and (file.parent, bare) in plain:
            name = PoseName(bare, is_filtered=True)
        folder = file.parent.relative_to(root) if file.is_relative_to(root) else PurePath()
        groups.setdefault(composed((folder / name.recording).as_posix()), {})[file] = name
    return groups


def _choose(root: Path, name: str, group: _Group) -> Path:
    exports = {file: found for file, found in group.items() if file.suffix.lower() != ".slp"}
    candidates = exports or group
    if len({found.run for found in candidates.values()}) > 1:
        listed = ", ".join(file.name for file in candidates)
        raise InputError(
            f"--poses {root}: recording {name!r} has several pose files: {listed}; no rule says "
            "which counts: choose by name with --pose_pattern, or if they are of several "
            "recordings, tell with --name_until where their names end"
        )
    return min(
        candidates,
        key=lambda file: (
            not candidates[file].is_filtered,
            -candidates[file].version,
            _SUFFIX_ORDER.index(file.suffix.lower()) if file.suffix.lower() in _SUFFIX_ORDER else 9,
        ),
    )


def _inside_jabs_projects(files: Sequence[Path]) -> set[Path]:
    """Features, predictions and copies of poses that JABS keeps in ``jabs`` beside its poses."""
    projects = {file.parent for file in files if parse_pose_name(file).run.startswith(JABS_RUN)}
    return {
        file
        for file in files
        if any(folder.name == "jabs" and folder.parent in projects for folder in file.parents)
    }


def _is_other_output(file: Path, files: Sequence[Path]) -> bool:
    if file.suffix.lower() == ".slp":
        exports = [other for other in files if other.name.startswith(f"{file.stem}.")]
        return any(other.parent == file.parent and other != file for other in exports)
    run = parse_pose_name(file).run
    is_skeleton = bool(run) and run.removesuffix("_filtered").endswith("_skeleton")
    return is_skeleton or file.name.startswith("CollectedData_")


def _fits(file: Path, root: Path, pattern: str) -> bool:
    inside = file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name
    return fnmatchcase(composed(inside if "/" in pattern else file.name), composed(pattern))


def _is_in(text: str, file: Path) -> bool:
    return composed(text) in composed(file.stem)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
