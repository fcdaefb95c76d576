"""Whatever becomes of the process that places a call: once the row is there, the call goes out or expires."""

from datetime import timedelta
from typing import Any

import pytest

from csms.call_queue import CallQueue
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import Call, Calls, CallState
from csms.store.keys import shard_of
from csms.store.links import Link, Links
from tests.called_station import CalledStation
from tests.process_died import ProcessDied

CP001 = ChargePointId("CP001")
LIFETIME = timedelta(minutes=5)
ROUNDS = range(0, 20, 2)
"""Dead after a call is dead before the next: together, all of them."""


class Killer:
    """Kills the process at its n-th call of DynamoDB or the queue, before it is made or after it took effect."""

    def __init__(self, csms: Runtime, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
        self.at: int | None = None
        self._is_before = moment == "before"
        events = csms.store.links._table._client.meta.events
        events.register(f"{moment}-call.dynamodb", self._count)
        send = CallQueue.send

        def counted(*arguments: Any) -> None:
            if self._is_before:
                self._count()
            send(*arguments)
            if not self._is_before:
                self._count()

        monkeypatch.setattr(CallQueue, "send", counted)

    def _count(self, **_: Any) -> None:
        if self.at == 0:
            self.at = None
            raise ProcessDied
        if self.at is not None:
            self.at -= 1


def calls_of(csms: Runtime) -> dict[str, Call]:
    return {call.id: call for call in csms.store.calls.list(CP001, limit=100).calls}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("circumstance", ["idle", "busy", "just booted", "away"])
def test_a_call_whose_placer_dies_is_not_forgotten(
    csms: Runtime, called: CalledStation, monkeypatch: pytest.MonkeyPatch, moment: str, circumstance: str
) -> None:
    killer = Killer(csms, monkeypatch, moment)
    deaths = placed = 0
    for at in ROUNDS:
        called.wait(minutes=20)
        called.result("Heartbeat", {})
        called.wait(seconds=2)
        before = calls_of(csms)
        if circumstance == "busy":
            called.is_called("Reset", {"type": "Soft"})
        elif circumstance == "just booted":
            called.result("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"})
        elif circumstance == "away":
            called.disconnect()
        killer.at = at
        try:
            called.is_called("ClearCache", lifetime=LIFETIME)
        except ProcessDied:
            deaths += 1
        killer.at = None
        if circumstance == "away":
            called.wait(seconds=1)
            called.connect()

        for _ in range(4):  # the queue delivers, the station answers what it got
            called.wait(seconds=31)
            called.run_wakes()
            for number in range(len(called.posted)):
                called.reply({"status": "Accepted"}, to=number)
        called.wait(minutes=5)
        for due in csms.store.calls.due(called.now, shard_of(CP001)):
            called.engine.expire(due)

        for call_id, call in calls_of(csms).items():
            if call_id not in before:
                placed += call.action == "ClearCache"
                assert call.state.is_ended, f"{call.action} is {call.state}: died at call {at}"
        called.posted.clear()
    assert len(ROUNDS) > deaths > 1
    assert placed > len(ROUNDS) - 2 - deaths
    assert CallState.ACCEPTED in {call.state for call in calls_of(csms).values()}


def test_a_placer_that_stalls_until_after_the_deadline_leaves_no_call_behind(
    csms: Runtime, called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The deadline message finds no call, which the placer is about to store."""
    create = Calls.create

    def stalled(calls: Calls, call: Call, **named: Any) -> Call:
        called.wait(seconds=31)
        called.run_wakes()
        return create(calls, call, **named)

    monkeypatch.setattr(Calls, "create", stalled)
    call = called.is_called("ClearCache", lifetime=LIFETIME)
    assert called.stored(call).state is CallState.SENT
    called.wait(seconds=61)
    called.run_wakes()
    assert called.stored(call).state is CallState.TIMED_OUT


def test_the_next_message_of_a_station_finds_a_flight_whose_deadline_was_lost(
    csms: Runtime, called: CalledStation
) -> None:
    call = called.is_called("ClearCache")
    called.wakes.clear()
    called.wait(minutes=2)
    called.result("Heartbeat", {})
    called.run_wakes()
    assert called.stored(call).state is CallState.TIMED_OUT


def test_a_call_that_a_reconnection_takes_the_slot_from_as_its_deadline_puts_it_back_is_sent(
    called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise ProcessDied

    with monkeypatch.context() as patch:
        patch.setattr(Calls, "mark_sent", die)
        with pytest.raises(ProcessDied):
            called.is_called("ClearCache", lifetime=LIFETIME)
    put_back = Links.put_back

    def overtaken(*arguments: Any) -> Link | None:
        called.connect()
        return put_back(*arguments)

    monkeypatch.setattr(Links, "put_back", overtaken)
    called.wait(seconds=31)
    called.run_wakes()
    called.result("Heartbeat", {})
    called.wait(seconds=31)
    called.run_wakes()
    assert [frame[2] for frame in called.posted] == ["ClearCache"]
