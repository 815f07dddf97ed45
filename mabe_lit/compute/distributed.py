"""Several devices of one machine that train together (DDP): a process for each, and who does what.

The process that was asked to train is the first; it starts the others, which do the same training
on other windows and leave files, output and scores to it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from torch import Tensor

from mabe_lit.config import Config
from mabe_lit.shell import InputError

_STOP_SECONDS = 60
_LOOK_SECONDS = 1
_GRACE_SECONDS = 10


def process_rank(config: Config) -> int:
    """This process's number among those that train together, 0 for the first or only one."""
    return int(os.environ.get("LOCAL_RANK", "0")) if config.devices > 1 else 0


def check_devices(config: Config, device: torch.device) -> None:
    """Raise ``InputError`` if ``config`` asks for more GPUs than there are."""
    count = torch.cuda.device_count()
    if device.type == "cuda" and config.devices > count:
        raise InputError(f"devices: is {config.devices}, but PyTorch finds {count} GPUs here")


@contextmanager
def other_processes(config: Config, module: str) -> Iterator[None]:
    """Have the processes of the other devices while the block trains.

    The run's folder with its ``config.yaml`` must exist. The environment variables are torchrun's;
    by them Lightning knows that the processes are started for it. Its own way starts the command
    line of this process again, which may be another program's, such as a cloud container's.

    Args:
        config: What all of them train.
        module: ``python -m module --config FILE`` trains in each of the others.
    """
    if config.devices == 1 or process_rank(config):
        yield
        return
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(_free_port()),
        "WORLD_SIZE": str(config.devices),
        "NODE_RANK": "0",
    }
    command = [sys.executable, "-m", module, "--config"]
    command.append(str(config.run_dir / "config.yaml"))
    earlier, threads = dict(os.environ), torch.get_num_threads()
    os.environ.update(shared, LOCAL_RANK="0")
    # This package may be found by the folder that this process was started in.
    places = [str(Path(__file__).resolve().parents[2]), earlier.get("PYTHONPATH")]
    shared["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    others = [
        subprocess.Popen(command, env=earlier | shared | {"LOCAL_RANK": str(rank)})
        for rank in range(1, config.devices)
    ]
    is_over = threading.Event()
    threading.Thread(target=_watch, args=(others, is_over), daemon=True).start()
    try:
        yield
        is_over.set()
        for process in others:
            with suppress(subprocess.TimeoutExpired):  # its part is done, however slowly it leaves
                process.wait(_STOP_SECONDS)
    finally:
        is_over.set()
        for process in others:
            process.kill()
            process.wait()
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()
        os.environ.clear()
        os.environ.update(earlier)
        torch.set_num_threads(threads)  # Lightning has shared the cores out among the processes


def _watch(others: Sequence[subprocess.Popen[bytes]], is_over: threading.Event) -> None:
    """End this process if another one failed and this one waits for it.

    It may wait for half an hour, inside the library that exchanges gradients, where no exception
    reaches it; with several rented GPUs.
    """
    while not is_over.wait(_LOOK_SECONDS):
        failed = [process.returncode for process in others if process.poll()]
        if failed and not is_over.wait(_GRACE_SECONDS):  # it may have an error of its own to tell
            for process in others:
                process.kill()
            status = f"status {failed[0]}" if failed[0] > 0 else f"signal {-failed[0]}"
            print(f"error: the process of another device ended with {status}", file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def share_of_frames(is_scored: Tensor) -> Tensor | float:
    """What a process's mean loss is to be multiplied by, so that each scored frame counts alike.

    Processes average their gradients, however many of their frames are scored: 2 frames of one
    would count as much as 1,000 of another.

    Args:
        is_scored: Which of the batch's frames count, of any shape.

    Returns:
        Scored frames here over their mean over all processes; 1 where there is one process.
    """
    if not torch.distributed.is_initialized():
        return 1.0
    here = is_scored.sum().to(torch.float32)
    everywhere = here.clone()
    torch.distributed.all_reduce(everywhere)
    return here * torch.distributed.get_world_size() / everywhere.clamp(min=1)
