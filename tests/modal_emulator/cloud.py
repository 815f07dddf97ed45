"""What the service knows: apps, functions, calls, inputs and tasks."""

from __future__ import annotations

import asyncio
import collections
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from grpclib import GRPCError, Status
from modal_proto import api_pb2 as pb

from .volumes import Volume, WorkingCopy

UNRECORDED = {"AppHeartbeat", "ContainerHeartbeat", "FunctionGetInputs", "FunctionGetOutputs"}
"""Procedures that are called over and over and say nothing."""


@dataclass(frozen=True)
class Options:
    """How the emulator was started; times in seconds."""

    port: int
    volume_root: Path
    record: Path
    max_containers: int = 4
    idle_s: float = 1.0
    grace_s: float = 5.0
    background_commit_s: float = 1.0
    heartbeat_timeout_s: float = 40.0


@dataclass(eq=False)
class App:
    """One ``modal run``."""

    id: str
    description: str
    state: int
    is_detached: bool
    created: float = field(default_factory=time.time)
    last_heartbeat: float = field(default_factory=time.time)
    function_ids: dict[str, str] = field(default_factory=dict)
    logs: list[pb.TaskLogsBatch] = field(default_factory=list)
    disconnect: str = ""
    is_done: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Function:
    """A function of an app, with its waiting inputs and its containers."""

    id: str
    app: App
    precreated: pb.FunctionPrecreateRequest
    definition: pb.Function = field(default_factory=pb.Function)
    queue: collections.deque[Input] = field(default_factory=collections.deque)
    tasks: set[Task] = field(default_factory=set)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Call:
    """One call of a function, or one map over it."""

    id: str
    function: Function
    type: int
    invocation: int
    inputs: list[Input] = field(default_factory=list)
    outputs: list[pb.FunctionGetOutputsItem] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class Input:
    """Arguments of a call, and how far they got."""

    id: str
    index: int
    payload: pb.FunctionInput
    call: Call
    attempts: int = 0
    failures: int = 0
    result: pb.GenericResult | None = None
    task_ids: list[str] = field(default_factory=list)


@dataclass(eq=False)
class Task:
    """A container."""

    id: str
    function: Function
    folder: Path
    started: float = field(default_factory=time.time)
    ended: float | None = None
    current: Input | None = None
    was_used: bool = False
    was_preempted: bool = False
    end_reason: str = ""
    exit_code: int | None = None
    start_failure: pb.GenericResult | None = None
    process: asyncio.subprocess.Process | None = None
    runner: asyncio.Future[None] | None = None
    copies: dict[str, WorkingCopy] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)


class Cloud:
    """Everything that the service knows."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.url = f"http://127.0.0.1:{options.port}"
        self.web_url = f"http://127.0.0.1:{options.port + 1}"
        self.apps: dict[str, App] = {}
        self.images: dict[str, pb.Image] = {}
        self.mounts: dict[str, list[pb.MountFile]] = {}
        self.volumes: dict[str, Volume] = {}
        self.functions: dict[str, Function] = {}
        self.calls: dict[str, Call] = {}
        self.inputs: dict[str, Input] = {}
        self.tasks: dict[str, Task] = {}
        self.contents: dict[str, bytes] = {}
        self.blobs: dict[str, bytes] = {}
        self.received_bytes = 0
        self.largest_file_kib: int | None = None
        self.unknown_procedures: collections.Counter[str] = collections.Counter()
        self._counts: collections.Counter[str] = collections.Counter()
        for folder in (options.volume_root, options.record):
            folder.mkdir(parents=True, exist_ok=True)
        self._log = (options.record / "rpc.jsonl").open("a")

    def new_id(self, prefix: str) -> str:
        """An identifier of the length by which the command tells it from a name."""
        self._counts[prefix] += 1
        return f"{prefix}-{self._counts[prefix]:022d}"

    def record(self, procedure: str, message: Any, task: Task | None) -> None:
        """Note a request in ``rpc.jsonl``."""
        if procedure in UNRECORDED:
            return
        body: Any = MessageToDict(message, preserving_proto_field_name=True) if message else {}
        text = json.dumps(body, default=str)
        entry = {"time": round(time.time(), 3), "procedure": procedure, "request": text[:20_000]}
        self._log.write(json.dumps(entry | {"task": task.id if task else ""}) + "\n")
        self._log.flush()

    def log(self, function: Function, text: str, stream: int, task_id: str) -> None:
        """Add to an app's log what a container wrote."""
        app, now = function.app, time.time()
        item = pb.TaskLogs(
            data=text,
            file_descriptor=stream,  # type: ignore[arg-type]
            timestamp=now,
            timestamp_ns=int(now * 1e9),
        )
        entry_id = f"{len(app.logs) + 1}-0"
        batch = pb.TaskLogsBatch(
            task_id=task_id, function_id=function.id, items=[item], entry_id=entry_id
        )
        app.logs.append(batch)
        app.changed.set()

    def volume(self, volume_id: str) -> Volume:
        """The Volume, or an error as the service's."""
        if volume_id not in self.volumes:
            raise GRPCError(Status.NOT_FOUND, f"no volume {volume_id}")
        return self.volumes[volume_id]

    def tasks_of(self, app: App) -> list[Task]:
        """Containers of an app, ended ones included."""
        return [task for task in self.tasks.values() if task.function.app is app]

    def unfinished_inputs(self, app: App) -> list[Input]:
        """Inputs of an app that have no result yet."""
        return [
            item
            for item in self.inputs.values()
            if item.result is None and item.call.function.app is app
        ]
