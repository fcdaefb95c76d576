"""The messages that leave little behind: boot, status, heartbeat, authorisation, notifications."""

from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.history import EventKind
from csms.store.links import Registration
from csms.v16.types import DataTransferStatus
from csms.v16.vendors import Understand, understands
from tests.lambda_station import LambdaStation

CP001 = ChargePointId("CP001")
BOOT = {"chargePointVendor": "Vendor", "chargePointModel": "Model"}


def history(csms: Runtime, kind: EventKind) -> list[dict[str, Any]]:
    return [event.details for event in csms.store.history.list(CP001, kind, limit=10).events]


def test_a_boot_is_answered_with_time_and_heartbeat_interval_and_kept(csms: Runtime, station: LambdaStation) -> None:
    answer = station.result("BootNotification", {**BOOT, "firmwareVersion": "1.0" * 40, "imsi": None, "own": 1})

    assert answer == {"status": "Accepted", "currentTime": station.timestamp(), "interval": 300}
    charge_point = csms.store.charge_points.get(CP001)
    assert charge_point is not None
    assert charge_point.boot == {
        "charge_point_vendor": "Vendor",
        "charge_point_model": "Model",
        "firmware_version": ("1.0" * 40)[:50],
    }


def test_a_second_boot_forgets_what_is_no_longer_said(csms: Runtime, station: LambdaStation) -> None:
    station.result("BootNotification", {**BOOT, "iccid": "89"})
    station.result("BootNotification", BOOT)
    charge_point = csms.store.charge_points.get(CP001)
    assert charge_point is not None
    assert "iccid" not in (charge_point.boot or {})


@pytest.mark.parametrize("registration", [Registration.PENDING, Registration.REJECTED])
def test_before_it_is_accepted_a_station_may_boot_and_deliver_charge_data_only(
    csms: Runtime, station: LambdaStation, registration: Registration
) -> None:
    csms.store.links.set_registration(CP001, registration)
    station.wait(minutes=2)

    assert station.result("BootNotification", BOOT)["status"] == registration
    assert station.result("BootNotification", BOOT)["interval"] == 60
    assert station.error_code("Heartbeat", {}) == "SecurityError"
    assert station.error_code("Authorize", {"idTag": "TAG1"}) == "SecurityError"
    assert station.error_code("StatusNotification", {}) == "SecurityError"
    assert station.start()["idTagInfo"]["status"] == "Invalid"


def test_an_operators_acceptance_counts_at_once(csms: Runtime, station: LambdaStation) -> None:
    csms.store.links.set_registration(CP001, Registration.PENDING)
    station.wait(minutes=2)
    assert station.error_code("Heartbeat", {}) == "SecurityError"

    csms.store.links.set_registration(CP001, Registration.ACCEPTED)

    assert station.result("BootNotification", BOOT)["status"] == "Accepted"
    station.result("Heartbeat", {})


@pytest.mark.parametrize(
    ("id_tag", "info"),
    [
        ("TAG1", {"parentIdTag": "FAMILY", "status": "Accepted"}),
        ("tag1", {"parentIdTag": "FAMILY", "status": "Accepted"}),
        ("NOBODY", {"status": "Invalid"}),
        ("x" * 5000, {"status": "Invalid"}),
        ("", {"status": "Invalid"}),
        ("EXPIRED", {"expiryDate": "2026-03-05T12:00:00.000Z", "status": "Expired"}),
        ("BLOCKED", {"status": "Blocked"}),
    ],
)
def test_authorize_says_what_a_tag_is_worth(station: LambdaStation, id_tag: str, info: dict[str, str]) -> None:
    assert station.result("Authorize", {"idTag": id_tag}) == {"idTagInfo": info}


def test_authorize_never_says_concurrent(station: LambdaStation) -> None:
    station.start()
    assert station.result("Authorize", {"idTag": "TAG1"})["idTagInfo"]["status"] == "Accepted"


def test_a_status_is_shown_and_kept_in_any_spelling(csms: Runtime, station: LambdaStation) -> None:
    station.result("StatusNotification", {"connectorId": 1, "errorCode": "noError", "status": "SUSPENDEDEVSE"})
    station.result("StatusNotification", {"connectorId": 0, "errorCode": "Own", "status": "Sleeping", "info": "x" * 99})

    connectors = {found.connector_id: found.status for found in csms.store.connectors.all(CP001)}
    assert connectors[1] is not None
    assert (connectors[1].status, connectors[1].error_code) == ("SuspendedEVSE", "NoError")
    assert connectors[0] is not None
    assert (connectors[0].status, connectors[0].error_code, connectors[0].info) == ("Sleeping", "Own", "x" * 50)


def test_a_station_with_one_message_id_for_all_still_has_a_history(csms: Runtime, station: LambdaStation) -> None:
    for connector in (1, 2):
        payload = {"connectorId": connector, "errorCode": "NoError", "status": "Available"}
        station.result("StatusNotification", payload | {"timestamp": station.timestamp()}, "same")
    station.result("StatusNotification", payload | {"timestamp": station.timestamp()}, "fresh")
    assert [details["connectorId"] for details in history(csms, EventKind.STATUS)] in ([1, 2], [2, 1])


def test_an_older_status_goes_to_the_history_only(csms: Runtime, station: LambdaStation) -> None:
    def report(status: str, **age: float) -> None:
        payload = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": station.timestamp(**age)}
        station.result("StatusNotification", payload)

    report("Charging", minutes=1)
    report("Preparing", minutes=2)

    status = csms.store.connectors.all(CP001)[0].status
    assert status is not None
    assert status.status == "Charging"
    assert [details["status"] for details in history(csms, EventKind.STATUS)] == ["Charging", "Preparing"]


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:00Z", "2031-01-01T00:00:00Z", None])
def test_a_status_with_an_unbelievable_time_counts_by_its_arrival(
    csms: Runtime, station: LambdaStation, clock: str | None
) -> None:
    def report(status: str, timestamp: str | None) -> None:
        payload = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": timestamp}
        station.result("StatusNotification", payload)

    report("Preparing", clock)
    station.wait(seconds=5)
    report("Charging", station.timestamp())

    status = csms.store.connectors.all(CP001)[0].status
    assert status is not None
    assert status.status == "Charging"


@pytest.mark.parametrize("connector", [-1, 1.5, True, "one", [], None, 2**70])
def test_a_status_of_no_connector_is_refused(csms: Runtime, station: LambdaStation, connector: object) -> None:
    payload = {"connectorId": connector, "errorCode": "NoError", "status": "Available"}
    assert station.error_code("StatusNotification", payload) in {
        "PropertyConstraintViolation",
        "TypeConstraintViolation",
        "OccurenceConstraintViolation",
    }
    assert csms.store.connectors.all(CP001) == []


@pytest.mark.parametrize(
    ("action", "payload", "kind", "details"),
    [
        ("FirmwareStatusNotification", {"status": "installed"}, EventKind.FIRMWARE, {"status": "Installed"}),
        ("DiagnosticsStatusNotification", {"status": "Idle"}, EventKind.DIAGNOSTICS, {"status": "Idle"}),
        (
            "SignedFirmwareStatusNotification",
            {"status": "InstallRebooting", "requestId": 3},
            EventKind.FIRMWARE,
            {"status": "InstallRebooting", "requestId": 3},
        ),
        ("LogStatusNotification", {"status": "Uploaded", "requestId": 7}, EventKind.LOG_UPLOAD, {"requestId": 7}),
        (
            "SecurityEventNotification",
            {"type": "TamperDetectionActivated", "timestamp": "2026-03-05T11:59:00Z", "techInfo": "lid"},
            EventKind.SECURITY,
            {"type": "TamperDetectionActivated", "techInfo": "lid"},
        ),
    ],
)
def test_notifications_are_confirmed_and_kept(
    csms: Runtime,
    station: LambdaStation,
    action: str,
    payload: dict[str, Any],
    kind: EventKind,
    details: dict[str, Any],
) -> None:
    assert station.result(action, payload) == {}
    (kept,) = history(csms, kind)
    assert details.items() <= kept.items()


def test_a_certificate_request_is_rejected_while_there_is_no_authority(csms: Runtime, station: LambdaStation) -> None:
    assert station.result("SignCertificate", {"csr": "-----BEGIN"}) == {"status": "Rejected"}
    assert history(csms, EventKind.SECURITY)[0]["type"] == "SignCertificateRejected"


def test_data_transfer_knows_only_registered_vendors_and_messages(
    csms: Runtime, station: LambdaStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendors: dict[str, dict[str | None, Understand]] = {}
    monkeypatch.setattr("csms.v16.vendors._vendors", vendors)
    monkeypatch.setattr("csms.v16.messages.data_transfer.vendor_messages", lambda: vendors)
    understands("com.example", "Echo")(lambda data, _exchange: (DataTransferStatus.ACCEPTED, str(data)))

    def transfer(**payload: object) -> dict[str, Any]:
        return station.result("DataTransfer", payload)

    assert transfer(vendorId="com.stranger", messageId="Echo", data="x") == {"status": "UnknownVendorId"}
    assert transfer(vendorId="com.example", messageId="Other") == {"status": "UnknownMessageId"}
    assert transfer(vendorId="com.example") == {"status": "UnknownMessageId"}
    assert transfer(vendorId="com.example", messageId="Echo", data="x") == {"status": "Accepted", "data": "x"}
    with pytest.raises(ValueError, match="already"):
        understands("com.example", "Echo")(lambda _data, _exchange: (DataTransferStatus.REJECTED, None))


def test_the_message_log_holds_both_frames_of_an_exchange_but_no_heartbeats(
    csms: Runtime, station: LambdaStation
) -> None:
    station.result("Authorize", {"idTag": "TAG1"}, "a1")
    station.result("Heartbeat", {})
    station.wait(seconds=1)
    station.call("StatusNotification", {}, "n1")

    newest, oldest = csms.store.messages.list(CP001, station.now, limit=10).messages
    assert (newest.action, oldest.action) == ("StatusNotification", "Authorize")
    assert oldest.request == '[2, "a1", "Authorize", {"idTag": "TAG1"}]'
    assert oldest.response == '[3,"a1",{"idTagInfo":{"parentIdTag":"FAMILY","status":"Accepted"}}]'
