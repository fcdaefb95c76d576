"""What is known of a station, and what it is good for."""

from typing import Any

import pytest

from csms.calls import CallRefused
from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.charge_point_models import ChargePointModel
from csms.store.charge_points import Quirk
from tests.integration.commissioning.configured_station import ConfiguredStation
from tests.lambda_operator import LambdaOperator, claims_of

CP001 = ChargePointId("CP001")
PATH = "/charge-points/CP001/capabilities"


@pytest.fixture
def operator(booting: ConfiguredStation) -> LambdaOperator:
    return LambdaOperator(claims_of("admin"))


def known(operator: LambdaOperator) -> Any:
    return operator.get(PATH).json


def test_nothing_is_known_of_a_station_that_said_nothing(operator: LambdaOperator) -> None:
    found = known(operator)
    assert found["profiles"] is None
    assert set(found["limits"].values()) == {None}
    assert (found["quirks"], found["corrected"]) == ({}, [])


def test_a_station_says_in_its_configuration_what_it_can_do(
    booting: ConfiguredStation, operator: LambdaOperator
) -> None:
    booting.values |= {"supportedfeatureprofiles": "Core, SmartCharging", "SendLocalListMaxLength": "20"}
    booting.boot()
    found = known(operator)
    assert found["profiles"] == ["Core", "SmartCharging"]
    assert (found["limits"]["SendLocalListMaxLength"], found["limits"]["NumberOfConnectors"]) == (20, 2)


def test_what_an_operator_corrects_counts_instead_until_taken_back(
    booting: ConfiguredStation, operator: LambdaOperator
) -> None:
    booting.boot()
    order = {"connectorId": 3, "type": "Operative"}
    with pytest.raises(CallRefused, match="the charge point has 2"):
        booting.called.is_called("ChangeAvailability", order)
    changed = operator.patch(PATH, {"profiles": ["Core"], "limits": {"NumberOfConnectors": 4}}).json
    assert (changed["profiles"], changed["limits"]["NumberOfConnectors"]) == (["Core"], 4)
    assert changed["corrected"] == ["NumberOfConnectors", "SupportedFeatureProfiles"]
    booting.called.is_called("ChangeAvailability", order)
    booting.called.reply({"status": "Accepted"})
    booting.boot()
    assert known(operator)["limits"]["NumberOfConnectors"] == 4
    changed = operator.patch(PATH, {"limits": {"NumberOfConnectors": None}}).json
    assert (changed["limits"]["NumberOfConnectors"], changed["corrected"]) == (2, ["SupportedFeatureProfiles"])


def test_a_station_shows_that_it_cannot_be_made_unavailable_as_a_whole_and_that_it_can(
    booting: ConfiguredStation, operator: LambdaOperator
) -> None:
    for status, quirks in (
        ("Accepted", {}),
        ("Rejected", {"rejectsAvailabilityOfConnector0": True}),
        ("Scheduled", {"rejectsAvailabilityOfConnector0": False}),
    ):
        booting.called.is_called("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
        booting.called.reply({"status": status})
        booting.called.is_called("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        booting.called.reply({"status": "Rejected"})
        assert known(operator)["quirks"] == quirks


def test_a_limit_below_zero_is_none(booting: ConfiguredStation, operator: LambdaOperator) -> None:
    for key in ("LocalAuthListMaxLength", "SendLocalListMaxLength", "NumberOfConnectors"):
        booting.called.is_called("GetConfiguration", {"key": [key]})
        booting.called.reply({"configurationKey": [{"key": key, "readonly": True, "value": "-1"}]})
        assert known(operator)["limits"][key] is None
    entries = [{"idTag": "TAG1", "idTagInfo": {"status": "Accepted"}}]
    body = {"listVersion": 5, "updateType": "Full", "localAuthorizationList": entries}
    assert operator.post("/charge-points/CP001/commands/SendLocalList", body).status == 202


def test_nothing_is_learnt_in_quiet_mode(csms: Runtime, booting: ConfiguredStation, operator: LambdaOperator) -> None:
    csms.store.links.set_quiet(CP001, is_quiet=True)
    booting.called.is_called("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    booting.called.reply({"status": "Rejected"})
    assert known(operator)["quirks"] == {}


def test_a_quirk_of_the_model_is_one_of_its_stations_unless_they_are_said_to_lack_it(
    csms: Runtime, booting: ConfiguredStation, operator: LambdaOperator
) -> None:
    csms.store.charge_point_models.put(ChargePointModel("Vendor", "Model", quirks={Quirk.READS_IN_BATCHES: True}))
    booting.boot()
    assert "key" in booting.was_asked()[0]
    assert known(operator)["quirks"] == {"readsConfigurationInBatches": True}
    changed = operator.patch(PATH, {"quirks": {"readsConfigurationInBatches": False}}).json
    assert changed["quirks"] == {"readsConfigurationInBatches": False}
    booting.boot()
    assert booting.was_asked()[-1] == {}
    assert operator.patch(PATH, {"quirks": {"readsConfigurationInBatches": None}}).json["quirks"] == {
        "readsConfigurationInBatches": True
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"limits": {"Doors": 1}}, "limits"),
        ({"limits": {"NumberOfConnectors": -1}}, "limits.NumberOfConnectors"),
        ({"limits": {"NumberOfConnectors": "2"}}, "limits.NumberOfConnectors"),
        ({"profiles": ["Core,Other"]}, "profiles.0"),
        ({"quirks": {"sings": True}}, "quirks.sings.[key]"),
    ],
)
def test_what_is_no_capability_is_a_mistake(operator: LambdaOperator, body: dict[str, Any], field: str) -> None:
    assert field in operator.patch(PATH, body).fields
