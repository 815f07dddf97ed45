"""Trainings of a moment on animals that act, which several files of tests ask about."""

import pytest
from tiny import tiny_config
from two_labs import write_two_labs

from mabe_lit.fit import fit


@pytest.fixture(scope="session")
def group_run(tmp_path_factory):
    """Configuration and result of a training on groups of three, whose behaviours overlap."""
    config = tiny_config(
        tmp_path_factory.mktemp("group"),
        synthetic_animals=3,
        features="social",
        class_weights="balanced",  # or it says no to everything
        epochs=2,
    )
    return config, fit(config)


@pytest.fixture(scope="session")
def lab_run(tmp_path_factory):
    """The same on two labs that look for other behaviours and points, one class a frame."""
    folder = tmp_path_factory.mktemp("labs")
    write_two_labs(folder)
    config = tiny_config(
        folder,
        dataset="recordings",
        features="social",
        group_embedding=True,
        class_weights="balanced",  # else a training so short says that nothing ever happens
        epochs=2,
    )
    return config, fit(config)


@pytest.fixture(params=["group_run", "lab_run"])
def acting_run(request):
    """Both of them, one after the other."""
    return request.getfixturevalue(request.param)
