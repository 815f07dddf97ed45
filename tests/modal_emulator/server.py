"""gRPC: each remote procedure to the method of its name."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from grpclib import GRPCError, Status
from modal_proto.api_grpc import ModalClientBase

from .cloud import Cloud
from .container import TASK_HEADER
from .rpc_apps import AppProcedures
from .rpc_functions import FunctionProcedures, app_layout
from .rpc_images import ImageProcedures
from .rpc_volumes import VolumeProcedures
from .scheduler import Scheduler


def build_service(cloud: Cloud) -> tuple[ModalClientBase, Scheduler]:
    """The service, and the scheduler behind it."""
    scheduler = Scheduler(cloud, lambda app: app_layout(cloud, app))
    procedures = (
        AppProcedures(cloud, scheduler),
        ImageProcedures(cloud),
        VolumeProcedures(cloud),
        FunctionProcedures(cloud, scheduler),
    )
    reply_types: dict[str, Any] = {}

    def handler(name: str) -> Callable[[Any, Any], Awaitable[None]]:
        async def call(_: Any, stream: Any) -> None:
            request = await stream.recv_message()
            task = cloud.tasks.get(stream.metadata.get(TASK_HEADER, ""))
            cloud.record(name, request, task)
            method = next((getattr(p, name) for p in procedures if hasattr(p, name)), None)
            if method is None:
                cloud.unknown_procedures[name] += 1
                raise GRPCError(Status.UNIMPLEMENTED, f"the emulator does not know {name}")
            if inspect.isasyncgenfunction(method):
                async for message in method(request, task):
                    await stream.send_message(message)
            else:
                reply = await method(request, task)
                await stream.send_message(reply_types[name]() if reply is None else reply)

        return call

    names = ModalClientBase.__abstractmethods__
    service = type("Service", (ModalClientBase,), {name: handler(name) for name in names})()
    for path, entry in service.__mapping__().items():
        reply_types[path.rpartition("/")[2]] = entry.reply_type
    return service, scheduler
