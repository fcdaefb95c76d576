"""Charging profiles over the API: what a charge point was sent, and what it comes to."""

from typing import Any
from xml.etree import ElementTree

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from csms.store.configuration import Reported
from tests.called_station import CalledStation
from tests.integration.commands.test_set_charging_profile import PERIODS, order, set_profile
from tests.lambda_operator import LambdaOperator, claims_of

CP001 = ChargePointId("CP001")
PROFILES = "/charge-points/CP001/charging-profiles"
COMPOSITE = "/charge-points/CP001/composite-schedule"
NOON_S = 12 * 3600


@pytest.fixture
def operator(called: CalledStation) -> LambdaOperator:
    """Somebody who may command, on the station's clock."""
    return LambdaOperator(claims_of("operate"), now=called.now)


def a_schedule(limits: dict[int, float], **changes: Any) -> dict[str, Any]:
    """A schedule of today whose periods start at those seconds after noon; the first one has begun."""
    starts = [0, *(NOON_S + start_s for start_s in list(limits)[1:])]
    periods = [{"startPeriod": start_s, "limit": limit} for start_s, limit in zip(starts, limits.values(), strict=True)]
    return {PERIODS: periods} | changes


def steps(periods: list[dict[str, Any]]) -> dict[int, float | None]:
    return {period["startPeriod"]: period["limit"] for period in periods}


def test_profiles_are_listed_with_what_is_known_of_them(called: CalledStation, operator: LambdaOperator) -> None:
    body = order(1, schedule=a_schedule({0: 6}))
    set_profile(called, body)
    set_profile(called, order(1, chargingProfileId=2, stackLevel=1, schedule={"duration": 60}))
    called.is_called("SetChargingProfile", order(1, schedule=a_schedule({0: 16})))
    operator.now = called.now
    first, second = operator.get(PROFILES).json["items"]
    assert (first["id"], first["state"]) == (1, "unknown")
    assert (first["acknowledged"], first["limitsNow"]["limit"]) == (False, 16.0)
    assert first["instead"] == [{"connectorId": 1, "acknowledged": True, "profile": body["csChargingProfiles"]}]
    assert (second["id"], second["state"], second["limitsNow"]) == (2, "installed", None)
    assert second["commandId"].startswith("0")
    assert [found["id"] for found in operator.get(PROFILES, state="installed").json["items"]] == [2]
    assert operator.get(PROFILES, state="cleared").json == {"items": [], "cursor": None}


def test_a_list_of_profiles_comes_in_pages(called: CalledStation, operator: LambdaOperator) -> None:
    for number in (30, 4, 200):
        set_profile(called, order(1, chargingProfileId=number, stackLevel=number))
    page = operator.get(PROFILES, limit="2").json
    rest = operator.get(PROFILES, limit="2", cursor=page["cursor"]).json
    assert [found["id"] for found in page["items"] + rest["items"]] == [4, 30, 200]
    assert rest["cursor"] is None
    assert operator.get(PROFILES, cursor="nonsense").status == 422


def test_a_composite_schedule_is_computed_from_what_is_on_record(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    set_profile(called, order(0, chargingProfileId=1, schedule=a_schedule({0: 16, 600: 8})))
    set_profile(called, order(0, chargingProfileId=2, chargingProfilePurpose="ChargePointMaxProfile"))
    operator.now = called.now
    found = operator.get(COMPOSITE, connectorId="1", duration="3600").json
    assert (found["unit"], found["duration"], found["reported"]) == ("A", 3600, None)
    assert steps(found["periods"]) == {0: 6.0}
    called.is_called("ClearChargingProfile", {"id": 2})
    called.reply({"status": "Accepted"})
    found = operator.get(COMPOSITE, connectorId="1", duration="3600").json
    assert steps(found["periods"]) == {0: 16.0, 600 - operator.now.second: 8.0}
    csms.store.configuration.report(CP001, [Reported("NumberOfConnectors", "2")], called.now)
    whole = operator.get(COMPOSITE, connectorId="0", duration="60", unit="W", phases="1", maximum="10").json
    assert steps(whole["periods"]) == {0: 4600.0}


def test_a_profile_in_doubt_is_left_out_and_named(called: CalledStation, operator: LambdaOperator) -> None:
    called.is_called("SetChargingProfile", order(1, chargingProfileId=9))
    found = operator.get(COMPOSITE, connectorId="1").json
    assert (found["uncertain"], steps(found["periods"])) == ([9], {0: None})


def test_for_a_free_connector_a_transaction_is_taken_to_begin_now(
    called: CalledStation, operator: LambdaOperator
) -> None:
    relative = order(1, chargingProfileKind="Relative", validFrom=None, validTo=None)
    relative["csChargingProfiles"]["chargingSchedule"] = {
        "chargingRateUnit": "A",
        PERIODS: [{"startPeriod": 0, "limit": 6}, {"startPeriod": 300, "limit": 10}],
    }
    set_profile(called, relative)
    assert steps(operator.get(COMPOSITE, connectorId="1").json["periods"]) == {0: 6.0, 300: 10.0}
    called.start()
    called.wait(seconds=100)
    operator.now = called.now
    periods = operator.get(COMPOSITE, connectorId="1").json["periods"]
    assert [period["limit"] for period in periods] == [6.0, 10.0]
    assert 195 <= periods[1]["startPeriod"] <= 200


def answer(called: CalledStation, limits: dict[int, float], unit: str = "A") -> dict[str, Any]:
    periods = [{"startPeriod": start_s, "limit": limit} for start_s, limit in limits.items()]
    return {
        "status": "Accepted",
        "connectorId": 1,
        "scheduleStart": called.now.isoformat(),
        "chargingSchedule": {"duration": 600, "chargingRateUnit": unit, PERIODS: periods},
    }


def asked(called: CalledStation, response: dict[str, Any]) -> None:
    called.is_called("GetCompositeSchedule", {"connectorId": 1, "duration": 600})
    called.reply(response)


def test_what_the_station_says_stands_beside_it_with_where_it_differs(
    called: CalledStation, operator: LambdaOperator
) -> None:
    set_profile(called, order(1, schedule=a_schedule({0: 6})))
    asked(called, answer(called, {0: 6, 100: 9, 200: 6}))
    reported = operator.get(COMPOSITE, connectorId="1").json["reported"]
    assert steps(reported["periods"]) == {0: 6.0, 100: 9.0, 200: 6.0}
    assert (reported["current"], reported["agrees"]) == (True, False)
    assert reported["drift"] == [{"startPeriod": 100, "endPeriod": 200, "computed": 6.0, "reported": 9.0}]
    assert operator.get(COMPOSITE, connectorId="2").json["reported"] is None

    called.wait(seconds=1)
    asked(called, answer(called, {0: 4140}, "W"))
    reported = operator.get(COMPOSITE, connectorId="1").json["reported"]
    assert (reported["unit"], reported["agrees"], reported["current"]) == ("W", True, True)
    called.wait(seconds=1)
    set_profile(called, order(1, schedule=a_schedule({0: 10})))
    reported = operator.get(COMPOSITE, connectorId="1").json["reported"]
    assert (reported["current"], reported["agrees"]) == (False, False)


def test_an_answer_is_not_current_when_a_profile_has_gone_since(
    called: CalledStation, operator: LambdaOperator
) -> None:
    set_profile(called, order(1, schedule=a_schedule({0: 6})))
    asked(called, answer(called, {0: 6}))
    called.wait(seconds=1)
    called.is_called("ClearChargingProfile")
    called.reply({"status": "Accepted"})
    reported = operator.get(COMPOSITE, connectorId="1").json["reported"]
    assert (reported["current"], reported["drift"]) == (False, [])


@pytest.mark.parametrize(
    "response",
    [
        {"status": "Rejected"},
        {"status": "Accepted"},
        {"status": "Accepted", "chargingSchedule": {"chargingRateUnit": "hp", PERIODS: []}},
        {"status": "Accepted", "chargingSchedule": 7},
    ],
)
def test_an_answer_without_a_schedule_is_none(
    called: CalledStation, operator: LambdaOperator, response: dict[str, Any]
) -> None:
    asked(called, response)
    assert operator.get(COMPOSITE, connectorId="1").json["reported"] is None


@pytest.fixture
def answering(called: CalledStation, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the station answers while somebody waits."""
    response: dict[str, Any] = {}

    def pause(_: float) -> None:
        if response:
            called.reply(dict(response))
            response.clear()

    monkeypatch.setattr("csms.api.waiting.time.sleep", pause)
    return response


def test_the_station_can_be_asked_at_once(
    called: CalledStation, operator: LambdaOperator, answering: dict[str, Any]
) -> None:
    answering |= answer(called, {0: 6})
    found = operator.send("POST", COMPOSITE, query="connectorId=1&duration=600")
    assert called.posted[-1][2:] == [
        "GetCompositeSchedule",
        {"connectorId": 1, "duration": 600, "chargingRateUnit": "A"},
    ]
    assert (found.status, steps(found.json["reported"]["periods"])) == (200, {0: 6.0})
    answering |= {"status": "Rejected"}
    refused = operator.send("POST", COMPOSITE, query="connectorId=1&duration=600")
    assert refused.status == 409
    assert "is rejected (Rejected)" in refused.json["detail"]


def test_asking_is_commanding(called: CalledStation) -> None:
    reader = LambdaOperator(claims_of("read"), now=called.now)
    assert reader.send("POST", COMPOSITE, query="connectorId=1").status == 403
    assert reader.get(COMPOSITE, connectorId="1").status == 200


def test_it_can_be_had_as_a_chart(called: CalledStation, operator: LambdaOperator) -> None:
    set_profile(called, order(1, schedule=a_schedule({0: 6})))
    asked(called, answer(called, {0: 9}))
    drawn = operator.send("GET", COMPOSITE, query="connectorId=1&duration=600", headers={"accept": "image/svg+xml"})
    assert (drawn.status, drawn.headers["content-type"]) == (200, "image/svg+xml")
    root = ElementTree.fromstring(drawn.text)  # noqa: S314
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) == 2


@pytest.mark.parametrize(
    "query",
    [{}, {"connectorId": "-1"}, {"connectorId": "1", "duration": "0"}, {"connectorId": "1", "unit": "hp"}],
)
def test_a_composite_schedule_needs_to_know_of_what(
    called: CalledStation, operator: LambdaOperator, query: dict[str, str]
) -> None:
    assert operator.get(COMPOSITE, **query).status == 422


def test_of_a_connector_that_is_not_there_there_is_none(
    csms: Runtime, called: CalledStation, operator: LambdaOperator
) -> None:
    csms.store.configuration.report(CP001, [Reported("NumberOfConnectors", "2")], called.now)
    refused = operator.get(COMPOSITE, connectorId="3")
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "connectorId")
