"""Stations that do not do what they are told never push a site over its limit, and the operator sees why."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from csms.calls import Order
from csms.ids import ChargePointId
from csms.store.configuration import Reported
from csms.store.history import EventKind
from csms.store.planned_profiles import PlannedProfile, ProfileRole, SendOutcome
from csms.store.sites import Member
from tests.played_site import PLAN, SITE, PlayedSite, Reply, SiteStation


def station_id(station: SiteStation) -> ChargePointId:
    return ChargePointId(station.identity)


def row_of(site: PlayedSite, identity: str) -> PlannedProfile:
    """What the plan says of a station's transaction."""
    rows = site.csms.store.planned_profiles.all(PLAN)
    (found,) = [row for row in rows if row.charge_point_id == identity and row.role is ProfileRole.TRANSACTION]
    return found


def accept_without_obeying(action: str, payload: dict[str, Any]) -> Reply:
    return {"status": "Accepted"}


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (lambda *_: {"status": "Rejected"}, SendOutcome.REJECTED),
        (lambda *_: {"status": "NotSupported"}, SendOutcome.REJECTED),
        (lambda *_: "PropertyConstraintViolation", SendOutcome.FAILED),
        (lambda *_: None, SendOutcome.TIMED_OUT),
    ],
)
def test_a_station_that_refuses_is_budgeted_at_its_hardware_maximum(
    site: PlayedSite, reply: Callable[[str, dict[str, Any]], Reply], outcome: SendOutcome
) -> None:
    site.add_site(40)
    stubborn, willing = site.add_station("A"), site.add_station("B")
    stubborn.reply = reply
    stubborn.begin()
    willing.begin()
    site.add_plan()
    site.settle()
    assert willing.limit_a(site.now) == 8
    row = row_of(site, "A")
    assert (row.outcome, row.worst_case_da) == (outcome, 320)
    assert row.note
    assert row.note.startswith(outcome.value)


def test_a_station_that_goes_away_keeps_what_it_may_draw(site: PlayedSite) -> None:
    site.add_site(40)
    gone, there = site.add_station("A"), site.add_station("B")
    gone.begin()
    there.begin()
    site.add_plan()
    site.settle()
    assert (gone.limit_a(site.now), there.limit_a(site.now)) == (20, 20)
    gone.disconnect()
    site.csms.store.sites.change(site.plan.site_id, {"maximum_da": (300,) * 3})
    site.change()
    assert there.limit_a(site.now) == 10
    assert row_of(site, "A").worst_case_da == 200
    site.connect(gone)
    site.wait(seconds=1)
    site.change()
    assert (gone.limit_a(site.now), there.limit_a(site.now)) == (15, 15)


def test_a_station_that_was_never_reached_may_draw_all_it_can(site: PlayedSite) -> None:
    site.add_site(40)
    site.add_station("A", is_online=False)
    there = site.add_station("B")
    there.begin()
    site.add_plan()
    site.settle()
    assert there.limit_a(site.now) == 8  # a transaction may begin at A any moment


def test_stations_that_are_away_are_not_one_newcomer_together(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60, newcomers=1)
    gone = [site.add_station(name) for name in "ABC"]
    there = site.add_station("D")
    there.begin()
    site.add_plan()
    site.settle()
    assert there.limit_a(site.now) == 32  # 40 A but for one newcomer at 6 A
    for station in gone:
        station.disconnect()
    site.change()
    assert there.limit_a(site.now) == 40 - 3 * 6


def test_a_station_that_accepts_and_does_not_obey_is_found_out_by_its_meter(site: PlayedSite) -> None:
    site.add_site(40)
    liar, honest = site.add_station("A"), site.add_station("B")
    liar.reply = accept_without_obeying
    liar.begin()
    honest.begin()
    site.add_plan()
    site.settle()
    assert honest.limit_a(site.now) == 20
    for _ in range(2):
        site.wait(minutes=1, seconds=5)
        liar.measure(31)
        honest.measure(20)
    site.change()
    assert honest.limit_a(site.now) == 8
    assert row_of(site, "A").note == "draws 31 A although limited to 20 A"
    (notice,) = site.csms.store.history.list(station_id(liar), EventKind.NOTICE, limit=9).events
    assert (notice.details["code"], notice.details["connectorId"]) == ("LimitNotFollowed", 1)  # once
    assert notice.details["problem"] == "draws 31 A although limited to 20 A"
    assert site.csms.store.history.list(station_id(honest), EventKind.NOTICE, limit=9).events == []
    liar.reply = None  # the restart is over
    site.wait(minutes=1, seconds=5)
    site.change()
    assert liar.limit_a(site.now) == 20
    for _ in range(2):
        site.wait(minutes=1, seconds=5)
        liar.measure(19.5)
        honest.measure(8)
    site.change()
    assert honest.limit_a(site.now) == 20


def test_an_answer_that_comes_too_late_still_counts(site: PlayedSite) -> None:
    site.add_site(40)
    slow, quick = site.add_station("A"), site.add_station("B")
    slow.begin()
    quick.begin()
    obey = slow._obey
    slow.reply = lambda *_: None
    site.add_plan()
    site.settle()
    assert quick.limit_a(site.now) == 8
    slow.reply = None
    for frame in slow.posted:
        slow.send(f'[3,"{frame[1]}",{{"status":"Accepted"}}]')
        obey(frame[2], frame[3])
    site.wait(minutes=3)
    site.change()
    assert (slow.limit_a(site.now), quick.limit_a(site.now)) == (20, 20)


@pytest.mark.parametrize("limit_a", [6.0, 20.0])
def test_a_newcomer_never_pushes_a_full_site_over_its_limit(site: PlayedSite, limit_a: float) -> None:
    site.add_site(limit_a, safe_limit_da=60 if limit_a > 12 else 0)
    stations = [site.add_station(name) for name in "ABC"]
    site.add_plan()
    site.settle()
    for station in stations:
        station.begin()
        assert site.total_a() <= limit_a
        site.change()
        assert site.total_a() <= limit_a
        site.wait(minutes=1)


def test_a_raised_safe_limit_is_budgeted_before_it_is_sent(site: PlayedSite) -> None:
    site.add_site(46, safe_limit_da=60)
    stubborn, willing = site.add_station("A"), site.add_station("B")
    site.add_plan()
    site.settle()
    stubborn.begin()
    willing.begin()
    obey = stubborn._obey

    def refuse_its_transactions(action: str, payload: dict[str, Any]) -> Reply:
        return {"status": "Rejected"} if payload.get("connectorId") == 1 else obey(action, payload)

    stubborn.reply = refuse_its_transactions
    site.change()
    site.csms.store.sites.change(site.plan.site_id, {"safe_limit_da": 200})
    site.change()
    assert site.total_a() <= 46
    site.wait(minutes=1)
    site.change()
    assert (stubborn.limit_a(site.now), willing.limit_a(site.now)) == (20, 26)


def test_a_connector_that_was_never_heard_of_has_its_place(site: PlayedSite) -> None:
    site.add_site(32, safe_limit_da=60)
    station = site.add_station("A")
    site.csms.store.configuration.report(station_id(station), [Reported("NumberOfConnectors", "2")], site.now)
    site.add_plan()
    site.settle()
    station.begin()
    site.change()
    assert station.limit_a(site.now) == 26


def test_a_station_with_a_fast_clock_is_no_liar(site: PlayedSite) -> None:
    site.add_site(40)
    fast, other = site.add_station("A"), site.add_station("B")
    fast.begin()
    site.add_plan()
    site.settle()
    site.wait(minutes=2)
    fast.measure(32, ahead=timedelta(minutes=3))
    site.wait(seconds=10)
    other.begin()
    site.change()
    site.wait(minutes=2)
    site.change()
    assert (fast.limit_a(site.now), other.limit_a(site.now)) == (20, 20)


def test_the_plan_says_what_would_be_drawn_at_worst(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60, newcomers=1, maximum_w=30_000)
    stations = [site.add_station(name) for name in "ABC"]
    site.add_plan()
    site.settle()
    stations[0].begin()
    site.change()
    budget = site.plan.budget
    assert budget
    assert (budget.worst_case_da, budget.worst_case_w) == ((380,) * 3, 26_220)


def test_a_profile_that_an_operator_stacks_above_is_heard_of_and_budgeted(site: PlayedSite) -> None:
    site.add_site(40)
    first, second = site.add_station("A"), site.add_station("B")
    number = first.begin()
    second.begin()
    site.add_plan()
    site.settle()
    period = {"startPeriod": 0, "limit": 26.0}
    profile = {
        "chargingProfileId": 7,
        "transactionId": number,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }
    payload = {"connectorId": 1, "csChargingProfiles": profile}
    site.csms.calls.place(Order(station_id(first), "SetChargingProfile", payload, "operator"))
    site.answer_all()
    item = boto3.client("dynamodb").get_item(
        TableName="csms", Key={"PK": {"S": "CP#A"}, "SK": {"S": "CONNECTOR#1"}}, ConsistentRead=True
    )["Item"]
    assert "profiles_changed_at" in item
    site.change()
    assert (first.limit_a(site.now), second.limit_a(site.now)) == (26, 14)


def test_one_lost_answer_at_enrolment_is_made_up_for_in_minutes(site: PlayedSite) -> None:
    site.add_site(40)
    forgetful, other = site.add_station("A"), site.add_station("B")
    forgetful.reply = lambda *_: None
    other.begin()
    site.add_plan()
    site.settle()
    assert other.limit_a(site.now) == 8
    forgetful.reply = None
    site.wait(minutes=3)
    site.change()
    assert other.limit_a(site.now) == 32


def test_a_liar_at_a_busy_site_is_found_out(site: PlayedSite) -> None:
    site.add_site(40)
    liar, other = site.add_station("A"), site.add_station("B")
    liar.reply = accept_without_obeying
    liar.begin()
    other.begin()
    site.add_plan()
    site.settle()
    for maximum_da in (390, 380, 370, 360):
        site.wait(seconds=45)
        liar.measure(31)
        site.csms.store.sites.change(site.plan.site_id, {"maximum_da": (maximum_da,) * 3})
        site.change()
    assert other.limit_a(site.now) <= 8


def test_a_schedule_is_renewed_before_it_runs_out(site: PlayedSite) -> None:
    site.add_site(32, safe_limit_da=60)
    station = site.add_station("A")
    station.begin()
    site.add_plan(*((minute, minute + 1, 10 + minute % 2) for minute in range(60)), rebalance_s=3600)
    site.settle()
    looks_again_at = site.plan.look_again_at
    assert looks_again_at
    assert looks_again_at <= site.now + timedelta(minutes=12)


def test_a_profile_is_sent_anew_when_the_wiring_is_corrected(site: PlayedSite) -> None:
    site.add_site(20)
    station = site.add_station("A", phases=3)
    reported = [Reported("ChargingScheduleAllowedChargingRateUnit", "Power")]
    site.csms.store.configuration.report(station_id(station), reported, site.now)
    station.begin()
    site.add_plan()
    site.settle()
    site.csms.store.sites.add_member(SITE, Member(station_id(station), maximum_da=320, phases=1), [1])
    site.change()
    schedule = station.sent()[-1]["csChargingProfiles"]["chargingSchedule"]
    assert schedule["chargingSchedulePeriod"][0] == {"startPeriod": 0, "limit": 20 * 230, "numberPhases": 1}


def test_a_station_that_takes_one_period_only_stays_at_the_safe_limit_and_keeps_nothing_from_others(
    site: PlayedSite,
) -> None:
    site.add_site(40, safe_limit_da=60)
    simple, other = site.add_station("A"), site.add_station("B")
    site.csms.store.configuration.report(station_id(simple), [Reported("ChargingScheduleMaxPeriods", "1")], site.now)
    simple.begin()
    other.begin()
    site.add_plan((0, 30, 30), (30, 60, 20))
    site.settle()
    assert (simple.limit_a(site.now), other.limit_a(site.now)) == (6, 24)
    assert row_of(site, "A").note == "takes schedules of one period only, which is the safe limit"


def test_who_did_not_answer_is_not_found_out_by_what_it_drew_before(site: PlayedSite) -> None:
    site.add_site(40)
    slow, other = site.add_station("A"), site.add_station("B")
    slow.begin()
    site.add_plan()
    site.settle()
    other.begin()
    slow.reply = lambda *_: None
    site.change()
    slow.reply = None
    site.wait(minutes=2)
    slow.measure(32)
    site.wait(seconds=5)
    site.change()
    site.wait(seconds=30)
    site.change()
    assert (slow.limit_a(site.now), other.limit_a(site.now)) == (20, 20)


def test_a_step_up_of_its_own_profile_overrules_nobody(site: PlayedSite) -> None:
    site.add_site(60)
    first, second = site.add_station("A"), site.add_station("B")
    first.begin()
    second.begin()
    site.add_plan((0, 1, 30), (1, 60, 60))
    site.settle()
    assert (first.limit_a(site.now), second.limit_a(site.now)) == (15, 15)
    site.csms.store.sites.change(site.plan.site_id, {"maximum_da": (300,) * 3})
    site.wait(seconds=20)
    site.change()
    for seconds in (0, 40, 120):
        assert site.total_a(site.now + timedelta(seconds=seconds)) == 30


def test_a_station_that_has_come_back_and_said_nothing_is_not_waited_for(site: PlayedSite) -> None:
    site.add_site(40)
    silent, other = site.add_station("A"), site.add_station("B")
    silent.begin()
    site.add_plan()
    site.settle()
    silent.disconnect()
    silent.connect()
    other.begin()
    site.change()
    assert not [row for row in site.csms.store.planned_profiles.all(PLAN) if row.outcome is SendOutcome.OFFLINE]
    assert other.limit_a(site.now) == 8
    looks_again_at = site.plan.look_again_at
    assert looks_again_at
    assert looks_again_at <= site.now + timedelta(seconds=31)


def test_who_has_not_answered_is_not_counted_on(site: PlayedSite) -> None:
    site.add_site(40)
    silent, other = site.add_station("A"), site.add_station("B")
    silent.begin()
    site.add_plan()
    site.settle()
    other.begin()
    silent.reply = lambda *_: None
    site.csms.charging_plans.wake(SITE)
    step = site.plan.step + 1
    for target in site.csms.charging_plans.take_step(PLAN, step)["decreases"]:
        site.csms.charging_plans.send(PLAN, step, target, site.token())
    site.answer_all()
    site.wait(seconds=10)  # the wave goes on without who is slow
    part = site.csms.charging_plans.rebudget(PLAN, step)
    site.send_wave(step, part["increases"])
    assert other.limit_a(site.now) == 8
    assert row_of(site, "A").worst_case_da == 320


def test_a_limit_with_a_fraction_of_a_second_is_never_exceeded_by_that_fraction(site: PlayedSite) -> None:
    site.now += timedelta(milliseconds=400)
    site.add_site(32)
    station = site.add_station("A")
    station.begin()
    site.add_plan((0, 1, 10), (1, 60, 20))
    site.settle()
    first_end = site.plan.periods[0].end
    assert isinstance(first_end, datetime)
    assert station.limit_a(first_end - timedelta(milliseconds=10)) == 10
    assert station.limit_a(first_end + timedelta(seconds=1)) == 20


def test_a_plan_looks_when_its_last_period_is_over(site: PlayedSite) -> None:
    site.add_site(32)
    site.add_station("A")
    site.add_plan((0, 2, 10), rebalance_s=3600)
    site.settle()
    assert site.plan.look_again_at == site.plan.ends_at
