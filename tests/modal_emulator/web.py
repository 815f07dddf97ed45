"""HTTP beside the remote procedures: file contents, and the tests' own requests."""

from __future__ import annotations

import hashlib

from aiohttp import web

from .cloud import Cloud
from .digest import digest
from .scheduler import Scheduler


def build_web(cloud: Cloud, scheduler: Scheduler) -> web.Application:
    """The routes."""

    async def put_blob(request: web.Request) -> web.Response:
        content = await request.read()
        cloud.blobs[request.match_info["id"]] = content
        cloud.received_bytes += len(content)
        tag = hashlib.md5(content).hexdigest()
        return web.Response(text="ok", headers={"ETag": f'"{tag}"'})

    async def get_blob(request: web.Request) -> web.Response:
        return web.Response(body=cloud.blobs[request.match_info["id"]])

    async def get_block(request: web.Request) -> web.Response:
        match = request.match_info
        start, stop = int(match["start"]), int(match["stop"])
        with cloud.volume(match["volume"]).locate(match["path"]).open("rb") as file:
            file.seek(start)
            return web.Response(body=file.read(stop - start))

    async def get_state(_: web.Request) -> web.Response:
        return web.json_response(digest(cloud))

    async def preempt(request: web.Request) -> web.Response:
        grace_s = request.query.get("grace_s")
        return web.json_response(scheduler.preempt(float(grace_s) if grace_s else None))

    async def limit(request: web.Request) -> web.Response:
        value = request.query.get("largest_file_kib")
        cloud.largest_file_kib = int(value) if value else None
        return web.json_response(cloud.largest_file_kib)

    application = web.Application(client_max_size=1 << 32)
    application.router.add_put("/blob/{id}", put_blob)
    application.router.add_get("/blob/{id}", get_blob)
    application.router.add_get("/volume/{volume}/{start}/{stop}/{path:.*}", get_block)
    application.router.add_get("/emulator/state", get_state)
    application.router.add_post("/emulator/preempt", preempt)
    application.router.add_post("/emulator/limit", limit)
    return application
