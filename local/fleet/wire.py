"""The socket as the `ocpp` client sees it, with a stopwatch on every CALL.

Measured here rather than around `ChargePoint.call`, so that neither schema validation nor waiting for a station's
previous call counts as response time.
"""

import time
from typing import Protocol

from local.fleet.report import Recorder

CALL_PREFIX = '[2,"'
RESULT_PREFIX = "[3,"
ERROR_PREFIX = "[4,"


class Socket(Protocol):
    """What is needed of a WebSocket connection."""

    async def send(self, message: str, /) -> None:
        """Send one text frame."""

    async def recv(self) -> str | bytes:
        """Wait for one frame."""


class StopwatchSocket:
    """Passes frames through and records how long each of our CALLs took."""

    def __init__(self, socket: Socket, recorder: Recorder) -> None:
        self._socket = socket
        self._recorder = recorder
        self._pending: dict[str, tuple[str, float]] = {}

    async def send(self, message: str) -> None:
        """Send a frame; the clock starts when a CALL has been handed to the socket."""
        await self._socket.send(message)
        if message.startswith(CALL_PREFIX):
            # Our own frames are compact JSON with a UUID as id: [2,"<id>","<Action>",...
            _, message_id, _, action, _ = message.split('"', 4)
            self._pending[message_id] = (action, time.perf_counter())

    async def recv(self) -> str:
        """Wait for a frame."""
        frame = await self._socket.recv()
        now = time.perf_counter()
        text = frame if isinstance(frame, str) else frame.decode()
        if text.startswith((RESULT_PREFIX, ERROR_PREFIX)):
            self._settle(text, now)
        elif not text.startswith("[2,"):
            self._recorder.errors["frame that is not OCPP"] += 1
        return text

    def give_up(self) -> None:
        """Count every CALL that was never answered; called when the connection is over."""
        for action, _ in self._pending.values():
            self._recorder.refused(action, "no answer")
        self._pending.clear()

    def _settle(self, text: str, now: float) -> None:
        _, message_id, rest = text.split('"', 2)
        action, sent_at = self._pending.pop(message_id, ("", 0.0))
        if not action:
            self._recorder.errors["answer to no call"] += 1
        elif text.startswith(ERROR_PREFIX):
            self._recorder.refused(action, f"CALLERROR {rest.split(chr(34), 2)[1]}")
        else:
            self._recorder.answered(action, (now - sent_at) * 1000)
