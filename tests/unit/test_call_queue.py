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


@pytest.mark.parametrize(
    "body",
    [
        '{"v":1,"chargePointId":"CP"}',
        '{"v":1,"chargePointId":"CP","callId":"c","attempt":3,"until":"2026-03-05T12:00:00.000Z"}',
        '{"v":1,"bulkId":"b","place":{"partition":2,"after":null},"found":7}',
        '{"v":1,"bulkId":"b","chargePointIds":["CP"]}',
        '{"v":1,"chargePointId":"CP","bootedAt":"2026-03-05T12:00:00.000Z"}',
    ],
)
def test_messages_from_before_kinds_were_named_are_understood_and_others_ignore_what_they_do_not_know(
    body: str,
) -> None:
    wake = read(body)
    named = json.loads(write(wake))
    assert {name: value for name, value in named.items() if name != "kind"} == json.loads(body)
    assert read(json.dumps({**named, "more": "of tomorrow"})) == wake
