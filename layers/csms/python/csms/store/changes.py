"""What the table's stream says of the rows: which of its records concern whom, as event-source filter patterns."""

from collections.abc import Mapping
from typing import Any, Final

from csms.ids import CallId, ChargePointId, SiteId
from csms.store import keys
from csms.store.calls import CallState

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
_NO_MATTER: Final = frozenset(
    {"since", "timestamp", "error_code", "info", "vendor_id", "vendor_error_code", "reserved_until"}
)
"""What a connector says beside its status; no charging plan depends on it."""


def call_of(record: Mapping[str, Any]) -> tuple[ChargePointId, CallId]:
    """Which call a record of `ENDED_CALLS` is about; the row may have changed since."""
    image = record["dynamodb"]["NewImage"]
    return ChargePointId(image["charge_point_id"]["S"]), CallId(image["call_id"]["S"])


def changed_site(record: Mapping[str, Any]) -> SiteId | None:
    """Which site's plan has to look at a record of `SITE_CHANGES`; None if nothing changed that matters to it."""
    old, new = record["dynamodb"].get("OldImage", {}), record["dynamodb"]["NewImage"]
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    return SiteId(new["site_id"]["S"]) if changed - _NO_MATTER else None
