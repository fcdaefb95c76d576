"""Sharing a site's power: what must hold at any site, and what an operator would expect at a small one."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from csms.smart_charging.sharing import plan
from csms.smart_charging.situation import (
    Capacity,
    ConnectorKey,
    ManagedConnector,
    Policy,
    Reason,
    Situation,
    StationLimit,
    Turn,
)
from tests.unit.smart_charging.sites import (
    MINIMUM_DA,
    NOON,
    QUARTER,
    a_connector,
    a_site,
    charging,
    key,
    obeyed,
    sites,
    wanted_now,
)

Currents = Mapping[ConnectorKey, Sequence[int]]
at_any_site = settings(max_examples=40, deadline=None)


def held(situation: Situation) -> dict[ConnectorKey, Sequence[int]]:
    return {one.key: one.held_da for one in situation.connectors}


def worst_cases(situation: Situation, currents: Currents, n: int) -> dict[str, tuple[int, int]]:
    """(What may be drawn at worst, the limit) in an interval, by limit. Worked out apart from the planner."""
    capacity = situation.intervals[n].capacity
    found = {
        f"phase {phase}": (_worst(situation, currents, n, {phase}), capacity.current_da[phase]) for phase in range(3)
    }
    if capacity.power_w is not None:
        # In tenths of an ampere over all phases, as the planner reckons: less than a tenth of one is lost.
        found["power"] = (_worst(situation, currents, n, None), capacity.power_w * 10 // situation.voltage_v)
    for station in situation.stations:
        own = [one for one in situation.connectors if one.key.charge_point_id == station.charge_point_id]
        for phase in range(3) if len(own) > 1 else ():
            alone = replace(situation, connectors=tuple(own))
            worst = _worst(alone, currents, n, {phase})
            found[f"{station.charge_point_id} phase {phase}"] = (worst, station.maximum_da)
    return found


def _worst(situation: Situation, currents: Currents, n: int, phases: set[int] | None) -> int:
    def drawn(one: ManagedConnector) -> int:
        if phases is None:
            return currents[one.key][n] * (one.phase_count or len(one.phases))
        return currents[one.key][n] if phases & set(one.phases) else 0

    # Where a station is out of reach a transaction may have begun unheard of: that is no newcomer to come.
    idle = [one for one in situation.connectors if one.session is None and one.is_reachable]
    newcomers = sorted(map(drawn, idle), reverse=True)
    return sum(newcomers[: situation.newcomers]) + sum(drawn(one) for one in situation.connectors if one not in idle)


@at_any_site
@given(sites())
def test_nothing_sent_makes_the_worst_case_worse_than_the_limit_or_than_it_was(situation: Situation) -> None:
    """Whichever of the targets take effect: each connector may draw what it held or what it was sent."""
    decision = plan(situation)
    at_worst = held(situation)
    for target in (*decision.decreases, *decision.increases):
        at_worst[target.key] = tuple(map(max, at_worst[target.key], target.limits_da))
    for n in range(len(situation.intervals)):
        before = worst_cases(situation, held(situation), n)
        for name, (worst_da, limit_da) in worst_cases(situation, at_worst, n).items():
            assert worst_da <= max(limit_da, before[name][0]), name


@at_any_site
@given(sites(), st.randoms(use_true_random=False))
def test_wave_after_wave_the_worst_case_never_rises_above_the_limit(situation: Situation, luck: random.Random) -> None:
    """Targets get lost, are refused, or leave us in the dark; stations come and go."""
    for _ in range(4):
        decision = plan(situation)
        now = held(situation)
        before = [worst_cases(situation, now, n) for n in range(len(situation.intervals))]
        for target in (*decision.decreases, *decision.increases):
            in_the_dark = tuple(map(max, now[target.key], target.limits_da))
            now[target.key] = luck.choice((now[target.key], in_the_dark, target.limits_da))
        for n, found in enumerate(before):
            for name, (worst_da, limit_da) in worst_cases(situation, now, n).items():
                assert worst_da <= max(limit_da, found[name][0]), name
        situation = replace(
            situation,
            connectors=tuple(
                replace(one, held_da=tuple(now[one.key]), is_reachable=luck.random() < 0.8)
                for one in situation.connectors
            ),
        )


@at_any_site
@given(sites())
def test_what_is_wanted_fits_beside_what_cannot_be_told(situation: Situation) -> None:
    decision = plan(situation)
    out_of_reach = {
        one.key: (0,) * len(one.held_da) if one.session and one.is_reachable else one.held_da
        for one in situation.connectors
    }
    for n in range(len(situation.intervals)):
        fixed = worst_cases(situation, out_of_reach, n)
        for name, (worst_da, limit_da) in worst_cases(situation, out_of_reach | dict(decision.wanted), n).items():
            assert worst_da <= max(limit_da, fixed[name][0]), name


@at_any_site
@given(sites())
def test_nobody_is_told_less_than_the_minimum_or_more_than_its_maximum(situation: Situation) -> None:
    decision = plan(situation)
    maximum = {one.key: one.maximum_da for one in situation.connectors}
    for target_key, row in decision.wanted.items():
        assert all(current_da == 0 or MINIMUM_DA <= current_da <= maximum[target_key] for current_da in row)
    for target in (*decision.decreases, *decision.increases):
        assert all(current_da == 0 or current_da >= MINIMUM_DA for current_da in target.limits_da)


@at_any_site
@given(sites())
def test_decreases_only_lower_and_increases_only_raise(situation: Situation) -> None:
    decision = plan(situation)
    now = held(situation)
    for target in decision.decreases:
        assert all(new <= old for new, old in zip(target.limits_da, now[target.key], strict=True))
        assert any(new < old for new, old in zip(target.limits_da, now[target.key], strict=True))
    for target in decision.increases:
        assert all(new >= old for new, old in zip(target.limits_da, now[target.key], strict=True))
        assert any(new > old for new, old in zip(target.limits_da, now[target.key], strict=True))
    assert not {target.key for target in decision.decreases} & {target.key for target in decision.increases}


@at_any_site
@given(sites())
def test_when_all_obey_two_waves_lead_to_what_is_wanted(situation: Situation) -> None:
    for _ in range(2):
        decision = plan(situation)
        situation = obeyed(situation, *decision.decreases, *decision.increases)
    end = plan(situation)
    assert (end.decreases, end.increases) == ((), ())
    tolerance_da = max(0, situation.hysteresis_da - 1)
    for found, row in end.wanted.items():
        for wanted_da, held_da in zip(row, held(situation)[found], strict=True):
            assert abs(wanted_da - held_da) <= tolerance_da


@at_any_site
@given(sites(), st.randoms(use_true_random=False))
def test_the_order_in_which_connectors_are_named_does_not_matter(situation: Situation, luck: random.Random) -> None:
    shuffled = luck.sample(situation.connectors, len(situation.connectors))
    stations = luck.sample(situation.stations, len(situation.stations))
    assert plan(replace(situation, connectors=tuple(shuffled), stations=tuple(stations))) == plan(situation)


@at_any_site
@given(sites())
def test_who_could_have_the_minimum_has_it(situation: Situation) -> None:
    """Work conserving: room for its minimum is left for nobody who wants it."""
    decision = plan(situation)
    beside = {one.key: one.held_da for one in situation.connectors} | dict(decision.wanted)
    paused = [one for one in situation.connectors if decision.wanted.get(one.key, (1,))[0] == 0]
    for one in paused:
        raised = beside | {one.key: (MINIMUM_DA, *beside[one.key][1:])}
        exceeds = any(worst > limit for worst, limit in worst_cases(situation, raised, 0).values())
        most_da = min(
            one.maximum_da,
            *(s.maximum_da for s in situation.stations if s.charge_point_id == one.key.charge_point_id),
            999,
        )
        assert exceeds or most_da < MINIMUM_DA


def test_all_get_the_same() -> None:
    decision = plan(a_site(charging(1, 0, 0), charging(2, 0, 0), limits_da=(320, 200)))
    assert set(decision.wanted.values()) == {(160, 100)}


def test_an_increase_waits_until_the_decreases_are_confirmed() -> None:
    site = a_site(charging(1, 320), charging(2, 0))
    first = plan(site)
    assert [(target.key, target.limits_da) for target in first.decreases] == [(key(1), (160,))]
    assert first.increases == ()
    second = plan(obeyed(site, *first.decreases))
    assert second.decreases == ()
    assert [(target.key, target.limits_da) for target in second.increases] == [(key(2), (160,))]


def test_a_paused_vehicle_begins_with_what_there_is_and_gets_the_rest_later() -> None:
    decision = plan(a_site(charging(1, 240), charging(2, 0)))
    assert [target.limits_da for target in decision.decreases] == [(160,)]
    assert [target.limits_da for target in decision.increases] == [(80,)]


def test_what_there_is_goes_to_one_while_the_other_waits_for_the_decrease() -> None:
    decision = plan(a_site(charging(1, 240), charging(2, 0), charging(3, 0)))
    assert [target.limits_da for target in decision.increases] == [(80,)]


def test_what_an_unreachable_station_may_draw_is_taken_off() -> None:
    decision = plan(a_site(charging(1, 200, is_reachable=False), charging(2), charging(3)))
    assert wanted_now(decision) == {"CP002": 60, "CP003": 60}
    assert decision.notes[key(1)].reason is Reason.UNREACHABLE
    assert decision.notes[key(1)].current_da == 200
    assert decision.overload_da == (0,)


def test_an_overload_that_nothing_can_be_done_about_is_told() -> None:
    decision = plan(a_site(charging(1, 200, is_reachable=False), charging(2, 100), limits_da=(150,)))
    assert (decision.overload_da, decision.unavoidable_da) == ((150,), (50,))
    assert wanted_now(decision) == {"CP002": 0}


def test_there_is_room_for_those_who_may_come() -> None:
    idle = [a_connector(number, 60) for number in (7, 8, 9)]
    for newcomers, left_da in ((None, 140), (1, 260), (0, 320)):
        assert wanted_now(plan(a_site(charging(1), *idle, newcomers=newcomers))) == {"CP001": left_da}


def test_the_reserve_is_for_the_worst_newcomers_on_each_phase() -> None:
    idle = [a_connector(8, 60, phases=(0,)), a_connector(9, 80, phases=(1,))]
    on_each_phase = [charging(n + 1, phases=(n,)) for n in range(3)]
    assert wanted_now(plan(a_site(*on_each_phase, *idle, newcomers=1))) == {"CP001": 260, "CP002": 240, "CP003": 320}


def test_power_is_a_limit_of_its_own() -> None:
    site = a_site(charging(1), charging(2, phases=(0,)))
    limited = replace(site.intervals[0], capacity=Capacity((320, 320, 320), power_w=230 * 4 * 10))
    assert wanted_now(plan(replace(site, intervals=(limited,)))) == {"CP001": 100, "CP002": 100}


def test_a_connector_on_an_unknown_phase_counts_on_all_but_its_power_once() -> None:
    site = a_site(charging(1, phase_count=1), charging(2, phase_count=1))
    limited = replace(site.intervals[0], capacity=Capacity((320, 320, 320), power_w=230 * 30))
    assert wanted_now(plan(replace(site, intervals=(limited,)))) == {"CP001": 150, "CP002": 150}


def test_a_charge_point_has_a_limit_of_its_own() -> None:
    twins = [replace(charging(1), key=key(1, connector_id)) for connector_id in (1, 2)]
    decision = plan(
        a_site(*twins, charging(2), limits_da=(1000,), stations=(StationLimit(key(1).charge_point_id, 200),))
    )
    assert list(decision.wanted.values()) == [(100,), (100,), (320,)]


def test_what_a_vehicle_does_not_use_is_for_the_others() -> None:
    decision = plan(a_site(charging(1, demand_da=80), charging(2)))
    assert wanted_now(decision) == {"CP001": 80, "CP002": 240}
    assert decision.notes[key(1)].reason is Reason.DEMAND


def test_a_vehicle_that_wants_nothing_makes_room_when_others_need_it() -> None:
    full = charging(1, demand_da=0)
    assert wanted_now(plan(a_site(full, charging(2), limits_da=(400,)))) == {"CP001": 60, "CP002": 320}
    crowded = plan(a_site(full, charging(2), limits_da=(300,)))
    assert wanted_now(crowded) == {"CP001": 0, "CP002": 300}
    assert crowded.notes[key(1)].reason is Reason.RESTING


def test_a_resting_vehicle_is_asked_again_with_the_minimum() -> None:
    was_served = Turn(is_served=True, since=NOON - QUARTER)
    resting = plan(a_site(charging(1, demand_da=0, turn=was_served), charging(2), limits_da=(300,))).turns[key(1)]
    for minutes, current_da in ((29, 0), (30, 60)):
        site = a_site(charging(1, 0, 0, 0, turn=resting), charging(2, 300, 300, 300), limits_da=(300,) * 3)
        later = plan(replace(site, now=NOON + timedelta(minutes=minutes)))
        assert later.wanted[key(1)][0] == current_da
    probing = later.turns[key(1)]
    for minutes, current_da in ((31, 60), (32, 150)):
        site = a_site(charging(1, 60, 60, 60, turn=probing), charging(2, *[240] * 3), limits_da=(300,) * 3)
        assert plan(replace(site, now=NOON + timedelta(minutes=minutes))).wanted[key(1)][0] == current_da


def test_the_highest_priority_is_filled_first_once_all_have_the_minimum() -> None:
    connectors = [charging(1), charging(2, priority=5), charging(3, priority=5)]
    decision = plan(a_site(*connectors, limits_da=(480,), policy=Policy.PRIORITY))
    assert wanted_now(decision) == {"CP001": 60, "CP002": 210, "CP003": 210}


def test_without_room_for_all_the_highest_priority_is_served() -> None:
    connectors = [charging(1), charging(2, priority=1)]
    assert wanted_now(plan(a_site(*connectors, limits_da=(100,), policy=Policy.PRIORITY))) == {"CP001": 0, "CP002": 100}


def test_first_come_is_served_first_and_keeps_its_place() -> None:
    connectors = [charging(1, started=NOON - timedelta(hours=1)), charging(2, started=NOON - timedelta(hours=2))]
    for limit_da, shares in ((400, {"CP001": 80, "CP002": 320}), (100, {"CP001": 0, "CP002": 100})):
        decision = plan(a_site(*connectors, limits_da=(limit_da,), policy=Policy.FIRST_COME))
        assert wanted_now(decision) == shares
        assert decision.next_turn is None


def test_small_changes_are_not_sent_unless_somebody_needs_them() -> None:
    uneven = plan(a_site(charging(1, 165), charging(2, 155)))
    assert (uneven.decreases, uneven.increases) == ((), ())
    for crowded in (a_site(charging(1, 165), charging(2, 160)), a_site(charging(1, 165), charging(2, 150))):
        assert [target.limits_da for target in plan(crowded).decreases] == [(160,)]


def test_a_later_interval_alone_is_worth_a_profile() -> None:
    decision = plan(a_site(charging(1, 300, 300), limits_da=(305, 320)))
    assert [target.limits_da for target in decision.increases] == [(305, 320)]


def test_a_connector_that_cannot_give_the_minimum_gets_nothing() -> None:
    decision = plan(a_site(charging(1, maximum_da=50)))
    assert wanted_now(decision) == {"CP001": 0}
    assert decision.notes[key(1)].reason is Reason.TOO_SMALL


def test_an_empty_site_has_nothing_to_decide() -> None:
    decision = plan(a_site())
    assert (decision.decreases, decision.increases, decision.wanted, decision.next_turn) == ((), (), {}, None)
