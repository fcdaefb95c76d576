"""Names for what JSON can hold."""

from typing import Any

JsonObject = dict[str, Any]

MessageId = str | int | float
"""A unique string by [J 4.1.4]; some stations send numbers, which are echoed as they came."""
