"""One established WebSocket connection: sending, closing, and the two clocks that end it."""

import asyncio
import time

from starlette.types import Send

from local.gateway.events import Client
from local.gateway.limits import Limits


class ConnectionGoneError(Exception):
    """The station is no longer there: 410 of the @connections API."""


class Connection:
    """A station's connection as the gateway sees it; its messages are handled elsewhere, several at once."""

    def __init__(self, client: Client, send: Send) -> None:
        self.client = client
        self.is_open = True
        self._send = send
        self._sending = asyncio.Lock()
        self._last_active = time.monotonic()

    @property
    def last_active_ms(self) -> int:
        """When a message last passed in either direction, as epoch milliseconds."""
        return int((time.time() - (time.monotonic() - self._last_active)) * 1000)

    def touch(self) -> None:
        """Restart the idle time-out."""
        self._last_active = time.monotonic()

    async def send_text(self, text: str) -> None:
        """One message to the station.

        Raises:
            ConnectionGoneError: it has gone, or is going.
        """
        async with self._sending:
            if not self.is_open:
                raise ConnectionGoneError
            try:
                await self._send({"type": "websocket.send", "text": text})
            except (OSError, RuntimeError) as error:
                # uvicorn raises OSError after the peer's close, RuntimeError after one of its own (a protocol error).
                self.is_open = False
                raise ConnectionGoneError from error
        self.touch()

    async def close(self, code: int, reason: str) -> None:
        """Start the closing handshake; closing twice is fine."""
        async with self._sending:
            if not self.is_open:
                return
            self.is_open = False
            try:
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
            except (OSError, RuntimeError):
                return

    async def expire(self, limits: Limits) -> None:
        """Close the connection when it has been idle or open for too long."""
        opened = time.monotonic()
        while (left := self._time_left(opened, limits)) > 0:
            await asyncio.sleep(left)
        await self.close(1001, "Going away")

    def _time_left(self, opened: float, limits: Limits) -> float:
        return min(opened + limits.lifetime_s, self._last_active + limits.idle_s) - time.monotonic()
