"""A charge point opens a WebSocket: `$connect`."""

import logging
from typing import Any

from csms.connections import Refused
from csms.runtime import runtime
from csms.websocket_events import arrival_of, handshake_of, welcome_response

logger = logging.getLogger("csms.connect")


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Let the station in, or refuse with a status that reaches it."""
    try:
        return welcome_response(runtime().connections.connect(handshake_of(event), arrival_of(event)))
    except Refused as refused:
        logger.info("connection refused: %s", refused.reason, extra={"status": refused.status})
        return {"statusCode": refused.status}
