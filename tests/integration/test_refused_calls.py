"""A call that is refused was never placed, however late somebody else takes the last place (DESIGN §5)."""

import pytest

from csms.calls import NotConnected, Order
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.links import Link, WaitingListFull
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of

CP001 = ChargePointId("CP001")
RESET = Order(CP001, "Reset", {"type": "Soft"}, "operator", idempotency_key="k")


def link(csms: Runtime) -> Link:
    found = csms.store.links.get(CP001, consistent=True)
    assert found is not None
    return found


def queued(csms: Runtime) -> int:
    return len(csms.store.calls.list(CP001, limit=1000, state=CallState.QUEUED).calls)


def test_who_loses_the_last_place_leaves_nothing_behind(csms: Runtime, called: CalledStation) -> None:
    for _ in range(100):
        called.is_called("ClearCache")
    before = link(csms)
    called.is_called("ClearCache")
    with pytest.raises(WaitingListFull):
        called.engine.place(RESET, before)
    assert queued(csms) == 100
    called.reply({"status": "Accepted"})
    placed = called.engine.place(RESET)
    assert called.stored(placed).state is CallState.QUEUED
    assert placed.id in link(csms).waiting


def test_a_repetition_that_finds_no_place_leaves_nothing_behind(csms: Runtime, called: CalledStation) -> None:
    called.is_called("ClearCache")
    placed = called.engine.place(RESET)
    csms.store.links.dequeue(link(csms), placed.id)  # as if its dispatcher had died in between
    for _ in range(100):
        called.is_called("ClearCache")
    with pytest.raises(WaitingListFull):
        called.engine.place(RESET)
    assert queued(csms) == 100


def test_a_call_to_a_charge_point_that_is_removed_meanwhile_is_not_kept(csms: Runtime, called: CalledStation) -> None:
    before = link(csms)
    csms.store.links.delete(CP001)
    with pytest.raises(LookupError):
        called.engine.place(RESET, before)
    assert queued(csms) == 0


def test_in_quiet_mode_who_loses_the_slot_is_refused(csms: Runtime, called: CalledStation) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    before = link(csms)
    called.is_called("ClearCache")
    with pytest.raises(NotConnected, match="quiet"):
        called.engine.place(RESET, before)
    assert queued(csms) == 0
    called.reply({"status": "Accepted"})
    called.engine.place(RESET)
    assert [frame[2] for frame in called.posted] == ["ClearCache", "Reset"]


def test_in_quiet_mode_one_call_at_most_waits_until_the_station_may_be_called(
    csms: Runtime, called: CalledStation
) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    called.result("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "One"})
    before = link(csms)
    called.is_called("ClearCache")
    with pytest.raises(NotConnected, match="quiet"):
        called.engine.place(RESET, before)
    assert (queued(csms), len(link(csms).waiting)) == (1, 1)
    called.wait(seconds=10)
    called.run_wakes()
    assert [frame[2] for frame in called.posted] == ["ClearCache"]


def test_all_of_a_hundred_queued_commands_can_be_taken_back(csms: Runtime, called: CalledStation) -> None:
    operator = LambdaOperator(claims_of("operate"), now=called.now)
    called.is_called("ClearCache")
    before = link(csms)
    for _ in range(100):
        called.is_called("ClearCache")
    with pytest.raises(WaitingListFull):
        called.engine.place(RESET, before)
    taken = operator.delete("/charge-points/CP001/commands", state="queued")
    assert len(taken.json["withdrawn"]) == 100
    assert operator.items("/charge-points/CP001/commands", state="queued") == []
