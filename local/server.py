"""An ASGI application on an already bound socket, served by uvicorn."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.types import ASGIApp


class _Server(uvicorn.Server):
    """uvicorn that leaves the signals alone, says when it has started and ends when told to, without polling."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.has_started = asyncio.Event()
        self.shall_end = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    async def main_loop(self) -> None:
        await self.shall_end.wait()


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket) -> AsyncIterator[None]:
    """Serve the application; leaving closes its connections and waits for its requests."""
    server = _Server(
        uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_max_size=16 * 1024 * 1024,  # the gateway judges the size, so that the station hears of it
            ws_ping_interval=None,  # slow stations live, as with API Gateway
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # nothing is in front
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=10,
        )
    )
    task = asyncio.create_task(server.serve([listening]))
    try:
        await server.has_started.wait()
        yield
    finally:
        server.shall_end.set()
        await task
