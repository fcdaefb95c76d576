"""What a charging plan would do, before there is one."""

from typing import Any
from xml.etree import ElementTree

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime
from tests.integration.sites.workflow import Workflow
from tests.lambda_operator import LambdaOperator
from tests.lambda_station import LambdaStation

SVG = "{http://www.w3.org/2000/svg}"
PERIOD = {"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z", "limitA": 30}
NIGHT = {"start": "2026-03-05T13:00:00Z", "end": "2026-03-05T23:00:00Z", "limitA": 5}


@pytest.fixture
def site(csms: Runtime, admin: LambdaOperator) -> str:
    """A site where CP001 and CP002 charge, CP003 is free and nobody has heard of CP004 for long."""
    for identity in ("CP001", "CP002", "CP003", "CP004"):
        station = LambdaStation(identity=identity)
        station.connect()
        station.wait(seconds=1)
        station.result("StatusNotification", {"connectorId": 1, "errorCode": "NoError", "status": "Available"})
        if identity != "CP003":
            station.start(connectorId=1, idTag="TAG1")
        if identity == "CP004":
            station.disconnect()
    members = [{"chargePointId": f"CP00{number}", "maximumA": 16} for number in range(1, 5)]
    answer = admin.post(
        "/sites", {"name": "x", "maximumA": 100, "safeLimitA": 6, "newcomers": 1, "chargePoints": members}
    )
    found: str = answer.json["id"]
    admin.now = station.now
    return found


def preview(admin: LambdaOperator, site: str, **fields: Any) -> Any:
    answer = admin.post("/charging-plans/preview", {"siteId": site, "periods": [PERIOD, NIGHT]} | fields)
    assert answer.status == 200, answer.text
    return answer.json


def test_a_preview_says_what_each_connector_would_get(csms: Runtime, admin: LambdaOperator, site: str) -> None:
    found = preview(admin, site, periods=[PERIOD | {"limitA": 60}])
    assert (found["siteId"], found["at"]) == (site, "2026-03-05T12:00:01.000Z")
    assert [(each["start"], each["limitA"][0], each["excessA"]) for each in found["intervals"]] == [
        ("2026-03-05T12:00:01.000Z", 60.0, 0.0),
        ("2026-03-05T13:00:00.000Z", 100.0, 0.0),
    ]
    assert found["intervals"][-1]["end"] == found["until"]
    connectors = {each["chargePointId"]: each for each in found["connectors"]}
    assert [connectors[f"CP00{number}"]["limits"][-1]["limitA"] for number in (1, 2)] == [16.0, 16.0]
    assert connectors["CP001"]["transactionId"] is not None
    assert (connectors["CP003"]["note"], connectors["CP003"]["limits"]) == ("Idle", [])
    assert (connectors["CP004"]["note"], connectors["CP004"]["worstCaseA"]) == ("Unreachable", 16.0)
    assert [each["chargePointId"] for each in found["connectors"]] == ["CP001", "CP002", "CP004", "CP003"]
    assert found["leftOut"] == 0
    assert found["budget"]["limitA"] == [60.0, 60.0, 60.0]


def test_a_limit_that_cannot_be_kept_is_seen_before_the_plan_exists(
    csms: Runtime, admin: LambdaOperator, site: str
) -> None:
    found = preview(admin, site)
    assert {each["limitA"][0]: each["excessA"] > 0 for each in found["intervals"]} == {30.0: True, 5.0: True}
    assert found["budget"]["isWithinLimit"] is False


def test_a_preview_keeps_nothing_and_sends_nothing(csms: Runtime, admin: LambdaOperator, site: str) -> None:
    preview(admin, site)
    assert admin.items("/charging-plans") == []
    assert admin.get(f"/sites/{site}").json["chargingPlanId"] is None
    for number in range(1, 5):
        assert csms.store.calls.list(ChargePointId(f"CP00{number}"), limit=10).calls == []


def test_a_plan_is_drawn(csms: Runtime, workflow: Workflow, admin: LambdaOperator, site: str) -> None:
    plan = admin.post("/charging-plans", {"siteId": site, "name": "Winter", "periods": [PERIOD, NIGHT]}).json["id"]

    drawn = admin.get(f"/charging-plans/{plan}/chart")

    assert (drawn.status, drawn.headers["content-type"]) == (200, "image/svg+xml")
    root = ElementTree.fromstring(drawn.text)  # noqa: S314
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"x: Winter (active)", "A on each phase", "limit", "planned", "acknowledged"} <= texts
    assert len(list(root.iter(f"{SVG}path"))) == 3
    assert admin.get(f"/charging-plans/{plan}/chart", hours=49).fields.keys() == {"hours"}
    assert admin.get("/charging-plans/none/chart").status == 404


def test_phases_that_differ_are_drawn_one_by_one(
    csms: Runtime, workflow: Workflow, admin: LambdaOperator, site: str
) -> None:
    admin.put(f"/sites/{site}/charge-points/CP001", {"phases": 1, "phaseRotation": "SRT"})
    periods = [PERIOD | {"limitA": [30, 30, 20], "limitW": 10_000}]
    plan = admin.post("/charging-plans", {"siteId": site, "name": "Winter", "periods": periods}).json["id"]
    drawn = admin.get(f"/charging-plans/{plan}/chart", hours=1)
    assert drawn.status == 200
    root = ElementTree.fromstring(drawn.text)  # noqa: S314
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {f"{name} L{phase}" for name in ("planned", "acknowledged") for phase in (1, 2, 3)} <= texts
    assert "limit" in texts  # 10 kW are less than any of the currents


def test_nonsense_is_named_as_in_a_plan(csms: Runtime, admin: LambdaOperator, site: str) -> None:
    def fields(**given: Any) -> set[str]:
        body = {"siteId": site, "periods": [PERIOD]} | given
        return set(admin.post("/charging-plans/preview", body).fields)

    assert fields(siteId="none") == {"siteId"}
    assert fields(periods=[PERIOD, PERIOD]) == {"periods.1.start"}
    assert fields(state="active") == {"state"}
