"""JSON as stations sent it, kept as text.

What nests deeper than any OCPP payload is not accepted any more; what was, and cannot be read, is shown as its text.
"""

import json
from typing import Any

from csms.ocpp.json_types import JsonObject


def read_object(text: str) -> JsonObject:
    """An object that was kept."""
    try:
        value: JsonObject = json.loads(text)
    except RecursionError:
        return {"text": text}
    return value


def read_array(text: str) -> list[Any]:
    """An array that was kept."""
    try:
        value: list[Any] = json.loads(text)
    except RecursionError:
        return [text]
    return value
