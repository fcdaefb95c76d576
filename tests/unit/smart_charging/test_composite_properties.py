"""Composite schedules against the rule evaluated second by second, and against the simulated station's evaluation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from csms.smart_charging.composite import Connector, Step, Window, composite_of_charge_point, composite_schedule
from csms.smart_charging.profiles import (
    ChargingProfileKind,
    ChargingProfilePurpose,
    ChargingRateUnit,
    Profile,
    RecurrencyKind,
    RunningTransaction,
    Supply,
)
from local.fleet.charging_profiles import InstalledProfiles
from local.fleet.charging_profiles import Period as FleetPeriod
from local.fleet.charging_profiles import Profile as FleetProfile
from tests.unit.smart_charging.profiles_made import DEFAULT, MAX, START, TRANSACTION, TX, A, W
from tests.unit.smart_charging.worlds import SPAN_S, moments, profiles

PERIOD = {RecurrencyKind.DAILY: 86_400, RecurrencyKind.WEEKLY: 7 * 86_400}
installed = st.lists(
    profiles(), max_size=6, unique_by=(lambda one: one.id, lambda one: (one.connector_id, one.purpose, one.stack_level))
)
connectors = st.builds(
    Connector,
    st.just(1),
    st.none() | st.builds(RunningTransaction, st.just(TRANSACTION.id), moments),
    st.builds(Supply, st.just(230), st.integers(1, 3), st.none() | st.just(Decimal(16))),
)


def rule_value(profile: Profile, at: datetime, since: datetime | None) -> tuple[Decimal, int] | None:
    """§3.2 word by word: value and phases, if the profile limits anything."""
    if (profile.valid_from and at < profile.valid_from) or (profile.valid_to and at >= profile.valid_to):
        return None
    start = since if profile.kind is ChargingProfileKind.RELATIVE else profile.schedule.start
    if start is None or at < start:
        return None
    elapsed = (at - start).total_seconds()
    if profile.recurrency is not None:
        elapsed %= PERIOD[profile.recurrency]
    if profile.schedule.duration_s is not None and elapsed >= profile.schedule.duration_s:
        return None
    period = [period for period in profile.schedule.periods if period.start_s <= elapsed][-1]
    return period.limit, period.phases or 3


def rule_stack(stack: Sequence[Profile], at: datetime, connector: Connector, unit: ChargingRateUnit) -> Decimal | None:
    """§3.3: what the highest running level says."""
    supply = connector.supply
    for profile in sorted(stack, key=lambda one: -one.stack_level):
        found = rule_value(profile, at, connector.charging_since)
        if found is not None:
            value, phases = found
            if profile.schedule.unit is A and unit is W:
                value *= supply.voltage_v * min(phases, supply.phases)
            elif profile.schedule.unit is W and unit is A:
                value /= supply.voltage_v * phases
            return value.quantize(Decimal("0.1"), ROUND_FLOOR)
    return None


def rule(everything: list[Profile], connector: Connector, at: datetime, unit: ChargingRateUnit) -> Decimal | None:
    transaction = connector.transaction
    tx = [one for one in everything if one.purpose is TX and one.connector_id == 1]
    tx = [one for one in tx if transaction and one.transaction_id == transaction.id]
    own = [one for one in everything if one.purpose is DEFAULT and one.connector_id == 1]
    common = [one for one in everything if one.purpose is DEFAULT and one.connector_id == 0]
    supply = connector.supply
    factor = 1 if unit is A else supply.voltage_v * supply.phases
    hardware = None if supply.maximum_a is None else supply.maximum_a * factor
    cap = rule_stack([one for one in everything if one.purpose is MAX], at, connector, unit)
    limit = rule_stack(tx or own or common, at, connector, unit)
    return min((value for value in (cap, limit, hardware) if value is not None), default=None)


def value_at(steps: tuple[Step, ...], second: int) -> Decimal | None:
    return [step for step in steps if step.start_s <= second][-1].limit


@given(installed, connectors, moments, st.sampled_from([A, W]))
def test_a_composite_schedule_is_the_rule_of_every_second(
    everything: list[Profile], connector: Connector, start: datetime, unit: ChargingRateUnit
) -> None:
    steps = composite_schedule(everything, connector, Window(start, SPAN_S), unit)
    assert [step.start_s for step in steps] == sorted({step.start_s for step in steps})
    for second in range(SPAN_S):
        at = start + timedelta(seconds=second)
        assert value_at(steps, second) == rule(everything, connector, at, unit)


@given(installed, connectors, moments)
def test_neighbours_differ(everything: list[Profile], connector: Connector, start: datetime) -> None:
    steps = composite_schedule(everything, connector, Window(start, SPAN_S), A)
    assert all((one.limit, one.phases) != (other.limit, other.phases) for one, other in pairwise(steps))


@given(installed, connectors, moments)
def test_the_charge_point_s_is_never_above_the_sum_of_its_connectors(
    everything: list[Profile], connector: Connector, start: datetime
) -> None:
    window, second = Window(start, SPAN_S), Connector(2)
    whole = composite_of_charge_point(everything, [connector, second], window, W)
    parts = [composite_schedule(everything, one, window, W) for one in (connector, second)]
    for moment in range(0, SPAN_S, 7):
        values = [value_at(part, moment) for part in parts]
        if None not in values:
            most = value_at(whole, moment)
            assert most is not None
            assert most <= sum(value for value in values if value is not None)


def as_the_fleet_has_it(profile: Profile) -> FleetProfile:
    schedule = profile.schedule
    return FleetProfile(
        connector_id=profile.connector_id or 0,
        profile_id=profile.id,
        stack_level=profile.stack_level,
        purpose=profile.purpose,
        kind=profile.kind,
        recurrency=profile.recurrency,
        valid_from=profile.valid_from,
        valid_to=profile.valid_to,
        transaction_id=profile.transaction_id,
        start_schedule=schedule.start,
        duration_s=schedule.duration_s,
        unit=schedule.unit,
        periods=tuple(FleetPeriod(one.start_s, float(one.limit), one.phases or 3) for one in schedule.periods),
    )


def is_the_station_s(profile: Profile) -> bool:
    """A station has no TxProfile of another transaction."""
    return profile.purpose is not ChargingProfilePurpose.TX_PROFILE or profile.transaction_id == TRANSACTION.id


@given(st.lists(profiles().filter(is_the_station_s), max_size=6), moments)
def test_the_simulated_station_comes_to_the_same(everything: list[Profile], start: datetime) -> None:
    theirs, ours = InstalledProfiles(), list[Profile]()
    for profile in everything:
        theirs.install(as_the_fleet_has_it(profile))
        ours = [*(other for other in ours if not profile.replaces(other)), profile]
    steps = composite_schedule(ours, Connector(1, TRANSACTION), Window(start, SPAN_S), W)
    for second in range(0, SPAN_S, 3):
        expected = theirs.limit_w(1, start + timedelta(seconds=second), START)
        found = value_at(steps, second)
        assert (found is None) is (expected is None)
        if found is not None and expected is not None:
            assert abs(float(found) - expected) < 0.2
