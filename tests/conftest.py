"""A stand-in for the Modal service, see ``modal_emulator``."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from modal_emulator.client import ModalCloud, running_emulator, why_not


@pytest.fixture
def modal_cloud(tmp_path: Path) -> Iterator[ModalCloud]:
    """A running emulator of the test's own."""
    if reason := why_not():
        pytest.skip(reason)
    with running_emulator(tmp_path) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModalCloud]:
    """A running emulator that the tests of a module share, and what is in its Volume."""
    if reason := why_not():
        pytest.skip(reason)
    with running_emulator(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud
