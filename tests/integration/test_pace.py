"""How early and how often a station is called: the deployment's word, or that of its model."""

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime, runtime
from csms.store.charge_point_models import ChargePointModel
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import LambdaStation

BOOT = {"chargePointVendor": "Wattbox", "chargePointModel": "Duo 22"}


def boot(called: CalledStation) -> None:
    called.wait(minutes=1)
    called.result("BootNotification", BOOT)


def says(csms: Runtime, *, call_settle_s: int | None = None, call_gap_s: int | None = None) -> None:
    noted = ChargePointModel("WATTBOX", "duo 22", call_settle_s=call_settle_s, call_gap_s=call_gap_s)
    csms.store.charge_point_models.put(noted)


def seconds_until_called(called: CalledStation) -> int:
    """How long a call that is placed now waits, in whole seconds."""
    before = len(called.posted)
    called.is_called("ClearCache")
    for second in range(200):
        called.run_wakes()
        if len(called.posted) > before:
            called.reply({"status": "Accepted"})
            return second
        called.wait(seconds=1)
    raise AssertionError("never called")


def test_a_station_is_given_the_time_to_settle_that_its_model_needs(csms: Runtime, called: CalledStation) -> None:
    says(csms, call_settle_s=40)
    boot(called)
    assert seconds_until_called(called) == 40
    assert seconds_until_called(called) == 0


def test_a_model_can_be_called_sooner_than_others(csms: Runtime, called: CalledStation) -> None:
    boot(called)
    assert seconds_until_called(called) == 5
    says(csms, call_settle_s=0)
    boot(called)
    assert seconds_until_called(called) == 1  # no call overtakes the answer to BootNotification


def test_calls_keep_the_distance_that_their_model_needs(csms: Runtime, called: CalledStation) -> None:
    says(csms, call_gap_s=7)
    boot(called)
    called.wait(seconds=10)
    assert [seconds_until_called(called) for _ in range(3)] == [0, 7, 7]


def test_a_waiting_call_goes_out_after_the_gap(csms: Runtime, called: CalledStation) -> None:
    says(csms, call_gap_s=7)
    boot(called)
    called.wait(seconds=10)
    for _ in range(2):
        called.is_called("ClearCache")
    called.reply({"status": "Accepted"})
    called.wait(seconds=6)
    called.run_wakes()
    assert len(called.posted) == 1
    called.wait(seconds=1)
    called.run_wakes()
    assert len(called.posted) == 2


def test_a_boot_during_a_call_is_settled_from_though_the_call_is_answered(csms: Runtime, called: CalledStation) -> None:
    says(csms, call_settle_s=40, call_gap_s=7)
    boot(called)
    called.wait(seconds=50)
    called.is_called("ClearCache")
    boot(called)
    called.reply({"status": "Accepted"})
    assert seconds_until_called(called) == 40


def test_what_is_said_of_a_model_counts_from_the_next_boot_on(csms: Runtime, called: CalledStation) -> None:
    says(csms, call_gap_s=7)
    boot(called)
    says(csms)
    called.wait(seconds=10)
    assert [seconds_until_called(called) for _ in range(2)] == [0, 7]
    boot(called)
    called.wait(seconds=10)
    assert [seconds_until_called(called) for _ in range(2)] == [0, 0]


def test_the_deployment_can_ask_for_a_gap(
    csms: Runtime, called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALL_GAP_S", "3")
    runtime.cache_clear()
    slow = CalledStation(csms=runtime(), now=called.now)
    slow.connection_id, slow.connected_at = called.connection_id, called.connected_at
    slow.install(monkeypatch)
    assert [seconds_until_called(slow) for _ in range(2)] == [0, 3]


def test_a_boot_of_a_model_that_is_known_writes_no_more_than_any_other(csms: Runtime, called: CalledStation) -> None:
    def writes() -> int:
        called.operations.clear()
        boot(called)
        return sum(operation in {"UpdateItem", "PutItem"} for operation in called.operations)

    before = writes()
    says(csms, call_settle_s=40, call_gap_s=7)
    assert writes() == before + 1
    assert writes() == before


def test_operators_say_it_of_a_model(csms: Runtime, station: LambdaStation) -> None:
    admin = LambdaOperator(claims_of("admin"))
    said = admin.put("/models/Wattbox/Duo%2022", {"callSettleS": 40, "callGapS": 7}).json
    assert (said["callSettleS"], said["callGapS"]) == (40, 7)
    read = admin.get("/models/wattbox/duo%2022").json
    assert (read["callSettleS"], read["callGapS"]) == (40, 7)
    assert admin.put("/models/Wattbox/Duo%2022", {}).json["callSettleS"] is None

    station.result("BootNotification", BOOT)
    link = csms.store.links.get(ChargePointId("CP001"))
    assert link is not None
    assert (link.call_settle_s, link.call_gap_s) == (None, None)
    for field, value in (("callSettleS", 121), ("callSettleS", -1), ("callGapS", 61), ("callGapS", True)):
        assert admin.put("/models/Wattbox/Duo%2022", {field: value}).fields.keys() == {field}
