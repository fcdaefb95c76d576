"""Configuration as operators see and wish for it."""

from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from tests.integration.commissioning.configured_station import ConfiguredStation
from tests.lambda_operator import LambdaOperator, claims_of

CP001 = ChargePointId("CP001")
CONFIGURATION = "/charge-points/CP001/configuration"
DESIRED = "/charge-points/CP001/desired-configuration"
MODEL = "/models/Vendor/Model%201"


@pytest.fixture
def operator(booting: ConfiguredStation) -> LambdaOperator:
    return LambdaOperator(claims_of("admin"))


def keys_of(operator: LambdaOperator) -> dict[str, Any]:
    return {key["key"]: key for key in operator.get(CONFIGURATION).json["keys"]}


def wish(operator: LambdaOperator, booting: ConfiguredStation, **values: str) -> Any:
    operator.now = booting.called.now
    answer = operator.put(DESIRED, {"values": values})
    assert answer.status == 200, answer.text
    booting.live()
    return answer.json


def test_a_station_that_was_never_asked_shows_the_defaults(operator: LambdaOperator) -> None:
    assert {name: (key["desired"], key["state"]) for name, key in keys_of(operator).items()}["HeartbeatInterval"] == (
        "300",
        "unknown",
    )


def test_what_a_station_reports_is_shown_without_secrets(booting: ConfiguredStation, operator: LambdaOperator) -> None:
    booting.values |= {"AuthorizationKey": "correct horse"}
    booting.boot()
    keys = keys_of(operator)
    assert keys["NumberOfConnectors"]["readonly"]
    assert keys["HeartbeatInterval"]["value"] == "120"
    assert keys["HeartbeatInterval"]["state"] == "fulfilled"
    assert keys["AuthorizationKey"]["value"] == "***"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"HeartbeatInterval": "banana"}, "whole number"),
        ({"heartbeatinterval": "-1"}, "whole number"),
        ({"HeartbeatInterval": "999999999999"}, "whole number"),
        ({"HeartbeatInterval": "0"}, "silent"),
        ({"HeartbeatInterval": "600"}, "silent"),
        ({"MeterValueSampleInterval": "1.5"}, "whole number"),
        ({"WebSocketPingInterval": ""}, "whole number"),
        ({"a\x00b": "1"}, "match"),
    ],
)
def test_what_no_station_should_have_cannot_be_wished_for(
    operator: LambdaOperator, values: dict[str, str], reason: str
) -> None:
    for path, body in ((DESIRED, {"values": values}), (MODEL, {"desired": values})):
        (found,) = operator.put(path, body).fields.values()
        assert reason in found
    assert operator.put(DESIRED, {"values": {"HeartbeatInterval": "540", "VendorKey": "banana"}}).status == 200


def test_names_are_printable(operator: LambdaOperator) -> None:
    assert operator.put("/models/Ven%00dor/Model", {}).status == 422
    body = {"key": "a\x00b", "value": "1"}
    assert operator.post("/charge-points/CP001/commands/ChangeConfiguration", body).status == 409


def test_a_number_of_any_length_is_shown(booting: ConfiguredStation, operator: LambdaOperator) -> None:
    booting.values["HeartbeatInterval"] = "9" * 5000
    booting.says["HeartbeatInterval"] = "Rejected"
    booting.boot()
    assert keys_of(operator)["HeartbeatInterval"]["state"] == "rejected"


def test_a_wish_is_fulfilled_at_once(booting: ConfiguredStation, operator: LambdaOperator) -> None:
    booting.boot()
    assert wish(operator, booting, HeartbeatInterval="60") == {
        "chargePointId": "CP001",
        "values": {"HeartbeatInterval": "60"},
    }
    assert booting.was_set() == {"HeartbeatInterval": "60"}
    assert keys_of(operator)["HeartbeatInterval"]["state"] == "fulfilled"
    assert operator.get(DESIRED).json["values"] == {"HeartbeatInterval": "60"}


def test_wishes_replace_the_earlier_ones(booting: ConfiguredStation, operator: LambdaOperator) -> None:
    booting.boot()
    wish(operator, booting, HeartbeatInterval="60", ResetRetries="3")
    wish(operator, booting, resetretries="4")
    assert operator.get(DESIRED).json["values"] == {"ResetRetries": "4"}
    assert booting.was_set() == {"HeartbeatInterval": "60", "ResetRetries": "4"}


@pytest.mark.parametrize(
    ("status", "state"), [("Rejected", "rejected"), ("NotSupported", "unknown"), ("RebootRequired", "needsReboot")]
)
def test_what_a_station_says_to_a_wish_is_shown(
    booting: ConfiguredStation, operator: LambdaOperator, status: str, state: str
) -> None:
    booting.says["Special"] = status
    wish(operator, booting, Special="1")
    key = keys_of(operator)["Special"]
    assert (key["state"], key["latestTry"]["status"], key["latestTry"]["count"]) == (state, status, 1)


def test_a_wish_in_quiet_mode_waits(csms: Runtime, booting: ConfiguredStation, operator: LambdaOperator) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    wish(operator, booting, HeartbeatInterval="60")
    assert booting.called.posted == []
    csms.store.links.set_quiet(CP001, is_quiet=False)
    booting.boot()
    assert booting.was_set() == {"HeartbeatInterval": "60"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"AuthorizationKey": "0123456789abcdef"}, "AuthorizationKey is secret"),
        ({"securityprofile ": "3"}, "SecurityProfile is no wish"),
        ({"Backend": "wss://backend.example.com/ocpp?token=abc"}, "Backend is secret"),
        ({"A": "1", "a": "2"}, "a key is named twice"),
        ({"A": "1" * 501}, "at most 500 characters"),
        ({"A" * 51: "1"}, "at most 50 characters"),
        ({"A": None}, "valid string"),
    ],
)
def test_what_cannot_be_wished_for(operator: LambdaOperator, values: dict[str, Any], reason: str) -> None:
    assert reason in str(operator.put(DESIRED, {"values": values}).fields)


@pytest.mark.parametrize("value", ["ftp://user:hunter2@files.example.com/", "https://h.example/f/abcdefghij"])
def test_a_model_has_no_secrets(operator: LambdaOperator, value: str) -> None:
    assert "Backend is secret" in str(operator.put(MODEL, {"desired": {"Backend": value}}).fields)


def test_a_model_is_what_was_said_of_it_last(booting: ConfiguredStation, operator: LambdaOperator) -> None:
    empty = operator.get(MODEL).json
    assert (empty["vendor"], empty["model"], empty["desired"], empty["skipped"]) == ("Vendor", "Model 1", {}, [])
    assert empty["defaults"]["StopTxnSampledData"] == ""
    said = {
        "desired": {"HeartbeatInterval": "90", "LocalPreAuthorize": None},
        "skipped": ["StopTxnAlignedData"],
        "quirks": {"readsConfigurationInBatches": True},
    }
    assert operator.put(MODEL, said).json == empty | said
    assert operator.get(MODEL.upper().replace("MODELS", "models")).json == empty | said

    booting.values |= {"LocalPreAuthorize": "true", "StopTxnAlignedData": "SoC"}
    booting.boot(chargePointModel="Model 1")
    assert "key" in booting.was_asked()[0]
    assert booting.was_set() == {"HeartbeatInterval": "90"}


def test_a_model_has_a_name_as_long_as_a_station_can_say(operator: LambdaOperator) -> None:
    assert "characters" in operator.get(f"/models/V/{'M' * 21}").fields["model"]


def test_a_quirk_that_nobody_knows_is_a_mistake(operator: LambdaOperator) -> None:
    assert "quirks" in str(operator.put(MODEL, {"quirks": {"sings": True}}).fields)
