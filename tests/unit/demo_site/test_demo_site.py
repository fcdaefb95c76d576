"""The simulated day: its optimum, its stations, and that a small one ends as it must."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from csms.ids import ChargePointId, TransactionId
from csms.smart_charging.situation import ConnectorKey, Policy, Target
from local.demo_site.__main__ import main
from local.demo_site.central import Central
from local.demo_site.optimum import alone_wh, most_energy_wh
from local.demo_site.perfect_knowledge import equal_shares_wh
from local.demo_site.report import lines, report
from local.demo_site.scenario import ConnectorSpec, Fault, Scenario, StationSpec, Visit, a_day
from local.demo_site.simulation import Simulation
from local.demo_site.station import Station, moment
from local.fleet.charging_curve import Vehicle

QUARTERS = 96
CAR = Vehicle(50_000, 3_680, phases=1)
VISIT = Visit(CAR, 160, soc=0.2, arrives_s=3_600, leaves_s=7_200)


def a_station(number: int, *visits: Visit, fault: Fault = Fault.NONE) -> StationSpec:
    identity = ChargePointId(f"S{number}")
    connector = ConnectorSpec(ConnectorKey(identity, 1), 160, "RST", visits)
    return StationSpec(identity, (connector,), 160, reaction_s=3, answers_after_s=1, fault=fault, offline=None)


def a_scenario(*stations: StationSpec, limit_da: int = 1_000) -> Scenario:
    return Scenario(stations, (limit_da,) * QUARTERS)


def run(scenario: Scenario, policy: Policy = Policy.EQUAL_SHARE) -> Simulation:
    simulation = Simulation(scenario, policy, seed=1)
    simulation.run()
    return simulation


def test_alone_a_car_can_have_what_it_takes() -> None:
    assert alone_wh(VISIT) == 3_680
    assert most_energy_wh(a_scenario(a_station(1, VISIT))) == pytest.approx(3_680)


def test_the_optimum_keeps_the_limit() -> None:
    scenario = a_scenario(a_station(1, VISIT), a_station(2, VISIT), limit_da=200)
    assert most_energy_wh(scenario) == pytest.approx(20 * 230)


def test_the_optimum_lets_the_power_fall_near_the_full_battery() -> None:
    nearly_full = replace(VISIT, soc=0.95, leaves_s=4_500)
    assert 0 < most_energy_wh(a_scenario(a_station(1, nearly_full))) < 920 * 0.3


def test_perfect_knowledge_shares_equally_and_never_delivers_more_than_the_optimum() -> None:
    two = a_scenario(a_station(1, VISIT), a_station(2, VISIT), limit_da=200)
    assert equal_shares_wh(two) == pytest.approx(20 * 230)
    crowded = a_day(8, seed=3, scale=0.6)
    assert 0.8 * most_energy_wh(crowded) < equal_shares_wh(crowded) <= most_energy_wh(crowded)


def test_without_scarcity_a_car_gets_nearly_all_that_is_possible() -> None:
    scenario = a_scenario(a_station(1, VISIT))
    day = run(scenario).day
    assert 0.99 < sum(day.energy_wh.values()) / most_energy_wh(scenario) <= 1


def test_two_cars_share_what_there_is() -> None:
    day = run(a_scenario(a_station(1, VISIT), a_station(2, VISIT), limit_da=200)).day
    first, second = day.energy_wh.values()
    assert first == pytest.approx(second, rel=0.1)
    assert max(map(max, day.drawn_da)) <= 200
    assert not day.excess_s


def test_a_station_that_lies_is_found_out_and_the_others_make_room() -> None:
    stays = replace(VISIT, leaves_s=4 * 3_600)
    day = run(a_scenario(a_station(1, stays), a_station(2, stays, fault=Fault.LIES), limit_da=230)).day
    assert 60 <= day.excess_s["lies"] <= 125  # two readings, the first of which may be too early to tell
    assert day.excess_s["reaction"] == 5  # the other one needs a moment to make room
    assert day.excess_s.total() == day.excess_s["lies"] + day.excess_s["reaction"]
    assert day.energy_wh[ConnectorKey(ChargePointId("S2"), 1), 3_600] == pytest.approx(3 * 3_680, rel=0.01)
    assert {max(sums) for sums in day.drawn_da[2 * 720 : 4 * 720 - 60]} == {230}


def test_a_station_that_rejects_stays_under_the_failsafe() -> None:
    day = run(a_scenario(a_station(1, VISIT, fault=Fault.REJECTS))).day
    assert day.sent["Rejected"] == day.sent.total() > 0
    assert sum(day.energy_wh.values()) == pytest.approx(6 * 230, rel=0.01)


def test_without_a_network_a_car_goes_on_until_its_profile_ends_under_the_safe_limit() -> None:
    lonely = replace(a_station(1, replace(VISIT, leaves_s=6 * 3_600)), offline=(5_400, 86_400))
    day = run(a_scenario(lonely)).day
    by_hour = [sum(one[0] for one in day.drawn_da[hour * 720 : (hour + 1) * 720]) / 720 for hour in range(6)]
    assert by_hour[1] == pytest.approx(160, rel=0.02)
    assert by_hour[3:] == [pytest.approx(60, rel=0.01)] * 3


def test_a_station_follows_a_profile_in_its_own_time() -> None:
    station = Station(a_station(1, VISIT))
    central = Central(a_scenario(station.spec), Policy.EQUAL_SHARE)
    station.set_charging_profile(central.enrol(station.spec, moment(0)), 0)
    outlet = station.outlets[1]
    outlet.plug_in(VISIT, 100)
    central.start(outlet.spec.key, TransactionId(1), moment(100))
    [target] = central.decide(moment(101)).increases
    assert target.limits_da[0] == 160
    outlet.charge(101, 1)
    assert outlet.drawn_da == 60
    told, payload = central.profile(target, moment(101))
    assert station.set_charging_profile(payload, 102) == "Accepted"
    assert told.limit_da(moment(102)) == 160
    drawn = []
    for second in range(102, 107):
        outlet.charge(second, 1)
        drawn.append(outlet.drawn_da)
    assert drawn == [60, 60, 60, 160, 160]


def test_what_is_on_its_way_counts_until_it_is_answered() -> None:
    spec = a_station(1, VISIT)
    central, key = Central(a_scenario(spec), Policy.EQUAL_SHARE), spec.connectors[0].key
    central.start(key, TransactionId(1), moment(0))
    spans = len(central.situation(moment(1)).intervals)
    lower, higher = (central.profile(Target(key, (limit_da,) * spans), moment(1))[0] for limit_da in (0, 160))
    found = central.charging[key]
    found.pending += [lower, higher]
    assert central.held_now_da(key, 160, moment(2)) == 160
    central.settle(key, lower, "Accepted", moment(2))
    assert central.held_now_da(key, 160, moment(2)) == 160
    central.settle(key, higher, "Rejected", moment(3))
    assert central.held_now_da(key, 160, moment(3)) == 0
    assert found.left_alone_until == moment(3) + timedelta(minutes=15)


@pytest.mark.parametrize("policy", [Policy.PRIORITY, Policy.FIRST_COME])
def test_a_small_crowded_day_keeps_the_limit_under_every_policy(policy: Policy) -> None:
    scenario = a_day(8, seed=3, scale=0.6)
    day = run(scenario, policy).day
    found = report(scenario, policy, day)
    assert not [why for why in found.excess_s if "other" in why]
    assert 0.5 < found.of_optimum <= 1
    assert found.transitions > found.steps * 4
    assert any("of the optimum" in line for line in lines(found))


def test_one_command_writes_figures_and_a_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stations", "4", "--directory", str(tmp_path)]) == 0
    assert "of the optimum" in capsys.readouterr().out
    assert (tmp_path / "demo-site.svg").read_text().startswith("<?xml") or "<svg" in (
        tmp_path / "demo-site.svg"
    ).read_text()
    assert (tmp_path / "demo-site.json").exists()
