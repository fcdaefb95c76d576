"""A station's connection to the Central System: there or not there, and never twice.

Errors:
    Unanswered          a call has no usable answer
      Offline           because there is no connection, or it broke meanwhile
"""

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from ocpp.exceptions import OCPPError
from ocpp.v16 import ChargePoint
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from local.fleet.plan import FleetPlan
from local.fleet.report import Recorder
from local.fleet.wire import Socket, StopwatchSocket

OCPP16: Final = Subprotocol("ocpp1.6")
OPEN_TIMEOUT_S: Final = 60.0
LOGGER: Final = logging.getLogger("local.fleet")


class UnansweredError(Exception):
    """A call has no usable answer: a CALLERROR, a time-out or a malformed payload."""


class OfflineError(UnansweredError):
    """There is no connection, or it broke before the answer came."""


class Network:
    """Opens, uses and loses connections on behalf of one station."""

    def __init__(self, identity: str, plan: FleetPlan, recorder: Recorder, gate: asyncio.Semaphore) -> None:
        self._identity = identity
        self._plan = plan
        self._recorder = recorder
        self._gate = gate
        """Bounds how many stations of a fleet connect at the same moment."""
        self._connection: ClientConnection | None = None
        self._client: ChargePoint | None = None
        self._receiving: asyncio.Task[None] | None = None
        self._abandoned: ClientConnection | None = None

    @property
    def online(self) -> bool:
        """A connection is open."""
        return self._client is not None

    async def open(self, endpoint: Callable[[Socket], ChargePoint], on_lost: Callable[[], None]) -> bool:
        """Connect; `on_lost` is called if the connection ends without `close` or `drop`."""
        connection = await self._connect()
        if connection is None:
            return False
        if self._abandoned is not None:
            self._abandoned.transport.abort()
            self._abandoned = None
        socket = StopwatchSocket(connection, self._recorder)
        self._connection = connection
        self._client = endpoint(socket)
        self._recorder.online += 1
        self._receiving = asyncio.create_task(self._receive(self._client, socket, on_lost))
        return True

    async def ask(self, payload: object) -> Any:
        """Send a CALL and wait for its result."""
        if self._client is None or self._receiving is None:
            raise OfflineError
        validate = self._plan.validate
        answer = asyncio.ensure_future(self._client.call(payload, suppress=False, skip_schema_validation=not validate))
        # The `ocpp` client does not notice that its connection is gone: it would wait for its whole time-out.
        await asyncio.wait({answer, self._receiving}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            raise OfflineError
        try:
            return await answer
        except ConnectionClosed as lost:
            raise OfflineError from lost
        except (OCPPError, TimeoutError, TypeError) as error:
            # TypeError: with validation off, an answer with fields that do not exist reaches the payload's dataclass.
            LOGGER.warning("%s: %s", type(payload).__name__, error)
            raise UnansweredError from error

    async def drop(self, *, silently: bool) -> None:
        """Lose the network: the socket breaks, or (silently) stays open at the other end until we are back."""
        connection = self._connection
        await self._stop_receiving()
        if connection is not None:
            if silently:
                self._abandoned = connection
            else:
                connection.transport.abort()

    async def close(self) -> None:
        """Disconnect properly."""
        connection = self._connection
        await self._stop_receiving()
        for one in (connection, self._abandoned):
            if one is not None:
                await one.close()
        self._abandoned = None

    async def _connect(self) -> ClientConnection | None:
        try:
            async with self._gate:
                began = time.perf_counter()
                connection = await connect(
                    f"{self._plan.url}/{self._identity}",
                    subprotocols=[OCPP16],
                    additional_headers=self._credentials(),
                    compression=None,
                    ping_interval=None,
                    open_timeout=OPEN_TIMEOUT_S,
                )
                self._recorder.connected((time.perf_counter() - began) * 1000)
                return connection
        except InvalidStatus as refusal:
            self._recorder.errors[f"connection refused: HTTP {refusal.response.status_code}"] += 1
        except (InvalidHandshake, OSError, EOFError) as failure:  # TimeoutError is an OSError
            self._recorder.errors[f"connection failed: {type(failure).__name__}"] += 1
        return None

    def _credentials(self) -> dict[str, str]:
        if self._plan.password is None:
            return {}
        pair = f"{self._identity}:{self._plan.password}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}

    async def _receive(self, client: ChargePoint, socket: StopwatchSocket, on_lost: Callable[[], None]) -> None:
        lost = False
        try:
            await client.start()
        except ConnectionClosed:
            lost = True
        finally:
            socket.give_up()
            self._recorder.online -= 1
            self._client = self._connection = None
            if lost:
                on_lost()

    async def _stop_receiving(self) -> None:
        if self._receiving is not None:
            self._receiving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._receiving
            self._receiving = None
