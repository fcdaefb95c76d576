"""What the table's stream says of the rows: which of its records concern whom, as event-source filter patterns."""

from collections.abc import Mapping
from typing import Any, Final

from csms.ids import CallId, ChargePointId, SiteId
from csms.store import keys
from csms.store.calls import CallState
from csms.store.connectors import PAUSED_BY_VEHICLE

ENDED_CALLS: Final[Mapping[str, Any]] = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {
        "Keys": {keys.SORT_KEY: {"S": [{"prefix": keys.CALL_PREFIX}]}},
        "NewImage": {
            "state": {"S": [state.value for state in CallState if state.is_ended]},
            "has_effects_done": {"BOOL": [{"exists": False}]},
        },
    },
}
"""Calls that have ended and whose effects were not done when the record was written."""

SITE_CHANGES: Final[Mapping[str, Any]] = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {
        "Keys": {keys.SORT_KEY: {"S": [{"prefix": keys.CONNECTOR_PREFIX}]}},
        "NewImage": {"site_id": {"S": [{"exists": True}]}},
    },
}
"""Connectors of sites that were written to."""


def call_of(record: Mapping[str, Any]) -> tuple[ChargePointId, CallId]:
    """Which call a record of `ENDED_CALLS` is about; the row may have changed since."""
    image = record["dynamodb"]["NewImage"]
    return ChargePointId(image["charge_point_id"]["S"]), CallId(image["call_id"]["S"])


def changed_site(record: Mapping[str, Any]) -> SiteId | None:
    """Which site's plan has to look at a record of `SITE_CHANGES`; None if nothing changed that matters to it."""
    old, new = record["dynamodb"].get("OldImage"), record["dynamodb"]["NewImage"]
    return SiteId(new["site_id"]["S"]) if old is None or _what_matters(old) != _what_matters(new) else None


def _what_matters(image: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of a connector, to a charging plan. What a station reports when it follows a new limit must not be among it."""
    has_paused = image.get("status") == {"S": PAUSED_BY_VEHICLE}
    return *map(image.get, ("site_id", "transaction_id", "profiles_changed_at")), has_paused
