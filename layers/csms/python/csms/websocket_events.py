"""API Gateway's WebSocket events and answers, in our words. See `tests/events/` for their shape."""

import base64
from datetime import UTC, datetime
from typing import Any

from csms.ids import ConnectionId
from csms.sessions import Connection

Event = dict[str, Any]


def connection_of(event: Event) -> Connection:
    """Which connection the event is about."""
    context = event["requestContext"]
    return Connection(ConnectionId(context["connectionId"]), context["connectedAt"])


def text_of(event: Event) -> str:
    """What the station sent."""
    body = event.get("body") or ""
    return base64.b64decode(body).decode(errors="replace") if event.get("isBase64Encoded") else body


def arrival_of(event: Event) -> datetime:
    """When API Gateway received it: fairer to the station's clock than our own start-up."""
    return datetime.fromtimestamp(event["requestContext"]["requestTimeEpoch"] / 1000, UTC)


def frame_response(frame: str | None) -> Event:
    """Send a frame back on a two-way route; nothing but these two keys may be returned."""
    return {"statusCode": 200} if frame is None else {"statusCode": 200, "body": frame}
