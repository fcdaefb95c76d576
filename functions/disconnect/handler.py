"""A WebSocket has closed: `$disconnect`, which API Gateway sends as well as it can."""

from typing import Any, Final

from csms.log import invoked
from csms.runtime import runtime
from csms.websocket_events import arrival_of, connection_of

_TOO_LARGE: Final = 1009
"""[RFC 6455 7.4.1]"""


@invoked
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Note that the station is gone."""
    status_code = event["requestContext"].get("disconnectStatusCode")
    runtime().connections.disconnect(
        connection_of(event), _reason(event), arrival_of(event), is_too_large=status_code == _TOO_LARGE
    )
    return {"statusCode": 200}


def _reason(event: dict[str, Any]) -> str:
    context = event["requestContext"]
    return f"{context.get('disconnectStatusCode', '')} {context.get('disconnectReason', '')}".strip() or "closed"
