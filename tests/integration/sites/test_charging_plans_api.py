"""Charging plans as operators make, start and stop them; what a step does is tested with the workflow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from csms.ids import CallId, ChargePointId, PlanId, SiteId, TransactionId
from csms.runtime import Runtime, runtime
from csms.smart_charging.situation import Turn
from csms.store.calls import Call, CallState, Outcome
from csms.store.charging_plans import Budget, PlanState
from csms.store.planned_profiles import LimitFrom, PlannedProfile, ProfileRole, SendOutcome
from csms.store.sites import WaitingTask
from tests.integration.sites.workflow import Workflow
from tests.lambda_operator import LambdaOperator, claims_of
from tests.lambda_station import NOON

PERIOD = {"start": "2026-03-05T12:00:00Z", "end": "2026-03-05T13:00:00Z", "limitA": 50}
LATER = {"start": "2026-03-05T13:00:00Z", "end": "2026-03-05T14:00:00+00:00", "limitW": 20_000}


def create(admin: LambdaOperator, site: str, **fields: Any) -> dict[str, Any]:
    answer = admin.post("/charging-plans", {"siteId": site, "name": "Winter", "periods": [PERIOD]} | fields)
    assert answer.status == 201, answer.text
    assert answer.headers["location"] == f"/charging-plans/{answer.json['id']}"
    plan: dict[str, Any] = answer.json
    return plan


def running_plan(admin: LambdaOperator, site: str) -> str:
    found = admin.get(f"/sites/{site}").json["chargingPlanId"]
    assert isinstance(found, str | None)
    return found or ""


def test_a_plan_starts_with_its_creation_and_has_the_site(admin: LambdaOperator, site: str, workflow: Workflow) -> None:
    plan = create(admin, site, policy="Priority", rebalanceS=600, turnS=1200)
    assert plan == {
        "id": plan["id"],
        "siteId": site,
        "name": "Winter",
        "policy": "Priority",
        "kind": "Absolute",
        "recurrency": None,
        "timeZone": "UTC",
        "rebalanceS": 600,
        "turnS": 1200,
        "state": "active",
        "release": None,
        "createdAt": "2026-03-05T12:00:00.000Z",
        "createdBy": plan["createdBy"],
        "activatedAt": "2026-03-05T12:00:00.000Z",
        "endedAt": None,
        "step": 0,
        "stepAt": None,
        "lookAgainAt": None,
    }
    assert workflow.started == [f"{plan['id']}-1"]
    assert running_plan(admin, site) == plan["id"]
    detail = admin.get(f"/charging-plans/{plan['id']}").json
    period = {"start": "2026-03-05T12:00:00.000Z", "end": "2026-03-05T13:00:00.000Z"}
    assert detail == plan | {
        "periods": [period | {"limitA": [50.0, 50.0, 50.0], "limitW": None}],
        "budget": None,
        "profiles": [],
        "cursor": None,
    }


def test_periods_that_come_again_are_times_on_the_clock(admin: LambdaOperator, site: str) -> None:
    nightly = [
        {"start": "22:00", "end": "30:00", "limitA": [80, 80, 80.5], "limitW": None},
        {"start": "07:30", "end": "12:00:30", "limitA": None, "limitW": 9000},
    ]
    fields = {"kind": "Recurring", "recurrency": "Daily", "timeZone": "Europe/Berlin", "state": "paused"}
    plan = create(admin, site, periods=nightly, **fields)
    assert admin.get(f"/charging-plans/{plan['id']}").json["periods"] == nightly

    weekly = [
        {"start": "Mon 00:00", "end": "Fri 24:00", "limitW": 9000},
        {"start": "Sun 22:00", "end": "Sun 24:00", "limitW": 0},
    ]
    plan = create(admin, site, periods=weekly, **fields | {"recurrency": "Weekly"})
    shown = admin.get(f"/charging-plans/{plan['id']}").json["periods"]
    assert [(each["start"], each["end"]) for each in shown] == [("Mon 00:00", "Sat 00:00"), ("Sun 22:00", "Sun 24:00")]


RECURRING = {"kind": "Recurring", "recurrency": "Daily"}
CLOCK = {"start": "08:00", "end": "12:00", "limitA": 10}


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"siteId": "none"}, ["siteId"]),
        ({"policy": "Mine"}, ["policy"]),
        ({"periods": []}, ["periods"]),
        ({"periods": [PERIOD] * 1001}, ["periods"]),
        ({"periods": [PERIOD | {"limitA": -1}]}, ["periods.0.limitA"]),
        ({"periods": [PERIOD | {"limitA": [1, 2, -3]}]}, ["periods.0.limitA.2"]),
        ({"periods": [PERIOD, LATER | {"limitW": -1}]}, ["periods.1.limitW"]),
        ({"periods": [PERIOD | {"limitA": None}]}, ["periods.0"]),
        ({"periods": [PERIOD, PERIOD | {"start": "2026-03-05T12:59:59Z", "end": LATER["end"]}]}, ["periods.1.start"]),
        ({"periods": [LATER, PERIOD | {"end": "2026-03-05T13:00:01Z"}]}, ["periods.1.start"]),
        ({"periods": [PERIOD | {"end": PERIOD["start"]}]}, ["periods.0.end"]),
        ({"periods": [PERIOD | {"end": "2026-03-05T11:00:00Z"}]}, ["periods.0.end"]),
        ({"periods": [PERIOD | {"start": "2026-03-05T10:00:00Z", "end": "2026-03-05T12:00:00Z"}]}, ["periods"]),
        ({"periods": [PERIOD | {"start": "2026-03-05T12:00:00"}]}, ["periods.0.start"]),
        ({"periods": [PERIOD | {"start": "soon"}, CLOCK]}, ["periods.0.start", "periods.1.start", "periods.1.end"]),
        ({"periods": [PERIOD | {"colour": "red"}]}, ["periods.0.colour"]),
        ({"recurrency": "Daily"}, ["recurrency"]),
        ({"timeZone": "Europe/Berlin"}, ["timeZone"]),
        ({"kind": "Recurring", "periods": [CLOCK]}, ["recurrency"]),
        ({**RECURRING, "periods": [PERIOD]}, ["periods.0.start", "periods.0.end"]),
        ({**RECURRING, "periods": [CLOCK | {"start": "Mon 08:00"}]}, ["periods.0.start"]),
        ({**RECURRING, "recurrency": "Weekly", "periods": [CLOCK | {"end": "Mon 12:00"}]}, ["periods.0.start"]),
        ({**RECURRING, "periods": [CLOCK | {"end": "08:00"}]}, ["periods.0.end"]),
        ({**RECURRING, "periods": [CLOCK | {"end": "48:01"}]}, ["periods.0.end"]),
        ({**RECURRING, "periods": [CLOCK, CLOCK | {"start": "22:00", "end": "32:01"}]}, ["periods.1.start"]),
        ({**RECURRING, "periods": [CLOCK], "timeZone": "Mars/Olympus"}, ["timeZone"]),
        ({**RECURRING, "periods": [CLOCK], "timeZone": "../../etc/passwd"}, ["timeZone"]),
        ({**RECURRING, "periods": [CLOCK], "timeZone": "Europe"}, ["timeZone"]),
        ({"rebalanceS": 1}, ["rebalanceS"]),
        ({"turnS": 1}, ["turnS"]),
        ({"state": "stopped"}, ["state"]),
    ],
)
def test_nonsense_is_named_field_by_field_and_starts_nothing(
    admin: LambdaOperator, site: str, workflow: Workflow, fields: dict[str, Any], wrong: list[str]
) -> None:
    answer = admin.post("/charging-plans", {"siteId": site, "name": "Winter", "periods": [PERIOD]} | fields)
    assert list(answer.fields) == wrong
    assert admin.items("/charging-plans") == []
    assert workflow.started == []


def test_a_limit_above_the_maximum_of_the_site_is_taken(admin: LambdaOperator, site: str) -> None:
    assert create(admin, site, periods=[PERIOD | {"limitA": 1000}, LATER])["state"] == "active"


def test_one_plan_runs_a_site(admin: LambdaOperator, site: str, workflow: Workflow) -> None:
    first = create(admin, site)["id"]
    second = admin.post("/charging-plans", {"siteId": site, "name": "Summer", "periods": [PERIOD]})
    assert second.status == 409
    assert first in second.json["detail"]
    prepared = create(admin, site, state="paused")["id"]
    refused = admin.post(f"/charging-plans/{prepared}/resume")
    assert refused.status == 409
    assert first in refused.json["detail"]
    assert {plan["id"] for plan in admin.items("/charging-plans", siteId=site)} == {first, prepared}
    assert admin.items("/charging-plans", siteId="none") == []
    assert workflow.started == [f"{first}-1"]


def test_of_two_plans_at_the_same_moment_one_gets_the_site(
    csms: Runtime, admin: LambdaOperator, site: str, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster = create(admin, site, state="paused")["id"]
    sites = runtime().store.sites
    claim = sites.claim

    def claim_late(site_id: SiteId, plan_id: PlanId) -> bool:
        monkeypatch.setattr(sites, "claim", claim)
        assert admin.post(f"/charging-plans/{faster}/resume").status == 200
        return claim(site_id, plan_id)

    monkeypatch.setattr(sites, "claim", claim_late)
    answer = admin.post("/charging-plans", {"siteId": site, "name": "Winter", "periods": [PERIOD]})
    assert answer.status == 409
    assert faster in answer.json["detail"]
    assert [plan["id"] for plan in admin.items("/charging-plans")] == [faster]
    assert workflow.started == [f"{faster}-1"]


def test_starting_a_plan_twice_runs_it_once(admin: LambdaOperator, site: str, workflow: Workflow) -> None:
    plan = create(admin, site, state="paused")
    assert (plan["state"], plan["activatedAt"], workflow.started, running_plan(admin, site)) == ("paused", None, [], "")
    path = f"/charging-plans/{plan['id']}/resume"
    assert admin.post(path).json["state"] == "active"
    assert admin.post(path).json["state"] == "active"
    assert workflow.started == [f"{plan['id']}-1"]


def test_two_starts_at_the_same_moment_are_one(
    admin: LambdaOperator, site: str, workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = create(admin, site, state="paused")["id"]
    plans = runtime().store.charging_plans
    stale = plans.get(plan)
    assert admin.post(f"/charging-plans/{plan}/resume").status == 200
    get = plans.get
    answers = iter([stale])
    monkeypatch.setattr(plans, "get", lambda plan_id, **options: next(answers, None) or get(plan_id, **options))
    assert admin.post(f"/charging-plans/{plan}/resume").json["state"] == "active"
    assert workflow.started == [f"{plan}-1"]


def test_a_paused_plan_keeps_the_site_and_goes_on_where_no_execution_has_been(
    admin: LambdaOperator, site: str, workflow: Workflow
) -> None:
    plan = create(admin, site)["id"]
    path = f"/charging-plans/{plan}"
    assert admin.post(f"{path}/pause").json["state"] == "paused"
    assert admin.post(f"{path}/pause").json["state"] == "paused"
    assert running_plan(admin, site) == plan
    assert admin.post(f"{path}/resume").json["state"] == "active"
    assert workflow.started == [f"{plan}-1", f"{plan}-3"]


def test_an_active_plan_is_woken_to_stop(admin: LambdaOperator, site: str, workflow: Workflow) -> None:
    plan = create(admin, site)["id"]
    runtime().store.sites.wait(SiteId(site), WaitingTask("token", PlanId(plan), 1), 0)
    path = f"/charging-plans/{plan}"
    stopping = admin.post(f"{path}/stop", {"release": "clear"}).json
    assert (stopping["state"], stopping["release"]) == ("stopping", "clear")
    assert admin.post(f"{path}/stop", {"release": "failsafe"}).json["release"] == "clear"
    assert workflow.completed == ["token", "token"]  # whoever was to wake it the first time may have died
    assert workflow.started == [f"{plan}-1"]
    assert [admin.post(f"{path}/{verb}").status for verb in ("pause", "resume")] == [409, 409]
    assert admin.delete(path).status == 409


def test_a_paused_plan_is_started_to_stop(admin: LambdaOperator, site: str, workflow: Workflow) -> None:
    plan = create(admin, site)["id"]
    admin.post(f"/charging-plans/{plan}/pause")
    assert admin.post(f"/charging-plans/{plan}/stop", {"release": "failsafe"}).json["state"] == "stopping"
    assert workflow.started == [f"{plan}-1", f"{plan}-3"]
    assert workflow.completed == []


def test_a_plan_that_never_started_is_over_when_it_is_stopped(
    admin: LambdaOperator, site: str, workflow: Workflow
) -> None:
    plan = create(admin, site, state="paused")["id"]
    stopped = admin.post(f"/charging-plans/{plan}/stop", {"release": "clear"}).json
    assert (stopped["state"], stopped["endedAt"]) == ("stopped", "2026-03-05T12:00:00.000Z")
    assert admin.post(f"/charging-plans/{plan}/resume").status == 409
    assert workflow.started == []


def test_how_a_plan_ends_is_not_left_to_chance(admin: LambdaOperator, site: str) -> None:
    plan = create(admin, site)["id"]
    assert admin.post(f"/charging-plans/{plan}/stop", {}).fields.keys() == {"release"}
    assert admin.post(f"/charging-plans/{plan}/stop", {"release": "burn"}).fields.keys() == {"release"}


def test_a_plan_whose_last_period_is_over_is_not_started(admin: LambdaOperator, site: str, workflow: Workflow) -> None:
    plan = create(admin, site, state="paused")["id"]
    admin.now = NOON + timedelta(hours=1)
    assert admin.post(f"/charging-plans/{plan}/resume").status == 409
    assert workflow.started == []


def test_a_plan_is_deleted_with_what_it_wanted_once_it_is_over(csms: Runtime, admin: LambdaOperator, site: str) -> None:
    plan = create(admin, site)["id"]
    path = f"/charging-plans/{plan}"
    csms.store.planned_profiles.put_many(PlanId(plan), [WANTED])
    assert admin.delete(path).status == 409
    csms.store.charging_plans.finish(PlanId(plan), PlanState.ENDED, NOON)
    assert admin.delete(path).status == 204
    assert admin.get(path).status == 404
    assert csms.store.planned_profiles.all(PlanId(plan)) == []
    assert running_plan(admin, site) == ""
    unused = create(admin, site, state="paused")["id"]
    assert admin.delete(f"/charging-plans/{unused}").status == 204


def test_what_is_not_there_is_not_found(admin: LambdaOperator, site: str) -> None:
    for path in ("/charging-plans/none", f"/charging-plans/{'x' * 3000}"):
        assert admin.get(path).status == 404
        assert admin.delete(path).status == 404
        assert admin.post(f"{path}/pause").status == 404
        assert admin.post(f"{path}/resume").status == 404
        assert admin.post(f"{path}/stop", {"release": "clear"}).status == 404


def test_a_plan_of_a_site_that_is_gone_is_neither_started_nor_drawn(admin: LambdaOperator, site: str) -> None:
    plan = create(admin, site, state="paused")["id"]
    assert admin.delete(f"/sites/{site}").status == 204
    assert admin.post(f"/charging-plans/{plan}/resume").status == 409
    assert admin.get(f"/charging-plans/{plan}/chart").status == 404
    assert admin.delete(f"/charging-plans/{plan}").status == 204


def test_a_change_of_the_site_wakes_its_plan(
    admin: LambdaOperator, site: str, workflow: Workflow, add_charge_point: Callable[[str], ChargePointId]
) -> None:
    add_charge_point("CP001")
    plan = create(admin, site)["id"]
    runtime().store.sites.wait(SiteId(site), WaitingTask("token", PlanId(plan), 1), 0)
    admin.patch(f"/sites/{site}", {"maximumA": 50})
    admin.put(f"/sites/{site}/charge-points/CP001", {})
    admin.delete(f"/sites/{site}/charge-points/CP001")
    assert workflow.completed == ["token"] * 3
    admin.put(f"/sites/{site}/charge-points/CP001", {})
    admin.delete("/charge-points/CP001", force="true")
    assert workflow.completed == ["token"] * 5


WANTED = PlannedProfile(
    ChargePointId("CP001"),
    1,
    ProfileRole.TRANSACTION,
    step=3,
    as_of=NOON,
    outcome=SendOutcome.REJECTED,
    reason="Rejected",
    transaction_id=TransactionId(7),
    limits=(LimitFrom(NOON, 165), LimitFrom(NOON + timedelta(minutes=15), 60)),
    worst_case_da=320,
    note="Shared",
    call_id=CallId("c1"),
    turn=Turn(is_served=False, since=NOON),
)


def test_a_plan_shows_what_it_wants_at_each_connector_and_what_became_of_it(
    csms: Runtime, admin: LambdaOperator, site: str
) -> None:
    plan_id = PlanId(create(admin, site)["id"])
    plan = csms.store.charging_plans.get(plan_id)
    assert plan
    taken = csms.store.charging_plans.take_step(plan, 1, NOON, NOON)
    assert taken
    budget = Budget(1, (500, 500, 500), (320, 320, 320), 34_500)
    csms.store.charging_plans.note_decision(taken, budget, 0, look_again_at=NOON, wake_at=NOON)
    failsafe = PlannedProfile(ChargePointId("CP001"), 0, ProfileRole.FAILSAFE, step=1, as_of=NOON)
    csms.store.planned_profiles.put_many(plan_id, [WANTED, failsafe])

    shown = admin.get(f"/charging-plans/{plan_id}").json

    assert (shown["step"], shown["stepAt"], shown["lookAgainAt"]) == (1, *["2026-03-05T12:00:00.000Z"] * 2)
    assert shown["budget"] == {
        "step": 1,
        "limitA": [50.0, 50.0, 50.0],
        "worstCaseA": [32.0, 32.0, 32.0],
        "limitW": 34_500,
        "worstCaseW": None,
        "isWithinLimit": True,
    }
    assert [(each["connectorId"], each["role"], each["limitA"]) for each in shown["profiles"]] == [
        (0, "failsafe", None),
        (1, "transaction", 16.5),
    ]
    assert shown["profiles"][1] == {
        "chargePointId": "CP001",
        "connectorId": 1,
        "role": "transaction",
        "transactionId": 7,
        "limitA": 16.5,
        "nextLimitA": 6.0,
        "nextLimitAt": "2026-03-05T12:15:00.000Z",
        "worstCaseA": 32.0,
        "outcome": "rejected",
        "reason": "Rejected",
        "note": "Shared",
        "asOf": "2026-03-05T12:00:00.000Z",
        "step": 3,
        "commandId": "c1",
        "servedSince": None,
        "waitingSince": "2026-03-05T12:00:00.000Z",
    }
    csms.store.charging_plans.note_decision(
        taken, replace(budget, worst_case_da=(320, 501, 320)), 0, look_again_at=NOON, wake_at=NOON
    )
    assert admin.get(f"/charging-plans/{plan_id}").json["budget"]["isWithinLimit"] is False


def test_what_a_plan_wants_comes_in_pages(csms: Runtime, admin: LambdaOperator, site: str) -> None:
    plan_id = PlanId(create(admin, site)["id"])
    csms.store.planned_profiles.put_many(plan_id, [replace(WANTED, connector_id=number) for number in range(1, 8)])
    path, seen, query = f"/charging-plans/{plan_id}", [], {"limit": "3"}
    while query:
        page = admin.get(path, **query).json
        seen += [profile["connectorId"] for profile in page["profiles"]]
        query = {"limit": "3", "cursor": page["cursor"]} if page["cursor"] else {}
    assert sorted(seen) == list(range(1, 8))
    assert admin.get(path, cursor="x").fields.keys() == {"cursor"}


def test_an_answer_is_seen_before_the_plan_has_looked_at_it(csms: Runtime, admin: LambdaOperator, site: str) -> None:
    plan_id = PlanId(create(admin, site)["id"])
    call_id, charge_point_id = CallId("c1"), WANTED.charge_point_id
    call = Call(charge_point_id, call_id, "SetChargingProfile", {}, NOON, NOON + timedelta(minutes=1), "plan")
    csms.store.calls.create(call, is_swept=False)
    sent = replace(WANTED, outcome=SendOutcome.SENT, reason=None)
    csms.store.planned_profiles.put_many(plan_id, [sent])

    def outcome() -> tuple[str, str | None]:
        shown = admin.get(f"/charging-plans/{plan_id}").json["profiles"][0]
        return shown["outcome"], shown["reason"]

    assert outcome() == ("sent", None)
    csms.store.calls.end_queued(call, Outcome(CallState.REJECTED, "NotSupported"), NOON, is_last=True)
    assert outcome() == ("rejected", "NotSupported")


def test_operators_run_plans_and_admins_make_them(admin: LambdaOperator, site: str) -> None:
    plan = create(admin, site)["id"]
    operator = LambdaOperator(claims_of("operate"))
    assert operator.post("/charging-plans", {}).status == 403
    assert operator.delete(f"/charging-plans/{plan}").status == 403
    assert operator.post(f"/charging-plans/{plan}/pause").status == 200
    reader = LambdaOperator(claims_of("read"))
    assert reader.post(f"/charging-plans/{plan}/resume").status == 403
    assert reader.get(f"/charging-plans/{plan}").status == 200
