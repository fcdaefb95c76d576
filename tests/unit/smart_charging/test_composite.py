"""Composite schedules: the vectors of the certification cases, and what the specification says in words."""

from decimal import Decimal

import pytest

from csms.smart_charging.composite import Connector, Step, Window, composite_of_charge_point, composite_schedule
from csms.smart_charging.profiles import ChargingProfileKind, ChargingRateUnit, Profile, RecurrencyKind, Supply
from tests.unit.smart_charging.profiles_made import DEFAULT, MAX, START, TRANSACTION, TX, A, W, a_profile, after

CHARGING = Connector(1, TRANSACTION)
FACTOR = {A: 1, W: 1000}
in_either_unit = pytest.mark.parametrize("unit", [A, W])


def limits(steps: tuple[Step, ...]) -> dict[int, float | None]:
    return {step.start_s: None if step.limit is None else float(step.limit) for step in steps}


def composite(
    profiles: list[Profile], duration_s: int, unit: ChargingRateUnit = A, connector: Connector = CHARGING
) -> dict[int, float | None]:
    return limits(composite_schedule(profiles, connector, Window(START, duration_s), unit))


def times(unit: ChargingRateUnit, values: dict[int, float]) -> dict[int, float]:
    """A vector in that unit: the certification tool wants a thousand times as many W as A."""
    return {start_s: value * FACTOR[unit] for start_s, value in values.items()}


@in_either_unit
def test_tc_072_a_lower_stack_level_takes_over_when_the_higher_one_ends(unit: ChargingRateUnit) -> None:
    profiles = [
        a_profile(DEFAULT, times(unit, {0: 6, 100: 8, 200: 10}), 400, unit=unit),
        a_profile(DEFAULT, times(unit, {0: 7, 100: 9}), 150, unit=unit, id=2, stack_level=1),
    ]
    assert composite(profiles, 350, unit) == times(unit, {0: 7, 100: 9, 150: 8, 200: 10})


@in_either_unit
def test_tc_066_nothing_falls_back_to_the_default_after_a_tx_profile(unit: ChargingRateUnit) -> None:
    profiles = [
        a_profile(MAX, times(unit, {0: 10}), 86_400, unit=unit),
        a_profile(DEFAULT, times(unit, {0: 6, 60: 10, 120: 8, 180: 15, 260: 8}), 300, unit=unit, id=2),
        a_profile(TX, times(unit, {0: 8, 50: 11, 140: 16, 200: 6, 240: 12}), 260, unit=unit, id=3),
    ]
    assert composite(profiles, 400, unit) == times(unit, {0: 8, 50: 10, 200: 6, 240: 10})


@in_either_unit
def test_tc_067_clearing_uncovers_what_is_below(unit: ChargingRateUnit) -> None:
    first = a_profile(DEFAULT, times(unit, {0: 6, 60: 8, 200: 10}), 400, unit=unit, stack_level=1)
    second = a_profile(DEFAULT, times(unit, {0: 7, 100: 9}), 400, unit=unit, id=2)
    maximum = a_profile(MAX, times(unit, {0: 11, 200: 12}), 86_400, unit=unit, id=3)
    assert composite([first, second, maximum], 350, unit) == times(unit, {0: 6, 60: 8, 200: 10})
    assert composite([second, maximum], 350, unit) == times(unit, {0: 7, 100: 9})
    assert composite([maximum], 350, unit) == times(unit, {0: 11, 200: 12})
    assert composite([], 350, unit) == {0: None}


def test_the_vectors_are_reached_late_by_what_has_passed_since() -> None:
    profiles = [
        a_profile(DEFAULT, {0: 6, 100: 8, 200: 10}, 400),
        a_profile(DEFAULT, {0: 7, 100: 9}, 150, id=2, stack_level=1),
    ]
    steps = composite_schedule(profiles, CHARGING, Window(after(seconds=2.5), 350), A)
    assert limits(steps) == {0: 7, 98: 9, 148: 8, 198: 10}


def test_a_default_of_the_connector_takes_the_place_of_the_charge_point_s() -> None:
    of_all = a_profile(DEFAULT, {0: 6}, connector_id=0)
    of_one = a_profile(DEFAULT, {0: 16}, 60, id=2)
    assert composite([of_all, of_one], 120) == {0: 16, 60: None}
    assert composite([of_all, of_one], 120, connector=Connector(2)) == {0: 6}


def test_a_tx_profile_is_for_its_transaction_only() -> None:
    other = a_profile(TX, {0: 6}, transaction_id=8)
    to_come = a_profile(TX, {0: 6}, transaction_id=None)
    default = a_profile(DEFAULT, {0: 16}, id=2)
    assert composite([other, to_come, default], 60) == {0: 16}
    assert composite([other, to_come, default], 60, connector=Connector(1)) == {0: 16}


def test_a_maximum_that_was_forced_on_a_connector_caps_nothing() -> None:
    assert composite([a_profile(MAX, {0: 6}, connector_id=1)], 60) == {0: None}


def test_tx_profiles_of_a_transaction_stack() -> None:
    profiles = [a_profile(TX, {0: 6}), a_profile(TX, {0: 16}, 60, id=2, stack_level=3)]
    assert composite(profiles, 120) == {0: 16, 60: 6}


def test_the_lowest_of_a_day_on_and_a_maximum_at_night() -> None:
    recurring, daily = ChargingProfileKind.RECURRING, RecurrencyKind.DAILY
    day = a_profile(DEFAULT, {0: 32, 28_800: 10}, 86_400, kind=recurring, recurrency=daily)
    night = a_profile(MAX, {0: 16}, valid_from=after(hours=4), valid_to=after(hours=30))
    assert composite([day, night], 2 * 86_400) == {
        0: 32,
        4 * 3600: 16,
        8 * 3600: 10,
        24 * 3600: 16,
        30 * 3600: 32,
        32 * 3600: 10,
    }


def test_w_are_spread_over_the_phases_that_the_period_names_and_rounded_down() -> None:
    three, one = Connector(1), Connector(1, supply=Supply(phases=1))
    watts = a_profile(DEFAULT, {0: 11_000}, unit=W)
    assert composite([watts], 60, A, three) == {0: 15.9}
    assert composite([watts], 60, A, one) == {0: 15.9}
    assert composite([a_profile(DEFAULT, {0: 3_700}, unit=W, phases=1)], 60, A, three) == {0: 16.0}


def test_a_flow_on_the_phases_that_are_there() -> None:
    amperes = a_profile(DEFAULT, {0: 16})
    assert composite([amperes], 60, W, Connector(1)) == {0: 11_040}
    assert composite([amperes], 60, W, Connector(1, supply=Supply(phases=1))) == {0: 3_680}
    assert composite([amperes], 60, W, Connector(1, supply=Supply(voltage_v=110, phases=2))) == {0: 3_520}


def test_the_hardware_limits_too_where_it_is_known() -> None:
    connector = Connector(1, supply=Supply(maximum_a=Decimal(16)))
    assert composite([a_profile(DEFAULT, {0: 6, 60: 32}, 90)], 120, A, connector) == {0: 6, 60: 16}


def test_steps_say_the_phases_they_are_for() -> None:
    steps = composite_schedule([a_profile(DEFAULT, {0: 6}, 60, phases=1)], CHARGING, Window(START, 120), A)
    assert steps == (Step(0, Decimal(6), 1), Step(60, None, None))


def test_the_charge_point_draws_what_its_connectors_may_but_no_more_than_its_maximum() -> None:
    profiles = [
        a_profile(MAX, {0: 20}, 60),
        a_profile(DEFAULT, {0: 16, 30: 6}, connector_id=0, id=2),
        a_profile(TX, {0: 10}, 45, id=3),
    ]
    connectors = [CHARGING, Connector(2)]
    assert limits(composite_of_charge_point(profiles, connectors, Window(START, 120), A)) == {
        0: 20,
        30: 16,
        45: 20,
        60: None,
    }
    assert limits(composite_of_charge_point(profiles[:1], [], Window(START, 120), A)) == {0: 20, 60: None}
    assert limits(composite_of_charge_point(profiles[1:2], connectors, Window(START, 120), W)) == {0: 22_080, 30: 8_280}


def test_a_window_without_a_change_is_one_step_however_long() -> None:
    assert composite([a_profile(MAX, {0: 20})], 10 * 365 * 86_400) == {0: 20}
