"""Remote procedures: the client's greeting, apps and their logs."""
# ruff: noqa: N802 - methods are named as in Modal's protocol

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from grpclib import GRPCError, Status
from modal_proto import api_pb2 as pb

from .cloud import App, Cloud, Task
from .scheduler import Scheduler

_BUILDER_VERSION = "2025.06"


class AppProcedures:
    """Apps."""

    def __init__(self, cloud: Cloud, scheduler: Scheduler) -> None:
        self._cloud = cloud
        self._scheduler = scheduler

    async def ClientHello(self, _: object, task: Task | None) -> pb.ClientHelloResponse:
        return pb.ClientHelloResponse(image_builder_version=_BUILDER_VERSION)

    async def AuthTokenGet(self, _: object, task: Task | None) -> pb.AuthTokenGetResponse:
        return pb.AuthTokenGetResponse(token="x.eyJleHAiOjk5OTk5OTk5OTl9.x")

    async def EnvironmentGetOrCreate(
        self, request: pb.EnvironmentGetOrCreateRequest, task: Task | None
    ) -> pb.EnvironmentGetOrCreateResponse:
        settings = pb.EnvironmentSettings(image_builder_version=_BUILDER_VERSION)
        metadata = pb.EnvironmentMetadata(name=request.deployment_name or "main", settings=settings)
        return pb.EnvironmentGetOrCreateResponse(environment_id="en-1", metadata=metadata)

    async def AppCreate(
        self, request: pb.AppCreateRequest, task: Task | None
    ) -> pb.AppCreateResponse:
        app = App(
            self._cloud.new_id("ap"),
            request.description,
            request.app_state,
            is_detached=request.app_state == pb.APP_STATE_DETACHED,
        )
        self._cloud.apps[app.id] = app
        page = f"{self._cloud.web_url}/apps/{app.id}"
        return pb.AppCreateResponse(app_id=app.id, app_page_url=page)

    async def AppHeartbeat(self, request: pb.AppHeartbeatRequest, task: Task | None) -> None:
        self._cloud.apps[request.app_id].last_heartbeat = time.time()

    async def AppPublish(
        self, request: pb.AppPublishRequest, task: Task | None
    ) -> pb.AppPublishResponse:
        app = self._cloud.apps[request.app_id]
        app.state, app.function_ids = request.app_state, dict(request.function_ids)
        return pb.AppPublishResponse(url=f"{self._cloud.web_url}/apps/{app.id}")

    async def AppGetByDeploymentName(
        self, _: object, task: Task | None
    ) -> pb.AppGetByDeploymentNameResponse:
        # Names are those of deployed apps; what modal run starts is found by its id only.
        return pb.AppGetByDeploymentNameResponse(environment_name="main")

    async def AppGetLifecycle(
        self, request: pb.AppGetLifecycleRequest, task: Task | None
    ) -> pb.AppGetLifecycleResponse:
        app = self._cloud.apps.get(request.app_id)
        if app is None:
            raise GRPCError(Status.NOT_FOUND, "no such app")
        state = pb.AppLifecycle(app_state=app.state, created_at=app.created, version=1)  # type: ignore[arg-type]
        return pb.AppGetLifecycleResponse(lifecycle=state)

    async def AppClientDisconnect(
        self, request: pb.AppClientDisconnectRequest, task: Task | None
    ) -> None:
        app = self._cloud.apps[request.app_id]
        reason = pb.AppDisconnectReason.Name(request.reason)
        app.disconnect = reason.removeprefix("APP_DISCONNECT_REASON_")
        if app.state == pb.APP_STATE_DETACHED:
            app.state = pb.APP_STATE_DETACHED_DISCONNECTED
            self._scheduler.end_if_idle(app)
        else:
            await self._scheduler.stop_app(app)

    async def AppStop(self, request: pb.AppStopRequest, task: Task | None) -> None:
        await self._scheduler.stop_app(self._cloud.apps[request.app_id])

    async def TaskList(self, _: object, task: Task | None) -> pb.TaskListResponse:
        return pb.TaskListResponse()

    async def AppGetLogs(
        self, request: pb.AppGetLogsRequest, task: Task | None
    ) -> AsyncIterator[pb.TaskLogsBatch]:
        app = self._cloud.apps[request.app_id]
        position = int((request.last_entry_id or "0").split("-")[0])
        end = time.time() + request.timeout
        while True:
            app.changed.clear()
            for batch in app.logs[position:]:
                yield batch
            position = max(position, len(app.logs))
            if app.is_done:
                yield pb.TaskLogsBatch(app_done=True)
                return
            if time.time() >= end:
                return
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(app.changed.wait(), min(1.0, max(0.05, end - time.time())))

    async def AppFetchLogs(
        self, request: pb.AppFetchLogsRequest, task: Task | None
    ) -> pb.AppFetchLogsResponse:
        logs = self._cloud.apps[request.app_id].logs
        return pb.AppFetchLogsResponse(batches=logs[-request.limit :] if request.limit else logs)

    async def AppCountLogs(
        self, request: pb.AppCountLogsRequest, task: Task | None
    ) -> pb.AppCountLogsResponse:
        count = len(self._cloud.apps[request.app_id].logs)
        bucket = pb.AppCountLogsResponse.LogBucket(stdout_logs=count)
        bucket.bucket_start_at.GetCurrentTime()
        return pb.AppCountLogsResponse(buckets=[bucket])
