"""``python -m modal_emulator``: serve until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

import grpclib.server
from aiohttp import web

from .cloud import Cloud, Options
from .digest import save
from .server import build_service
from .web import build_web


async def serve(options: Options) -> None:
    """Serve gRPC on the port, and HTTP on the next."""
    cloud = Cloud(options)
    service, scheduler = build_service(cloud)
    server = grpclib.server.Server([service])
    await server.start("127.0.0.1", options.port)
    runner = web.AppRunner(build_web(cloud, scheduler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port + 1).start()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    reaper = asyncio.ensure_future(scheduler.reap())
    print(f"MODAL_SERVER_URL={cloud.url}", flush=True)
    await stop.wait()
    reaper.cancel()
    for app in cloud.apps.values():
        if not app.is_done:
            await scheduler.stop_app(app)
    save(cloud)
    server.close()
    await runner.cleanup()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=9911, help="gRPC here, HTTP on the next")
    parser.add_argument("--volume_root", type=Path, required=True, help="a folder a Volume")
    parser.add_argument("--record", type=Path, required=True, help="folder of what was asked")
    parser.add_argument("--heartbeat_timeout_s", type=float, default=40.0)
    asyncio.run(serve(Options(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
