"""The real ``modal`` command against a running emulator."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]


def why_not() -> str | None:
    """Why this machine cannot run the emulator's containers; None where it can."""
    if sys.platform != "linux" or not shutil.which("unshare"):
        return "the emulator's containers need Linux and unshare"
    if os.geteuid() != 0:
        return "the emulator's containers need root"
    probe = ["unshare", "-m", "mount", "--make-rprivate", "/"]
    if subprocess.run(probe, capture_output=True).returncode:
        return "this system forbids mount namespaces, in which the emulator's containers run"
    return None


class ModalCloud:
    """A running emulator, and the commands of a user of it.

    Attributes:
        volume: What is committed to the Volume ``mabe-data``.
        folder: Where commands run: a working folder with links to the project.
    """

    def __init__(self, port: int, root: Path) -> None:
        self._port = port
        self.root = root
        self.volume = root / "volumes" / "mabe-data"
        self.folder = root / "work"
        self.folder.mkdir()
        for name in ("launch", "configs", "mabe_lit"):
            (self.folder / name).symlink_to(PROJECT / name)
        outside = {k: v for k, v in os.environ.items() if not k.startswith("MODAL_")}
        self._environment = outside | {
            "MODAL_SERVER_URL": f"http://127.0.0.1:{port}",
            "MODAL_TOKEN_ID": "ak-x",
            "MODAL_TOKEN_SECRET": "as-x",
            "MODAL_CONFIG_PATH": str(root / "modal.toml"),
            "MODAL_DISABLE_API_PROXY": "1",
            "NO_PROXY": "127.0.0.1",
            "COLUMNS": "200",
        }

    def modal(
        self, *arguments: str, status: int = 0, timeout_s: float = 150
    ) -> subprocess.CompletedProcess[str]:
        """``modal ARGUMENTS``, which must end with ``status``."""
        done = subprocess.run(
            [sys.executable, "-m", "modal", *arguments],
            env=self._environment,
            cwd=self.folder,
            text=True,
            capture_output=True,
            timeout=timeout_s,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """``modal ARGUMENTS`` in the background."""
        return subprocess.Popen(
            [sys.executable, "-m", "modal", *arguments],
            env=self._environment,
            cwd=self.folder,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def state(self) -> dict[str, Any]:
        """What was asked of the service, see ``digest.py``."""
        found: dict[str, Any] = self._request("state", "GET")
        return found

    def preempt(self, grace_s: float | None = None) -> list[str]:
        """Take busy containers away; with 0 seconds of grace they are killed at once."""
        query = "" if grace_s is None else f"?grace_s={grace_s}"
        taken: list[str] = self._request(f"preempt{query}", "POST")
        return taken

    def limit_files(self, largest_kib: int | None) -> None:
        """Let writes beyond a size fail in containers that start from now on."""
        value = "" if largest_kib is None else largest_kib
        self._request(f"limit?largest_file_kib={value}", "POST")

    def wait(self, condition: Callable[[], object], timeout_s: float = 120) -> None:
        """Wait until ``condition`` holds."""
        end = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end, json.dumps(self.state(), indent=1)
            time.sleep(0.05)

    def _request(self, path: str, method: str) -> Any:
        url = f"http://127.0.0.1:{self._port + 1}/emulator/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, method=method)) as reply:
            return json.load(reply)


@contextmanager
def running_emulator(root: Path, *options: str) -> Iterator[ModalCloud]:
    """An emulator in a process of its own, with its folders below ``root``."""
    port = _free_port_pair()
    command = [sys.executable, "-m", "modal_emulator", "--port", str(port)]
    command += ["--volume_root", str(root / "volumes"), "--record", str(root / "record")]
    process = subprocess.Popen(
        [*command, *options], cwd=PROJECT / "tests", stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert "MODAL_SERVER_URL" in process.stdout.readline()
        yield ModalCloud(port, root)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def _free_port_pair() -> int:
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
