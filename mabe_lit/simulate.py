"""``python -m mabe_lit.simulate``: simulated labs -> a folder in the layout of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mabe_lit.shell import InputError, one_line_errors, parse_arguments

_MOST = {"labs": 1000, "videos": 10_000, "test_videos": 10_000, "minutes": 600}


def simulate(
    *,
    output: str,
    layout: Literal["mabe2025"] = "mabe2025",
    labs: int = 6,
    videos: int = 8,
    test_videos: int = 2,
    minutes: float = 3.0,
    seed: int = 42,
) -> None:
    """Simulate videos of several labs, each with its own mice, key points, behaviours and raters.

    Beside the data set lies what happens in the test videos, in test_truth.csv.

    Args:
        output: Folder to write to; new, or empty.
        layout: Which data set the folder is laid out as.
        labs: How many labs; six in a row have all that labs can differ in.
        videos: Training videos of each lab.
        test_videos: Test videos of each lab.
        minutes: How long each video is.
        seed: The same seed gives the same labs and videos; another one gives other labs, which have
            the same names.

    Raises:
        InputError: If an option is wrong; nothing is written then.
        OSError: If the output cannot be written.
    """
    given = {"labs": labs, "videos": videos, "test_videos": test_videos, "minutes": minutes}
    for key, value in given.items():
        is_right = value > 0 or (key == "test_videos" and value == 0)
        if not (is_right and value <= _MOST[key]):
            least = "0" if key == "test_videos" else "above 0" if key == "minutes" else "1"
            raise InputError(f"{key}: must be {least} to {_MOST[key]:,}, got {value}")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed: must be 0 to 2^32 - 1, got {seed}")
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--output: {folder} is a file, expected a folder")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"--output: {folder} holds files, expected a new or an empty folder")
    # numpy takes a moment to import; --help and a wrong key do not wait for it.
    from mabe_lit.shell import folder_replaced_atomically
    from mabe_lit.simulation.mabe2025 import write_simulated_labs

    with folder_replaced_atomically(folder) as temporary:
        bouts = write_simulated_labs(
            temporary,
            labs=labs,
            videos=videos,
            test_videos=test_videos,
            minutes=minutes,
            seed=seed,
        )
    print(f"{labs * videos} videos of {labs} labs with {bouts[0]:,} bouts, and", end=" ")
    print(f"{labs * test_videos} test videos with {bouts[1]:,}, written to {output}")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command."""
    with one_line_errors():
        simulate(**parse_arguments(simulate, argv, prog="python -m mabe_lit.simulate"))


if __name__ == "__main__":
    main()
