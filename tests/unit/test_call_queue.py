from datetime import UTC, datetime

from csms.call_queue import BulkChunk, BulkSelection, Commission, Deadline, Dispatch, Wake, read, write
from csms.ids import CallId, ChargePointId
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
