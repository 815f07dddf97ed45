"""The videos of MABe 2025 as recordings, one by one.

Source: https://www.kaggle.com/competitions/MABe-mouse-behavior-detection.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations
from pathlib import Path

from mabe_lit.pose import Recording
from mabe_lit.pose.mabe2025_labels import SELF, Labeled
from mabe_lit.readers.mabe2025.bouts import label_tracks, read_bouts, unscored_tracks
from mabe_lit.readers.mabe2025.mending import Mender, rules_of
from mabe_lit.readers.mabe2025.parquet import import_pyarrow
from mabe_lit.readers.mabe2025.points import SYNONYMS, in_usual_order, synonyms_among
from mabe_lit.readers.mabe2025.tracking import read_points, read_tracking
from mabe_lit.readers.mabe2025.videos import SPLITS, Video, read_rows
from mabe_lit.shell import InputError, describe_error

_MOST_NAMED = 3
_SKIP = "; --skip_bad true goes on without such videos"


class Mabe2025:
    """Videos of one folder; what is held is the table, and one video at a time.

    Attributes:
        videos: The videos that are taken, in the table's order.
        keypoint_names: All points that any of them has, or those of them that were asked for.
        class_names: All actions that somebody looked for in any of them.
    """

    def __init__(
        self,
        videos: Sequence[Video],
        *,
        mend: bool | Sequence[str] = True,
        synonyms: bool = False,
        keypoints: Sequence[str] | None = None,
        skip_bad: bool = False,
        bad: Sequence[str] = (),
        unscored: int = 0,
    ) -> None:
        """See ``read_mabe2025``; ``bad`` rows and so many ``unscored`` videos were left out."""
        self.videos = tuple(videos)
        self._unscored = unscored
        self._synonyms = synonyms
        self._skip_bad = skip_bad
        self._rules = rules_of(mend)
        self._mender = Mender(self._rules)
        self._bad = dict.fromkeys(bad)
        self._renamed: list[str] = []
        self._untracked: dict[str, set[str]] = {}
        self._without_tracks: dict[str, None] = {}
        self.keypoint_names = _chosen(self._find_points(), keypoints)
        actions = {what.action for video in self.videos for what in video.labeled}
        self.class_names = tuple(sorted(actions))

    def recordings(self) -> Iterator[Recording]:
        """Read the videos, one after the other.

        Labels are independent: 1 and 0 where ``behaviors_labeled`` has agent, target and action,
        unscored elsewhere, before the first tracked frame, and in all of a test video. Frames are
        those of ``video_frame``; ones without rows are untracked.

        Raises:
            InputError: If a file is missing, damaged or contradicts the table, unless such videos
                are skipped; also then if none is left.
        """
        self._mender = Mender(self._rules)
        count = 0
        for video in self.videos:
            try:
                recording = self._read(video)
            except (InputError, OSError) as error:
                self._skip(error)
                continue
            if recording is not None:
                count += 1
                yield recording
        if not count:
            raise InputError(f"no video is left: {'; '.join(self.notes())}")

    def notes(self) -> list[str]:
        """What was found and done, a line each; complete after the last recording."""
        found = self._mender.notes()
        if self._bad:
            found.append(f"{len(self._bad)} videos left out: {_listed(list(self._bad), '; ')}")
        if self._unscored:
            found.append(
                f"{self._unscored} videos that nobody scored are left out; --unscored true takes "
                "them"
            )
        if self._untracked:
            mice = sorted(set().union(*self._untracked.values()))
            found.append(
                f"behaviors_labeled of {len(self._untracked)} videos names mice that have no "
                f"tracking ({', '.join(mice)}), such as {_listed(list(self._untracked))}; what "
                "they do and what is done to them has no label track"
            )
        if self._without_tracks:
            found.append(
                f"{len(self._without_tracks)} videos left out, as no mouse that is looked at has "
                f"tracking: {_listed(list(self._without_tracks))}"
            )
        if self._renamed:
            pairs = ", ".join(f"{old} for {new}" for old, new in SYNONYMS.items())
            found.append(
                f"synonyms: {pairs}; taken in {len(self._renamed)} videos, such as "
                f"{_listed(self._renamed)}"
            )
        return found

    def _find_points(self) -> tuple[str, ...]:
        """The points of all videos, of the table and of the files; bad files are left out."""
        names: dict[str, None] = {}
        readable = []
        for video in self.videos:
            try:
                points = dict.fromkeys([*video.body_parts, *read_points(video.tracking)])
            except (InputError, OSError) as error:
                self._skip(error)
                continue
            readable.append(video)
            synonyms = synonyms_among(points) if self._synonyms else {}
            names |= dict.fromkeys(synonyms.get(point, point) for point in points)
            if synonyms:
                self._renamed.append(video.name)
        if not readable:
            raise InputError(f"no video is left: {'; '.join(self.notes())}")
        self.videos = tuple(readable)
        return in_usual_order(names)

    def _skip(self, error: InputError | OSError) -> None:
        if not self._skip_bad:
            raise InputError(f"{describe_error(error)}{_SKIP}") from error
        self._bad[describe_error(error)] = None

    def _read(self, video: Video) -> Recording | None:
        synonyms = {}
        if self._synonyms:
            synonyms = synonyms_among({*video.body_parts, *read_points(video.tracking)})
        tracking = read_tracking(video.tracking, self.keypoint_names, synonyms)
        N, animals = len(tracking.keypoints), tracking.animals
        labeled = self._of_tracked(video, animals)
        if video.labeled and not labeled:
            self._without_tracks[video.name] = None
            return None
        C = len(self.class_names)
        if not labeled:
            own = [(animal, SELF) for animal in animals]
            tracks = unscored_tracks([*own, *permutations(animals, 2)], C, N)
        elif video.split == "test":
            tracks = unscored_tracks({what[:2] for what in labeled}, C, N)
        else:
            frames = range(tracking.first_frame, N)
            bouts = self._mender.mend(video, read_bouts(video.annotation), frames)
            bouts = [bout for bout in bouts if bout.what in labeled]
            tracks = label_tracks(bouts, labeled, self.class_names, frames)
        return Recording(
            video.name,
            tracking.keypoints,
            tracks,
            video.fps,
            animals,
            self.keypoint_names,
            self.class_names,
            has_point=tracking.has_point,
            group=video.lab,
        )

    def _of_tracked(self, video: Video, animals: Sequence[str]) -> set[Labeled]:
        """What somebody looked for in mice that have tracking; notes the others."""
        known = {*animals, SELF}
        labeled = {what for what in video.labeled if known.issuperset(what[:2])}
        others = {mouse for what in video.labeled for mouse in what[:2]} - known
        if others:
            self._untracked[video.name] = others
        return labeled


def read_mabe2025(
    directory: Path | str,
    *,
    labs: Sequence[str] | None = None,
    split: str = "train",
    unscored: bool = False,
    mend: bool | Sequence[str] = True,
    synonyms: bool = False,
    keypoints: Sequence[str] | None = None,
    skip_bad: bool = False,
) -> Mabe2025:
    """Find the videos of MABe 2025's folder, to be read one by one.

    Args:
        directory: The folder of ``train.csv`` or ``test.csv``.
        labs: The labs to take; all if None.
        split: ``train`` or ``test``.
        unscored: Take videos in which nobody looked for anything as well.
        mend: Which faults of annotations to mend, see ``mending.RULES``; all, none, or by name.
        synonyms: Take ``SYNONYMS`` for the same points where a video has one of the two.
        keypoints: The points to take, by the names that they have then; all if None.
        skip_bad: Go on without videos that cannot be read.

    Raises:
        InputError: If the table or an option is wrong, there are no such videos, or, unless such
            are skipped, a tracking file is missing or damaged.
    """
    directory = Path(directory)
    if split not in SPLITS:
        raise InputError(f"--split is {split!r}, expected {' or '.join(SPLITS)}")
    rules_of(mend)  # before the files are read
    table = directory / f"{split}.csv"
    rows = list(read_rows(table))
    known = sorted({row.lab for row in rows})
    if unknown := [lab for lab in labs or () if lab not in known]:
        raise InputError(
            f"--labs: {table} has no videos of {', '.join(unknown)}; there are {', '.join(known)}"
        )
    import_pyarrow(directory)
    videos: list[Video] = []
    bad: list[str] = []
    for row in rows:
        if labs and row.lab not in labs:
            continue
        try:
            videos.append(row.video(directory, split))
        except InputError as error:
            if not skip_bad:
                raise InputError(f"{error}{_SKIP}") from error
            bad.append(str(error))
    taken = [video for video in videos if video.labeled or unscored]
    if not taken:
        raise InputError(
            f"{table}: in none of its {len(videos)} videos somebody looked for a behaviour; "
            f"--unscored true takes them{''.join(f'; {line}' for line in bad[:_MOST_NAMED])}"
        )
    return Mabe2025(
        taken,
        mend=mend,
        synonyms=synonyms,
        keypoints=keypoints,
        skip_bad=skip_bad,
        bad=bad,
        unscored=len(videos) - len(taken),
    )


def _chosen(known: tuple[str, ...], keypoints: Sequence[str] | None) -> tuple[str, ...]:
    if keypoints is None:
        return known
    if unknown := [name for name in keypoints if name not in known]:
        raise InputError(
            f"--keypoints: no video tracks {', '.join(unknown)}; there are {', '.join(known)}"
        )
    return tuple(dict.fromkeys(keypoints))


def _listed(names: Sequence[str], separator: str = ", ") -> str:
    more = len(names) - _MOST_NAMED
    shown = separator.join(names[:_MOST_NAMED])
    return f"{shown}{separator}and {more} more" if more > 0 else shown
