"""What the rows of sites and charging plans hold fast, whoever writes them at the same time."""

from dataclasses import replace
from datetime import timedelta

import boto3
import pytest

from csms.ids import CallId, ChargePointId, PlanId, SiteId
from csms.runtime import Runtime
from csms.smart_charging.limits import Recurrency
from csms.smart_charging.situation import Policy, Turn
from csms.store.charge_points import ChargePoint, SecurityProfile
from csms.store.charging_plans import Budget, ChargingPlan, PlanKind, PlanPeriod, PlanState, Release
from csms.store.connectors import ConnectorStatus
from csms.store.errors import ConditionFailed
from csms.store.planned_profiles import LimitFrom, PlannedProfile, ProfileRole, SendOutcome
from csms.store.sites import AtAnotherSite, ConnectorSettings, Member, Site, UnknownChargePoint, WaitingTask
from tests.lambda_station import NOON

SITE = Site(SiteId("s1"), "Car park", (1000, 1000, 1000), NOON)
PERIOD = PlanPeriod(NOON, NOON + timedelta(hours=1), (500, 500, 500), 11_000)
PLAN = ChargingPlan(
    PlanId("p1"), SITE.id, "Winter", Policy.EQUAL_SHARE, PlanKind.ABSOLUTE, (PERIOD,), created_at=NOON, created_by="me"
)
CP = ChargePointId("CP001")
WAKE = NOON + timedelta(minutes=5)


def add_charge_point(csms: Runtime, *connector_ids: int) -> None:
    csms.store.charge_points.create(ChargePoint(CP, SecurityProfile.NONE, NOON))
    for connector_id in connector_ids:
        csms.store.connectors.report(CP, connector_id, ConnectorStatus("Available", "NoError", NOON))


def active_plan(csms: Runtime) -> ChargingPlan:
    csms.store.charging_plans.create(PLAN)
    return csms.store.charging_plans.activate(PLAN, NOON)


def due(csms: Runtime, minutes: int) -> list[PlanId]:
    moment = NOON + timedelta(minutes=minutes)
    return [plan.id for shard in range(16) for plan in csms.store.charging_plans.due(moment, shard)]


def test_a_site_is_kept_as_it_was_given(csms: Runtime) -> None:
    site = replace(SITE, maximum_w=60_000, base_load_da=(10, 20, 30), margin_percent=5, safe_limit_da=60, newcomers=2)
    csms.store.sites.create(site)
    assert csms.store.sites.get(SITE.id) == site
    assert csms.store.sites.page(limit=10).things == [site]
    with pytest.raises(ConditionFailed):
        csms.store.sites.create(SITE)


def test_a_change_of_a_site_is_one_its_plan_must_look_at(csms: Runtime) -> None:
    csms.store.sites.create(replace(SITE, newcomers=2))
    changed = csms.store.sites.change(SITE.id, {"maximum_da": (630, 630, 630), "newcomers": None})
    assert changed == replace(SITE, maximum_da=(630, 630, 630), version=1)
    with pytest.raises(ConditionFailed):
        csms.store.sites.change(SiteId("none"), {"name": "x"})


def test_one_plan_runs_a_site(csms: Runtime) -> None:
    csms.store.sites.create(SITE)
    assert csms.store.sites.claim(SITE.id, PLAN.id)
    assert csms.store.sites.claim(SITE.id, PLAN.id)
    assert not csms.store.sites.claim(SITE.id, PlanId("p2"))
    csms.store.sites.release(SITE.id, PlanId("p2"))
    site = csms.store.sites.get(SITE.id, consistent=True)
    assert site
    assert site.plan_id == PLAN.id
    with pytest.raises(ConditionFailed):
        csms.store.sites.delete(site)
    csms.store.sites.release(SITE.id, PLAN.id)
    assert csms.store.sites.claim(SITE.id, PlanId("p2"))
    assert not csms.store.sites.claim(SiteId("none"), PLAN.id)


def test_a_task_waits_only_at_the_version_that_was_planned_for(csms: Runtime) -> None:
    csms.store.sites.create(SITE)
    task = WaitingTask("token", PLAN.id, 3)
    assert csms.store.sites.wait(SITE.id, task, 0)
    bumped = csms.store.sites.bump(SITE.id)
    assert bumped
    assert bumped.waiting == task
    assert bumped.version == 1
    assert not csms.store.sites.wait(SITE.id, replace(task, token="late"), 0)
    assert csms.store.sites.bump(SITE.id) == replace(bumped, version=2)
    assert csms.store.sites.bump(SiteId("none")) is None
    assert csms.store.sites.get(SiteId("none")) is None


def test_a_charge_point_is_at_one_site(csms: Runtime) -> None:
    add_charge_point(csms, 1, 2)
    csms.store.sites.create(SITE)
    csms.store.sites.create(replace(SITE, id=SiteId("s2")))
    member = Member(CP, 320, 7, 630, 1, "SRT", {2: ConnectorSettings(160), 10: ConnectorSettings(phases=1)})

    csms.store.sites.add_member(SITE.id, member, [1, 2])

    assert csms.store.sites.members(SITE.id) == [member]
    assert csms.store.sites.member(SITE.id, CP) == member
    assert [connector.site_id for connector in csms.store.connectors.all(CP)] == [SITE.id, SITE.id]
    with pytest.raises(AtAnotherSite, match=SITE.id):
        csms.store.sites.add_member(SiteId("s2"), member, [1, 2])
    with pytest.raises(UnknownChargePoint):
        csms.store.sites.add_member(SITE.id, replace(member, charge_point_id=ChargePointId("CP404")), [])
    csms.store.sites.remove_member(SITE.id, CP, [1, 2])
    csms.store.sites.add_member(SiteId("s2"), member, [1])
    assert csms.store.sites.members(SITE.id) == []
    assert [connector.site_id for connector in csms.store.connectors.all(CP)] == ["s2", None]


def test_a_charge_point_of_a_site_that_is_deleted_meanwhile_stays_free(csms: Runtime) -> None:
    add_charge_point(csms, 1)
    with pytest.raises(ConditionFailed):
        csms.store.sites.add_member(SITE.id, Member(CP, 320), [1])
    charge_point = csms.store.charge_points.get(CP)
    assert charge_point
    assert charge_point.site_id is None
    assert csms.store.sites.members(SITE.id) == []
    assert csms.store.connectors.all(CP)[0].site_id is None


def test_a_site_that_has_changed_since_it_was_read_is_not_deleted(csms: Runtime) -> None:
    csms.store.sites.create(SITE)
    csms.store.sites.bump(SITE.id)
    with pytest.raises(ConditionFailed):
        csms.store.sites.delete(SITE)
    csms.store.sites.delete(replace(SITE, version=1))
    assert csms.store.sites.page(limit=10).things == []


def test_a_connector_that_was_never_heard_of_is_not_made_up(csms: Runtime) -> None:
    csms.store.sites.adopt_connectors(SITE.id, CP, [1])
    assert csms.store.connectors.all(CP) == []


def test_a_plan_is_kept_as_it_was_given(csms: Runtime) -> None:
    weekly = PlanPeriod(timedelta(hours=8), timedelta(days=2), limit_w=9000)
    plan = replace(
        PLAN, kind=PlanKind.RECURRING, recurrency=Recurrency.WEEKLY, time_zone="Europe/Berlin", periods=(weekly,)
    )
    csms.store.charging_plans.create(plan)
    assert csms.store.charging_plans.get(PLAN.id) == plan
    csms.store.charging_plans.create(replace(PLAN, id=PlanId("p2"), site_id=SiteId("s2")))
    assert len(csms.store.charging_plans.page(limit=10).things) == 2
    assert csms.store.charging_plans.page(limit=10, site_id=SITE.id).things == [plan]


def test_a_plan_of_a_thousand_periods_stays_cheap_to_write(csms: Runtime) -> None:
    """Every step writes the row, and its entries in two indexes with it."""
    start = [NOON + timedelta(minutes=15 * number) for number in range(1001)]
    periods = tuple(
        PlanPeriod(start[number], start[number + 1], (number % 97 * 41,) * 3, number % 89 * 997)
        for number in range(1000)
    )
    csms.store.charging_plans.create(replace(PLAN, periods=periods))
    row = boto3.client("dynamodb").get_item(TableName="csms", Key={"PK": {"S": "PLAN#p1"}, "SK": {"S": "PLAN"}})["Item"]
    assert len(row["periods"]["B"]) < 16_384
    stored = csms.store.charging_plans.get(PLAN.id)
    assert stored
    assert stored.periods == periods


def test_steps_are_taken_one_after_the_other_and_each_may_be_taken_again(csms: Runtime) -> None:
    plan = active_plan(csms)
    assert (plan.step, plan.activated_at, due(csms, 1), due(csms, 2)) == (0, NOON, [], [PLAN.id])
    plans = csms.store.charging_plans
    for step in (1, 1, 2):
        taken = plans.take_step(plan, step, NOON, WAKE)
        assert taken
        assert (taken.step, taken.step_at, taken.wake_at) == (step, NOON, WAKE)
        assert taken.periods == PLAN.periods
    assert plans.take_step(plan, 1, NOON, WAKE) is None
    assert plans.take_step(plan, 4, NOON, WAKE) is None
    assert (due(csms, 5), due(csms, 6)) == ([], [PLAN.id])


def test_a_paused_plan_takes_no_step_and_goes_on_by_a_new_line_of_executions(csms: Runtime) -> None:
    plans = csms.store.charging_plans
    plan = active_plan(csms)
    plans.take_step(plan, 1, NOON, WAKE)
    paused = plans.pause(plan.id)
    assert (paused.state, paused.wake_at, due(csms, 60)) == (PlanState.PAUSED, None, [])
    assert plans.take_step(plan, 2, NOON, WAKE) is None
    with pytest.raises(ConditionFailed):
        plans.pause(plan.id)

    resumed = plans.activate(paused, NOON)

    assert plans.take_step(plan, 2, NOON, WAKE) is None
    assert plans.take_step(plan, resumed.step + 1, NOON, WAKE)
    with pytest.raises(ConditionFailed):
        plans.activate(paused, NOON)


def test_a_plan_without_execution_goes_on_once(csms: Runtime) -> None:
    plans = csms.store.charging_plans
    plan = active_plan(csms)
    restarted = plans.restart(plan, WAKE)
    assert restarted
    assert plans.restart(plan, WAKE) is None
    assert plans.take_step(plan, 1, NOON, WAKE) is None
    assert due(csms, 6) == []
    assert plans.take_step(plan, restarted.step + 1, NOON, WAKE)


def test_an_active_plan_stops_with_its_execution_and_a_paused_one_with_a_new_one(csms: Runtime) -> None:
    plans = csms.store.charging_plans
    plan = active_plan(csms)
    stopping = plans.stop(plan, Release.CLEAR, NOON)
    assert (stopping.state, stopping.release, stopping.step) == (PlanState.STOPPING, Release.CLEAR, 0)
    assert plans.take_step(plan, 1, NOON, WAKE)
    stopped = plans.finish(plan.id, PlanState.STOPPED, WAKE)
    assert stopped
    assert (stopped.state, stopped.ended_at, due(csms, 60)) == (PlanState.STOPPED, WAKE, [])
    assert plans.finish(plan.id, PlanState.ENDED, WAKE) is None

    other = replace(PLAN, id=PlanId("p2"))
    plans.create(other)
    plans.activate(other, NOON)
    paused = plans.pause(other.id)
    released = plans.stop(paused, Release.FAILSAFE, NOON)
    assert plans.take_step(other, 1, NOON, WAKE) is None
    assert plans.take_step(other, released.step + 1, NOON, WAKE)
    with pytest.raises(ConditionFailed):
        plans.stop(paused, Release.FAILSAFE, NOON)


def test_only_a_plan_that_is_over_or_was_never_active_is_deleted(csms: Runtime) -> None:
    plans = csms.store.charging_plans
    plans.create(PLAN)
    plans.delete(PLAN.id)
    plan = active_plan(csms)
    with pytest.raises(ConditionFailed):
        plans.delete(plan.id)
    plans.pause(plan.id)
    with pytest.raises(ConditionFailed):
        plans.delete(plan.id)
    plans.finish(plan.id, PlanState.ENDED, NOON)
    plans.delete(plan.id)
    assert plans.get(plan.id) is None


def test_a_budget_of_an_earlier_step_is_not_kept(csms: Runtime) -> None:
    plan = active_plan(csms)
    csms.store.charging_plans.take_step(plan, 1, NOON, WAKE)
    budget = Budget(1, (500, 500, 500), (480, 320, 320), 11_000, 9_000)
    plans = csms.store.charging_plans
    taken = replace(plan, step=1)
    assert plans.note_decision(taken, budget, 7, look_again_at=WAKE, wake_at=WAKE)
    assert not plans.note_decision(plan, budget, 8, look_again_at=WAKE, wake_at=WAKE)
    stored = plans.get(plan.id)
    assert stored
    assert (stored.budget, stored.site_version, stored.look_again_at) == (budget, 7, WAKE)


def wanted(connector_id: int = 1, step: int = 1) -> PlannedProfile:
    return PlannedProfile(
        CP,
        connector_id,
        ProfileRole.TRANSACTION,
        step,
        NOON,
        payload={"connectorId": connector_id},
        limits=(LimitFrom(NOON, 160), LimitFrom(WAKE, 60)),
        worst_case_da=320,
        turn=Turn(is_served=True, since=NOON),
    )


def test_what_a_plan_wants_is_kept_for_each_connector_and_role(csms: Runtime) -> None:
    profiles = csms.store.planned_profiles
    many = [wanted(connector_id) for connector_id in range(1, 61)]
    failsafe = replace(wanted(0), role=ProfileRole.FAILSAFE)
    maximum = replace(wanted(0), role=ProfileRole.MAXIMUM)
    profiles.put_many(PLAN.id, [*many, maximum, failsafe])
    assert profiles.all(PLAN.id) == [failsafe, maximum, *many]
    assert profiles.get(PLAN.id, CP, 7, ProfileRole.TRANSACTION) == wanted(7)
    assert [wanted().limit_at(moment) for moment in (NOON - timedelta(seconds=1), NOON, WAKE)] == [None, 160, 60]
    profiles.delete(PLAN.id, many)
    assert profiles.all(PLAN.id) == [failsafe, maximum]


def test_the_outcome_is_that_of_the_wanted_profile_and_of_its_call(csms: Runtime) -> None:
    profiles, profile, call_id = csms.store.planned_profiles, wanted(), CallId("c1")
    profiles.put_many(PLAN.id, [profile])
    assert profiles.note_outcome(PLAN.id, profile, SendOutcome.SENT, NOON, call_id=call_id)
    assert profiles.note_outcome(PLAN.id, profile, SendOutcome.REJECTED, WAKE, call_id=call_id, reason="Rejected")
    assert not profiles.note_outcome(PLAN.id, profile, SendOutcome.SENT, WAKE, call_id=call_id)
    assert not profiles.note_outcome(PLAN.id, profile, SendOutcome.ACCEPTED, WAKE, call_id=CallId("c2"))
    stored = profiles.get(PLAN.id, CP, 1, ProfileRole.TRANSACTION)
    assert stored
    assert (stored.outcome, stored.reason, stored.as_of) == (SendOutcome.REJECTED, "Rejected", WAKE)

    profiles.put_many(PLAN.id, [wanted(step=2)])
    assert not profiles.note_outcome(PLAN.id, profile, SendOutcome.ACCEPTED, WAKE, call_id=call_id)
    assert profiles.all(PLAN.id) == [wanted(step=2)]
