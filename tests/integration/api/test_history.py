from datetime import timedelta

import pytest

from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import LambdaStation


@pytest.fixture
def operator(admin: LambdaOperator, station: LambdaStation) -> LambdaOperator:
    """An operator of a network with one station."""
    return admin


def report(station: LambdaStation, status: str, **changes: object) -> None:
    station.wait(minutes=1)
    payload = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": station.timestamp()}
    station.result("StatusNotification", payload | changes)


def test_connectors_show_their_latest_status_and_transaction(operator: LambdaOperator, station: LambdaStation) -> None:
    report(station, "Available", connectorId=0)
    report(station, "Faulted", errorCode="OtherError", vendorErrorCode="E17", info="lid open", vendorId="v")
    number = station.start(connectorId=2)["transactionId"]

    whole, faulted, charging = operator.get("/charge-points/CP001/connectors").json["items"]

    assert (whole["connectorId"], whole["status"]) == (0, "Available")
    assert (faulted["status"], faulted["errorCode"], faulted["vendorErrorCode"]) == ("Faulted", "OtherError", "E17")
    assert (faulted["info"], faulted["vendorId"], faulted["timestamp"]) == ("lid open", "v", station.timestamp())
    assert (charging["connectorId"], charging["status"], charging["transactionId"]) == (2, None, number)


def test_status_history_is_newest_first_in_pages(operator: LambdaOperator, station: LambdaStation) -> None:
    statuses = ["Available", "Preparing", "Charging", "Finishing", "Available"]
    for status in statuses:
        report(station, status)
    items = operator.items("/charge-points/CP001/status-history", limit=2)
    assert [item["details"]["status"] for item in items] == statuses[::-1]
    assert items[0]["occurredAt"] == items[0]["details"]["timestamp"] == station.timestamp()


def test_sessions_say_when_and_from_where_a_station_connected(operator: LambdaOperator, station: LambdaStation) -> None:
    (session,) = operator.items("/charge-points/CP001/sessions")
    assert session["details"]["connectionId"] == station.connection_id


def test_security_events_are_listed(operator: LambdaOperator, station: LambdaStation) -> None:
    station.result("SecurityEventNotification", {"type": "TamperDetection", "timestamp": station.timestamp()})
    (event,) = operator.items("/charge-points/CP001/security-events")
    assert event["details"]["type"] == "TamperDetection"


def test_what_is_secret_in_the_words_of_a_station_is_not_shown(
    operator: LambdaOperator, station: LambdaStation
) -> None:
    says = "ftp://u:hunter2@files"
    report(station, "Faulted", info=says)
    station.result(
        "SecurityEventNotification",
        {"type": "Login", "timestamp": station.timestamp(), "techInfo": f"password=x {says}"},
    )
    shown = [operator.get(f"/charge-points/CP001/{part}").text for part in ("connectors", "status-history")]
    (event,) = operator.items("/charge-points/CP001/security-events")

    assert event["details"]["techInfo"] == "password=*** ftp://***@files"
    assert all("ftp://***@files" in text for text in shown)


def test_messages_are_logged_by_day_with_both_frames(operator: LambdaOperator, station: LambdaStation) -> None:
    station.call("Authorize", {"idTag": "TAG1"}, "first")
    yesterday = station.now
    station.wait(days=1)
    station.call("Authorize", {"idTag": "TAG2"}, "second")
    operator.now = station.now

    (today,) = operator.items("/charge-points/CP001/messages")
    (before,) = operator.items("/charge-points/CP001/messages", day=f"{yesterday:%Y-%m-%d}")

    assert (today["action"], today["initiator"]) == ("Authorize", "charge point")
    assert '"second"' in today["request"]
    assert '"second"' in today["response"]
    assert '"first"' in before["request"]
    assert operator.items("/charge-points/CP001/messages", day=f"{yesterday - timedelta(days=1):%Y-%m-%d}") == []


@pytest.mark.parametrize("day", ["today", "2026-13-01", "2026-03-05T12:00:00Z", "", "9" * 30, "2026-02-30"])
def test_a_day_that_is_none_is_named(operator: LambdaOperator, day: str) -> None:
    assert operator.get("/charge-points/CP001/messages", day=day).fields.keys() == {"day"}


@pytest.mark.parametrize("part", ["", "/connectors", "/status-history", "/sessions", "/messages", "/security-events"])
def test_an_unknown_charge_point_has_nothing(csms: Runtime, admin: LambdaOperator, part: str) -> None:
    assert admin.get(f"/charge-points/NOBODY{part}").status == 404
    assert admin.get(f"/charge-points/%F0%9F%98%80{part}").status == 404
