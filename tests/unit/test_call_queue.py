import json
from datetime import UTC, datetime
from typing import Any

import pytest

from csms.call_queue import BulkChunk, BulkSelection, Commission, Deadline, Dispatch, Wake, read, write
from csms.ids import CallId, ChargePointId
from csms.schema import NewerSchemaError
from csms.store.listing import ShardCursor

CP = ChargePointId("CP")


def test_wake_ups_survive_the_queue() -> None:
    until = datetime(2026, 3, 5, 12, tzinfo=UTC)
    wakes: list[Wake] = [
        Dispatch(CP),
        Deadline(CP, CallId("c"), 3, until),
        BulkSelection("b"),
        BulkSelection("b", ShardCursor(2, None), 7),
        BulkSelection("b", ShardCursor(2, {"PK": "x"}), 7),
        BulkChunk("b", (CP, ChargePointId("CP2"))),
        Commission(CP, until),
    ]
    for wake in wakes:
        assert read(write(wake)) == wake


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [({"v": 2, "kind": "dispatch"}, NewerSchemaError), ({"v": 1, "kind": "of tomorrow"}, KeyError)],
)
def test_what_a_newer_function_says_is_not_taken_for_something_else(
    fields: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        read(json.dumps({"chargePointId": "CP", **fields}))
