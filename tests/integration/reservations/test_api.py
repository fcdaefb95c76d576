"""Reservations as operators see them."""

from datetime import timedelta
from typing import Any

import pytest

from csms.ocpp.primitives import format_timestamp
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import NOON

READER = claims_of("read")


@pytest.fixture
def operator(called: CalledStation) -> LambdaOperator:
    return LambdaOperator(READER)


def reserve(called: CalledStation, number: int, **changes: Any) -> str:
    payload = {
        "connectorId": 1,
        "expiryDate": format_timestamp(NOON + timedelta(hours=1)),
        "idTag": "TAG1",
        "reservationId": number,
    }
    call = called.is_called("ReserveNow", payload | changes)
    called.reply({"status": "Accepted"})
    called.wait(seconds=1)
    return call.id


def test_a_reservation_shows_what_was_asked_and_accepted(called: CalledStation, operator: LambdaOperator) -> None:
    command_id = reserve(called, 7, parentIdTag="FAMILY")
    (shown,) = operator.get("/reservations").json["items"]
    assert shown == {
        "chargePointId": "CP001",
        "reservationId": 7,
        "connectorId": 1,
        "idTag": "TAG1",
        "parentIdTag": "FAMILY",
        "expiryDate": "2026-03-05T13:00:00.000Z",
        "state": "accepted",
        "reservedAt": "2026-03-05T12:00:04.000Z",
        "endedAt": None,
        "reason": None,
        "transactionId": None,
        "commandId": command_id,
    }


def test_ended_reservations_are_shown_with_their_charge_point_only(
    called: CalledStation, operator: LambdaOperator
) -> None:
    reserve(called, 7)
    reserve(called, 8, connectorId=2, idTag="STRANGER")
    transaction_id = called.start(reservationId=7)["transactionId"]
    assert [each["reservationId"] for each in operator.get("/reservations").json["items"]] == [8]
    of_charge_point = operator.get("/charge-points/cp001/reservations").json["items"]
    assert {each["reservationId"]: (each["state"], each["transactionId"]) for each in of_charge_point} == {
        7: ("used", transaction_id),
        8: ("accepted", None),
    }


def test_a_reservation_whose_time_is_up_has_expired_before_it_is_swept(
    called: CalledStation, operator: LambdaOperator
) -> None:
    reserve(called, 7)
    later = LambdaOperator(READER, now=NOON + timedelta(hours=2))
    assert later.get("/reservations").json["items"] == []
    (shown,) = later.get("/charge-points/CP001/reservations").json["items"]
    assert (shown["state"], shown["endedAt"]) == ("expired", "2026-03-05T13:00:00.000Z")


def test_reservations_come_in_pages(called: CalledStation, operator: LambdaOperator) -> None:
    for number in (1, 2, 3):
        reserve(called, number)
    for path in ("/reservations", "/charge-points/CP001/reservations"):
        first = operator.get(path, limit=2).json
        rest = operator.get(path, limit=2, cursor=first["cursor"]).json
        assert sorted(each["reservationId"] for each in first["items"] + rest["items"]) == [1, 2, 3]


def test_an_unknown_charge_point_has_no_reservations(called: CalledStation, operator: LambdaOperator) -> None:
    assert operator.get("/charge-points/NOBODY/reservations").status == 404
