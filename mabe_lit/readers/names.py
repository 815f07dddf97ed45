"""What a file's name tells: whose recording it is of, and which run of which tool made it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mabe_lit.shell import InputError

VIDEO_SUFFIXES = (
    *(".mp4", ".avi", ".mov", ".mkv", ".m4v", ".mpg", ".mpeg", ".wmv", ".webm", ".mts", ".m2ts"),
    *(".h264", ".h265", ".seq", ".asf", ".3gp", ".ts", ".flv", ".tif", ".tiff", ".ogv", ".vob"),
)
"""Endings that a video's file may have; any other belongs to its name."""
_SEPARATORS = "_-. "
_NETWORKS = (
    "resnet|mobilenet|efficientnet|effnet|dlcrnet|hrnet|dekr|tokenpose|animaltokenpose|rtmpose|"
    "cspnext|ctd|buctd|cond_pre_net"
)
# SLEAP's export: project, number of the video, video. Projects are numbered too: ``labels.v001``.
_SLEAP_EXPORT = re.compile(r"(.+?)\.\d{3,}_(.+)", re.DOTALL)
_SLEAP_PROJECT = re.compile(r".*\.v\d{3,}", re.DOTALL)
# DeepLabCut's scorer, which earlier releases began with DeepCut; a project may be called DLC too.
_SCORER = re.compile(rf"(?:DLC|DeepCut)_(?i:{_NETWORKS})")
_SUPERANIMAL = "_superanimal_"
JABS_RUN = "_pose_est"
"""What JABS writes behind the name, before the version of its format."""
_JABS = re.compile(r"(.+)_pose_est_v(\d+)(?!\d)(.*)", re.DOTALL)


@dataclass(frozen=True)
class PoseName:
    """A pose file's name, taken apart.

    Attributes:
        recording: What the recording is called, see ``composed``.
        run: The tool's part, which says with what and how the video was tracked.
        is_filtered: Whether the tool smoothed these tracks afterwards.
        is_guess: Whether the recording's name may have been cut at another place.
        version: Of the tool's format, where it writes several of one run; the latest has the most.
    """

    recording: str
    run: str = ""
    is_filtered: bool = False
    is_guess: bool = False
    version: int = 0


def parse_pose_name(path: Path, name_until: str | None = None) -> PoseName:
    """Take a pose file's name apart where its tool's part begins.

    DeepLabCut writes the video's name, then ``DLC_resnet50_...``, or ``_superanimal_...`` for the
    models that it comes with. SLEAP writes ``mouse.mp4.predictions.analysis.h5`` or, by project and
    number of the video, ``labels.v001.000_mouse.analysis.h5``. Projects may be called anything, so
    ``exp.000_mouse.analysis.h5`` is cut alike, which is a guess. JABS writes
    ``mouse_pose_est_v5.h5``. Any other name is the recording's.

    Args:
        path: The file.
        name_until: Text at which the tool's part begins, where a name has it.

    Raises:
        InputError: If nothing is before ``name_until``.
    """
    stem, name_until = composed(path.stem), name_until and composed(name_until)
    if name_until and name_until in stem:
        recording, _, run = stem.partition(name_until)
        if not recording.rstrip(_SEPARATORS):
            raise InputError(f"--name_until {name_until}: nothing is left of {path.name}")
        return _parsed(recording, name_until + run)
    if stem.endswith((".analysis", ".predictions")) or path.suffix.lower() == ".slp":
        video = stem.removesuffix(".analysis").removesuffix(".predictions")
        export = _SLEAP_EXPORT.fullmatch(video) if stem.endswith(".analysis") else None
        is_guess = export is not None and not _SLEAP_PROJECT.fullmatch(export[1])
        video = export[2] if export else video
        if Path(video).suffix.lower() in VIDEO_SUFFIXES:
            video = Path(video).stem
        return PoseName(video, stem, is_guess=is_guess)
    found = _JABS.fullmatch(stem)
    if found and found[1].rstrip(_SEPARATORS):
        recording, version, rest = found.groups()
        return replace(_parsed(recording, JABS_RUN + rest), version=int(version))
    if _SUPERANIMAL in stem and not stem.startswith(_SUPERANIMAL):
        recording, _, run = stem.partition(_SUPERANIMAL)
        return _parsed(recording, _SUPERANIMAL + run)
    scorer = _SCORER.search(stem)
    start = scorer.start() if scorer else stem.find("DLC")
    if start <= 0 or not stem[:start].rstrip(_SEPARATORS):
        return PoseName(stem)
    is_whole_word = stem[start:] == "DLC" or stem.startswith("DLC_", start)
    is_guess = not scorer and (stem.count("DLC") > 1 or not is_whole_word)
    return _parsed(stem[:start], stem[start:], is_guess=is_guess)


def recording_name(path: Path, name_until: str | None = None) -> str:
    """What a pose file's recording is called, without its folder; see ``parse_pose_name``."""
    return parse_pose_name(path, name_until).recording


def owner_of(file: Path, names: Sequence[str], root: Path | str | None = None) -> str | None:
    """The recording that an annotation file is named after.

    That is the one whose name, without its folders, the file's stem begins with, followed by
    nothing or by a separator (no letter, no digit); the longest such name. An annotation in a
    folder of recordings is of one of these. Where annotations or poses lie in one flat folder, or
    their folders begin alike (``day1/video``, ``day1/labels/video_a``), the one fits that is
    nearest.

    Args:
        file: An annotation file.
        names: The recordings; of one in a folder ``day1/video``.
        root: The folder of all annotations, which ``file`` lies in; None if it is not known, as for
            an annotation given by itself.

    Raises:
        InputError: If recordings of several folders fit equally.
    """
    folders: tuple[str, ...] = ()
    if root is not None and file.is_relative_to(root):
        folders = tuple(map(composed, file.relative_to(root).parts[:-1]))
    own = {name: tuple(composed(name).split("/")[:-1]) for name in names}
    beside = [name for name in names if folders and own[name] == folders]
    nearness = {
        name: (own[name] == folders, _shared(own[name], folders), len(_last(name)))
        for name in beside or names
        if begins_with(file.stem, _last(name))
        and (not own[name] or not folders or _shared(own[name], folders))
    }
    if not nearness:
        return None
    best = max(nearness.values())
    found = [name for name in nearness if nearness[name] == best]
    if len(found) > 1:
        raise InputError(
            f"{file}: may be of any of the recordings {', '.join(found)}; put annotations into "
            "folders as the poses are"
        )
    return found[0]


def _parsed(recording: str, run: str, *, is_guess: bool = False) -> PoseName:
    bare = run.removesuffix("_filtered")
    return PoseName(recording.rstrip(_SEPARATORS), bare, bare != run, is_guess)


def begins_with(stem: str, name: str) -> bool:
    """Whether a file's stem is a recording's name, or that and a separator, then anything.

    Names that look alike are alike, see ``composed``.
    """
    stem, name = composed(stem), composed(name)
    after = stem[len(name) : len(name) + 1]
    is_apart = not after.isalnum() and not (after and unicodedata.combining(after))
    return stem.startswith(name) and is_apart


def is_doubtful(file: Path, name: str) -> bool:
    """Whether an annotation file that ``owner_of`` gives to a recording may be of another one.

    That is so where a number follows the recording's name, as in ``trial1_2_labels.csv`` of
    ``trial1``: it may be a date or a version, or count a recording that was not tracked.

    Args:
        file: The annotation file.
        name: The recording; of one in a folder ``day1/video``.
    """
    rest = composed(file.stem).removeprefix(_last(name))
    return bool(re.match(r"[\W_]+\d", rest))


def composed(text: str) -> str:
    """The text with every accent in one character with its letter (NFC).

    Some systems write accents behind their letters, others do not; the names look the same.
    """
    return unicodedata.normalize("NFC", text)


def _last(name: str) -> str:
    """A recording's name without its folders."""
    return composed(name.rpartition("/")[2])


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many folders two paths begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((depth for depth, (a, b) in pairs if a != b), min(len(one), len(other)))
