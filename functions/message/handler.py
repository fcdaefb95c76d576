"""Everything a charge point sends: one function behind every route of the WebSocket API."""

from typing import Any

from csms.runtime import runtime
from csms.websocket_events import arrival_of, connection_of, frame_response, text_of

_DEFAULT_ROUTE = "$default"


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Answer one frame: in the returned body on a two-way route, through @connections on the one-way `$default`."""
    if event["requestContext"]["eventType"] != "MESSAGE":
        return frame_response(None)
    csms, connection, now = runtime(), connection_of(event), arrival_of(event)
    answer = csms.answerer.answer(text_of(event), connection, now)
    if answer is None or event["requestContext"]["routeKey"] != _DEFAULT_ROUTE:
        return frame_response(answer)
    csms.gateway.post(connection.id, answer)
    return frame_response(None)
