"""Steps of a charging plan at a site whose stations keep their profiles by an implementation of their own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from csms.boundary_queue import Boundary
from csms.calls import Order
from csms.ids import ChargePointId
from csms.store.charging_plans import PlanState, Release
from csms.store.configuration import Reported
from csms.store.keys import SHARDS
from csms.store.planned_profiles import SendOutcome
from tests.played_site import PLAN, SITE, PlayedSite


def test_a_station_is_enrolled_with_a_failsafe_before_anything_else(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    station = site.add_station("A")
    site.add_plan()
    site.settle()
    (failsafe,) = station.sent()
    profile = failsafe["csChargingProfiles"]
    assert failsafe["connectorId"] == 0
    assert (profile["chargingProfilePurpose"], profile["stackLevel"]) == ("TxDefaultProfile", 0)
    assert profile["chargingSchedule"]["chargingSchedulePeriod"] == [{"startPeriod": 0, "limit": 6.0}]


def test_what_stays_is_on_record_with_its_limit(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    site.add_station("A", station_maximum_da=400)
    site.add_plan()
    site.settle()
    rows = site.csms.store.planned_profiles.all(PLAN)
    assert [(row.role.value, row.outcome.value, row.limit_at(site.now)) for row in rows] == [
        ("failsafe", "accepted", 60),
        ("maximum", "accepted", 400),
    ]


def test_a_vehicle_alone_gets_all_there_is(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    site.add_plan()
    site.settle()
    station.begin()
    assert site.total_a() == 0  # the safe limit until the plan has looked
    site.change()
    assert site.total_a() == 32


def test_two_vehicles_share_and_the_first_gives_way_before_the_second_gets_more(site: PlayedSite) -> None:
    site.add_site(40)
    first, second = site.add_station("A"), site.add_station("B")
    site.add_plan()
    site.settle()
    first.begin()
    site.change()
    second.begin()
    site.change()
    assert (first.limit_a(site.now), second.limit_a(site.now)) == (20, 20)


def test_a_change_of_the_limit_is_followed_by_the_stations_on_their_own(site: PlayedSite) -> None:
    site.add_site(32)
    station = site.add_station("A")
    site.add_plan((0, 15, 10), (15, 30, 20))
    station.begin()
    site.settle()
    assert [site.total_a(site.now), site.total_a(site.plan.periods[1].start)] == [10, 20]  # type: ignore[arg-type]


def test_profiles_are_renewed_before_they_end_though_the_limit_never_changes(site: PlayedSite) -> None:
    site.add_site(16)
    station = site.add_station("A")
    site.add_plan()
    station.begin()
    site.settle()
    for _ in range(14):
        site.wait(minutes=50)
        assert site.total_a(site.now) == 16
        site.change()


def test_nothing_is_sent_while_nothing_changes(site: PlayedSite) -> None:
    site.add_site(32)
    station = site.add_station("A")
    site.add_plan((0, 600, 16))
    station.begin()
    site.settle()
    told = len(station.posted)
    site.wait(minutes=5)
    site.change()
    assert len(station.posted) == told


def test_a_vehicle_that_uses_less_leaves_the_rest_to_others(site: PlayedSite) -> None:
    site.add_site(40)
    slow, fast = site.add_station("A"), site.add_station("B")
    slow.begin()
    fast.begin()
    site.add_plan()
    site.settle()
    for _ in range(3):
        site.wait(minutes=1)
        slow.measure(8)
        fast.measure(20)
    site.change()
    assert slow.limit_a(site.now) == 9
    assert fast.limit_a(site.now) == 31


def test_a_vehicle_that_leaves_makes_room(site: PlayedSite) -> None:
    site.add_site(40)
    first, second = site.add_station("A"), site.add_station("B")
    first.begin()
    second.begin()
    site.add_plan()
    site.settle()
    first.finish()
    site.change()
    assert second.limit_a(site.now) == 32
    assert {row.charge_point_id for row in site.csms.store.planned_profiles.all(PLAN) if row.connector_id} == {"B"}


def test_who_cannot_have_the_minimum_waits_for_a_turn(site: PlayedSite) -> None:
    site.add_site(10)
    stations = [site.add_station(name) for name in "AB"]
    for station in stations:
        station.begin()
    site.add_plan(turn_s=900)
    site.settle()
    assert sorted(station.limit_a(site.now) for station in stations) == [0, 10]
    (served,) = [station for station in stations if station.limit_a(site.now)]
    site.wait(minutes=15)
    site.change()
    assert served.limit_a(site.now) == 0
    assert site.total_a() == 10


def test_a_station_that_takes_only_power_is_told_power(site: PlayedSite) -> None:
    site.add_site(16)
    station = site.add_station("A", phases=1)
    reported = [Reported("ChargingScheduleAllowedChargingRateUnit", "Power", is_read_only=True)]
    site.csms.store.configuration.report(ChargePointId("A"), reported, site.now)
    station.begin()
    site.add_plan()
    site.settle()
    schedule = station.sent()[-1]["csChargingProfiles"]["chargingSchedule"]
    assert schedule["chargingRateUnit"] == "W"
    assert schedule["chargingSchedulePeriod"][0] == {"startPeriod": 0, "limit": 16 * 230, "numberPhases": 1}


def test_a_station_that_claims_to_take_no_period_at_all_is_charged_with(site: PlayedSite) -> None:
    site.add_site(32)
    station = site.add_station("A")
    reported = [Reported("ChargingScheduleMaxPeriods", "0", is_read_only=True)]
    site.csms.store.configuration.report(ChargePointId("A"), reported, site.now)
    station.begin()
    site.add_plan()
    site.settle()
    assert station.limit_a(site.now) == 32


def test_a_schedule_has_no_more_periods_than_the_station_takes_and_ends_with_the_safe_limit(site: PlayedSite) -> None:
    site.add_site(32)
    station = site.add_station("A")
    reported = [Reported("ChargingScheduleMaxPeriods", "3", is_read_only=True)]
    site.csms.store.configuration.report(ChargePointId("A"), reported, site.now)
    station.begin()
    site.add_plan(*((minute, minute + 15, 10 + minute / 15) for minute in range(0, 300, 15)))
    site.settle()
    periods = station.sent()[-1]["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"]
    assert [period["limit"] for period in periods] == [10, 11, 0]


def test_a_paused_plan_sends_nothing_and_goes_on_when_resumed(site: PlayedSite) -> None:
    site.add_site(40)
    first, second = site.add_station("A"), site.add_station("B")
    first.begin()
    site.add_plan()
    site.settle()
    site.pause()
    second.begin()
    assert site.step() == "ended"
    assert site.total_a() == 32
    site.resume()
    assert (first.limit_a(site.now), second.limit_a(site.now)) == (20, 20)


def test_a_stopped_plan_leaves_the_failsafe(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    station = site.add_station("A")
    station.begin()
    site.add_plan()
    site.settle()
    site.stop(Release.FAILSAFE)
    assert station.limit_a(site.now) == 6
    assert site.plan.state is PlanState.STOPPED
    found = site.csms.store.sites.get(SITE)
    assert found
    assert found.plan_id is None


def test_a_stopped_plan_takes_back_all_it_has_installed_if_so_wished(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    station = site.add_station("A", station_maximum_da=320)
    station.begin()
    site.add_plan()
    site.settle()
    site.stop(Release.CLEAR)
    assert len(station.profiles) == 0


def test_a_plan_whose_last_period_is_over_ends(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    station = site.add_station("A")
    station.begin()
    site.add_plan((0, 60, 20))
    site.settle()
    site.wait(minutes=60)
    site.go_on()
    site.run_out()
    assert (site.plan.state, station.limit_a(site.now)) == (PlanState.ENDED, 6)


def test_a_step_runs_once_however_often_it_is_started(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    station.begin()
    site.add_plan()
    site.settle()
    told, step = len(station.posted), site.plan.step
    site.go_on()
    site.settle()
    assert site.plan.step == step + 1
    assert site.csms.charging_plans.take_step(PLAN, step)["next"] == "end"
    assert len(station.posted) == told


def test_a_change_before_the_wait_is_not_lost(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    site.add_plan()
    part = site.csms.charging_plans.take_step(PLAN, 1)
    site.send_wave(1, part["decreases"])
    part = site.csms.charging_plans.rebudget(PLAN, 1)
    station.begin()
    site.csms.charging_plans.wake(SITE)
    site.csms.charging_plans.wait(PLAN, 1, part["version"], "token")
    assert site.completed["token"] == {"woken": "at once"}


def test_a_change_during_a_wave_ends_it(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    station.begin()
    site.add_plan()
    part = site.csms.charging_plans.take_step(PLAN, 1)
    site.csms.charging_plans.wake(SITE)
    site.send_wave(1, part["decreases"])
    assert not station.posted


def test_a_plan_that_is_stopped_during_a_wave_gives_everything_back(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    first, second = site.add_station("A"), site.add_station("B")
    first.begin()
    site.add_plan()
    site.settle()
    second.begin()
    site.csms.charging_plans.wake(SITE)
    step = site.plan.step + 1
    part = site.csms.charging_plans.take_step(PLAN, step)
    site.csms.store.charging_plans.stop(site.plan, Release.CLEAR, site.now)
    site.send_wave(step, part["decreases"])
    part = site.csms.charging_plans.rebudget(PLAN, step)
    site.csms.charging_plans.wait(PLAN, step, part["version"], "token")
    assert "token" in site.completed
    site.go_on()
    site.run_out()
    assert (len(first.profiles), len(second.profiles)) == (0, 0)
    assert site.plan.state is PlanState.STOPPED


def test_more_profiles_than_a_wave_takes_are_given_back_in_several(
    site: PlayedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("csms.charging_plans.MOST_IN_A_WAVE", 2)
    site.add_site(90)
    stations = [site.add_station(name) for name in "ABC"]
    for station in stations:
        station.begin()
    site.add_plan()
    site.settle()
    site.stop(Release.CLEAR)
    assert [len(station.profiles) for station in stations] == [0, 0, 0]


def test_a_station_that_keeps_its_profiles_keeps_no_plan_from_stopping(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    station.begin()
    site.add_plan()
    site.settle()
    station.reply = lambda *_: None
    site.stop(Release.CLEAR)
    assert site.plan.state is PlanState.STOPPED


def test_a_plan_that_stops_waits_for_slow_answers_and_asks_the_silent_again(site: PlayedSite) -> None:
    site.add_site(40)
    slow, silent = (site.add_station(name) for name in ("SLOW", "SILENT"))
    for station in (slow, silent):
        station.begin()
    site.add_plan()
    site.settle()
    site.is_patient = False
    began = site.now
    silent.reply = lambda *_: None
    slow.reply = lambda *_: None if site.now < began + timedelta(seconds=20) else {"status": "Accepted"}
    site.csms.store.charging_plans.stop(site.plan, Release.FAILSAFE, site.now)
    site.csms.charging_plans.wake(SITE)
    site.go_on()
    while site.step() != "ended":
        assert site.now < began + timedelta(minutes=5)
        if site.waiting not in site.completed:
            assert site.boundaries[-1].at <= site.now + timedelta(seconds=5)
            site.wait(seconds=5)
            site.run_wakes()
        site.go_on()
    assert site.plan.state is PlanState.STOPPED
    assert (len(slow.sent("ClearChargingProfile")), len(silent.sent("ClearChargingProfile"))) == (2, 3)
    outcomes = {
        row.charge_point_id: row.outcome for row in site.csms.store.planned_profiles.all(PLAN) if row.is_release
    }
    assert outcomes == {"SLOW": SendOutcome.ACCEPTED, "SILENT": SendOutcome.TIMED_OUT}


@pytest.mark.parametrize(("before_da", "after_da"), [(60, 80), (80, 60)])
def test_a_new_safe_limit_reaches_the_stations(site: PlayedSite, before_da: int, after_da: int) -> None:
    site.add_site(40, safe_limit_da=before_da)
    station = site.add_station("A")
    site.add_plan()
    site.settle()
    site.csms.store.sites.change(SITE, {"safe_limit_da": after_da})
    site.change()
    station.begin()
    assert station.limit_a(site.now) == after_da / 10


def test_what_an_operator_has_cleared_is_sent_again(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    station.begin()
    site.add_plan()
    site.settle()
    site.csms.calls.place(Order(ChargePointId("A"), "ClearChargingProfile", {}, "operator"))
    site.answer_all()
    site.change()
    assert station.limit_a(site.now) == 32
    assert len(station.profiles) == 2


def test_a_plan_that_ended_and_left_its_site_is_over_whatever_died(site: PlayedSite) -> None:
    site.add_site(40)
    site.add_station("A")
    site.add_plan((0, 60, 20))
    site.settle()
    site.wait(minutes=61)
    site.csms.store.sites.release(SITE, PLAN)
    assert site.csms.charging_plans.take_step(PLAN, site.plan.step + 1)["next"] == "end"
    assert site.plan.state is PlanState.ENDED


@pytest.mark.parametrize("happening", ["paused", "stopped"])
def test_a_wave_ends_with_its_plan(site: PlayedSite, happening: str) -> None:
    site.add_site(40)
    station = site.add_station("A")
    station.begin()
    site.add_plan()
    part = site.csms.charging_plans.take_step(PLAN, 1)
    if happening == "paused":
        site.csms.store.charging_plans.pause(PLAN)
    else:
        site.csms.store.charging_plans.stop(site.plan, Release.CLEAR, site.now)
    site.send_wave(1, part["decreases"])
    assert not station.posted


def test_what_a_plan_takes_back_is_taken_back_whatever_changes_meanwhile(site: PlayedSite) -> None:
    site.add_site(40, safe_limit_da=60)
    station = site.add_station("A")
    station.begin()
    site.add_plan((0, 60, 20))
    site.settle()
    site.wait(minutes=60)
    part = site.csms.charging_plans.take_step(PLAN, site.plan.step + 1)
    site.csms.charging_plans.wake(SITE)
    site.send_wave(site.plan.step, part["decreases"])
    assert station.limit_a(site.now) == 6


def test_a_boundary_wakes_the_step_that_waits_for_it_and_no_other(site: PlayedSite) -> None:
    site.add_site(40)
    site.add_station("A")
    site.add_plan(rebalance_s=300)
    site.settle()
    boundary = site.boundaries[-1]
    assert boundary.at == site.now + timedelta(minutes=5)
    token = site.waiting
    site.csms.charging_plans.reach_boundary(boundary)
    assert token not in site.completed
    assert site.boundaries[-1] == boundary  # sent on: that was too early
    site.wait(minutes=5)
    site.csms.charging_plans.reach_boundary(replace(boundary, step=boundary.step - 1))
    assert token not in site.completed
    site.csms.charging_plans.reach_boundary(boundary)
    assert site.completed[token] == {"woken": "boundary"}


def test_a_boundary_that_comes_before_its_step_waits_is_not_lost(site: PlayedSite) -> None:
    site.add_site(40)
    site.add_station("A")
    site.add_plan()
    site.settle()
    site.wait(minutes=5)
    site.go_on()
    site.csms.charging_plans.take_step(PLAN, site.plan.step + 1)
    early = Boundary(PLAN, site.plan.step, site.now)
    site.csms.charging_plans.reach_boundary(early)
    assert site.boundaries[-1] == replace(early, at=site.now + timedelta(seconds=5))


def test_sweep_finds_a_plan_whose_execution_died(site: PlayedSite) -> None:
    site.add_site(40)
    station = site.add_station("A")
    site.add_plan(rebalance_s=300)
    site.settle()
    station.begin()
    site.wait(minutes=8)
    shards = range(SHARDS)
    (due,) = [plan for shard in shards for plan in site.csms.store.charging_plans.due(site.now, shard)]
    site.csms.charging_plans.restart(due)
    site.settle()
    assert site.total_a() == 32
    assert not [plan for shard in shards for plan in site.csms.store.charging_plans.due(site.now, shard)]
