"""A station whose frames go straight into the functions as API Gateway would put them: no socket, and any clock."""

import base64
import copy
import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import connect.handler
import disconnect.handler
import message.handler
from csms.ocpp.primitives import format_timestamp
from csms.v16.registry import actions
from tests.schemas import assert_valid_answer

NOON = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
_connection_numbers = itertools.count()
_EVENTS = Path(__file__).parent / "events"


def event(name: str) -> dict[str, Any]:
    """A captured event, to be changed at will."""
    return copy.deepcopy(_captured(name))


@cache
def _captured(name: str) -> dict[str, Any]:
    captured: dict[str, Any] = json.loads((_EVENTS / f"{name}.json").read_text())
    return captured


@dataclass
class LambdaStation:
    """One charge point with one connection at a time. `now` is when API Gateway receives its next message."""

    identity: str = "CP001"
    now: datetime = NOON
    connection_id: str = ""
    connected_at: datetime = NOON
    _ids: Any = field(default_factory=itertools.count)

    def connect(self, **handshake: Any) -> dict[str, Any]:
        """Open a connection; returns what API Gateway gets to see."""
        self.open()
        return self.shake_hands(**handshake)

    def open(self) -> None:
        """Have another connection, of which nobody has heard yet."""
        self.connected_at = self.now
        self.connection_id = f"connection-{next(_connection_numbers)}"

    def shake_hands(
        self,
        *,
        subprotocol: str | None = "ocpp1.6",
        password: bytes | None = None,
        cp: str | None = "",
        source_ip: str | None = None,
        **headers: Any,
    ) -> dict[str, Any]:
        """Ask for the connection; `cp` is the query parameter, None for none."""
        opened = event("connect")
        del opened["headers"]["Authorization"], opened["headers"]["Sec-WebSocket-Protocol"]
        if subprotocol is not None:
            opened["headers"]["Sec-WebSocket-Protocol"] = subprotocol
        if password is not None:
            credentials = base64.b64encode(self.identity.encode() + b":" + password).decode()
            opened["headers"]["Authorization"] = f"Basic {credentials}"
        opened["headers"] |= headers
        opened["requestContext"]["identity"]["sourceIp"] = source_ip or opened["requestContext"]["identity"]["sourceIp"]
        opened["queryStringParameters"] = None if cp is None else {"cp": cp or self.identity}
        return connect.handler.lambda_handler(self._in_context(opened), None)

    def disconnect(self) -> None:
        """Let API Gateway say that the connection is closed."""
        disconnect.handler.lambda_handler(self._in_context(event("disconnect")), None)

    def send(self, text: str) -> str | None:
        """Send any text; returns the body that a two-way route sends back."""
        sent = event("message")
        sent["body"] = text
        sent["requestContext"]["routeKey"] = _route_of(text)
        body: str | None = message.handler.lambda_handler(self._in_context(sent), None).get("body")
        return body

    def call(self, action: str, payload: dict[str, Any], message_id: str | None = None) -> list[Any]:
        """Send a CALL; returns the answering frame, which is checked against the official schema."""
        message_id = message_id or f"m{next(self._ids)}"
        answer = json.loads(self.send(json.dumps([2, message_id, action, payload])) or "null")
        assert answer is not None, f"no answer to {action}"
        assert answer[1] == message_id
        assert_valid_answer(action, answer)
        frame: list[Any] = answer
        return frame

    def result(self, action: str, payload: dict[str, Any], message_id: str | None = None) -> dict[str, Any]:
        """Send a CALL that must succeed; returns the payload of its CALLRESULT."""
        answer = self.call(action, payload, message_id)
        assert answer[0] == 3, answer
        payload_back: dict[str, Any] = answer[2]
        return payload_back

    def error_code(self, action: str, payload: dict[str, Any]) -> str:
        """Send a CALL that must be refused; returns the code of its CALLERROR."""
        answer = self.call(action, payload)
        assert answer[0] == 4, answer
        return str(answer[2])

    def start(self, **changes: Any) -> dict[str, Any]:
        """StartTransaction on connector 1 right now, changed as asked."""
        payload = {"connectorId": 1, "idTag": "TAG1", "meterStart": 1000, "timestamp": self.timestamp()}
        return self.result("StartTransaction", payload | changes)

    def stop(self, transaction_id: int | None, **changes: Any) -> dict[str, Any]:
        """StopTransaction right now, changed as asked."""
        payload = {"transactionId": transaction_id, "meterStop": 5000, "timestamp": self.timestamp()}
        return self.result("StopTransaction", payload | changes)

    def timestamp(self, **before: float) -> str:
        """The station's time, or that much earlier."""
        return format_timestamp(self.now - timedelta(**before))

    def wait(self, **duration: float) -> None:
        """Let time pass."""
        self.now += timedelta(**duration)

    def _in_context(self, raw: dict[str, Any]) -> dict[str, Any]:
        raw["requestContext"] |= {
            "connectionId": self.connection_id,
            "connectedAt": int(self.connected_at.timestamp() * 1000),
            "requestTimeEpoch": int(self.now.timestamp() * 1000),
        }
        return raw


def _route_of(text: str) -> str:
    """API Gateway's `$request.body.[2]`."""
    try:
        key = json.loads(text)[2]
    except (ValueError, LookupError, TypeError, RecursionError):
        return "$default"
    return key if isinstance(key, str) and key in actions() else "$default"
