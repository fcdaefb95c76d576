"""A station that is called: what is posted to its connection, and the wake-ups that the queue would deliver."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

import dispatch_calls.handler
from csms.call_queue import CallQueue, Wake, write
from csms.calls import CallEngine, Order
from csms.gateway import Gateway, Posted
from csms.ids import CallId, ChargePointId, ConnectionId
from csms.runtime import Runtime
from csms.store.calls import Call
from tests.lambda_station import LambdaStation


@dataclass
class CalledStation(LambdaStation):
    """A connected station, the engine on its clock, the queue in memory. `posted` is what went out, parsed."""

    csms: Runtime = field(kw_only=True)
    posted: list[list[Any]] = field(default_factory=list)
    post_result: Posted = Posted.DELIVERED
    wakes: list[tuple[datetime, Wake]] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    """What was asked of DynamoDB, in order."""

    def __post_init__(self) -> None:
        """Put the engine on this station's clock."""
        self.csms.calls._clock = lambda: self.now
        events = self.csms.store.links._table._client.meta.events
        events.register("before-call.dynamodb", lambda model, **_: self.operations.append(model.name))

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Catch what goes to @connections and to the queue."""

        def post(_: Gateway, connection_id: ConnectionId, text: str) -> Posted:
            assert connection_id == self.connection_id
            if self.post_result in {Posted.DELIVERED, Posted.UNKNOWN}:
                self.posted.append(json.loads(text))
            return self.post_result

        def send(_: CallQueue, wake: Wake, delay: timedelta = timedelta()) -> None:
            self.wakes.append((self.now + min(delay, timedelta(minutes=15)), wake))

        monkeypatch.setattr(Gateway, "post", post)
        monkeypatch.setattr(CallQueue, "send", send)

    @property
    def engine(self) -> CallEngine:
        """The call engine."""
        return self.csms.calls

    def is_called(self, action: str, payload: dict[str, Any] | None = None, **order: Any) -> Call:
        """Let an operator place a call."""
        return self.engine.place(
            Order(ChargePointId(self.identity), action, payload or {}, requested_by="operator", **order)
        )

    def stored(self, call: Call) -> Call:
        """The call as it is stored now."""
        found = self.csms.store.calls.get(call.charge_point_id, CallId(call.id))
        assert found is not None
        return found

    def reply(self, payload: dict[str, Any] | None = None, *, to: int = -1) -> None:
        """Answer a call that was posted, the last one unless told otherwise."""
        self.send(json.dumps([3, self.posted[to][1], payload if payload is not None else {}]))

    def refuse(self, code: str = "NotSupported", *, to: int = -1) -> None:
        """Answer a call that was posted with a CALLERROR."""
        self.send(json.dumps([4, self.posted[to][1], code, "no", {}]))

    def run_wakes(self) -> None:
        """Let the queue deliver what is due by now, through the function that consumes it."""
        while due := [entry for entry in self.wakes if entry[0] <= self.now]:
            for entry in due:
                self.wakes.remove(entry)
                record = {"messageId": "m", "body": write(entry[1])}
                answer = dispatch_calls.handler.lambda_handler({"Records": [record]}, None)
                assert answer == {"batchItemFailures": []}
