"""A charge point that can do everything to its WebSocket, right or wrong."""

import contextlib
import itertools
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, cast
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.schemas import assert_valid_answer

WITHIN_S: Final = 20.0
"""A station waits no longer for an answer."""
_message_ids: Final = itertools.count()

Payload = dict[str, Any]


class RawStation:
    """One connection. `calls` has the CALLs that came and were not looked at yet."""

    def __init__(self, url: str, identity: str) -> None:
        self.calls: list[list[Any]] = []
        self._answers: dict[str, list[Any]] = {}
        opening = connect(
            f"{url}/{quote(identity, safe='')}",
            subprotocols=[Subprotocol("ocpp1.6")],
            open_timeout=WITHIN_S,
            close_timeout=1,
            compression=None,
            proxy=None,
        )
        self._open = contextlib.ExitStack()
        self._connection: ClientConnection = self._open.enter_context(opening)

    def send(self, message: str | bytes | Iterable[str]) -> bool:
        """Send anything, in fragments if there are several; whether the connection was still open."""
        try:
            self._connection.send(message)
        except ConnectionClosed:
            return False
        return True

    def call(self, action: str, payload: Payload, message_id: str | None = None) -> list[Any] | None:
        """Send a CALL; its answer, checked against the official schema. None if the connection is gone.

        Raises:
            TimeoutError: there is none.
        """
        own_id = message_id or f"m{next(_message_ids)}"
        if not self.send(json.dumps([2, own_id, action, payload])):
            return None
        while own_id not in self._answers:
            try:
                self._take(self._connection.recv(WITHIN_S))
            except ConnectionClosed:
                return None
        answer = self._answers.pop(own_id)
        assert_valid_answer(action, answer)
        return answer

    def listen(self, for_s: float = 0.0) -> None:
        """Take what has come by now, or wait that long for a CALL."""
        until = time.monotonic() + for_s
        with contextlib.suppress(TimeoutError, ConnectionClosed):
            while not self.calls and time.monotonic() < until:
                with contextlib.suppress(TimeoutError):
                    self._take(self._connection.recv(0.1))
            while True:
                self._take(self._connection.recv(0.02))

    def close(self) -> None:
        """Say goodbye."""
        self._open.close()

    def vanish(self, last_bytes: bytes = b"") -> None:
        """Cut the line, perhaps in the middle of a WebSocket frame."""
        with contextlib.suppress(OSError):
            self._connection.socket.sendall(last_bytes)
        self._connection.close_socket()
        self._open.close()

    def _take(self, message: str | bytes) -> None:
        frame = cast("list[Any]", json.loads(message))
        if frame[0] == 2:
            self.calls.append(frame)
        else:
            self._answers[frame[1]] = frame


def timestamp() -> str:
    """Now, as charge points write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
