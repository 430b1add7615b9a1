"""One web process refuses what would use it up, and goes on answering others."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from fastapi import FastAPI

from registry_server.web.limits import SERVER_LIMITS

PATIENCE_S = 20.0


def served(app: FastAPI, scene: Callable[[int], Awaitable[None]], **changes: int) -> None:
    async def run() -> None:
        with socket.create_server(("127.0.0.1", 0)) as door:
            server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", **{**SERVER_LIMITS, **changes}))
            serving = asyncio.create_task(server.serve([door]))
            while not server.started:  # noqa: ASYNC110 — uvicorn gives no event
                await asyncio.sleep(0.01)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await scene(door.getsockname()[1])
            finally:
                server.should_exit = True
                await serving

    with ThreadPoolExecutor(1) as apart:  # a browser's test beside this one may keep a loop running in this thread
        apart.submit(lambda: asyncio.run(run())).result()


async def status_of(port: int, request: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"


def test_headers_without_an_end_are_refused(app: FastAPI) -> None:
    async def scene(port: int) -> None:
        assert await status_of(port, HEALTH + b"X: " + b"x" * 20_000) == 400
        assert await status_of(port, HEALTH + b"\r\n") == 200

    served(app, scene)


def test_too_many_connections_are_told_to_come_later_and_room_is_used_again(app: FastAPI) -> None:
    async def scene(port: int) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        while await status_of(port, HEALTH + b"\r\n") != 503:  # noqa: ASYNC110 — the server tells it in no other way
            await asyncio.sleep(0.01)
        for _, writer in held:
            writer.close()
        while await status_of(port, HEALTH + b"\r\n") != 200:  # noqa: ASYNC110 — the same
            await asyncio.sleep(0.01)

    served(app, scene, limit_concurrency=4)
