"""A gateway on a free port with handlers of the test's choice."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
from botocore.config import Config
from websockets.asyncio.client import ClientConnection, connect

from infra.definitions import FUNCTIONS
from local.function import Handler, LambdaFunction
from local.gateway import Gateway, Limits
from local.gateway.app import Integrations
from local.listener import Listener
from local.server import serving

Event = dict[str, Any]
STAGE = "prod"


def accept(event: Event, context: Any) -> Event:
    return {"statusCode": 200, "headers": {"Sec-WebSocket-Protocol": "ocpp1.6"}}


def echo(event: Event, context: Any) -> Event:
    return {"statusCode": 200, "body": f"{event['requestContext']['routeKey']} {event['body']}"}


def ignore(event: Event, context: Any) -> Event:
    return {"statusCode": 200}


@dataclass
class Handlers:
    """What runs behind the routes, and every event it saw."""

    connect: Handler = accept
    message: Handler = echo
    disconnect: Handler = ignore
    function_timeout_s: int = 20
    seen: list[Event] = field(default_factory=list)
    disconnected: threading.Event = field(default_factory=threading.Event)

    def function(self, name: str, pool: ThreadPoolExecutor) -> LambdaFunction:
        handler: Handler = getattr(self, name)

        def record(event: Event, context: Any) -> Any:
            self.seen.append(event)
            if name == "disconnect":
                self.disconnected.set()
            return handler(event, context)

        return LambdaFunction(replace(FUNCTIONS[name], timeout_s=self.function_timeout_s), record, pool)

    def contexts(self, event_type: str) -> list[Event]:
        contexts = [event["requestContext"] for event in self.seen]
        return [context for context in contexts if context["eventType"] == event_type]

    async def disconnection(self) -> Event:
        """The context of the disconnect event, once there is one."""
        await asyncio.to_thread(self.disconnected.wait, 10)
        (context,) = self.contexts("DISCONNECT")
        return context


@dataclass(frozen=True)
class RunningGateway:
    """Where it listens."""

    port: int
    drain: Callable[[], Any]
    cut: Callable[[], Any]

    def url(self, path: str) -> str:
        return f"ws://127.0.0.1:{self.port}{path}"

    def station(self, path: str = "/ocpp/CP001", **options: Any) -> connect:
        return connect(self.url(path), **{"subprotocols": ["ocpp1.6"], "max_size": None, **options})

    def management(self) -> Any:
        """The client that the system itself posts with."""
        return boto3.client(
            "apigatewaymanagementapi",
            endpoint_url=f"http://127.0.0.1:{self.port}/{STAGE}",
            region_name="eu-west-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )


@asynccontextmanager
async def running_gateway(handlers: Handlers, limits: Limits | None = None) -> AsyncIterator[RunningGateway]:
    with Listener("PORT", 0).bind() as listening, ThreadPoolExecutor(8) as pool:
        integrations = Integrations(*(handlers.function(name, pool) for name in ("connect", "message", "disconnect")))
        gateway = Gateway(integrations, {"Heartbeat", "Authorize"}, STAGE, limits)
        port = listening.getsockname()[1]
        async with serving(gateway, listening):
            yield RunningGateway(port, gateway.drain, gateway.cut)
        await gateway.drain()


async def closed(station: ClientConnection) -> tuple[int | None, str | None]:
    """The close code and reason, once the connection has ended."""
    await station.wait_closed()
    return station.close_code, station.close_reason
