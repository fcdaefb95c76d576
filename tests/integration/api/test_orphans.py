import base64
from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import LambdaStation

CP001 = ChargePointId("CP001")
UNKNOWN = 4711


@pytest.fixture
def operator(admin: LambdaOperator, station: LambdaStation) -> LambdaOperator:
    """An operator of a network with one station."""
    return admin


def the_orphan(operator: LambdaOperator) -> dict[str, Any]:
    (orphan,) = operator.items("/orphans")
    found: dict[str, Any] = orphan
    return found


def assign(operator: LambdaOperator, orphan: dict[str, Any], **body: Any) -> Any:
    return operator.post(f"/orphans/{orphan['id']}/assign", body)


def sample(station: LambdaStation, energy: int, number: int = UNKNOWN) -> None:
    station.wait(minutes=1)
    value = [{"timestamp": station.timestamp(), "sampledValue": [{"value": str(energy)}]}]
    station.result("MeterValues", {"connectorId": 1, "transactionId": number, "meterValue": value})


def values_of(operator: LambdaOperator, number: int) -> list[str]:
    items = operator.items(f"/transactions/CP001/{number}/meter-values")
    return [item["meterValue"][0]["sampledValue"][0]["value"] for item in items]


def test_an_orphan_shows_what_came_and_why_it_has_no_place(operator: LambdaOperator, station: LambdaStation) -> None:
    station.stop(UNKNOWN)
    orphan = the_orphan(operator)
    assert (orphan["chargePointId"], orphan["action"], orphan["transactionId"]) == ("CP001", "StopTransaction", UNKNOWN)
    assert orphan["reason"] == "unknown transaction"
    assert orphan["payload"]["meterStop"] == 5000
    assert operator.get(f"/orphans/{orphan['id']}").json == orphan


def test_an_orphaned_stop_ends_the_transaction_it_is_assigned_to(
    csms: Runtime, operator: LambdaOperator, station: LambdaStation
) -> None:
    number = station.start()["transactionId"]
    station.wait(hours=1)
    data = [{"timestamp": station.timestamp(), "sampledValue": [{"value": "5000"}]}]
    station.stop(UNKNOWN, reason="Reboot", transactionData=data)

    answer = assign(operator, the_orphan(operator), transactionId=number)

    assert answer.status == 200, answer.text
    assert (answer.json["resolution"], answer.json["assignedTo"], answer.json["resolvedBy"]) == (
        "assigned",
        number,
        "ada",
    )
    view = operator.get(f"/transactions/CP001/{number}").json
    assert (view["state"], view["energyWh"], view["stop"]["reason"]) == ("stopped", 4000, "Reboot")
    assert values_of(operator, number) == ["5000"]
    assert operator.get("/charge-points/CP001/connectors").json["items"][0]["transactionId"] is None
    assert operator.items("/orphans") == []
    assert assign(operator, answer.json, transactionId=number).json == answer.json
    assert assign(operator, answer.json, dismiss=True, reason="x").status == 409


def test_a_stop_assigned_to_a_transaction_closed_by_hand_counts(
    operator: LambdaOperator, station: LambdaStation
) -> None:
    number = station.start()["transactionId"]
    operator.post(f"/transactions/CP001/{number}/close", {"reason": "silent"})
    station.wait(hours=1)
    station.stop(UNKNOWN)
    assert assign(operator, the_orphan(operator), transactionId=number).status == 200
    assert operator.get(f"/transactions/CP001/{number}").json["state"] == "stopped"


def test_orphaned_samples_move_to_the_transaction_all_of_them(operator: LambdaOperator, station: LambdaStation) -> None:
    number = station.start()["transactionId"]
    for energy in (1100, 1200, 1300):
        sample(station, energy)
    assert values_of(operator, number) == []

    assert assign(operator, the_orphan(operator), transactionId=number).status == 200

    assert values_of(operator, number) == ["1100", "1200", "1300"]


@pytest.mark.parametrize("dies_at", ["connectors.vacate", "orphans.finish"])
def test_an_assignment_can_be_repeated_after_dying_half_way(
    csms: Runtime, operator: LambdaOperator, station: LambdaStation, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    number = station.start()["transactionId"]
    station.wait(hours=1)
    station.stop(UNKNOWN)
    orphan = the_orphan(operator)
    with monkeypatch.context() as broken:
        aggregate, method = dies_at.split(".")
        broken.delattr(type(getattr(csms.store, aggregate)), method)
        assert assign(operator, orphan, transactionId=number).status == 500

    assert assign(operator, orphan, transactionId=number).status == 200

    assert operator.get(f"/transactions/CP001/{number}").json["energyWh"] == 4000
    connector = csms.store.connectors.get(CP001, 1)
    assert connector is not None
    assert connector.transaction_id is None
    assert operator.items("/orphans") == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [({"meterStop": 999}, "meterStop"), ({"timestamp": "2026-03-05T10:00:00Z"}, "before the start")],
)
def test_a_stop_that_does_not_fit_changes_nothing(
    operator: LambdaOperator, station: LambdaStation, changes: dict[str, object], why: str
) -> None:
    number = station.start()["transactionId"]
    station.stop(UNKNOWN, **changes)

    answer = assign(operator, the_orphan(operator), transactionId=number)

    assert answer.status == 409
    assert why in answer.json["detail"]
    assert operator.get(f"/transactions/CP001/{number}").json["state"] == "open"
    assert the_orphan(operator)["resolution"] is None


def test_a_stop_is_not_assigned_to_a_transaction_that_stopped_otherwise(
    operator: LambdaOperator, station: LambdaStation
) -> None:
    number = station.start()["transactionId"]
    station.stop(number)
    station.stop(UNKNOWN, meterStop=6000)
    assert assign(operator, the_orphan(operator), transactionId=number).status == 409


@pytest.mark.parametrize(
    ("action", "payload"),
    [("StopTransaction", {"transactionId": 1}), ("StartTransaction", {"connectorId": 1}), ("MeterValues", {})],
)
def test_what_cannot_be_read_can_only_be_dismissed(
    operator: LambdaOperator, station: LambdaStation, action: str, payload: dict[str, object]
) -> None:
    number = station.start()["transactionId"]
    station.call(action, payload)
    orphan = the_orphan(operator)

    assert assign(operator, orphan, transactionId=number).status == 409
    answer = assign(operator, orphan, dismiss=True, reason="firmware bug")

    assert (answer.status, answer.json["resolution"]) == (200, "dismissed")
    assert assign(operator, orphan, dismiss=True, reason="again").status == 409
    assert operator.items("/orphans") == []


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, "body"),
        ({"dismiss": True}, "body"),
        ({"dismiss": True, "reason": "x", "transactionId": 1}, "body"),
        ({"transactionId": 0}, "transactionId"),
        ({"transactionId": 2**31}, "transactionId"),
        ({"transactionId": "abc"}, "transactionId"),
    ],
)
def test_it_is_either_a_transaction_or_a_reason_to_dismiss(
    operator: LambdaOperator, station: LambdaStation, body: dict[str, object], wrong: str
) -> None:
    station.stop(UNKNOWN)
    assert assign(operator, the_orphan(operator), **body).fields.keys() == {wrong}


def test_only_transactions_of_its_own_charge_point_will_do(operator: LambdaOperator, station: LambdaStation) -> None:
    station.stop(UNKNOWN)
    assert assign(operator, the_orphan(operator), transactionId=1).status == 404


def word(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_an_unknown_orphan_is_not_found(operator: LambdaOperator, station: LambdaStation) -> None:
    station.stop(UNKNOWN)
    known = the_orphan(operator)["id"]
    made_up = [word(f"CP001#{'x' * 3000}"), word(f"{'x' * 3000}#0123456789ab"), word("CP001#0123456789AB")]
    for orphan in (
        *("x", "!!", "%FF", "a/b", "YQ", "I2E", "Q1AwMDEj", "%F0%9F%98%80", "a" * 4000),
        *made_up,
        f"{known}=",
    ):
        assert operator.get(f"/orphans/{orphan}").status == 404, orphan
        assert operator.post(f"/orphans/{orphan}/assign", {"transactionId": 1}).status == 404, orphan
