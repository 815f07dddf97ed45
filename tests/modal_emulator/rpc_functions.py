"""Remote procedures: functions, calls, and the containers' side of them."""
# ruff: noqa: N802 - methods are named as in Modal's protocol

from __future__ import annotations

import asyncio
import contextlib
import time

from modal_proto import api_pb2 as pb

from .cloud import App, Call, Cloud, Function, Task
from .digest import save
from .rpc_volumes import volume_metadata
from .scheduler import Scheduler


class FunctionProcedures:
    """Functions and calls."""

    def __init__(self, cloud: Cloud, scheduler: Scheduler) -> None:
        self._cloud = cloud
        self._scheduler = scheduler

    async def FunctionPrecreate(
        self, request: pb.FunctionPrecreateRequest, task: Task | None
    ) -> pb.FunctionPrecreateResponse:
        app = self._cloud.apps[request.app_id]
        function = Function(self._cloud.new_id("fu"), app, request)
        self._cloud.functions[function.id] = function
        handle = function_handle(function)
        return pb.FunctionPrecreateResponse(function_id=function.id, handle_metadata=handle)

    async def FunctionCreate(
        self, request: pb.FunctionCreateRequest, task: Task | None
    ) -> pb.FunctionCreateResponse:
        function = self._cloud.functions[request.existing_function_id]
        function.definition = request.function
        save(self._cloud)
        data = pb.FunctionData(
            module_name=request.function.module_name, function_name=request.function.function_name
        )
        data.ranked_functions.add(rank=0, function=request.function)
        return pb.FunctionCreateResponse(
            function_id=function.id,
            function=function.definition,
            function_data=data,
            handle_metadata=function_handle(function),
        )

    async def FunctionMap(
        self, request: pb.FunctionMapRequest, task: Task | None
    ) -> pb.FunctionMapResponse:
        call = Call(
            self._cloud.new_id("fc"),
            self._cloud.functions[request.function_id],
            request.function_call_type,
            request.function_call_invocation_type,
        )
        self._cloud.calls[call.id] = call
        return pb.FunctionMapResponse(
            function_call_id=call.id,
            pipelined_inputs=self._enqueue(call, request.pipelined_inputs),
            retry_policy=call.function.definition.retry_policy,
            function_call_jwt=call.id,
            max_inputs_outstanding=1000,
        )

    async def FunctionPutInputs(
        self, request: pb.FunctionPutInputsRequest, task: Task | None
    ) -> pb.FunctionPutInputsResponse:
        call = self._cloud.calls[request.function_call_id]
        return pb.FunctionPutInputsResponse(inputs=self._enqueue(call, request.inputs))

    async def FunctionFinishInputs(self, _: object, task: Task | None) -> None:
        pass

    async def FunctionGetOutputs(
        self, request: pb.FunctionGetOutputsRequest, task: Task | None
    ) -> pb.FunctionGetOutputsResponse:
        call, end = self._cloud.calls[request.function_call_id], time.time() + request.timeout
        start = int((request.last_entry_id or "0-0").split("-")[0])
        while True:
            call.changed.clear()
            if call.type == pb.FUNCTION_CALL_TYPE_UNARY:
                ready, last = call.outputs[-1:], "0-0"
            else:
                ready, last = call.outputs[start:], f"{len(call.outputs)}-0"
            if ready or time.time() >= end:
                return pb.FunctionGetOutputsResponse(
                    outputs=ready,
                    last_entry_id=last,
                    num_unfinished_inputs=sum(item.result is None for item in call.inputs),
                )
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(call.changed.wait(), max(0.05, end - time.time()))

    async def FunctionCallCancel(
        self, request: pb.FunctionCallCancelRequest, task: Task | None
    ) -> None:
        self._scheduler.cancel(self._cloud.calls[request.function_call_id])

    async def ContainerHello(self, _: object, task: Task | None) -> None:
        pass

    async def ContainerHeartbeat(
        self, _: object, task: Task | None
    ) -> pb.ContainerHeartbeatResponse:
        return pb.ContainerHeartbeatResponse()

    async def TaskResult(self, request: pb.TaskResultRequest, task: Task | None) -> None:
        assert task is not None
        task.end_reason, task.start_failure = "failed to start", request.result

    async def FunctionGetInputs(self, _: object, task: Task | None) -> pb.FunctionGetInputsResponse:
        assert task is not None
        item = await self._scheduler.next_input(task)
        if item is None:
            return pb.FunctionGetInputsResponse(inputs=[pb.FunctionGetInputsItem(kill_switch=True)])
        entry = pb.FunctionGetInputsItem(
            input_id=item.id,
            input=item.payload,
            function_call_id=item.call.id,
            retry_count=item.attempts - 1,
            function_call_invocation_type=item.call.invocation,  # type: ignore[arg-type]
        )
        return pb.FunctionGetInputsResponse(inputs=[entry])

    async def FunctionPutOutputs(
        self, request: pb.FunctionPutOutputsRequest, task: Task | None
    ) -> None:
        assert task is not None
        for output in request.outputs:
            item = self._cloud.inputs[output.input_id]
            task.current = None
            self._scheduler.settle(item, output.result, output.data_format)

    def _enqueue(self, call: Call, entries: object) -> list[pb.FunctionPutInputsResponseItem]:
        items = self._scheduler.enqueue(call, [(e.idx, e.input) for e in entries])  # type: ignore[attr-defined]
        return [
            pb.FunctionPutInputsResponseItem(idx=item.index, input_id=item.id, input_jwt=item.id)
            for item in items
        ]


def function_handle(function: Function) -> pb.FunctionHandleMetadata:
    """What a client is told of a function."""
    source = function.definition if function.definition.function_name else function.precreated
    return pb.FunctionHandleMetadata(
        function_name=source.function_name,
        function_type=source.function_type,
        app_id=function.app.id,
        definition_id=f"de-{function.id}",
        function_schema=source.function_schema,
        supported_input_formats=source.supported_input_formats,
        supported_output_formats=source.supported_output_formats,
    )


def app_layout(cloud: Cloud, app: App) -> pb.AppLayout:
    """What a container is told of its app."""
    functions = [cloud.functions[function_id] for function_id in app.function_ids.values()]
    objects = [
        pb.Object(object_id=function.id, function_handle_metadata=function_handle(function))
        for function in functions
    ]
    dependencies = {d.object_id for f in functions for d in f.definition.object_dependencies}
    for object_id in sorted(dependencies):
        volume = cloud.volumes.get(object_id)
        metadata = volume_metadata(volume) if volume else None
        objects.append(pb.Object(object_id=object_id, volume_metadata=metadata))
    return pb.AppLayout(objects=objects, function_ids=app.function_ids)
