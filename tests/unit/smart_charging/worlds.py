"""Random profiles, whose moments lie close together so that much happens within minutes."""

from datetime import timedelta

from hypothesis import strategies as st

from csms.ids import TransactionId
from csms.smart_charging.profiles import ChargingProfileKind, Period, Profile, RecurrencyKind, Schedule
from tests.unit.smart_charging.profiles_made import DEFAULT, MAX, START, TX, A, W

SPAN_S = 240
offsets = st.integers(-SPAN_S, SPAN_S)
moments = offsets.map(lambda offset_s: START + timedelta(seconds=offset_s))
tenths = st.decimals(min_value=0, max_value=40, places=1)
phases = st.sampled_from([None, 1, 2, 3])
CONNECTORS = {MAX: (0, 0), DEFAULT: (0, 2), TX: (1, 2)}
recurrences = st.sampled_from(RecurrencyKind)


@st.composite
def schedules(draw: st.DrawFn, *, is_relative: bool) -> Schedule:
    unit = draw(st.sampled_from([A, W]))
    starts = [0, *sorted(draw(st.sets(st.integers(1, SPAN_S), max_size=3)))]
    scale = 1 if unit is A else 690
    periods = tuple(Period(start_s, draw(tenths) * scale, draw(phases)) for start_s in starts)
    return Schedule(unit, periods, None if is_relative else draw(moments), draw(st.none() | st.integers(1, SPAN_S)))


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """Anything that the rules let through. Recurring ones last started days ago."""
    kind = draw(st.sampled_from(ChargingProfileKind))
    purpose = draw(st.sampled_from([MAX, DEFAULT, TX]))
    schedule = draw(schedules(is_relative=kind is ChargingProfileKind.RELATIVE))
    recurrency = draw(recurrences) if kind is ChargingProfileKind.RECURRING else None
    if recurrency is not None and schedule.start is not None:
        days = draw(st.integers(0, 3)) * (1 if recurrency is RecurrencyKind.DAILY else 7)
        schedule = Schedule(schedule.unit, schedule.periods, schedule.start - timedelta(days=days), schedule.duration_s)
    return Profile(
        id=draw(st.integers(1, 6)),
        connector_id=draw(st.integers(*CONNECTORS[purpose])),
        purpose=purpose,
        stack_level=draw(st.integers(0, 2)),
        kind=kind,
        schedule=schedule,
        recurrency=recurrency,
        valid_from=draw(st.none() | moments),
        valid_to=draw(st.none() | moments),
        transaction_id=draw(st.sampled_from([None, TransactionId(7), TransactionId(8)])) if purpose is TX else None,
    )
