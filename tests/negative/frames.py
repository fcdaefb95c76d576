"""Frames around wrong payloads."""

import json
from itertools import takewhile
from typing import Any, Final

from tests.negative.variants import ABSENT, EXTRA_FIELD, Schema

CALL_ERROR: Final[Schema] = {
    "type": "object",
    "properties": {
        "errorCode": {"type": "string", "enum": ["NotSupported"]},
        "errorDescription": {"type": "string", "maxLength": 255},
        "errorDetails": {"type": "object"},
    },
    "required": ["errorCode", "errorDescription", "errorDetails"],
}
"""What follows the message id in a CALLERROR [J 4.2.3], as if it were an object: the standard has no schema for it."""


def call_text(message_id: str, action: str, payload: Any) -> str:
    """A CALL; without its last element where the payload is absent."""
    return _text([2, message_id, action], payload)


def result_text(message_id: str, payload: Any) -> str:
    """A CALLRESULT; without its last element where the payload is absent."""
    return _text([3, message_id], payload)


def error_text(message_id: str, error: Any) -> str:
    """A CALLERROR of such members; it ends before the first that is absent."""
    if not isinstance(error, dict):
        return _text([4, message_id], error)
    members = (error.get(name, ABSENT) for name in (*CALL_ERROR["properties"], EXTRA_FIELD))
    return json.dumps([4, message_id, *takewhile(lambda member: member is not ABSENT, members)])


def _text(elements: list[Any], payload: Any) -> str:
    return json.dumps(elements if payload is ABSENT else [*elements, payload])
