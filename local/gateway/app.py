"""The gateway as an ASGI application: handshakes, message routing, answers, `$disconnect`, the @connections API."""

import asyncio
import time
from collections.abc import Collection, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from infra.definitions import DEFAULT_ROUTE
from local.function import FunctionError, Invocable, InvocationTimeoutError
from local.gateway import edge
from local.gateway.answers import MalformedAnswerError, body_of, error_frame, handshake_of
from local.gateway.connection import Connection, ConnectionGoneError
from local.gateway.events import Client, Headers, connect_event, disconnect_event, message_event
from local.gateway.limits import Limits
from local.gateway.management import manage
from local.gateway.routes import select_route
from local.ids import short_id

_ABNORMAL: Final = 1006
_REASONS: Final = {1005: "Client-side close frame status not set", _ABNORMAL: "Connection closed abnormally"}


@dataclass(frozen=True)
class Integrations:
    """The functions behind the routes."""

    connect: Invocable
    message: Invocable
    disconnect: Invocable


class Gateway:
    """A WebSocket API with one two-way route per key in `route_keys` and a one-way `$default`, edge included."""

    def __init__(
        self, integrations: Integrations, route_keys: Collection[str], stage: str, limits: Limits | None = None
    ) -> None:
        self._integrations = integrations
        self._route_keys = frozenset(route_keys)
        self._stage = stage
        self._limits = limits or Limits()
        self._connections: dict[str, Connection] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._http = Starlette(
            routes=[
                Route(f"/{stage}/@connections/{{connection_id}}", self._manage, methods=["GET", "POST", "DELETE"]),
                Route("/{path:path}", _upgrade_required),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] == "websocket":
            await self._handshake(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    async def drain(self) -> None:
        """Wait until every message that was received has been handled."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def cut(self) -> None:
        """Close every connection at once, as when a Region is lost."""
        await asyncio.gather(*(each.close(1001, "Going away") for each in tuple(self._connections.values())))

    async def _manage(self, request: Request) -> Response:
        return await manage(request, self._connections, self._limits)

    async def _handshake(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect, which carries nothing
        raw_path = scope["raw_path"].decode(errors="replace")
        try:
            target = edge.rewrite(raw_path, scope["query_string"].decode(), self._stage)
        except edge.MalformedUrlError:
            await _deny(HTTPStatus.BAD_REQUEST, scope, receive, send)
            return
        if target.path.removesuffix("/") != f"/{self._stage}":
            await _deny(HTTPStatus.FORBIDDEN, scope, receive, send)
            return
        headers = [(_canonical(name), value.decode("latin-1")) for name, value in scope["headers"]]
        if edge.is_edge(raw_path):
            headers = edge.without_facts(headers)
        client = _client(scope, dict(headers), self._stage)
        status, protocol = await self._connect(client, headers, target.query)
        if not 200 <= status < 300:
            await _deny(status, scope, receive, send)
            return
        await self._serve(client, protocol, receive, send)

    async def _connect(self, client: Client, headers: Headers, query: str) -> tuple[int, str | None]:
        """The status of the upgrade and the sub-protocol."""
        try:
            return handshake_of(await self._invoke(self._integrations.connect, connect_event(client, headers, query)))
        except InvocationTimeoutError:
            return HTTPStatus.GATEWAY_TIMEOUT, None
        except (FunctionError, MalformedAnswerError):
            return HTTPStatus.BAD_GATEWAY, None

    async def _serve(self, client: Client, protocol: str | None, receive: Receive, send: Send) -> None:
        code, reason = _ABNORMAL, _REASONS[_ABNORMAL]
        try:
            await send({"type": "websocket.accept", "subprotocol": protocol, "headers": []})
            connection = self._connections[client.connection_id] = Connection(client, send)
            clock = asyncio.create_task(connection.expire(self._limits))
            try:
                code, reason = await self._receive(connection, receive)
            finally:
                connection.is_open = False
                clock.cancel()
                del self._connections[client.connection_id]
        except OSError:  # the station left while `connect` ran
            pass
        finally:
            self._spawn(self._disconnect(client, code, reason))

    async def _receive(self, connection: Connection, receive: Receive) -> tuple[int, str]:
        """Hand over every message until the end of the connection; its code and reason."""
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return _ending(message)
            text = message.get("text")
            if not connection.is_open:
                continue
            if text is None:
                await connection.close(1003, "Binary is not supported")
            elif _is_longer(text, self._limits.message_bytes):
                await connection.close(1009, "Message too long")
            else:
                connection.touch()
                self._spawn(self._answer(connection, text))

    async def _answer(self, connection: Connection, text: str) -> None:
        route_key = select_route(text, self._route_keys)
        event = message_event(connection.client, route_key, text)
        ids = connection.client.connection_id, event["requestContext"]["requestId"]
        try:
            answer = await self._invoke(self._integrations.message, event)
            reply = body_of(answer) if route_key != DEFAULT_ROUTE else None
        except InvocationTimeoutError:
            reply = error_frame("Endpoint request timed out", *ids)
        except (FunctionError, MalformedAnswerError):
            reply = error_frame("Internal server error", *ids)
        if reply is not None:
            try:
                await connection.send_text(reply)
            except ConnectionGoneError:
                return

    async def _disconnect(self, client: Client, code: int, reason: str) -> None:
        try:
            await self._invoke(self._integrations.disconnect, disconnect_event(client, code, reason))
        except FunctionError:
            return

    async def _invoke(self, function: Invocable, event: dict[str, Any]) -> Any:
        return await function.invoke(event, self._limits.integration_timeout_s)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ending(message: Any) -> tuple[int, str]:
    """Close code and reason. uvicorn gives a reason only where there was a closing handshake."""
    if message.get("reason") is None and message["code"] == 1005:
        return _ABNORMAL, _REASONS[_ABNORMAL]
    code: int = message["code"]
    return code, message.get("reason") or _REASONS.get(code, "")


def _is_longer(text: str, limit_bytes: int) -> bool:
    return len(text) * 4 > limit_bytes and len(text.encode()) > limit_bytes


def _client(scope: Scope, headers: dict[str, str], stage: str) -> Client:
    host, _ = scope["client"] or ("", 0)
    return Client(
        connection_id=short_id(),
        connected_at_ms=time.time_ns() // 1_000_000,
        source_ip=host,
        user_agent=headers.get("User-Agent", ""),
        domain=headers.get("Host", ""),
        stage=stage,
        scheme=headers.get("X-Forwarded-Proto", "https"),
    )


def _canonical(name: bytes) -> str:
    """A header name as most clients write it; uvicorn has folded it."""
    return name.decode("latin-1").title().replace("Websocket", "WebSocket")


async def _deny(status: int, scope: Scope, receive: Receive, send: Send) -> None:
    try:
        await Response(status_code=status)(scope, receive, send)
    except OSError:  # it did not wait
        return


async def _upgrade_required(_request: Request) -> Response:
    return JSONResponse({"message": "Upgrade Required"}, HTTPStatus.UPGRADE_REQUIRED)
