"""Secrets of commands: shown to nobody, stored nowhere in clear."""

import pytest

from csms.runtime import Runtime
from csms.secrets import LONGEST_SECRET
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of

PASSWORD = "0123456789abcdef0123456789abcdef"
CHANGE = {"key": "AuthorizationKey", "value": PASSWORD}


@pytest.fixture
def operator(called: CalledStation) -> LambdaOperator:
    return LambdaOperator(claims_of("operate", username="ada"), now=called.now)


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
