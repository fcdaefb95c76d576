"""A charge point opens a WebSocket: `$connect`."""

import logging
from typing import Any

from csms import metrics
from csms.connections import Handshake, Refused, Welcome
from csms.log import invoked
from csms.runtime import runtime
from csms.websocket_events import Event, arrival_of, connection_of

logger = logging.getLogger("csms.connect")


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Let the station in, or refuse with a status that reaches it."""
    try:
        return _welcome_response(runtime().connections.connect(_handshake_of(event), arrival_of(event)))
    except Refused as refused:
        logger.info("connection refused: %s", refused.reason, extra={"status": refused.status})
        metrics.emit("refused_connections", 1, status=str(refused.status))
        return {"statusCode": refused.status}


def _handshake_of(event: Event) -> Handshake:
    """The upgrade a `$connect` event reports."""
    parameters = event.get("queryStringParameters") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Handshake(
        connection=connection_of(event),
        identity_parameter=parameters.get("cp"),
        headers=headers,
        source_ip=event["requestContext"].get("identity", {}).get("sourceIp"),
        user_agent=headers.get("user-agent"),
    )


def _welcome_response(welcome: Welcome) -> Event:
    """Let the upgrade through, naming the sub-protocol only if the station offered it."""
    headers = {"Sec-WebSocket-Protocol": welcome.subprotocol} if welcome.subprotocol else {}
    return {"statusCode": 200, "headers": headers}
