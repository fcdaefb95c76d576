"""What a handler may answer, and what a station gets of it."""

import json
from typing import Any


class MalformedAnswerError(Exception):
    """A handler's answer that API Gateway would not understand."""


def handshake_of(answer: object) -> tuple[int, str | None]:
    """Status and sub-protocol of the upgrade: all that reaches the station of `connect`'s answer.

    Raises:
        MalformedAnswerError: there is no final HTTP status in it.
    """
    fields = _fields(answer)
    status: int = fields["statusCode"]
    if not 200 <= status < 600:
        raise MalformedAnswerError
    headers = {name.lower(): value for name, value in (fields.get("headers") or {}).items()}
    return status, headers.get("sec-websocket-protocol")


def body_of(answer: object) -> str:
    """What a two-way route sends: also an empty frame, when there is no body.

    Raises:
        MalformedAnswerError: the body is no text.
    """
    body = _fields(answer).get("body", "")
    if not isinstance(body, str):
        raise MalformedAnswerError
    return body


def error_frame(message: str, connection_id: str, request_id: str) -> str:
    """What a station gets, on any route, when the integration failed; it is not OCPP."""
    fields = {"message": message, "connectionId": connection_id, "requestId": request_id}
    return json.dumps(fields, separators=(",", ":"))


def _fields(answer: object) -> dict[str, Any]:
    if not isinstance(answer, dict) or not isinstance(answer.get("statusCode"), int):
        raise MalformedAnswerError
    return answer
