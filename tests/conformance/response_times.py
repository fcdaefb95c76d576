"""The two measurements of a certificate: how long a station waits for an answer, and how long for that to Authorize.

One station at a local stack that does nothing else goes through one charging session after the other over its
WebSocket. A time is from the CALL handed to the socket to its CALLRESULT read from it.
"""

import itertools
import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.stack import Stack
from tests.station import OCPP16, Payload, timestamp

SESSIONS: Final = 100
_WARM_UP_SESSIONS: Final = 5
_AUTHORIZE: Final = "Authorize"
_AUTHORIZES_A_SESSION: Final = 5
METHOD: Final = (
    f"One station at an otherwise idle local stack plays {SESSIONS} charging sessions after {_WARM_UP_SESSIONS} that "
    "are not counted, one CALL at a time over one WebSocket. A time is from the CALL handed to the socket to its "
    "CALLRESULT read from it. OCPP response time: every BootNotification, StatusNotification, StartTransaction, "
    f"MeterValues, StopTransaction and Heartbeat. Authorize response time: {_AUTHORIZES_A_SESSION} a session, with "
    "a tag that is known and accepted. Gateway, functions and embedded AWS share the machine with the station."
)


@dataclass(frozen=True)
class ResponseTime:
    """What one measurement came to, in ms."""

    name: str
    samples: int
    p50_ms: float
    p99_ms: float
    max_ms: float

    @classmethod
    def of(cls, name: str, times_ms: list[float]) -> "ResponseTime":
        """By nearest rank."""
        ordered = sorted(times_ms)
        p50, p99 = (ordered[math.ceil(len(ordered) * part) - 1] for part in (0.5, 0.99))
        return cls(name, len(ordered), *(round(ms, 1) for ms in (p50, p99, ordered[-1])))

    def to_json(self) -> dict[str, Any]:
        """As a plain object."""
        return asdict(self)


def measure_response_times(stack: Stack, identity: str, id_tag: str) -> list[ResponseTime]:
    """Play the sessions; the charge point and the tag exist."""
    subprotocols = [Subprotocol(OCPP16)]
    with connect(f"{stack.ocpp_url}/{identity}", subprotocols=subprotocols, proxy=None) as connection:
        station = _TimedStation(connection)
        for number in range(_WARM_UP_SESSIONS + SESSIONS):
            if number == _WARM_UP_SESSIONS:
                station.times_ms.clear()
            station.charge(id_tag, number)
    authorize_ms = [ms for action, ms in station.times_ms if action == _AUTHORIZE]
    others_ms = [ms for action, ms in station.times_ms if action != _AUTHORIZE]
    return [ResponseTime.of("OCPP response time", others_ms), ResponseTime.of("Authorize response time", authorize_ms)]


class _TimedStation:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._message_ids = itertools.count()
        self.times_ms: list[tuple[str, float]] = []

    def charge(self, id_tag: str, meter_start_wh: int) -> None:
        """One session, from the boot to the heartbeat after it; no two may begin alike."""
        for action, payload in _before_start(id_tag):
            self._call(action, payload)
        start = {"connectorId": 1, "idTag": id_tag, "meterStart": meter_start_wh, "timestamp": _now()}
        transaction_id = self._call("StartTransaction", start)["transactionId"]
        sample = {"value": str(meter_start_wh), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}
        values = {"connectorId": 1, "meterValue": [{"timestamp": _now(), "sampledValue": [sample]}]}
        self._call("MeterValues", {**values, "transactionId": transaction_id})
        stop = {"transactionId": transaction_id, "meterStop": meter_start_wh + 1, "timestamp": _now(), "idTag": id_tag}
        self._call("StopTransaction", stop)
        self._call("StatusNotification", _status("Available"))
        self._call("Heartbeat", {})

    def _call(self, action: str, payload: Payload) -> Payload:
        text = json.dumps([2, str(next(self._message_ids)), action, payload])
        begun = time.perf_counter()
        self._connection.send(text)
        answer = self._connection.recv()
        self.times_ms.append((action, (time.perf_counter() - begun) * 1000))
        match json.loads(answer):
            case [3, _, dict(result)]:
                return result
        raise AssertionError(f"{text} was answered with {answer!r}")


def _before_start(id_tag: str) -> Iterator[tuple[str, Payload]]:
    yield "BootNotification", {"chargePointVendor": "Tool", "chargePointModel": "Tool 16"}
    yield "StatusNotification", _status("Preparing")
    for _ in range(_AUTHORIZES_A_SESSION):
        yield _AUTHORIZE, {"idTag": id_tag}


def _status(status: str) -> Payload:
    return {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": _now()}


def _now() -> str:
    return timestamp(datetime.now(UTC))
