"""What the table's stream says of the rows: which of its records concern whom, as event-source filter patterns."""

from collections.abc import Mapping
from typing import Any, Final

from csms.ids import CallId, ChargePointId
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


def call_of(record: Mapping[str, Any]) -> tuple[ChargePointId, CallId]:
    """Which call a record of `ENDED_CALLS` is about; the row may have changed since."""
    image = record["dynamodb"]["NewImage"]
    return ChargePointId(image["charge_point_id"]["S"]), CallId(image["call_id"]["S"])
