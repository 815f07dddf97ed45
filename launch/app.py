"""What every command here shares: the app's name, the Volume and the container image."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import modal

from mabe_lit.shell import InputError

APP_NAME = "mabe-training-basic"
VOLUME_NAME = "mabe-data"
VOLUME_PATH = "/vol"
"""Where containers see the Volume; relative folders of a configuration lie below it."""

STARTUP_TIMEOUT_S = 600
"""Longest time a container may take to start, pulling the image included."""

_PROJECT = Path(__file__).resolve().parent.parent
_SOURCES_PATH = "/root"
"""Where Modal puts Python sources; settings lie beside the package there, as they do here."""

volume = modal.Volume.from_name(VOLUME_NAME, create_if_missing=True, version=2)
"""Version 2, because the containers of a sweep commit to it at the same time."""


def commit_volume() -> None:
    """Make what a container wrote to the Volume permanent.

    Raises:
        OSError: If the Volume does not take it.
    """
    try:
        volume.commit()
    except (modal.exception.Error, RuntimeError) as error:
        raise OSError(f"Volume {VOLUME_NAME} does not take what was written: {error}") from error


def build_image() -> modal.Image:
    """The image of the containers: this machine's Python and packages, our sources and settings."""
    image = modal.Image.debian_slim(python_version=".".join(map(str, sys.version_info[:2])))
    if modal.is_local():  # a container imports this module as well, from a finished image
        image = image.uv_pip_install(*pinned_requirements())
    image = image.add_local_python_source("mabe_lit", "launch")
    return image.add_local_dir(_PROJECT / "configs", f"{_SOURCES_PATH}/configs", ignore=["*.md"])


def pinned_requirements() -> list[str]:
    """The dependencies of ``pyproject.toml``, each pinned to what is installed on this machine.

    What ran here is what runs there. ``hdf5`` is included, so that containers read every pose file.

    Raises:
        InputError: If one of them is not installed here.
    """
    project = tomllib.loads((_PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    pins = []
    for line in (*project["dependencies"], *project["optional-dependencies"]["hdf5"]):
        requirement = re.split(r"[<>=!~;\s]", line, maxsplit=1)[0]
        name = requirement.partition("[")[0]
        try:
            # What follows a +, as in 2.13.0+cpu, tells a wheel for machines like this one.
            version = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError as error:
            raise InputError(
                f"{name} is not installed here, so the version for the cloud is not known; "
                f"pip install -e '.[hdf5]'"
            ) from error
        pins.append(f"{requirement}=={version}")
    return pins
