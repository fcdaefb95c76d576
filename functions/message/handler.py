"""Everything a charge point sends: one function behind every route of the WebSocket API."""

import json
import time
from typing import Any, Final

from csms import metrics
from csms.log import invoked
from csms.runtime import runtime
from csms.websocket_events import arrival_of, connection_of, frame_response, text_of

_DEFAULT_ROUTE: Final = "$default"
_RESULT: Final = "[3,"


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer one frame: in the returned body on a two-way route, through @connections on the one-way `$default`."""
    if event["requestContext"]["eventType"] != "MESSAGE":
        return frame_response(None)
    csms, connection, now = runtime(), connection_of(event), arrival_of(event)
    answer = csms.answerer.answer(text_of(event), connection, now)
    if answer is None:
        return frame_response(None)
    route = event["requestContext"]["routeKey"]
    if route != _DEFAULT_ROUTE:
        _measure(answer, route, event)
        return frame_response(answer)
    csms.gateway.post(connection.id, answer)
    _measure(answer, "other", event)
    return frame_response(None)


def _measure(answer: str, action: str, event: dict[str, Any]) -> None:
    """Note what a CALL was answered with, and how long after it had come."""
    passed_ms = time.time_ns() // 1_000_000 - event["requestContext"]["requestTimeEpoch"]
    outcome = "answered" if answer.startswith(_RESULT) else json.loads(answer)[2]
    metrics.emit("answer_time", passed_ms, action=action, outcome=outcome)
