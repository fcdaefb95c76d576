"""The smallest Central System that lets a fleet live its day, and can call it."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

NOW = "2030-01-01T00:00:00.000Z"


class CentralSystem:
    """Answers every CALL; keeps what it received in order."""

    def __init__(self, tag_status: str = "Accepted") -> None:
        self.received: list[tuple[str, str, dict[str, Any]]] = []
        """Identity, action and payload."""
        self.tag_status = tag_status
        self.first: dict[str, list[dict[str, Any] | None]] = {}
        """Answers for the first calls of an action, in place of the usual ones; None breaks the connection."""
        self.url = ""
        self._transaction_ids = itertools.count(1)
        self._connections: dict[str, ServerConnection] = {}
        self._booted = asyncio.Event()
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}

    def actions(self, identity: str) -> list[str]:
        """What a station sent, in order."""
        return [action for who, action, _ in self.received if who == identity]

    def payloads(self, action: str) -> list[dict[str, Any]]:
        """Every payload of an action."""
        return [payload for _, received, payload in self.received if received == action]

    async def booted(self) -> None:
        """Wait until a station has booted."""
        await self._booted.wait()

    async def call(self, identity: str, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """Call a station."""
        message_id = f"call-{len(self._answers)}"
        self._answers[message_id] = asyncio.get_running_loop().create_future()
        await self._connections[identity].send(json.dumps([2, message_id, action, payload]))
        return await self._answers[message_id]

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        assert connection.request is not None
        identity = connection.request.path.rsplit("/", 1)[1]
        self._connections[identity] = connection
        try:
            async for frame in connection:
                await self._take(identity, connection, json.loads(frame))
        except ConnectionClosed:
            return

    async def _take(self, identity: str, connection: ServerConnection, frame: list[Any]) -> None:
        if frame[0] != 2:
            self._answers[frame[1]].set_result(frame[2])
            return
        self.received.append((identity, frame[2], frame[3]))
        scripted = self.first.get(frame[2])
        answer = scripted.pop(0) if scripted else self._answer(frame[2])
        if answer is None:
            connection.transport.abort()
            return
        error = [4, frame[1], answer["error"], "", {}] if "error" in answer else None
        await connection.send(json.dumps(error or [3, frame[1], answer]))
        if frame[2] == "SecurityEventNotification":  # the last message of a boot
            self._booted.set()

    def _answer(self, action: str) -> dict[str, Any]:
        id_tag_info = {"status": self.tag_status}
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": NOW, "interval": 300}
            case "Heartbeat":
                return {"currentTime": NOW}
            case "Authorize":
                return {"idTagInfo": id_tag_info}
            case "StartTransaction":
                return {"transactionId": next(self._transaction_ids), "idTagInfo": id_tag_info}
            case "DataTransfer":
                return {"status": "UnknownVendorId"}
        return {}


@asynccontextmanager
async def central_system(tag_status: str = "Accepted") -> AsyncIterator[CentralSystem]:
    """A Central System on a free port."""
    system = CentralSystem(tag_status)
    async with serve(system.handle, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        system.url = f"ws://127.0.0.1:{port}/ocpp"
        yield system
