"""Whether what a config asks for goes with what the data has."""

from __future__ import annotations

from mabe_lit.config import Config
from mabe_lit.data import Task
from mabe_lit.shell import InputError


def check_dimensions(config: Config, input_dim: int, task: Task) -> None:
    """Raise ``InputError`` if ``config`` sets another ``input_dim`` or number of classes.

    Also if it would swap animals whose roles are what is learnt.
    """
    animals = "an agent and its target" if task.has_agents else f"{len(task.animal_names)} animals"
    layout = f"{config.features} of {animals} x {len(task.keypoint_names)} key points"
    names = task.class_names
    for key, asked, found, what in (
        ("input_dim", config.input_dim, input_dim, layout),
        ("num_classes", config.num_classes, len(names), ", ".join(names)),
    ):
        if asked is not None and asked != found:
            raise InputError(
                f"{key}: is {asked}, but the data has {found} ({what}); allowed are {found} or null"
            )
    if config.swap_animals and task.has_agents:
        raise InputError(
            "swap_animals: is true, but labels are of single animals, agent and target; allowed is "
            "false"
        )
