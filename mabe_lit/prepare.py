"""``python -m mabe_lit.prepare``: pose and annotation files -> a dataset folder."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mabe_lit.shell import one_line_errors, parse_arguments

_HEADINGS = {
    "which files": "poses",
    "which animals and points": "animals",
    "which labels": "classes",
    "which frames": "fps",
}


def prepare(
    *,
    poses: str | None = None,
    annotations: str | None = None,
    output: str,
    force: bool = False,
    calms21: str | None = None,
    mabe2025: str | None = None,
    labs: list[str] | None = None,
    split: Literal["train", "test"] = "train",
    unscored: bool = False,
    mend: list[str] | None = None,
    synonyms: bool = False,
    pose_pattern: str | None = None,
    name_until: str | None = None,
    skip_bad: bool = False,
    animals: list[str] | None = None,
    animal_prefixes: list[str] | None = None,
    keypoints: list[str] | None = None,
    union: bool = False,
    rename: list[str] | None = None,
    likelihood_below: float = 0.1,
    classes: list[str] | None = None,
    background: str | None = None,
    channel: list[str] | str | None = None,
    subjects: Literal["scene", "each", "pairs"] = "scene",
    target_modifier: int | None = None,
    subject_is: list[str] | None = None,
    overlap: Literal["forbidden", "allowed"] | None = None,
    none_words: list[str] | None = None,
    open_until_end: bool = False,
    fps: float | None = None,
    videos: str | None = None,
    group_folder: int | None = None,
    label_fps: float | None = None,
    count_from: int | None = None,
    tracking_starts: int | None = None,
) -> None:
    """Turn pose and annotation files into a dataset folder to train, evaluate and test on.

    A recording is named by its pose file, up to where the tracker's suffix begins. Its labels are
    those of its video, where an annotation names the video, or else those in the file whose name
    begins with the recording's, followed by nothing or a separator. Prints what was found in a
    table, and what became of each word in the annotations.

    Args:
        poses: Pose file, or a folder of them and of folders.
        annotations: Annotation file, or a folder of them; may be the folder of the poses.
        output: Folder to write the dataset to.
        force: Replace a dataset that is already in the output folder.
        calms21: CalMS21's JSON file, instead of poses, annotations and classes.
        mabe2025: MABe 2025's folder, instead of poses, annotations and classes.
        labs: Its labs to take; all if left out.
        split: Which of its videos: those of train.csv, or of test.csv, which have no labels.
        unscored: Take its videos that nobody scored as well.
        mend: Which faults of its annotations to mend: all, which is so if left out, none, or any
            of snail_rate, outside_tracking, empty_bouts, unlisted_bouts.
        synonyms: Take its lateral_left and lateral_right for hip_left and hip_right.
        pose_pattern: Which pose files count, such as '*_filtered.h5', where a recording has
            several.
        name_until: Text at which the tool's part of a pose file's name begins, if it is an unknown
            one.
        skip_bad: Go on without recordings that cannot be read or have no labels; they are named.
        animals: How many animals there are, to join tracks that break off; or names of those to
            take.
        animal_prefixes: What the points of each animal begin with, such as B_ W_, in tables of one
            animal that hold several.
        keypoints: Points to take; those that all recordings share if left out, of MABe 2025 all.
        union: Take points that any recording has; those that another one does not track are never
            tracked there.
        rename: Other names of key points, each OLD=NEW.
        likelihood_below: Points that the tracker holds less likely than this are missing.
        classes: Behaviours to learn, one or more; frames of any other behaviour are unscored.
        background: Class of the frames that somebody watched and no interval covers, which are
            unscored without it; becomes the last of the classes if it is not among them.
        channel: Annotator's channel, such as S1, or BORIS's subject; or several, of which a file
            need not have all. Needed where a file has several channels.
        subjects: Whose labels: of the scene, all animals together; of each animal, and where the
            annotation directs them to another one, of the pair; or all of pairs.
        target_modifier: Which of the modifiers, from 1 on, names the target; whichever names an
            animal if left out.
        subject_is: Other names of animals in the annotations, each NAME=ANIMAL.
        overlap: Whether several behaviours may happen in one frame, each yes or no; forbidden if
            left out, unless columns of 0 and 1 overlap.
        none_words: Words for frames in which somebody looked and no behaviour happens, where
            several may; each WORD or CHANNEL=WORD. Elsewhere words that are not among the classes
            say that nobody looked for the behaviours of their channel.
        open_until_end: Take what was started and never stopped to the end of its recording.
        fps: Frames per second of the videos, where neither the table of videos nor an annotation
            tells; 30 if left out.
        videos: CSV of what is known of each video: name, and any of fps, label_fps, first_frame
            (where in the tracking the labelled clip begins), scored_start_s and scored_stop_s
            (outside, nobody watched), and group (such as a lab, a rater or a camera).
        group_folder: Which folder of a recording's name, from 1 on, is its group: of
            lab2/day1/video the first is lab2.
        label_fps: Frames per second that the labels count at, where it is not that of the tracking.
        count_from: Number of the first frame, 0 or 1, in tables of labels that begin at 1; if left
            out, what fits the tracking.
        tracking_starts: Frame of the tracking's first row, if the rows' own numbers do not tell.

    Raises:
        InputError: If an option or a file is wrong; nothing is written then.
        OSError: If the output cannot be written.
    """
    given = dict(locals())
    # The readers and numpy take a moment to import; --help and a wrong key do not wait for them.
    from mabe_lit.data import check_writable, write_dataset
    from mabe_lit.data.tally import Tally, format_tallies, tallied
    from mabe_lit.readers import check_reading_options, open_source

    check_reading_options(fps, likelihood_below, label_fps=label_fps, count_from=count_from)
    check_writable(Path(output), overwrite=force)
    parameters = inspect.signature(prepare).parameters
    source = open_source(given, {key: each.default for key, each in parameters.items()})
    tallies: list[Tally] = []
    recordings = tallied(source.recordings, tallies, may_be_unscored=source.may_be_unscored)
    try:
        write_dataset(recordings, output, source=source.about, overwrite=force)
    finally:
        source.warn()
    print(format_tallies(tallies))
    for line in source.left_over():
        print(line)
    print(f"\n{len(tallies)} recordings written to {output}")
    for line in source.assumed():
        print(line)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    with one_line_errors():
        arguments = parse_arguments(
            prepare, argv, prog="python -m mabe_lit.prepare", headings=_HEADINGS
        )
        prepare(**arguments)


if __name__ == "__main__":
    main()
