"""A container: a root folder put together from bind mounts, and the process in it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from modal_proto import api_pb2 as pb

from .cloud import Cloud, Task
from .volumes import WorkingCopy

TASK_HEADER = "x-emulator-task"
"""Metadata by which a container's requests are told from the launcher's."""

_SYSTEM_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "usr", "etc", "opt")
_KERNEL_FOLDERS = ("proc", "dev", "sys", "var")
_ENTER = (
    "import os, sys; os.chroot(sys.argv[1]); os.chdir('/root'); "
    "os.execv(sys.argv[2], [sys.argv[2], '-u', '-m', 'modal._container_entrypoint'])"
)


def build_root(cloud: Cloud, task: Task, layout: pb.AppLayout) -> Path:
    """Make the task's root folder; returns the shell script that mounts and enters it."""
    root = task.folder / "root"
    root.mkdir(parents=True)
    lines = ["set -e", "mount --make-rprivate /"]
    if cloud.largest_file_kib is not None:
        lines.append(f"ulimit -f {cloud.largest_file_kib}")
    lines += _show_system(root)
    for name in ("root", "tmp"):
        (root / name).mkdir()
    definition = task.function.definition
    for mount_id in definition.mount_ids:
        for file in cloud.mounts.get(mount_id, []):
            path = root / file.filename.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cloud.contents[file.sha256_hex])
            path.chmod(file.mode or 0o644)
    for mount in definition.volume_mounts:
        work = task.folder / "volumes" / mount.volume_id
        work.mkdir(parents=True)
        volume = cloud.volume(mount.volume_id)
        task.copies[mount.volume_id] = WorkingCopy(volume.folder, work)
        lines.append(_bind(work, root, mount.mount_path))
    arguments = pb.ContainerArguments(
        task_id=task.id,
        function_id=task.function.id,
        app_id=task.function.app.id,
        function_def=definition,
        environment_name="main",
        app_layout=layout,
    )
    (root / "tmp" / "container_arguments").write_bytes(arguments.SerializeToString())
    lines.append(f"exec '{sys.executable}' -c \"{_ENTER}\" '{root}' '{sys.executable}'")
    script = task.folder / "enter.sh"
    script.write_text("\n".join(lines) + "\n")
    return script


def _show_system(root: Path) -> list[str]:
    """Commands that show the system and this interpreter below ``root``."""
    lines = []
    for name in _SYSTEM_FOLDERS + _KERNEL_FOLDERS:
        folder = Path("/", name)
        if folder.is_symlink():
            (root / name).symlink_to(folder.readlink())
        elif folder.is_dir():
            lines.append(_bind(folder, root, f"/{name}"))
    for prefix in sorted({sys.prefix, sys.base_prefix}):  # a virtual environment may lie elsewhere
        if not prefix.startswith(("/usr", "/opt")):
            lines.append(_bind(Path(prefix), root, prefix))
    return lines


def _bind(source: Path, root: Path, at: str) -> str:
    return f"mkdir -p '{root}{at}' && mount --rbind '{source}' '{root}{at}'"


def environment(cloud: Cloud, task: Task) -> dict[str, str]:
    """Environment variables of the container's process."""
    hidden = ("MODAL_", "PYTHON", "VIRTUAL_ENV")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    return inherited | {
        "MODAL_SERVER_URL": cloud.url,
        "MODAL_IS_REMOTE": "1",
        "MODAL_TASK_ID": task.id,
        "MODAL_IMAGE_ID": task.function.definition.image_id,
        "MODAL_ENVIRONMENT": "main",
        "MODAL_CLOUD_PROVIDER": "CLOUD_PROVIDER_EMULATOR",
        "MODAL_REGION": "local",
        "MODAL_CONTAINER_ARGUMENTS_PATH": "/tmp/container_arguments",
        "MODAL_DISABLE_API_PROXY": "1",
        "MODAL_OVERRIDE_HEADERS": f"{TASK_HEADER}:{task.id}",
        "PYTHONPATH": "/root",
        "HOME": "/root",
        "TMPDIR": "/tmp",
    }


def remove_root(folder: Path) -> None:
    """Delete a task's folder, unless anything is, against expectation, still mounted in it."""
    if str(folder) not in Path("/proc/self/mountinfo").read_text():
        shutil.rmtree(folder, ignore_errors=True)
