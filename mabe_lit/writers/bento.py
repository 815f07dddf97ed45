"""Bento: ``NAME.annot``, annotation text that Bento opens, and MARS likewise.

Frames count from 1 and both ends are in the bout. The video is called ``NAME.mp4`` in it, since
poses do not tell how its file ends. Source: https://github.com/neuroethology/bentoMAT
(``saveAnnot.m``, ``loadAnnotSheetTxt.m``) and https://github.com/neuroethology/MARS.
"""

from __future__ import annotations

import re
import unicodedata
import warnings
from collections.abc import Sequence
from pathlib import Path

from mabe_lit.shell import InputWarning
from mabe_lit.writers.prediction import Prediction

SUFFIXES = (".annot",)
_CHANNEL = "Ch1"
_LONGEST_NAME = 63
_NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{_LONGEST_NAME - 1}}}")
"""Behaviours become fields of a MATLAB structure, so names are those of MATLAB's variables."""


def check(behaviors: Sequence[str], *, is_independent: bool = False) -> None:
    """Warn of the names that Bento cannot hold, and of what is written for them."""
    changed = [
        f"{name!r} is written as {written}"
        for name, written in bento_names(behaviors).items()
        if name != written
    ]
    if changed:
        warnings.warn(
            InputWarning(
                f"--format bento: names are letters, digits and _ there: {', '.join(changed)}"
            ),
            stacklevel=2,
        )


def bento_names(names: Sequence[str], kind: str = "behavior") -> dict[str, str]:
    """What each behaviour or channel is called in Bento: itself where that can be, no two alike.

    Args:
        names: Different ones.
        kind: What stands before a name that does not begin with a letter.
    """
    taken = {name for name in names if _NAME.fullmatch(name)}
    written = {}
    for original in names:
        name = original
        if name not in taken:
            letters = unicodedata.normalize("NFKD", original)  # an accent is a sign of its own
            plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
            plain = re.sub(r"[^A-Za-z0-9_]+", "_", plain)
            begins_well = plain[:1].isalpha()
            name = base = (plain if begins_well else f"{kind}_{plain}")[: _LONGEST_NAME - 4]
            number = 1
            while name in taken:
                number += 1
                name = f"{base}_{number}"
            taken.add(name)
        written[original] = name
    return written


def write(folder: Path, prediction: Prediction) -> None:
    """Write the bouts into ``folder``: a channel a track, in it a block a behaviour.

    The scene's channel is ``Ch1``, others are called as their track, such as ``m1_to_m2``.
    """
    names = bento_names(prediction.behaviors)
    channels = bento_names([track.name for track in prediction.tracks], "track")
    if prediction.tracks[0].agent is None:
        channels = {"": _CHANNEL}
    lines = [
        "Bento annotation file",
        f"Movie file(s): {prediction.stem}.mp4",
        "",
        "Stimulus name: ",
        "Annotation start frame: 1",
        f"Annotation stop frame: {len(prediction)}",
        f"Annotation framerate: {float(prediction.fps)!r}",
        "",
        "List of channels:",
        *channels.values(),
        "",
        "List of annotations:",
        *names.values(),
        "",
    ]
    for track in prediction.tracks:
        lines.append(f"{channels[track.name]}----------")
        for behavior, name in names.items():
            if not track.is_about(behavior):
                continue
            lines += [f">{name}", "Start\tStop\tDuration"]
            lines += [
                f"{start_frame + 1}\t{stop_frame}\t{stop_frame - start_frame}"
                for happened, start_frame, stop_frame in prediction.events_of(track)
                if happened == behavior
            ]
            lines.append("")
        lines.append("")
    # Bento tells the end of a behaviour by an empty line, and that of a channel by another.
    text = "\n".join([*lines, ""])
    (folder / f"{prediction.stem}.annot").write_text(text, encoding="utf-8", newline="\n")
