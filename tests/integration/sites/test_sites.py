"""Sites as operators see and change them."""

from collections.abc import Callable
from typing import Any

import pytest

from csms.ids import ChargePointId, PlanId, SiteId
from csms.runtime import Runtime
from csms.store.charging_plans import PlanState
from tests.integration.sites.workflow import Workflow
from tests.lambda_operator import Answer, LambdaOperator
from tests.lambda_station import NOON

AddChargePoint = Callable[[str], ChargePointId]
NEW = {"name": "Car park", "maximumA": 100, "safeLimitA": 6}


def create(admin: LambdaOperator, **fields: Any) -> dict[str, Any]:
    answer = admin.post("/sites", NEW | fields)
    assert answer.status == 201, answer.text
    assert answer.headers["location"] == f"/sites/{answer.json['id']}"
    site: dict[str, Any] = answer.json
    return site


def test_a_site_is_shown_as_it_was_given(csms: Runtime, admin: LambdaOperator) -> None:
    site = create(admin, maximumA=[63, 62.5, 0], maximumW=20_000, baseLoadA=[10.5, 0, 0], marginPercent=5, newcomers=2)
    assert site == {
        "id": site["id"],
        "name": "Car park",
        "maximumA": [63.0, 62.5, 0.0],
        "maximumW": 20_000,
        "voltageV": 230,
        "baseLoadA": [10.5, 0.0, 0.0],
        "marginPercent": 5,
        "safeLimitA": 6.0,
        "newcomers": 2,
        "createdAt": "2026-03-05T12:00:00.000Z",
        "chargingPlanId": None,
    }
    assert admin.get(f"/sites/{site['id']}").json == site
    assert create(admin)["maximumA"] == [100.0, 100.0, 100.0]


def test_sites_come_in_pages_and_none_is_missing(csms: Runtime, admin: LambdaOperator) -> None:
    names = [f"Site {number:02}" for number in range(20)]
    for name in names:
        create(admin, name=name)
    assert sorted(site["name"] for site in admin.items("/sites", limit=7)) == names


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"maximumA": -1}, "maximumA"),
        ({"maximumA": [1, 2]}, "maximumA.2"),
        ({"maximumA": [1, 2, -3]}, "maximumA.2"),
        ({"maximumA": 16.05}, "maximumA"),
        ({"maximumA": "100"}, "maximumA"),
        ({"maximumA": True}, "maximumA"),
        ({"maximumA": 0}, "maximumA"),
        ({"maximumA": None}, "maximumA"),
        ({"maximumW": -1}, "maximumW"),
        ({"voltageV": 0}, "voltageV"),
        ({"baseLoadA": [0, 100, 0]}, "baseLoadA"),
        ({"baseLoadA": 50, "marginPercent": 50}, "baseLoadA"),
        ({"marginPercent": 101}, "marginPercent"),
        ({"safeLimitA": 5.9}, "safeLimitA"),
        ({"safeLimitA": 100.1}, "safeLimitA"),
        ({"newcomers": -1}, "newcomers"),
        ({"colour": "red"}, "colour"),
        ({"chargePoints": [{"chargePointId": "CP001", "maximumA": 5}]}, "chargePoints.0.maximumA"),
        ({"chargePoints": [{"chargePointId": "CP001", "phases": 4}]}, "chargePoints.0.phases"),
        ({"chargePoints": [{"chargePointId": "CP001", "phaseRotation": "RRR"}]}, "chargePoints.0.phaseRotation"),
        ({"chargePoints": [{"chargePointId": "CP001", "connectors": [{}]}]}, "chargePoints.0.connectors.0.connectorId"),
        ({"chargePoints": [{"chargePointId": "CP001", "connectors": [{"connectorId": 1}] * 2}]}, "chargePoints.0"),
        ({"chargePoints": [{"chargePointId": "CP001"}, {"chargePointId": "CP404"}]}, "chargePoints.1.chargePointId"),
        ({"chargePoints": [{"chargePointId": "CP001"}, {"chargePointId": "cp001"}]}, "chargePoints.1.chargePointId"),
    ],
)
def test_each_wrong_field_is_named_and_nothing_is_added(
    admin: LambdaOperator, add_charge_point: AddChargePoint, fields: dict[str, Any], wrong: str
) -> None:
    add_charge_point("CP001")
    assert admin.post("/sites", NEW | fields).fields.keys() == {wrong}
    assert admin.items("/sites") == []


def test_the_safe_limit_is_not_left_to_chance(csms: Runtime, admin: LambdaOperator) -> None:
    assert admin.post("/sites", {"name": "x", "maximumA": 100}).fields.keys() == {"safeLimitA"}


def test_a_site_is_changed_field_by_field(csms: Runtime, admin: LambdaOperator) -> None:
    site = create(admin, maximumW=20_000, newcomers=2)
    path = f"/sites/{site['id']}"
    changed = admin.patch(path, {"maximumA": [50, 50, 50], "maximumW": None, "safeLimitA": 0}).json
    assert changed == site | {"maximumA": [50.0, 50.0, 50.0], "maximumW": None, "safeLimitA": 0.0}
    assert admin.get(path).json == changed
    assert admin.patch(path, {}).json == changed
    assert admin.patch(path, {"baseLoadA": 50}).fields.keys() == {"baseLoadA"}
    assert admin.patch(path, {"name": None}).fields.keys() == {"name"}
    assert admin.patch("/sites/none", {"name": "x"}).status == 404
    admin.patch(path, {"baseLoadA": 40, "newcomers": None})
    assert admin.patch(path, {"maximumA": 40}).fields.keys() == {"maximumA"}


def test_a_site_comes_with_its_charge_points(admin: LambdaOperator, add_charge_point: AddChargePoint) -> None:
    add_charge_point("CP001")
    add_charge_point("CP002")
    odd = {"connectorId": 2, "maximumA": 16, "phases": 1, "phaseRotation": "STR"}
    site = create(
        admin,
        chargePoints=[
            {"chargePointId": "cp002", "maximumA": 16, "phases": 1, "phaseRotation": "SRT", "priority": 3},
            {"chargePointId": "CP001", "stationMaximumA": 40, "connectors": [odd]},
        ],
    )
    assert admin.items(f"/sites/{site['id']}/charge-points", limit=1) == [
        {
            "chargePointId": "CP001",
            "maximumA": 32.0,
            "stationMaximumA": 40.0,
            "phases": 3,
            "phaseRotation": None,
            "priority": 0,
            "connectors": [odd | {"maximumA": 16.0}],
        },
        {
            "chargePointId": "CP002",
            "maximumA": 16.0,
            "stationMaximumA": None,
            "phases": 1,
            "phaseRotation": "SRT",
            "priority": 3,
            "connectors": [],
        },
    ]
    assert admin.get("/charge-points/CP001").json["siteId"] == site["id"]


def test_a_charge_point_is_at_one_site_at_a_time(admin: LambdaOperator, add_charge_point: AddChargePoint) -> None:
    add_charge_point("CP001")
    add_charge_point("CP002")
    first, second = create(admin)["id"], create(admin)["id"]
    assert admin.put(f"/sites/{first}/charge-points/CP001", {"maximumA": 16}).json["maximumA"] == 16.0
    assert admin.put(f"/sites/{first}/charge-points/CP001", {"maximumA": 20}).json["maximumA"] == 20.0

    assert first in admin.put(f"/sites/{second}/charge-points/CP001", {}).json["detail"]
    refused = admin.post("/sites", NEW | {"chargePoints": [{"chargePointId": "CP002"}, {"chargePointId": "CP001"}]})
    assert refused.status == 409
    assert {site["id"] for site in admin.items("/sites")} == {first, second}
    assert admin.get("/charge-points/CP002").json["siteId"] is None

    assert admin.delete(f"/sites/{first}/charge-points/CP001").status == 204
    assert admin.delete(f"/sites/{first}/charge-points/CP001").status == 404
    assert admin.put(f"/sites/{second}/charge-points/CP001", {}).status == 200


def test_what_is_not_there_is_not_found(admin: LambdaOperator, add_charge_point: AddChargePoint) -> None:
    add_charge_point("CP001")
    site = create(admin)["id"]
    for path in ("/sites/none", "/sites/none/charge-points", f"/sites/{'x' * 3000}"):
        assert admin.get(path).status == 404
    assert admin.put(f"/sites/{site}/charge-points/CP404", {}).status == 404
    assert admin.put("/sites/none/charge-points/CP001", {}).status == 404
    assert admin.delete(f"/sites/{site}/charge-points/CP404").status == 404
    assert admin.delete("/sites/none").status == 404


def test_a_site_that_is_in_use_is_not_deleted(
    csms: Runtime, workflow: Workflow, admin: LambdaOperator, add_charge_point: AddChargePoint
) -> None:
    add_charge_point("CP001")
    site = create(admin, chargePoints=[{"chargePointId": "CP001"}])["id"]
    assert admin.delete(f"/sites/{site}").status == 409
    admin.delete(f"/sites/{site}/charge-points/CP001")
    period = {"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z", "limitA": 50}
    plan = admin.post("/charging-plans", {"siteId": site, "name": "x", "periods": [period]}).json["id"]
    assert admin.get(f"/sites/{site}").json["chargingPlanId"] == plan
    assert plan in admin.delete(f"/sites/{site}").json["detail"]
    csms.store.charging_plans.finish(PlanId(plan), PlanState.ENDED, NOON)
    assert admin.delete(f"/sites/{site}").status == 204
    assert admin.items("/sites") == []


def test_a_charge_point_of_a_site_is_deleted_only_by_force(
    admin: LambdaOperator, add_charge_point: AddChargePoint
) -> None:
    add_charge_point("CP001")
    site = create(admin, chargePoints=[{"chargePointId": "CP001"}])["id"]
    assert site in admin.delete("/charge-points/CP001").json["detail"]
    assert admin.delete("/charge-points/CP001", force="true").status == 204
    assert admin.items(f"/sites/{site}/charge-points") == []
    add_charge_point("CP001")
    assert admin.get("/charge-points/CP001").json["siteId"] is None


def test_every_change_of_a_site_is_one_its_plan_must_look_at(
    csms: Runtime, admin: LambdaOperator, add_charge_point: AddChargePoint
) -> None:
    add_charge_point("CP001")
    site = create(admin)["id"]

    def version() -> int:
        found = csms.store.sites.get(SiteId(site), consistent=True)
        assert found
        return found.version

    before = version()
    changes: list[Callable[[], Answer]] = [
        lambda: admin.patch(f"/sites/{site}", {"maximumA": 50}),
        lambda: admin.put(f"/sites/{site}/charge-points/CP001", {}),
        lambda: admin.put(f"/sites/{site}/charge-points/CP001", {"priority": 1}),
        lambda: admin.delete(f"/sites/{site}/charge-points/CP001"),
    ]
    for change in changes:
        assert change().status < 300
        assert version() > before
        before = version()
