"""What was asked of the service and what came of it, as plain values."""

from __future__ import annotations

import json
import time
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from modal_proto import api_pb2 as pb

from .cloud import App, Call, Cloud, Function, Task


def save(cloud: Cloud) -> None:
    """Write the digest to ``state.json``."""
    text = json.dumps(digest(cloud), indent=1, default=str)
    (cloud.options.record / "state.json").write_text(text)


def digest(cloud: Cloud) -> dict[str, Any]:
    """Apps, functions, calls, containers."""
    return {
        "apps": [_app(app) for app in cloud.apps.values()],
        "volumes": [{"name": v.name, "version": v.version} for v in cloud.volumes.values()],
        "functions": [_function(cloud, function) for function in cloud.functions.values()],
        "calls": [_call(call) for call in cloud.calls.values()],
        "tasks": [_task(task) for task in cloud.tasks.values()],
        "received_bytes": cloud.received_bytes,
        "unknown_procedures": dict(cloud.unknown_procedures),
    }


def image_commands(cloud: Cloud, image_id: str) -> list[str]:
    """The lines that build an image, those of the images below it first."""
    image = cloud.images[image_id]
    below = [line for base in image.base_images for line in image_commands(cloud, base.image_id)]
    return below + [c for c in image.dockerfile_commands if not c.startswith("FROM base")]


def _app(app: App) -> dict[str, Any]:
    return {
        "app_id": app.id,
        "description": app.description,
        "state": pb.AppState.Name(app.state),
        "is_detached": app.is_detached,
        "disconnect": app.disconnect,
    }


def _function(cloud: Cloud, function: Function) -> dict[str, Any]:
    definition = function.definition
    gpu = definition.resources.gpu_config
    mounted = [file for mount_id in definition.mount_ids for file in cloud.mounts.get(mount_id, [])]
    mounts = definition.volume_mounts
    return {
        "name": definition.function_name,
        "module": definition.module_name,
        "gpu": f"{gpu.gpu_type}:{gpu.count}" if gpu.gpu_type else None,
        "timeout": definition.timeout_secs,
        "startup_timeout": definition.startup_timeout_secs,
        "retries": MessageToDict(definition.retry_policy, preserving_proto_field_name=True),
        "single_use_containers": definition.single_use_containers,
        "max_containers": definition.autoscaler_settings.max_containers,
        "volumes": {mount.mount_path: cloud.volumes[mount.volume_id].name for mount in mounts},
        "image": image_commands(cloud, definition.image_id) if definition.image_id else [],
        "mounted_files": sorted(file.filename for file in mounted),
        "secrets": list(definition.secret_ids),
    }


def _call(call: Call) -> dict[str, Any]:
    return {
        "call_id": call.id,
        "function": call.function.definition.function_name,
        "invocation": pb.FunctionCallInvocationType.Name(call.invocation),
        "inputs": [
            {
                "attempts": item.attempts,
                "failures": item.failures,
                "tasks": item.task_ids,
                "status": _status(item.result) if item.result else "PENDING",
                "exception": item.result.exception if item.result else "",
            }
            for item in call.inputs
        ],
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "end_reason": task.end_reason,
        "exit_code": task.exit_code,
        "seconds": round((task.ended or time.time()) - task.started, 2),
        "commits": task.commits,
    }


def _status(result: pb.GenericResult) -> str:
    name: str = pb.GenericResult.GenericStatus.Name(result.status)
    return name.removeprefix("GENERIC_STATUS_")
