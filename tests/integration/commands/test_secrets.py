"""Secrets of commands: shown to nobody, stored nowhere in clear."""

import json
from typing import Any

import pytest

from csms.runtime import Runtime
from csms.secrets import LONGEST_SECRET
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of

PASSWORD = "0123456789abcdef0123456789abcdef"
CHANGE = {"key": "AuthorizationKey", "value": PASSWORD}


@pytest.fixture
def operator(called: CalledStation) -> LambdaOperator:
    return LambdaOperator(claims_of("admin", username="ada"), now=called.now)


def stored_text(csms: Runtime) -> str:
    return str(csms.store.links._table._client.scan(TableName=csms.settings.table_name)["Items"])


def test_the_api_shows_a_command_without_its_secret(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    placed = operator.post("/charge-points/CP001/commands/ChangeConfiguration", CHANGE)
    assert placed.status == 202
    assert called.posted[-1][3] == CHANGE
    called.reply({"status": "Accepted"})
    read = operator.get(placed.headers["location"])
    assert read.json["payload"] == CHANGE | {"value": "***"}
    for text in (placed.text, read.text, operator.get("/charge-points/CP001/messages").text, stored_text(csms)):
        assert PASSWORD not in text


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (4, ["PropertyConstraintViolation", f"bad value {PASSWORD}", {"got": [PASSWORD.upper()]}]),
        (4, [PASSWORD, "", {}]),
        (3, [{"status": "Rejected", "info": f"not {PASSWORD}!", PASSWORD: 1}]),
        (3, [{"status": PASSWORD}]),
        (3, [PASSWORD]),
    ],
)
@pytest.mark.parametrize("is_late", [False, True])
def test_what_a_station_repeats_is_not_shown(
    csms: Runtime, called: CalledStation, operator: LambdaOperator, kind: int, rest: list[Any], is_late: bool
) -> None:
    placed = operator.post("/charge-points/CP001/commands/ChangeConfiguration", CHANGE)
    if is_late:
        called.wait(seconds=31)
        called.run_wakes()
    called.send(json.dumps([kind, placed.json["id"], *rest]))
    read = operator.get(placed.headers["location"])
    assert read.json["state"] in ({"timed_out"} if is_late else {"failed", "rejected"})
    for text in (read.text, operator.get("/charge-points/CP001/messages").text, stored_text(csms)):
        assert PASSWORD not in text.lower()


def test_what_else_a_station_says_of_a_refused_password_is_shown(
    called: CalledStation, operator: LambdaOperator
) -> None:
    placed = operator.post("/charge-points/CP001/commands/ChangeConfiguration", CHANGE)
    called.send(json.dumps([4, placed.json["id"], "GenericError", f"{PASSWORD}: too long", {}]))
    read = operator.get(placed.headers["location"]).json
    assert (read["state"], read["status"]) == ("failed", "GenericError")
    assert read["response"]["errorDescription"] == "***: too long"
    (message,) = operator.items("/charge-points/CP001/messages")
    assert json.loads(message["response"])[2:] == ["GenericError", "***: too long", {}]


def test_no_part_of_a_long_secret_is_shown(called: CalledStation, operator: LambdaOperator) -> None:
    passphrase = "no part of this is ever to be seen by anybody " * 4
    change = {"key": "WifiPassphrase", "value": passphrase}
    placed = operator.post("/charge-points/CP001/commands/ChangeConfiguration", change)
    called.reply({"status": passphrase})
    read = operator.get(placed.headers["location"])
    assert (read.json["state"], read.json["status"]) == ("rejected", "***")
    assert "no part" not in read.text


def test_of_a_late_answer_to_what_was_secret_only_words_of_the_protocol_are_shown(
    called: CalledStation, operator: LambdaOperator
) -> None:
    placed = operator.post("/charge-points/CP001/commands/ChangeConfiguration", CHANGE)
    called.wait(seconds=31)
    called.run_wakes()
    called.reply({"status": "Accepted", "info": PASSWORD})
    read = operator.get(placed.headers["location"]).json
    assert read["lateResponse"] == {"status": "Accepted", "***": "***"}


def test_a_refusal_does_not_repeat_the_secret(operator: LambdaOperator) -> None:
    for value in (PASSWORD + "00", PASSWORD * 20):
        refused = operator.post("/charge-points/CP001/commands/ChangeConfiguration", CHANGE | {"value": value})
        assert refused.status in {202, 409, 422}
        assert value not in refused.text


def test_a_bulk_command_carries_no_secret(csms: Runtime, operator: LambdaOperator) -> None:
    body = {"action": "ChangeConfiguration", "payload": CHANGE, "chargePointIds": ["CP001"]}
    refused = operator.post("/commands", body)
    assert "payload" in refused.fields
    assert PASSWORD not in refused.text + stored_text(csms)


def test_a_secret_that_is_too_long_to_be_kept_is_refused(operator: LambdaOperator) -> None:
    data = '{"password":"' + "x" * LONGEST_SECRET + '"}'
    body = {"vendorId": "com.example", "data": data}
    refused = operator.post("/charge-points/CP001/commands/DataTransfer", body)
    assert refused.status == 409
    assert f"{LONGEST_SECRET} bytes" in refused.json["detail"]


@pytest.mark.parametrize("rest", [[3, {"status": "Rejected", "\ud800": "\ud800"}], [4, "InternalError", "\ud800", {}]])
def test_an_answer_that_cannot_be_written_ends_a_command_with_a_secret(
    called: CalledStation, operator: LambdaOperator, rest: list[Any]
) -> None:
    placed = operator.post("/charge-points/CP001/commands/ChangeConfiguration", CHANGE)
    kind, *said = rest
    called.send(json.dumps([kind, placed.json["id"], *said]))
    assert operator.get(placed.headers["location"]).json["state"] in {"failed", "rejected"}
    assert operator.post("/charge-points/CP001/commands/ClearCache", {}).status == 202
    assert called.posted[-1][2] == "ClearCache", "the slot is free"


def test_a_text_that_hides_what_cannot_be_written_is_sent_as_it_is(
    called: CalledStation, operator: LambdaOperator
) -> None:
    data = r'{"password":"1234","odd":"\ud800"}'
    placed = operator.post("/charge-points/CP001/commands/DataTransfer", {"vendorId": "V", "data": data})
    assert placed.status == 202
    assert called.posted[-1][3]["data"] == data
