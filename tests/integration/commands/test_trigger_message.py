"""TriggerMessage: ask for a message, and let it in (TC_054, TC_055)."""

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.calls import CallState
from csms.store.links import Registration
from tests.called_station import CalledStation

CP001 = ChargePointId("CP001")
BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}


@pytest.mark.parametrize(
    "body",
    [
        {"requestedMessage": "MeterValues", "connectorId": 1},
        {"requestedMessage": "Heartbeat"},
        {"requestedMessage": "StatusNotification", "connectorId": 1},
        {"requestedMessage": "StatusNotification", "connectorId": 0},
        {"requestedMessage": "DiagnosticsStatusNotification"},
        {"requestedMessage": "FirmwareStatusNotification"},
    ],
)
def test_any_message_can_be_asked_for(called: CalledStation, body: dict[str, object]) -> None:
    call = called.is_called("TriggerMessage", body)
    assert called.posted[-1][3] == body
    called.reply({"status": "NotImplemented"})
    assert (called.stored(call).state, called.stored(call).status) == (CallState.REJECTED, "NotImplemented")


def test_connector_0_has_no_meter(called: CalledStation) -> None:
    with pytest.raises(CallRefused, match="connectorId 0"):
        called.is_called("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 0})


def test_no_boot_is_asked_for_after_one_was_accepted(csms: Runtime, called: CalledStation) -> None:
    body = {"requestedMessage": "BootNotification"}
    called.is_called("TriggerMessage", body)
    called.reply({"status": "Accepted"})
    called.result("BootNotification", BOOT)
    called.wait(seconds=10)
    with pytest.raises(CallRefused, match=r"accepted when it booted \[ER 3.40\]"):
        called.is_called("TriggerMessage", body)
    called.is_called("TriggerMessage", body, is_forced=True)
    assert called.posted[-1][3] == body


def test_a_boot_is_the_way_out_of_pending_once_the_operator_accepts(csms: Runtime, called: CalledStation) -> None:
    csms.store.links.set_registration(CP001, Registration.PENDING)
    assert called.result("BootNotification", BOOT)["status"] == "Pending"
    called.wait(seconds=10)
    csms.store.links.set_registration(CP001, Registration.ACCEPTED)
    called.is_called("TriggerMessage", {"requestedMessage": "BootNotification"})
    called.reply({"status": "Accepted"})
    assert called.result("BootNotification", BOOT)["status"] == "Accepted"


def test_a_pending_station_may_send_what_was_asked_for_and_for_a_while(csms: Runtime, called: CalledStation) -> None:
    csms.store.links.set_registration(CP001, Registration.PENDING)
    called.wait(minutes=2)
    assert called.error_code("Heartbeat", {}) == "SecurityError"
    called.wait(seconds=2)

    called.is_called("TriggerMessage", {"requestedMessage": "Heartbeat"})
    called.result("Heartbeat", {})  # overtakes the answer
    called.reply({"status": "Accepted"})
    called.result("Heartbeat", {})

    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    assert called.error_code("StatusNotification", status) == "SecurityError"
    called.wait(minutes=6)
    assert called.error_code("Heartbeat", {}) == "SecurityError"


def test_a_rejected_station_may_send_nothing(csms: Runtime, called: CalledStation) -> None:
    csms.store.links.set_registration(CP001, Registration.PENDING)
    called.is_called("TriggerMessage", {"requestedMessage": "Heartbeat"})
    csms.store.links.set_registration(CP001, Registration.REJECTED)
    called.wait(minutes=2)
    assert called.error_code("Heartbeat", {}) == "SecurityError"
