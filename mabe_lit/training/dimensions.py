"""Whether the numbers of features and classes that a config asks for are those of the data."""

from __future__ import annotations

from collections.abc import Sequence

from mabe_lit.config import Config
from mabe_lit.shell import InputError


def check_dimensions(
    config: Config,
    input_dim: int,
    animal_names: Sequence[str],
    keypoint_names: Sequence[str],
    class_names: Sequence[str],
) -> None:
    """Raise ``InputError`` if ``config`` sets another ``input_dim`` or number of classes."""
    layout = f"{config.features} of {len(animal_names)} animals x {len(keypoint_names)} key points"
    for key, asked, found, names in (
        ("input_dim", config.input_dim, input_dim, layout),
        ("num_classes", config.num_classes, len(class_names), ", ".join(class_names)),
    ):
        if asked is not None and asked != found:
            raise InputError(
                f"{key}: is {asked}, but the data has {found} ({names}); "
                f"allowed are {found} or null"
            )
