"""One profile over time."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from csms.smart_charging.evaluation import limit_at, next_change
from csms.smart_charging.profiles import ChargingProfileKind, ChargingProfilePurpose, Profile, RecurrencyKind
from tests.unit.smart_charging.profiles_made import DEFAULT, START, TX, W, a_profile, after


def value(profile: Profile, at: datetime, charging_since: datetime | None = None) -> float | None:
    limit = limit_at(profile, at, charging_since)
    return None if limit is None else float(limit.value)


def recurring(recurrency: RecurrencyKind, limits: dict[int, float], duration_s: int | None = None) -> Profile:
    return a_profile(DEFAULT, limits, duration_s, kind=ChargingProfileKind.RECURRING, recurrency=recurrency)


def test_an_absolute_schedule_runs_from_its_start_to_its_end_whatever_charges() -> None:
    profile = a_profile(DEFAULT, {0: 6, 60: 8.5}, 100)
    moments = {-0.001: None, 0: 6, 59.999: 6, 60: 8.5, 99.999: 8.5, 100: None}
    assert {offset_s: value(profile, after(seconds=offset_s), None) for offset_s in moments} == moments


def test_without_a_duration_the_last_period_goes_on() -> None:
    assert value(a_profile(DEFAULT, {0: 6, 60: 8}), after(days=4000)) == 8


def test_a_period_past_the_duration_is_never_executed() -> None:
    profile = a_profile(DEFAULT, {0: 6, 100: 8}, 100)
    assert value(profile, after(seconds=99)) == 6
    assert value(profile, after(seconds=100)) is None


@pytest.mark.parametrize("purpose", [DEFAULT, TX])
def test_a_relative_schedule_starts_with_the_transaction(purpose: ChargingProfilePurpose) -> None:
    profile = a_profile(purpose, {0: 6, 60: 8}, 100, start=None)
    begun = after(hours=1)
    assert value(profile, begun + timedelta(seconds=60), begun) == 8
    assert value(profile, begun - timedelta(seconds=1), begun) is None
    assert value(profile, begun, None) is None


def test_an_absolute_schedule_without_a_start_starts_with_the_transaction_too() -> None:
    profile = a_profile(DEFAULT, {0: 6, 60: 8}, start=None, kind=ChargingProfileKind.ABSOLUTE)
    assert value(profile, after(seconds=70), START) == 8


@pytest.mark.parametrize(("recurrency", "days"), [(RecurrencyKind.DAILY, 1), (RecurrencyKind.WEEKLY, 7)])
def test_a_recurring_schedule_starts_again_at_the_time_and_weekday_of_its_start(
    recurrency: RecurrencyKind, days: int
) -> None:
    profile = recurring(recurrency, {0: 6, 3600: 16}, 7200)
    for count in (0, 1, 2, 400):
        begun = after(days=days * count)
        assert value(profile, begun + timedelta(minutes=59)) == 6
        assert value(profile, begun + timedelta(minutes=60)) == 16
        assert value(profile, begun + timedelta(minutes=120)) is None
    assert value(profile, after(seconds=-1)) is None


def test_what_lies_beyond_the_recurrence_is_never_executed() -> None:
    profile = recurring(RecurrencyKind.DAILY, {0: 6, 86_400: 32}, 200_000)
    assert value(profile, after(days=1)) == 6
    assert value(profile, after(days=1, seconds=86_399)) == 6


def test_days_have_24_hours_where_the_clocks_are_put_forward() -> None:
    start = datetime(2026, 3, 28, 22, tzinfo=UTC)
    profile = a_profile(
        DEFAULT, {0: 6, 36_000: 16}, start=start, kind=ChargingProfileKind.RECURRING, recurrency=RecurrencyKind.DAILY
    )
    assert [value(profile, start + timedelta(days=day, hours=9, minutes=59)) for day in range(3)] == [6, 6, 6]
    assert [value(profile, start + timedelta(days=day, hours=10)) for day in range(3)] == [16, 16, 16]


def test_the_specification_s_daily_example() -> None:
    profile = a_profile(
        DEFAULT,
        {0: 11_000, 28_800: 6_000, 72_000: 11_000},
        86_400,
        start=datetime(2013, 1, 1, tzinfo=UTC),
        unit=W,
        phases=3,
        connector_id=0,
        kind=ChargingProfileKind.RECURRING,
        recurrency=RecurrencyKind.DAILY,
    )
    day = datetime(2026, 11, 26, tzinfo=UTC)
    hours = {0: 11_000, 7: 11_000, 8: 6_000, 19: 6_000, 20: 11_000, 23: 11_000}
    assert {hour: value(profile, day + timedelta(hours=hour)) for hour in hours} == hours


def test_it_is_valid_from_validfrom_until_before_validto() -> None:
    profile = a_profile(DEFAULT, {0: 6}, valid_from=after(seconds=10), valid_to=after(seconds=20))
    moments = {9.999: None, 10: 6, 19.999: 6, 20: None}
    assert {offset_s: value(profile, after(seconds=offset_s)) for offset_s in moments} == moments


def test_limits_are_exact_tenths() -> None:
    limit = limit_at(a_profile(DEFAULT, {0: 16.3}), START, None)
    assert limit is not None
    assert limit.value == Decimal("16.3")


def changes(profile: Profile, start: datetime, charging_since: datetime | None = None) -> list[float]:
    """Every change, in s after the start of everything, six at most."""
    found: list[float] = []
    moment = next_change(profile, start, charging_since)
    while moment is not None and len(found) < 6:
        found.append((moment - START).total_seconds())
        moment = next_change(profile, moment, charging_since)
    return found


def test_the_next_change_is_known() -> None:
    bounded = a_profile(DEFAULT, {0: 6, 60: 8}, 100, valid_from=after(seconds=10), valid_to=after(seconds=90))
    assert changes(bounded, after(days=-1)) == [0, 10, 60, 90, 100]
    assert changes(a_profile(DEFAULT, {0: 6}), START) == []
    assert changes(a_profile(DEFAULT, {0: 6, 60: 8}, start=None), START, after(seconds=5)) == [5, 65]
    assert changes(a_profile(DEFAULT, {0: 6, 60: 8}, start=None), START) == []
    daily = recurring(RecurrencyKind.DAILY, {0: 6, 60: 8}, 100)
    assert changes(daily, after(days=-3)) == [0, 60, 100, 86_400, 86_460, 86_500]


@pytest.mark.parametrize("recurrency", [None, RecurrencyKind.WEEKLY])
def test_what_lies_beyond_the_calendar_never_comes(recurrency: RecurrencyKind | None) -> None:
    kind = ChargingProfileKind.RECURRING if recurrency else ChargingProfileKind.ABSOLUTE
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    old, late = (
        a_profile(DEFAULT, {0: 6, 2**31 - 1: 16}, 2**40, kind=kind, recurrency=recurrency, start=start)
        for start in (first, last)
    )
    assert value(old, START) == (6 if recurrency else 16)
    assert (value(late, START), next_change(late, START, None)) == (None, last)
    assert next_change(old, last, None) is None
    assert next_change(late, last, None) is None
