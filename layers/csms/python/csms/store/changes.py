"""What the table's stream says of the rows: which of its records concern whom, as event-source filter patterns.

They look into `dynamodb` only, as Lambda's documentation has it for these mappings; what TTL or anybody else deletes
has no new image, and each of them asks for something in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from csms.ids import CallId, ChargePointId, SiteId
from csms.store import keys
from csms.store.calls import CallState
from csms.store.connectors import PAUSED_BY_VEHICLE
from csms.store.history import EventKind
from csms.store.table import Item, from_image

Pattern = Mapping[str, Any]

_ENDED: Final = [state.value for state in CallState if state.is_ended]
_EXISTS: Final[Pattern] = {"N": [{"exists": True}]}

ENDED_CALLS: Final[Pattern] = {
    "dynamodb": {
        "Keys": {keys.SORT_KEY: {"S": [{"prefix": keys.CALL_PREFIX}]}},
        "NewImage": {
            "state": {"S": _ENDED},
            "has_effects_done": {"BOOL": [{"exists": False}]},
        },
    },
}
"""Calls that have ended and whose effects were not done when the record was written."""

SITE_CHANGES: Final[Pattern] = {
    "dynamodb": {
        "Keys": {keys.SORT_KEY: {"S": [{"prefix": keys.CONNECTOR_PREFIX}]}},
        "NewImage": {"site_id": {"S": [{"exists": True}]}},
    },
}
"""Connectors of sites that were written to."""

_TOLD: Final = [kind for kind in EventKind if kind is not EventKind.SESSION]
"""Kinds of history that become events. Of a session the link knows better whether it was the last one."""


def _link_with(*, old: bool, new: bool) -> Pattern:
    return {
        "dynamodb": {
            "Keys": {keys.SORT_KEY: {"S": [keys.LINK]}},
            "OldImage": {"v": _EXISTS, "connection_id": {"S": [{"exists": old}]}},
            "NewImage": {"v": _EXISTS, "connection_id": {"S": [{"exists": new}]}},
        }
    }


NEWS: Final[tuple[Pattern, ...]] = (
    {
        "dynamodb": {
            "Keys": {
                keys.SORT_KEY: {
                    "S": [
                        *({"prefix": keys.event_prefix(kind)} for kind in _TOLD),
                        {"prefix": keys.TRANSACTION_PREFIX},
                        {"prefix": keys.ORPHAN_PREFIX},
                    ]
                }
            },
            "NewImage": {"v": _EXISTS},
        }
    },
    {
        "dynamodb": {
            "Keys": {keys.SORT_KEY: {"S": [{"prefix": keys.CALL_PREFIX}]}},
            "OldImage": {"state": {"S": [CallState.QUEUED.value, CallState.SENT.value]}},
            "NewImage": {"state": {"S": _ENDED}},
        }
    },
    _link_with(old=False, new=True),
    _link_with(old=True, new=False),
)
"""Changes that others hear of (`csms.events`). A mapping takes five patterns by default."""


@dataclass(frozen=True)
class Change:
    """One record of the stream; `old` is None where the item is new, `new` where it was deleted."""

    id: str
    """The same if the record comes again."""
    partition: str
    sort_key: str
    old: Item | None
    new: Item | None
    recorded_at: datetime
    """To the second, or better."""


def change_of(record: Mapping[str, Any]) -> Change:
    """Read a record."""
    change = record["dynamodb"]
    return Change(
        id=record["eventID"],
        partition=change["Keys"][keys.PARTITION_KEY]["S"],
        sort_key=change["Keys"][keys.SORT_KEY]["S"],
        old=from_image(change["OldImage"]) if "OldImage" in change else None,
        new=from_image(change["NewImage"]) if "NewImage" in change else None,
        recorded_at=datetime.fromtimestamp(float(change["ApproximateCreationDateTime"]), UTC),
    )


def is_to_finish(record: Mapping[str, Any]) -> bool:
    """Whether a record is one of `ENDED_CALLS`."""
    image = record["dynamodb"].get("NewImage", {})
    is_call = record["dynamodb"]["Keys"][keys.SORT_KEY]["S"].startswith(keys.CALL_PREFIX)
    return is_call and image.get("state", {}).get("S") in _ENDED and "has_effects_done" not in image


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
