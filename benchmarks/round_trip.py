"""How long a command takes at the running stack: from the operator's request, which waits, to the settled answer.

The station answers as soon as it has read the call. What is left without the time this took is the overhead.
"""

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.stack import Stack, running_stack

WARM_UP_ROUNDS: Final = 20
LONGEST_WAIT_S: Final = 20
REST_S: Final = 0.2
"""A pause in which what follows a command can end: the slot, the stream."""
_IDENTITY: Final = "BENCH-0001"


@dataclass(frozen=True)
class RoundTrips:
    """The times of one command, in ms."""

    action: str
    has_rest: bool
    """Whether there was a pause after the command before."""
    total_ms: list[float]
    overhead_ms: list[float]
    """Without the station's own time, from the frame received to the answer sent."""


def measure_round_trips(commands: dict[str, dict[str, Any]], rounds: int) -> list[RoundTrips]:
    """One command after the other at a fresh stack, with one station."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stack(Path(directory), CALL_SETTLE_S="0") as stack,
        _answering(stack) as station,
        httpx.Client(base_url=stack.api_url, headers={"Authorization": f"Bearer {stack.token}"}) as client,
    ):
        operator = _Operator(client, station)
        for action, payload in commands.items():
            for _ in range(WARM_UP_ROUNDS):
                operator.command(action, payload)
        return [
            operator.round_trips(action, payload, rounds, has_rest=has_rest)
            for has_rest in (True, False)
            for action, payload in commands.items()
        ]


@dataclass
class _AnsweringStation:
    """Accepts every call, and knows how long each answer took."""

    connection: ClientConnection
    own_ms: list[float] = field(default_factory=list)

    def serve(self) -> None:
        """Until the connection is closed."""
        try:
            for frame in self.connection:
                self._answer(frame)
        except ConnectionClosed:
            return

    def _answer(self, frame: str | bytes) -> None:
        received = time.perf_counter()
        kind, message_id, *_ = json.loads(frame)
        if kind == 2:
            self.connection.send(json.dumps([3, message_id, {"status": "Accepted"}]))
            self.own_ms.append((time.perf_counter() - received) * 1000)


@contextmanager
def _answering(stack: Stack) -> Iterator[_AnsweringStation]:
    """Connected and, having been answered once, ready to be called."""
    with connect(f"{stack.ocpp_url}/{_IDENTITY}", subprotocols=[Subprotocol("ocpp1.6")]) as connection:
        connection.send(json.dumps([2, "first", "Heartbeat", {}]))
        connection.recv(LONGEST_WAIT_S)
        station = _AnsweringStation(connection)
        serving = threading.Thread(target=station.serve)
        serving.start()
        try:
            yield station
        finally:
            connection.close()
            serving.join()


@dataclass(frozen=True)
class _Operator:
    client: httpx.Client
    station: _AnsweringStation

    def round_trips(self, action: str, payload: dict[str, Any], rounds: int, *, has_rest: bool) -> RoundTrips:
        """The times of as many rounds."""
        times = []
        for _ in range(rounds):
            if has_rest:
                time.sleep(REST_S)
            times.append(self.command(action, payload))
        overheads = sorted(total - own for total, own in times)
        return RoundTrips(action, has_rest, sorted(total for total, _ in times), overheads)

    def command(self, action: str, payload: dict[str, Any]) -> tuple[float, float]:
        """One round: the whole time and the station's, in ms."""
        began = time.perf_counter()
        answer = self.client.post(
            f"/charge-points/{_IDENTITY}/commands/{action}",
            params={"wait": LONGEST_WAIT_S},
            json=payload,
            timeout=LONGEST_WAIT_S + 10,
        )
        total_ms = (time.perf_counter() - began) * 1000
        assert answer.status_code == HTTPStatus.OK, answer.text
        assert answer.json()["state"] == "accepted", answer.text
        return total_ms, self.station.own_ms[-1]
