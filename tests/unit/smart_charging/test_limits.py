"""A site's limit over time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csms.smart_charging.limits import (
    Complaint,
    LimitInterval,
    LimitPeriod,
    LimitPlan,
    Moment,
    PerPhase,
    Recurrency,
    SiteLimit,
    capacity,
    check_periods,
    intervals,
    moment_of,
)
from csms.smart_charging.situation import Capacity

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)  # a Thursday
BERLIN = ZoneInfo("Europe/Berlin")
MAXIMUM = SiteLimit((1000, 1000, 1000))


def amperes(limit_da: int) -> SiteLimit:
    return SiteLimit((limit_da,) * 3)


def clock(hours: float, limit_da: int, until: float) -> LimitPeriod:
    return LimitPeriod(timedelta(hours=hours), timedelta(hours=until), amperes(limit_da))


def period(begins: float, ends: float, limit: SiteLimit) -> LimitPeriod:
    return LimitPeriod(NOON + timedelta(hours=begins), NOON + timedelta(hours=ends), limit)


def found(plan: LimitPlan, start: datetime, hours: float, most: int = 99) -> list[tuple[datetime, PerPhase | None]]:
    """(Start, currents) of the intervals of a window, which have no gaps."""
    end = start + timedelta(hours=hours)
    pieces = intervals(plan, MAXIMUM, start, end, most)
    assert pieces[0].start == start
    assert all(one.end == after.start for one, after in pairwise(pieces))
    assert pieces[-1].end == end or len(pieces) == most
    return [(one.start, one.limit.current_da) for one in pieces]


def test_outside_all_periods_the_maximum_of_the_site_holds() -> None:
    plan = LimitPlan((period(1, 2, amperes(300)), period(3, 4, amperes(2000))))
    assert found(plan, NOON, 6) == [
        (NOON, (1000,) * 3),
        (NOON + timedelta(hours=1), (300,) * 3),
        (NOON + timedelta(hours=2), (1000,) * 3),
    ]


def test_a_limit_of_power_leaves_the_maximum_on_each_phase() -> None:
    [now, _] = intervals(
        LimitPlan((period(-1, 1, SiteLimit(None, 5000)),)), MAXIMUM, NOON, NOON + timedelta(hours=2), 9
    )
    assert now.limit == SiteLimit((1000,) * 3, 5000)


def test_phases_may_have_limits_of_their_own() -> None:
    [now] = intervals(LimitPlan((period(0, 1, SiteLimit((1, 2000, 3))),)), MAXIMUM, NOON, NOON + timedelta(hours=1), 9)
    assert now.limit.current_da == (1, 1000, 3)


def test_a_window_ends_where_there_are_enough_intervals() -> None:
    plan = LimitPlan(tuple(period(n, n + 1, amperes(100 + n)) for n in range(9)))
    assert found(plan, NOON, 9, most=2) == [(NOON, (100,) * 3), (NOON + timedelta(hours=1), (101,) * 3)]


def test_a_lower_limit_may_hold_earlier_but_a_higher_one_never_does() -> None:
    plan = LimitPlan((period(0, 1, amperes(500)), period(1, 2, amperes(300)), period(2, 3, amperes(400))))
    pieces = intervals(plan, MAXIMUM, NOON, NOON + timedelta(hours=3), 9, lead=timedelta(seconds=10))
    assert [(one.start - NOON, one.limit) for one in pieces] == [
        (timedelta(0), amperes(500)),
        (timedelta(minutes=59, seconds=50), amperes(300)),
        (timedelta(hours=2), amperes(400)),
    ]


def test_a_limit_that_begins_just_after_the_window_is_seen_coming() -> None:
    plan = LimitPlan((period(1, 2, amperes(300)),))
    pieces = intervals(plan, MAXIMUM, NOON, NOON + timedelta(hours=1), 9, lead=timedelta(seconds=10))
    assert [one.limit for one in pieces] == [MAXIMUM, amperes(300)]


def test_an_interval_ends_where_it_is_cut() -> None:
    cuts = [NOON + timedelta(hours=hours) for hours in (-1, 0, 1, 9)]
    pieces = intervals(LimitPlan(()), MAXIMUM, NOON, NOON + timedelta(hours=2), 9, cuts=cuts)
    assert [(one.start, one.limit) for one in pieces] == [(NOON, MAXIMUM), (NOON + timedelta(hours=1), MAXIMUM)]


def test_periods_come_again_every_day_in_their_time_zone() -> None:
    plan = LimitPlan((clock(8, 300, until=20), clock(22, 500, until=30)), Recurrency.DAILY, BERLIN)
    assert found(plan, NOON, 24) == [
        (NOON, (300,) * 3),
        (NOON.replace(hour=19), (1000,) * 3),
        (NOON.replace(hour=21), (500,) * 3),
        (NOON.replace(day=6, hour=5), (1000,) * 3),
        (NOON.replace(day=6, hour=7), (300,) * 3),
    ]


def test_a_period_that_began_yesterday_goes_on() -> None:
    plan = LimitPlan((clock(22, 500, until=30),), Recurrency.DAILY, BERLIN)
    assert found(plan, NOON.replace(hour=3), 4) == [
        (NOON.replace(hour=3), (500,) * 3),
        (NOON.replace(hour=5), (1000,) * 3),
    ]


def test_periods_come_again_every_week_counted_from_monday() -> None:
    plan = LimitPlan((clock(3 * 24 + 14, 300, until=3 * 24 + 15),), Recurrency.WEEKLY)
    for weeks in (0, 1, 5):
        thursday = NOON + timedelta(weeks=weeks)
        assert [start.hour for start, _ in found(plan, thursday, 24)] == [12, 14, 15]


def test_the_clock_stays_right_when_it_is_changed() -> None:
    plan = LimitPlan((clock(6, 300, until=7),), Recurrency.DAILY, BERLIN)
    spring, autumn = (datetime(2026, month, 27, tzinfo=UTC) for month in (3, 10))
    hours = [start.hour for start, limit in found(plan, spring, 72) if limit == (300,) * 3]
    assert hours == [5, 5, 4]
    hours = [start.hour for start, limit in found(plan, autumn - timedelta(days=3), 72) if limit == (300,) * 3]
    assert hours == [4, 5, 5]


@pytest.mark.parametrize(
    ("local", "moment"),
    [
        ("2026-03-29T01:59", "2026-03-29T00:59Z"),
        ("2026-03-29T02:00", "2026-03-29T01:00Z"),
        ("2026-03-29T02:30", "2026-03-29T01:00Z"),
        ("2026-03-29T03:00", "2026-03-29T01:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30Z"),
        ("2026-10-25T03:00", "2026-10-25T02:00Z"),
    ],
)
def test_a_time_that_is_left_out_or_comes_twice_is_when_the_clock_first_shows_it(local: str, moment: str) -> None:
    assert moment_of(datetime.fromisoformat(local), BERLIN) == datetime.fromisoformat(moment)


def test_periods_in_the_hour_that_is_left_out_do_not_happen() -> None:
    plan = LimitPlan((clock(2, 300, until=2.5), clock(2.5, 400, until=3)), Recurrency.DAILY, BERLIN)
    assert found(plan, datetime(2026, 3, 29, tzinfo=UTC), 12) == [(datetime(2026, 3, 29, tzinfo=UTC), (1000,) * 3)]


quarters = st.integers(0, 400).map(lambda count: count * timedelta(minutes=15))


@st.composite
def plans(draw: st.DrawFn) -> LimitPlan:
    """Any periods, overlapping ones too."""
    recurrency = draw(st.sampled_from([None, Recurrency.DAILY, Recurrency.WEEKLY]))
    origin = datetime(2026, 3, 26, tzinfo=UTC) if recurrency is None else timedelta(0)

    def a_period(start: timedelta, length: timedelta, limit_da: int) -> LimitPeriod:
        begins: Moment = origin + start if recurrency is None else start % recurrency.length
        within = length if recurrency is None else min(length, recurrency.length)
        return LimitPeriod(begins, begins + within, amperes(limit_da))

    lengths = st.integers(1, 120).map(lambda count: count * timedelta(minutes=15))
    return LimitPlan(
        tuple(draw(st.lists(st.builds(a_period, quarters, lengths, st.integers(0, 1500)), max_size=5))),
        recurrency,
        BERLIN,
    )


def _holds(plan: LimitPlan, one: LimitPeriod, at: datetime) -> bool:
    """The rule in other words: what the clock shows now, or showed a round ago."""
    if isinstance(one.start, datetime):
        assert isinstance(one.end, datetime)
        return one.start <= at < one.end
    assert isinstance(one.end, timedelta)
    assert plan.recurrency
    shown = at.astimezone(plan.time_zone).replace(tzinfo=None)
    monday = datetime(2026, 3, 2)  # noqa: DTZ001 - a time on the clock
    into = (shown - monday) % plan.recurrency.length
    return any(one.start <= time < one.end for time in (into, into + plan.recurrency.length))


@given(plans(), quarters, st.integers(1, 96))
@settings(max_examples=60, deadline=None)
def test_at_every_moment_the_lowest_limit_that_holds(plan: LimitPlan, since: timedelta, count: int) -> None:
    """Over the change of the clock in spring, where no time is shown twice."""
    start = datetime(2026, 3, 26, tzinfo=UTC) + since
    pieces = intervals(plan, MAXIMUM, start, start + count * timedelta(minutes=15), 999)
    for n in range(count):
        at = start + n * timedelta(minutes=15)
        holding = [one.limit.current_da[0] for one in plan.periods if one.limit.current_da and _holds(plan, one, at)]
        [piece] = [piece for piece in pieces if piece.start <= at < piece.end]
        assert piece.limit == amperes(min([1000, *holding]))
    assert all(one.limit != after.limit for one, after in pairwise(pieces))


@given(plans())
@settings(max_examples=30, deadline=None)
def test_periods_overlap_exactly_if_that_is_complained_of(plan: LimitPlan) -> None:
    week = [datetime(2026, 3, 9, tzinfo=UTC) + n * timedelta(minutes=15) for n in range(7 * 96)]
    if plan.recurrency is None:
        week = [datetime(2026, 3, 26, tzinfo=UTC) + n * timedelta(minutes=15) for n in range(530)]
    overlap = any(sum(_holds(plan, one, at) for one in plan.periods) > 1 for at in week)
    assert bool(check_periods(plan, datetime(2026, 3, 1, tzinfo=UTC))) is overlap


def complaints(*periods: LimitPeriod, recurrency: Recurrency | None = None) -> list[tuple[int | None, str]]:
    return [(one.index, one.field) for one in check_periods(LimitPlan(periods, recurrency, BERLIN), NOON)]


def test_sensible_periods_are_not_complained_of() -> None:
    assert complaints(period(-1, 1, amperes(0)), period(1, 2, SiteLimit(None, 0))) == []
    assert complaints(clock(6, 1, until=22), clock(22, 1, until=30), recurrency=Recurrency.DAILY) == []
    assert complaints(clock(0, 1, until=7 * 24), recurrency=Recurrency.WEEKLY) == []


def test_complaints_name_the_period_and_the_field() -> None:
    assert complaints(period(1, 1, amperes(1))) == [(0, "end")]
    assert complaints(period(1, 2, amperes(1)), period(2, 3, amperes(-1))) == [(1, "limit_a")]
    assert complaints(period(1, 2, SiteLimit(None, -1))) == [(0, "limit_w")]
    assert complaints(period(1, 2, SiteLimit())) == [(0, "limit")]
    assert complaints(period(1, 3, amperes(1)), period(5, 6, amperes(1)), period(2, 4, amperes(1))) == [(2, "start")]
    assert complaints(period(-3, -2, amperes(1)), period(-2, 0, amperes(1))) == [(None, "periods")]
    assert complaints(clock(25, 1, until=26), recurrency=Recurrency.DAILY) == [(0, "start")]
    assert complaints(clock(6, 1, until=31), recurrency=Recurrency.DAILY) == [(0, "end")]
    assert complaints(clock(22, 1, until=30), clock(5, 1, until=7), recurrency=Recurrency.DAILY) == [(1, "start")]
    assert complaints(clock(22, 1, until=23)) == [(0, "start")]
    assert complaints(period(1, 2, amperes(1)), recurrency=Recurrency.DAILY) == [(0, "start")]


def test_an_overlap_names_the_other_period() -> None:
    plan = LimitPlan((period(1, 3, amperes(1)), period(2, 4, amperes(1))))
    assert check_periods(plan, NOON) == [Complaint(1, "start", "overlaps period 0")]


def test_charging_may_use_what_the_margin_and_the_base_load_leave() -> None:
    limit = SiteLimit((1000, 500, 333), 50_000)
    assert capacity(limit, (100, 0, 333), margin_percent=10, voltage_v=230) == Capacity((800, 450, 0), 45_000 - 9_959)


def test_a_power_may_be_drawn_on_one_phase() -> None:
    assert capacity(SiteLimit(None, 2300), (0, 0, 0), margin_percent=0, voltage_v=230) == Capacity((100,) * 3, 2300)


def test_intervals_carry_their_limit() -> None:
    assert intervals(LimitPlan(()), MAXIMUM, NOON, NOON + timedelta(hours=1), 1) == (
        LimitInterval(NOON, NOON + timedelta(hours=1), MAXIMUM),
    )
