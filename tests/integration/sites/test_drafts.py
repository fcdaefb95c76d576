"""A new site or plan whose request died, or is slow, is in nobody's way, and seen by nobody before it is complete."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from csms.ids import ChargePointId
from csms.runtime import Runtime, runtime
from tests.integration.sites.workflow import Workflow
from tests.integration.test_crashes import Killer
from tests.lambda_operator import Answer, LambdaOperator
from tests.process_died import ProcessDied

NEW_SITE = {"name": "Depot", "maximumA": 100, "safeLimitA": 6}
OF_TWO = NEW_SITE | {"chargePoints": [{"chargePointId": "CP001"}, {"chargePointId": "CP002"}]}
NEW_PLAN = {"periods": [{"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z", "limitA": 50}], "name": "x"}
AddChargePoint = Callable[[str], ChargePointId]


@pytest.fixture(autouse=True)
def _one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csms.api.resources.sites._WORKERS", 1)


def sites_of(admin: LambdaOperator, *identities: str) -> set[str | None]:
    """Which sites the charge points are at, as everything has it that says so."""
    found: set[str | None] = set()
    for identity in identities:
        found.add(admin.get(f"/charge-points/{identity}").json["siteId"])
        found |= {row.site_id for row in runtime().store.connectors.all(ChargePointId(identity))}
        for site in admin.items("/sites"):
            members = admin.items(f"/sites/{site['id']}/charge-points")
            found |= {site["id"] for member in members if member["chargePointId"] == identity}
    return found


def die(admin: LambdaOperator, path: str, body: Any, killer: Killer, at: int) -> bool:
    """Whether the request died at that call to the table."""
    killer.aim(at)
    try:
        admin.post(path, body)
    except ProcessDied:
        return True
    finally:
        killer.aim(None)
    return False


def _die(*_: Any) -> None:
    raise ProcessDied


def test_a_site_whose_request_died_leaves_its_charge_points_to_the_next(
    csms: Runtime, admin: LambdaOperator, add_charge_point: AddChargePoint
) -> None:
    add_charge_point("CP001"), add_charge_point("CP002")
    killer = Killer(runtime(), "before")
    for at in itertools.count(step=2):
        if not die(admin, "/sites", OF_TWO, killer, at):
            break
        assert admin.items("/sites") == []
        answer = admin.post("/sites", OF_TWO)
        assert answer.status == 201, f"died at call {at}: {answer.text}"
        assert [site["id"] for site in admin.items("/sites")] == [answer.json["id"]]
        assert sites_of(admin, "CP001", "CP002") == {answer.json["id"]}
        for identity in ("CP001", "CP002"):
            assert admin.delete(f"/sites/{answer.json['id']}/charge-points/{identity}").status == 204
        assert admin.delete(f"/sites/{answer.json['id']}").status == 204
    assert at > 10


def test_a_charge_point_that_a_dead_request_took_can_be_added_to_a_site_or_set_free(
    csms: Runtime,
    admin: LambdaOperator,
    site: str,
    add_charge_point: AddChargePoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_charge_point("CP001"), add_charge_point("CP002")
    monkeypatch.setattr(runtime().store.sites, "publish", _die)
    with pytest.raises(ProcessDied):
        admin.post("/sites", OF_TWO)
    (draft,) = {admin.get(f"/charge-points/{identity}").json["siteId"] for identity in ("CP001", "CP002")}
    assert draft
    assert admin.get(f"/sites/{draft}").status == 404
    assert admin.put(f"/sites/{site}/charge-points/CP001", {}).status == 200
    assert admin.delete(f"/sites/{draft}/charge-points/CP002").status == 204
    assert sites_of(admin, "CP001") == {site}
    assert sites_of(admin, "CP002") == {None}


def test_a_slow_request_for_a_site_does_not_get_what_another_one_took_meanwhile(
    csms: Runtime,
    admin: LambdaOperator,
    site: str,
    add_charge_point: AddChargePoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add_charge_point("CP001"), add_charge_point("CP002")
    sites = runtime().store.sites
    publish = sites.publish

    def publish_late(*arguments: Any) -> None:
        assert admin.put(f"/sites/{site}/charge-points/CP001", {}).status == 200
        publish(*arguments)

    monkeypatch.setattr(sites, "publish", publish_late)
    assert admin.post("/sites", OF_TWO).status == 409
    assert [each["id"] for each in admin.items("/sites")] == [site]
    assert sites_of(admin, "CP001") == {site}
    assert sites_of(admin, "CP002") == {None}


def test_a_plan_whose_request_died_leaves_the_site_to_the_next(
    csms: Runtime, admin: LambdaOperator, workflow: Workflow
) -> None:
    killer = Killer(runtime(), "before")
    for at in itertools.count():
        site = admin.post("/sites", NEW_SITE).json["id"]
        wanted = NEW_PLAN | {"siteId": site}
        if not die(admin, "/charging-plans", wanted, killer, at):
            break
        assert admin.items("/charging-plans", siteId=site) == []
        answer = admin.post("/charging-plans", wanted)
        assert answer.status == 201, f"died at call {at}: {answer.text}"
        assert admin.items("/charging-plans", siteId=site) == [answer.json]
        assert admin.get(f"/sites/{site}").json["chargingPlanId"] == answer.json["id"]
        assert f"{answer.json['id']}-1" in workflow.started
    assert at > 3


def test_a_slow_request_for_a_plan_does_not_start_what_another_one_has_replaced(
    csms: Runtime, admin: LambdaOperator, site: str, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = runtime().store.charging_plans
    activate = plans.activate
    faster: list[Answer] = []

    def activate_late(*arguments: Any) -> Any:
        monkeypatch.setattr(plans, "activate", activate)
        faster.append(admin.post("/charging-plans", NEW_PLAN | {"siteId": site}))
        return activate(*arguments)

    monkeypatch.setattr(plans, "activate", activate_late)
    assert admin.post("/charging-plans", NEW_PLAN | {"siteId": site}).status == 409
    assert admin.items("/charging-plans") == [faster[0].json]
    assert admin.get(f"/sites/{site}").json["chargingPlanId"] == faster[0].json["id"]
    assert workflow.started == [f"{faster[0].json['id']}-1"]


def test_a_site_with_a_plan_that_was_never_completed_can_be_deleted(
    csms: Runtime, admin: LambdaOperator, site: str, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime().store.charging_plans, "activate", _die)
    with pytest.raises(ProcessDied):
        admin.post("/charging-plans", NEW_PLAN | {"siteId": site})
    assert admin.get(f"/sites/{site}").json["chargingPlanId"]
    assert admin.delete(f"/sites/{site}").status == 204
