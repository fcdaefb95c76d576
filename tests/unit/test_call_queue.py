from datetime import UTC, datetime

from csms.call_queue import Deadline, Dispatch, read, write
from csms.ids import CallId, ChargePointId


def test_wake_ups_survive_the_queue() -> None:
    until = datetime(2026, 3, 5, 12, tzinfo=UTC)
    for wake in (Dispatch(ChargePointId("CP")), Deadline(ChargePointId("CP"), CallId("c"), 3, until)):
        assert read(write(wake)) == wake
