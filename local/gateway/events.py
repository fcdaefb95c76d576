"""The events of a WebSocket API, shaped as API Gateway sends them to a Lambda proxy integration."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from infra.definitions import CONNECT_ROUTE, DISCONNECT_ROUTE
from local.ids import short_id

Event = dict[str, Any]
Headers = Sequence[tuple[str, str]]
_API_ID: Final = "local"


@dataclass(frozen=True)
class Client:
    """What API Gateway knows of a connection; it appears in every event and in `GetConnection`."""

    connection_id: str
    connected_at_ms: int
    source_ip: str
    user_agent: str
    domain: str
    stage: str
    scheme: str = "https"
    """As the station spoke to whatever is in front."""


def connect_event(client: Client, headers: Headers, query: str) -> Event:
    """`$connect`: the handshake request."""
    event: Event = {
        **_multi("headers", "multiValueHeaders", [*headers, *_forwarded(client)]),
        "requestContext": _context(client, CONNECT_ROUTE, "CONNECT"),
        "isBase64Encoded": False,
    }
    parameters = parse_qsl(query, keep_blank_values=True)
    if parameters:
        event |= _multi("queryStringParameters", "multiValueQueryStringParameters", parameters)
    return event


def message_event(client: Client, route_key: str, body: str) -> Event:
    """One message of a station."""
    context = _context(client, route_key, "MESSAGE")
    context["messageId"] = short_id()
    return {"requestContext": context, "body": body, "isBase64Encoded": False}


def disconnect_event(client: Client, status_code: int, reason: str) -> Event:
    """`$disconnect`, with the close code."""
    context = _context(client, DISCONNECT_ROUTE, "DISCONNECT")
    context |= {"disconnectStatusCode": status_code, "disconnectReason": reason}
    headers = [("Host", client.domain), ("x-api-key", ""), ("x-restapi", ""), *_forwarded(client)]
    return {
        **_multi("headers", "multiValueHeaders", headers),
        "requestContext": context,
        "isBase64Encoded": False,
    }


def _context(client: Client, route_key: str, event_type: str) -> dict[str, Any]:
    now = time.time()
    request_id = short_id()
    return {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(now)),
        "messageDirection": "IN",
        "stage": client.stage,
        "connectedAt": client.connected_at_ms,
        "requestTimeEpoch": int(now * 1000),
        "identity": {"sourceIp": client.source_ip, "userAgent": client.user_agent},
        "requestId": request_id,
        "domainName": client.domain,
        "connectionId": client.connection_id,
        "apiId": _API_ID,
    }


def _forwarded(client: Client) -> Headers:
    return [("X-Forwarded-For", client.source_ip), ("X-Forwarded-Port", "443"), ("X-Forwarded-Proto", client.scheme)]


def _multi(single: str, multi: str, pairs: Headers) -> Event:
    """Both spellings of repeated names: the last value, and all of them."""
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        values[name].append(value)
    return {single: {name: all_values[-1] for name, all_values in values.items()}, multi: dict(values)}
