"""Nobody has to know how long the keys of the table may be: what is named at too great a length is not there."""

import re

import pytest

from csms.api.routing import all_endpoints
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store import keys
from csms.store.errors import KeyTooLong
from tests.called_station import CalledStation
from tests.lambda_operator import LambdaOperator, claims_of

TOO_LONG = ("a" * 3000, "\U0001f50c" * 600)


@pytest.fixture
def operator(csms: Runtime) -> LambdaOperator:
    """Somebody who may do everything."""
    return LambdaOperator(claims_of("admin"))


def test_no_path_is_too_long_to_be_answered(operator: LambdaOperator) -> None:
    for endpoint in all_endpoints():
        for text in TOO_LONG:
            body = "{}" if endpoint.method in {"POST", "PUT", "PATCH"} else None
            answer = operator.send(endpoint.method, re.sub(r"<\w+>", text, endpoint.path), body=body)
            assert answer.status < 500, (endpoint.method, endpoint.path)


def test_no_part_of_a_path_is_too_long_to_be_looked_for(called: CalledStation, operator: LambdaOperator) -> None:
    for text in TOO_LONG:
        for path in (
            f"/firmware/{text}",
            f"/charge-points/CP001/diagnostics/{text}",
            f"/charge-points/CP001/firmware-updates/{text}",
        ):
            assert operator.delete(path).status == 404, path[:60]
        assert operator.get(f"/firmware/{text}").status == 404


@pytest.mark.parametrize("text", TOO_LONG)
def test_no_command_names_anything_too_long(called: CalledStation, operator: LambdaOperator, text: str) -> None:
    update = operator.post("/charge-points/CP001/commands/UpdateFirmware", {"location": f"firmware:{text}"})
    assert update.status == 409
    assert "there is no firmware image" in update.json["detail"]


def test_a_station_that_names_something_too_long_is_answered(called: CalledStation) -> None:
    for text in TOO_LONG:
        assert called.result("Authorize", {"idTag": text})["idTagInfo"] == {"status": "Invalid"}
        start = {"connectorId": 1, "idTag": text, "meterStart": 0, "timestamp": "2026-03-05T12:00:00Z"}
        assert called.result("StartTransaction", start)["transactionId"] > 0
        boot = {"chargePointVendor": text, "chargePointModel": text}
        assert called.result("BootNotification", boot)["status"] == "Accepted"


def test_under_a_key_that_is_too_long_there_is_nothing_and_nothing_is_kept(csms: Runtime) -> None:
    table = csms.store.links._table
    for key in (keys.Key("x" * 2049, "y"), keys.Key("x", "y" * 1025), keys.Key("x", "\U0001f50c" * 257)):
        assert table.get(key) is None
        assert table.get_many([key, key]) == []
        assert table.query(key.partition, prefix=key.sort).items == []
        table.delete(key)
        table.delete_many([key])
        with pytest.raises(KeyTooLong):
            table.put(key, {})
        with pytest.raises(KeyTooLong):
            table.put_many({key: {}})
        with pytest.raises(KeyTooLong):
            table.update(key)
    longest = keys.Key("x" * 2048, "y" * 1024)
    table.put(longest, {"is_here": True})
    assert [item["is_here"] for item in table.get_many([longest])] == [True]


def test_a_body_that_names_something_too_long_is_invalid(
    operator: LambdaOperator, called: CalledStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "configuration", lambda identity, key: keys.Key(identity, key * 500))
    body = {"values": {"HeartbeatInterval": "300"}}
    answer = operator.put(f"/charge-points/{ChargePointId('CP001')}/desired-configuration", body)
    assert answer.fields == {"body": "what it names is too long to be kept"}
