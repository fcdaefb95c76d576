"""Removing a charge point: what it did stays on record, and the next one of its identity begins with nothing of it."""

import itertools
import json
from typing import Any

import boto3
import pytest

from csms.gateway import Gateway
from csms.ids import ChargePointId
from csms.runtime import Runtime, runtime
from tests.called_station import CalledStation
from tests.integration.test_crashes import Killer
from tests.lambda_operator import LambdaOperator, claims_of
from tests.process_died import ProcessDied

CP001 = ChargePointId("CP001")
PATH = "/charge-points/CP001"
PUBLIC_URL = "https://files.example"
INOPERATIVE = {"connectorId": 1, "type": "Inoperative"}
RESERVATION = {"connectorId": 1, "expiryDate": "2026-03-06T12:00:00Z", "idTag": "TAG1", "reservationId": 7}
ON_RECORD = {"CALL", "EVENT", "FILE", "TX"}
"""What of a charge point's partition stays."""


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FILES_BUCKET", "files")
    monkeypatch.setenv("PUBLIC_URL", PUBLIC_URL)
    monkeypatch.setattr(Gateway, "close", lambda *_: None)


@pytest.fixture
def admin(called: CalledStation) -> LambdaOperator:
    """Somebody who may do everything, on the station's clock."""
    return LambdaOperator(claims_of("admin"), now=called.now)


def test_an_old_connection_that_could_not_be_closed_is_not_the_next_charge_point(
    csms: Runtime, called: CalledStation, admin: LambdaOperator
) -> None:
    called.result("Heartbeat", {})
    assert admin.delete(PATH).status == 204
    called.wait(seconds=1)
    admin.now = called.now
    assert admin.post("/charge-points", {"id": "CP001"}).status == 201

    called.wait(seconds=61)
    for action, payload in (
        ("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}),
        ("Heartbeat", {}),
    ):
        assert called.call(action, payload)[0] == 4

    new = admin.get(PATH).json
    assert (new["online"], new["boot"]) == (False, None)


def command(admin: LambdaOperator, action: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = admin.send("POST", f"{PATH}/commands/{action}", body=json.dumps(body), headers=headers)
    assert answer.status in {200, 202}, answer.text
    placed: dict[str, Any] = answer.json
    return placed


def live(called: CalledStation, admin: LambdaOperator) -> str:
    """Give the charge point a past, and something still to come; returns where it may upload diagnostics."""
    number = called.start()["transactionId"]
    called.stop(number)
    called.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Faulted"})
    command(admin, "ReserveNow", RESERVATION)
    called.reply({"status": "Accepted"})
    command(admin, "SendLocalList", {"listVersion": 1, "updateType": "Full"})
    called.reply({"status": "Accepted"})
    command(admin, "GetConfiguration", {})
    called.reply({"configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "1"}]})
    command(admin, "GetDiagnostics", {})
    location: str = called.posted[-1][3]["location"]
    called.reply({})
    called.disconnect()
    desired = admin.put(f"{PATH}/desired-configuration", {"values": {"OldKey": "old"}})
    assert desired.status == 200
    called.connect()
    called.result("Heartbeat", {})
    called.wait(seconds=10)
    called.run_wakes()
    command(admin, "ChangeAvailability", INOPERATIVE, "again")
    command(admin, "ClearCache", {})
    return location


def come_back(called: CalledStation, admin: LambdaOperator) -> None:
    """Let another charge point have the identity, connect and settle."""
    assert admin.post("/charge-points", {"id": "CP001", "securityProfile": 0}).status == 201
    called.posted.clear()
    called.connect()
    called.result("BootNotification", {"chargePointVendor": "Acme", "chargePointModel": "Two"})
    for _ in range(4):
        called.wait(seconds=40)
        called.run_wakes()
        called.result("Heartbeat", {})
    admin.now = called.now


def rows() -> set[str]:
    items = boto3.client("dynamodb").scan(TableName="csms")["Items"]
    return {item["SK"]["S"].partition("#")[0] for item in items if item["PK"]["S"] == "CP#CP001"}


def states(admin: LambdaOperator) -> dict[str, str]:
    return {shown["action"]: shown["state"] for shown in admin.items(f"{PATH}/commands")}


def test_the_next_charge_point_of_the_identity_is_sent_nothing_of_the_last_one(
    csms: Runtime, called: CalledStation, admin: LambdaOperator
) -> None:
    live(called, admin)
    assert admin.delete(PATH).status == 204
    assert rows() == ON_RECORD
    come_back(called, admin)
    assert called.posted == []
    assert admin.get(f"{PATH}/desired-configuration").json["values"] == {}
    assert admin.get(f"{PATH}/reservations").json["items"] == []
    assert admin.get(f"{PATH}/connectors").json["items"] == []
    assert called.start()["idTagInfo"]["status"] == "Accepted"


def test_commands_that_waited_are_taken_back_and_the_one_that_was_sent_is_over(
    csms: Runtime, called: CalledStation, admin: LambdaOperator
) -> None:
    live(called, admin)
    assert admin.delete(PATH).status == 204
    come_back(called, admin)
    ended = states(admin)
    assert ended["ChangeConfiguration"] == "timed_out"
    assert (ended["ChangeAvailability"], ended["ClearCache"]) == ("cancelled", "cancelled")
    assert ended["ReserveNow"] == "accepted"


def test_an_idempotency_key_of_the_last_one_is_free(
    csms: Runtime, called: CalledStation, admin: LambdaOperator
) -> None:
    live(called, admin)
    admin.delete(PATH)
    come_back(called, admin)
    placed = command(admin, "ChangeAvailability", {**INOPERATIVE, "connectorId": 2}, "again")
    assert called.posted == [[2, placed["id"], "ChangeAvailability", {**INOPERATIVE, "connectorId": 2}]]


def test_its_urls_lead_nowhere_and_nothing_new_is_counted_to_its_transfers(
    csms: Runtime, called: CalledStation, admin: LambdaOperator
) -> None:
    location = live(called, admin)
    admin.delete(PATH)
    upload = LambdaOperator(None, now=called.now).send("PUT", location.removeprefix(PUBLIC_URL) + "log", body="x")
    assert upload.status == 404
    come_back(called, admin)
    called.result("DiagnosticsStatusNotification", {"status": "Uploading"})
    (request,) = admin.items(f"{PATH}/diagnostics")
    assert (request["statuses"], request["commandState"]) == ([], "accepted")


def test_a_task_that_waits_for_one_of_its_commands_hears_of_its_end(
    csms: Runtime, called: CalledStation, admin: LambdaOperator, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr(
        type(csms.workflows), "complete", lambda _, token, result: told.append((token, result["state"]))
    )
    called.is_called("ClearCache", task_token="sent")
    called.is_called("ClearCache", task_token="waits")
    admin.delete(PATH)
    assert sorted(told) == [("sent", "timed_out"), ("waits", "cancelled")]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_removal_that_dies_is_repeated(called: CalledStation, admin: LambdaOperator, moment: str) -> None:
    killer = Killer(runtime(), moment)
    for at in itertools.count(step=3):  # dead after a call is dead before the next: together, two of three
        killer.aim(None)
        live(called, admin)
        killer.aim(at)
        has_died = False
        try:
            assert admin.delete(PATH).status == 204
        except ProcessDied:
            has_died = True
        killer.aim(None)
        assert admin.delete(PATH).status in {204, 404}
        assert rows() == ON_RECORD
        if not has_died:
            return
        assert admin.post("/charge-points", {"id": "CP001", "securityProfile": 0}).status == 201
        called.connect()
        called.result("Heartbeat", {})
        called.wait(seconds=60)
        admin.now = called.now
